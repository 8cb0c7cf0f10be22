package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// BusyError says that an address cannot be listened on because another program does.
type BusyError struct {
	What string // "OTLP/gRPC" or "OTLP/HTTP"
	Addr string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s %s: the port is taken by another program", e.What, e.Addr)
}

// Hint says what an operator can do.
func (e *BusyError) Hint() string {
	setting := "--otlp-http or BACKSTAY_OTLP_HTTP"
	if strings.HasSuffix(e.What, "gRPC") {
		setting = "--otlp-grpc or BACKSTAY_OTLP_GRPC"
	}
	return "end that program, or choose another address with " + setting
}

// Stats counts since Listen.
type Stats struct {
	Requests uint64 // answered with success
	Spans    uint64 // stored
	Samples  uint64 // stored
	Busy     uint64 // requests refused because too many were in work
	Bad      uint64 // requests refused as not OTLP, too large or without the token
	Failed   uint64 // requests that a store could not take
	Rejected uint64 // spans and data points left out of requests that were stored
}

// Server takes OTLP. It is safe for concurrent use.
type Server struct {
	cfg        Config
	grpcSocket net.Listener
	httpSocket net.Listener
	slots      chan struct{} // one token for each request in work

	requests, spans, samples, busy, bad, failed, rejected atomic.Uint64
}

// Listen opens both addresses; nothing is answered before Serve. A port in use
// is a *BusyError.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{cfg: cfg.withDefaults()}
	s.slots = make(chan struct{}, s.cfg.MaxRequests)
	var err error
	if s.grpcSocket, err = listen(ctx, "OTLP/gRPC", s.cfg.GRPCAddr); err != nil {
		return nil, err
	}
	if s.httpSocket, err = listen(ctx, "OTLP/HTTP", s.cfg.HTTPAddr); err != nil {
		return nil, errors.Join(err, s.grpcSocket.Close())
	}
	return s, nil
}

func listen(ctx context.Context, what, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &BusyError{What: what, Addr: addr}
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, addr, err)
	}
	return l, nil
}

// GRPCAddr is host:port of OTLP/gRPC as it was bound.
func (s *Server) GRPCAddr() string { return s.grpcSocket.Addr().String() }

// HTTPAddr is host:port of OTLP/HTTP as it was bound.
func (s *Server) HTTPAddr() string { return s.httpSocket.Addr().String() }

// Close closes the sockets of a server that is not served; after Serve it has
// no effect.
func (s *Server) Close() error {
	err := errors.Join(s.grpcSocket.Close(), s.httpSocket.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// shutdownTime is how long requests in work may take to end.
const shutdownTime = 5 * time.Second

// Serve answers until the context ends, then lets requests in work end, and
// closes the sockets. It is called once.
func (s *Server) Serve(ctx context.Context) error {
	rpc := grpc.NewServer(grpc.MaxRecvMsgSize(int(s.cfg.MaxBytes)), grpc.UnaryInterceptor(s.intercept), grpc.InTapHandle(s.enter),
		grpc.MaxConcurrentStreams(uint32(min(max(s.cfg.MaxRequests, 1), 1<<16))))
	ptraceotlp.RegisterGRPCServer(rpc, &traceService{server: s})
	pmetricotlp.RegisterGRPCServer(rpc, &metricService{server: s})
	web := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 2)
	var running sync.WaitGroup
	running.Go(func() { ended <- rpc.Serve(s.grpcSocket) })
	running.Go(func() { ended <- web.Serve(s.httpSocket) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		err = fmt.Errorf("ingest: %w", err)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	// A stream that never ends must not hold the end up.
	hard := context.AfterFunc(stopping, rpc.Stop)
	defer hard()
	if web.Shutdown(stopping) != nil {
		err = errors.Join(err, web.Close())
	}
	rpc.GracefulStop()
	running.Wait()
	return err
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	return Stats{
		Requests: s.requests.Load(), Spans: s.spans.Load(), Samples: s.samples.Load(),
		Busy: s.busy.Load(), Bad: s.bad.Load(), Failed: s.failed.Load(), Rejected: s.rejected.Load(),
	}
}

// admit takes a slot for one request, or refuses at once.
func (s *Server) admit() (release func(), ok bool) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, true
	default:
		s.busy.Add(1)
		return nil, false
	}
}
