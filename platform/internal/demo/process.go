package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/demo/shop"
)

// The supervisor and a process of the shop talk in lines. The process says one
// line on its standard output, that it listens; the supervisor says "switch NAME
// on" or "switch NAME off" on the process's standard input, and each is answered
// by one line. The end of that input is the end of the process, so that none
// outlives whoever started it, however that one ended.
const (
	saysListening = "listening "
	saysSwitched  = "switched "
	saysNoSwitch  = "no switch "
	asksSwitch    = "switch "
)

// lastGrace is how long a process may take to end after its input has ended.
const lastGrace = 5 * time.Second

// RunProcess is the main function of one process of the shop. It returns when
// ctx is done or its standard input ends.
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
	host := &shop.Host{Ready: func(address string) { fmt.Println(saysListening + address) }}
	go func() {
		defer cancel()
		// Should the program not end by itself, it must not stay behind.
		defer time.AfterFunc(lastGrace, func() { os.Exit(1) })
		obey(host, os.Stdin, os.Stdout)
	}()
	err := program(ctx, host)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// obey throws switches as told until the input ends.
func obey(host *shop.Host, in io.Reader, out io.Writer) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		order, ok := strings.CutPrefix(lines.Text(), asksSwitch)
		name, state, _ := strings.Cut(order, " ")
		if !ok || !host.Switch(name, state == "on") {
			fmt.Fprintln(out, saysNoSwitch+name)
			continue
		}
		fmt.Fprintln(out, saysSwitched+name)
	}
}
