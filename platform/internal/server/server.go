package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/backstay/backstay/platform/internal/config"
)

// Options say what to run.
type Options struct {
	// Config holds the settings; an empty DataDir means temporary data that is
	// removed at the end.
	Config config.Config
	// Dev adds the demo shop and scrapes every second.
	Dev bool
	// Out takes the banner; nil means none.
	Out io.Writer
	// Log takes what happens; nil means [slog.Default].
	Log *slog.Logger
}

// shutdownTime bounds the orderly end of the HTTP server; event streams are
// closed before it, so it seldom takes a fraction of that.
const shutdownTime = 5 * time.Second

// Run serves until the context ends or a part fails, and leaves nothing behind.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	listener, err := listen(ctx, o.Config.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()

	if err := checkFiles(&o.Config); err != nil {
		return err
	}
	temporary := o.Config.DataDir == ""
	if temporary {
		if o.Config.DataDir, err = os.MkdirTemp("", "backstay-dev-"); err != nil {
			return fmt.Errorf("temporary data directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Config.DataDir)) }()
	}
	s, err := open(ctx, o, temporary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	// Background work ends before the stores close; requests end before that.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	failed := make(chan error, 4) // one for each part that can fail
	s.start(work, &running, failed)

	web := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return work },
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	running.Go(func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	})
	defer func() {
		_ = s.plane.Close() // ends control streams, so that the server can
		stop()              // ends event streams
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if closing := web.Shutdown(end); closing != nil {
			_ = web.Close()
		}
	}()

	if o.Dev {
		if err := s.openShop(ctx, listener.Addr().String()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.shop.Close()) }()
	}
	s.ready.Store(true)
	banner(o.Out, s, listener.Addr().String())
	select {
	case <-ctx.Done():
		o.Log.Info("stopping", "reason", context.Cause(ctx))
		return nil
	case err := <-failed:
		return err
	}
}

// listen opens the address of console and API; a busy port is one clear sentence.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("console %s: the port is taken by another program; end it, or choose another with --listen or BACKSTAY_LISTEN", address)
	}
	if err != nil {
		return nil, fmt.Errorf("console %s: %w", address, err)
	}
	return l, nil
}

// banner prints where everything is.
func banner(out io.Writer, s *server, address string) {
	data := s.opts.Config.DataDir
	if s.temporary {
		data = "temporary (use --data DIR to keep)"
	}
	rows := [][2]string{
		{"Console", "http://" + address},
		{"OTLP", "http://" + s.otlpHTTP() + " (gRPC " + s.otlpGRPC() + ")"},
		{"Data", data},
		{"Control", "export BACKSTAY_URL=http://" + address + " BACKSTAY_KEY=" + s.plane.PublicKey()},
	}
	if s.opts.Dev {
		hint := "backstay demo break payment-errors"
		if address != config.Default().Listen {
			hint += " --server http://" + address
		}
		rows = append(rows, [2]string{"Demo", "gateway -> order -> inventory, payment   (" + hint + ")"})
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "  %-9s %s\n", row[0], row[1])
	}
	_, _ = io.WriteString(out, b.String())
}
