// Package ingest brings telemetry to the stores: spans and metrics by OTLP over
// gRPC and HTTP, and metrics by scraping the Prometheus text format.
//
// What it acknowledged is stored. Spans go to the trace store first and then to
// an observer, the service graph.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// Observer is told of spans after they are stored.
type Observer interface {
	// Observe reads the spans; it keeps no reference to the slice.
	Observe(spans []tracestore.Span)
}

// Config says where to listen and what to do with what arrives.
type Config struct {
	GRPCAddr string            // host:port for OTLP/gRPC; "" does not listen
	HTTPAddr string            // host:port for OTLP/HTTP; "" does not listen
	Traces   tracestore.Store  // required
	Metrics  metricstore.Store // required
	Graph    Observer          // nil observes nothing
	// MaxBytes bounds one request after decompression; 0 means 8 MiB.
	MaxBytes int64
	// MaxRequests bounds the requests worked on at once; 0 means 32.
	MaxRequests int
	// MaxHeld bounds the bytes of all HTTP requests worked on at once; 0 means 32 MiB.
	MaxHeld int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what senders cannot be told; nil discards it.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 8 << 20
	}
	if c.MaxRequests <= 0 {
		c.MaxRequests = 32
	}
	if c.MaxHeld <= 0 {
		c.MaxHeld = 32 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Stats counts since Listen.
type Stats struct {
	Spans         uint64 // stored
	SpansRefused  uint64 // not stored although the rest of their request was
	Points        uint64 // metric samples stored
	PointsRefused uint64 // as SpansRefused
	Shortened     uint64 // attribute values cut, or attributes left out, at a limit
	BadRequests   uint64 // undecodable, too large, or of a type not spoken
	Busy          uint64 // turned away because too much was under way
	Failed        uint64 // not stored because a store failed
}

// Server receives OTLP.
type Server struct {
	cfg   Config
	gate  *gate
	namer namer
	grpc  *grpc.Server
	http  *http.Server
	grpcL net.Listener
	httpL net.Listener

	spans, spansRefused, points, pointsRefused, shortened, bad, busy, failed atomic.Uint64
}

// ListenError says that an address cannot be listened on.
type ListenError struct {
	Protocol string // "OTLP/gRPC" or "OTLP/HTTP"
	Addr     string
	Err      error
}

func (e *ListenError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("%s cannot listen on %s: another process uses that port", e.Protocol, e.Addr)
	}
	return fmt.Sprintf("%s cannot listen on %s: %v", e.Protocol, e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// Hint says what the operator can do.
func (e *ListenError) Hint() string {
	return "stop the other process (a local OpenTelemetry collector?) or configure another address"
}

// Listen takes the addresses; connections wait until Serve.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, gate: newGate(cfg.MaxRequests, cfg.MaxHeld), namer: newNamer()}
	var err error
	if s.grpcL, err = listen(ctx, "OTLP/gRPC", cfg.GRPCAddr); err != nil {
		return nil, err
	}
	if s.httpL, err = listen(ctx, "OTLP/HTTP", cfg.HTTPAddr); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.grpc = s.newGRPC()
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

func listen(ctx context.Context, protocol, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil //nolint:nilnil // not listening is not an error
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, &ListenError{Protocol: protocol, Addr: addr, Err: err}
	}
	return l, nil
}

// shutdownTime is how long requests under way may take after the end of Serve's context.
const shutdownTime = 5 * time.Second

// Serve answers until ctx ends, lets requests under way finish, and returns nil;
// an error means that a listener failed. It is called once.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	running := 0
	run := func(l net.Listener, serve func(net.Listener) error) {
		if l == nil {
			return
		}
		running++
		go func() {
			err := serve(l)
			cancel() // one that fails ends the other
			ended <- err
		}()
	}
	run(s.grpcL, s.grpc.Serve)
	run(s.httpL, s.http.Serve)
	<-ctx.Done()
	errs := []error{s.shutdown(ctx)}
	for range running {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// shutdown ends both servers, kindly at first.
func (s *Server) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(stopped)
	}()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	select {
	case <-stopped:
	case <-ctx.Done():
		s.grpc.Stop() // makes GracefulStop return
		<-stopped
	}
	return err
}

// Close gives the addresses back when Serve is never called.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.grpcL, s.httpL} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// GRPCAddr is the address of OTLP/gRPC as bound, or "".
func (s *Server) GRPCAddr() string { return addrOf(s.grpcL) }

// HTTPAddr is the address of OTLP/HTTP as bound, or "".
func (s *Server) HTTPAddr() string { return addrOf(s.httpL) }

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	return Stats{
		Spans: s.spans.Load(), SpansRefused: s.spansRefused.Load(),
		Points: s.points.Load(), PointsRefused: s.pointsRefused.Load(),
		Shortened: s.shortened.Load(), BadRequests: s.bad.Load(), Busy: s.busy.Load(), Failed: s.failed.Load(),
	}
}
