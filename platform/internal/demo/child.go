package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stopGrace is how long a process may end what it is doing before it is killed.
const stopGrace = 2 * time.Second

// child is one process of the shop while it runs.
type child struct {
	name    string
	address string
	started time.Time
	cmd     *exec.Cmd
	log     *logFile
	answers chan string   // lines after the first; closed when the process has ended
	ended   chan struct{} // closed when the process is gone and its log is complete
	wanted  atomic.Bool   // its end was asked for

	talk  sync.Mutex // one order at a time
	stdin io.WriteCloser
}

// spawn starts a process and waits until it listens. ctx bounds the wait only.
func spawn(ctx context.Context, name string, argv, env []string, logDir string) (*child, error) {
	log, err := openLog(filepath.Join(logDir, name+".log"))
	if err != nil {
		return nil, err
	}
	// Not CommandContext: the process lives until it is stopped, not as long as
	// the request that asked for it.
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = log
	cmd.WaitDelay = stopGrace
	stdin, err := cmd.StdinPipe()
	var stdout io.ReadCloser
	if err == nil {
		stdout, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("demo: start %s: %w", name, errors.Join(err, log.Close()))
	}
	c := &child{
		name: name, started: time.Now(), cmd: cmd, log: log, stdin: stdin,
		answers: make(chan string, 16), ended: make(chan struct{}),
	}
	first := make(chan string, 1)
	go c.follow(stdout, first)
	select {
	case line, ok := <-first:
		if ok {
			c.address = line
			return c, nil
		}
		<-c.ended
		err = fmt.Errorf("it ended: %s; its log is %s", c.cmd.ProcessState, log.path)
	case <-ctx.Done():
		c.kill()
		err = fmt.Errorf("it does not listen yet: %w; its log is %s", ctx.Err(), log.path)
	}
	return nil, fmt.Errorf("demo: start %s: %w", name, err)
}

// follow owns the process's output and its end.
func (c *child) follow(stdout io.Reader, first chan<- string) {
	defer close(c.ended)
	defer func() { _ = c.log.Close() }() // its lines are written; nobody waits for more
	lines := bufio.NewScanner(stdout)
	for listening := false; lines.Scan(); {
		line := lines.Text()
		address, ok := strings.CutPrefix(line, saysListening)
		switch {
		case ok && !listening:
			listening = true
			first <- address
		case strings.HasPrefix(line, saysSwitched), strings.HasPrefix(line, saysNoSwitch):
			select {
			case c.answers <- line:
			default: // nobody asked for so many
			}
		default:
			_, _ = c.log.Write([]byte(line + "\n")) // never fails
		}
	}
	close(first)
	close(c.answers)
	// The exit status is in ProcessState; a killed process is no error here.
	_ = c.cmd.Wait()
}

// running reports whether the process is there.
func (c *child) running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// throw sets a switch of the process and waits until it says so.
func (c *child) throw(ctx context.Context, name string, on bool) error {
	c.talk.Lock()
	defer c.talk.Unlock()
	state := "off"
	if on {
		state = "on"
	}
	if _, err := fmt.Fprintf(c.stdin, "%s%s %s\n", asksSwitch, name, state); err != nil {
		return fmt.Errorf("demo: tell %s: %w", c.name, err)
	}
	select {
	case line, ok := <-c.answers:
		switch {
		case !ok:
			return fmt.Errorf("demo: %s ended before it answered", c.name)
		case line != saysSwitched+name:
			return fmt.Errorf("demo: %s answered %q to switch %s", c.name, line, name)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("demo: %s does not answer: %w", c.name, ctx.Err())
	}
}

// stop asks the process to end and kills it when it does not.
func (c *child) stop() {
	c.wanted.Store(true)
	_, _ = io.WriteString(c.stdin, asksStop+"\n") // fails when it has ended, which is as well
	c.stdin.Close()
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		c.kill()
	}
}

// kill ends the process at once, as a crash would, and waits until it is gone.
func (c *child) kill() {
	c.wanted.Store(true)
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		// It cannot be signalled; closing its input is what is left.
		c.stdin.Close()
	}
	<-c.ended
}
