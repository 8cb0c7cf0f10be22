package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/backstay/backstay/platform/internal/demo/shop"
)

// The supervisor and a process of the shop talk in lines. The process says one
// line on its standard output, that it listens; the supervisor says "switch NAME
// on" or "switch NAME off" on the process's standard input, and each is answered
// by one line. "stop" ends the process.
//
// When the input ends without it, the supervisor has died. The process then goes
// on for a while, as a real service does whose server is gone, and ends when its
// time is over or when another supervisor has taken the shop over. None stays
// behind.
const (
	saysListening = "listening "
	saysSwitched  = "switched "
	saysNoSwitch  = "no switch "
	asksSwitch    = "switch "
	asksStop      = "stop"
)

const (
	// envOwner names the file that holds the id of the supervisor in charge, and
	// envOwnerID the id of the one that started the process. Without them a
	// process ends with its input.
	envOwner   = "BACKSTAY_DEMO_OWNER"
	envOwnerID = "BACKSTAY_DEMO_OWNER_ID"

	// afterlife is how long a process serves on when its supervisor has died.
	afterlife = time.Minute
	// ownerPace is the time between two looks at the owner's file.
	ownerPace = 200 * time.Millisecond
)

// lastGrace is how long a process may take to end after its input has ended.
const lastGrace = 5 * time.Second

// RunProcess is the main function of one process of the shop. It returns when
// ctx is done, when it is told to stop, or some time after its supervisor died.
func RunProcess(ctx context.Context, name string, args ...string) error {
	program, ok := shop.Programs[name]
	if !ok {
		return fmt.Errorf("the shop has no process %q; it has %s", name,
			strings.Join(slices.Sorted(maps.Keys(shop.Programs)), ", "))
	}
	if len(args) > 0 {
		return fmt.Errorf("process %s takes no arguments, got %q", name, args)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The pipes to a supervisor that died are broken; writing to them is no reason to end.
	signal.Ignore(syscall.SIGPIPE)
	host := &shop.Host{Ready: func(address string) { fmt.Println(saysListening + address) }}
	go func() {
		defer cancel()
		// Should the program not end by itself, it must not stay behind.
		defer time.AfterFunc(lastGrace, func() { os.Exit(1) })
		if !obey(host, os.Stdin, os.Stdout) {
			serveOn(ctx, os.Getenv(envOwner), os.Getenv(envOwnerID))
		}
	}()
	err := program(ctx, host)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// obey throws switches as told until it is told to stop, which it reports, or the
// input ends.
func obey(host *shop.Host, in io.Reader, out io.Writer) (stopped bool) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() == asksStop {
			return true
		}
		order, ok := strings.CutPrefix(lines.Text(), asksSwitch)
		name, state, _ := strings.Cut(order, " ")
		if !ok || !host.Switch(name, state == "on") {
			fmt.Fprintln(out, saysNoSwitch+name)
			continue
		}
		fmt.Fprintln(out, saysSwitched+name)
	}
	return false
}

// serveOn waits while the supervisor with the id, although dead, is the last that
// was in charge, at most for the afterlife.
func serveOn(ctx context.Context, file, id string) {
	if file == "" {
		return
	}
	over := time.NewTimer(afterlife)
	defer over.Stop()
	look := time.NewTicker(ownerPace)
	defer look.Stop()
	for {
		if owner, err := os.ReadFile(file); err != nil || string(owner) != id {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-look.C:
		}
	}
}
