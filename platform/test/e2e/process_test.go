package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/client"
)

// binaries are built once for all tests of the package.
var binaries struct {
	once sync.Once
	dir  string
	err  error
}

// TestMain removes the built binaries at the end.
func TestMain(m *testing.M) {
	code := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}

// binary returns the path of the program built from the package given, relative
// to the platform module.
func binary(t *testing.T, name string) string {
	t.Helper()
	binaries.once.Do(func() {
		if binaries.dir, binaries.err = os.MkdirTemp("", "backstay-e2e-"); binaries.err != nil {
			return
		}
		for _, pkg := range []string{"./cmd/backstay", "./test/stranger"} {
			build := exec.Command("go", "build", "-o", binaries.dir+string(filepath.Separator), pkg)
			build.Dir = filepath.Join("..", "..")
			if out, err := build.CombinedOutput(); err != nil {
				binaries.err = fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
				return
			}
		}
	})
	if binaries.err != nil {
		t.Fatal(binaries.err)
	}
	return filepath.Join(binaries.dir, name)
}

// process is a started program; the test ends it.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{}
	log   *logBuffer
}

// start runs a program of ours with extra environment and arguments.
func start(t *testing.T, name string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary(t, name), args...), done: make(chan struct{}), log: new(logBuffer)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("output of %s %v:\n%s", name, args, p.log.tail())
		}
	})
	return p
}

// stop interrupts the process and waits for its end.
func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// logBuffer keeps the last part of a program's output.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(data)
}

func (b *logBuffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := make([]string, 0, 60)
	for scanner := bufio.NewScanner(bytes.NewReader(b.buf.Bytes())); scanner.Scan(); {
		if lines = append(lines, scanner.Text()); len(lines) > 60 {
			lines = lines[1:]
		}
	}
	var out bytes.Buffer
	for _, line := range lines {
		out.WriteString(line + "\n")
	}
	return out.String()
}

// addresses are the ports of one server.
type addresses struct{ listen, otlpGRPC, otlpHTTP string }

// freeAddresses returns addresses that nobody used a moment ago.
func freeAddresses(t *testing.T) addresses {
	t.Helper()
	free := func() string {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	return addresses{listen: free(), otlpGRPC: free(), otlpHTTP: free()}
}

// env tells a server to use the addresses.
func (a addresses) env() []string {
	return []string{
		"BACKSTAY_LISTEN=" + a.listen,
		"BACKSTAY_OTLP_GRPC=" + a.otlpGRPC,
		"BACKSTAY_OTLP_HTTP=" + a.otlpHTTP,
	}
}

// client returns an API client for the server at the addresses.
func (a addresses) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New("http://"+a.listen, client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually asks until the condition holds or the patience is over.
func eventually(t *testing.T, patience time.Duration, what string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("never asked")
	for {
		if err := condition(ctx); err == nil {
			return
		} else if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %v", what, patience, last)
		case <-tick.C:
		}
	}
}
