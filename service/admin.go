package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/backstay/backstay/metric"
)

// admin serves /metrics and /healthz on an address of their own.
type admin struct {
	addr   string
	server *http.Server
	done   chan error // gets what Serve returned
}

func listen(ctx context.Context, addr string, metrics *metric.Registry) (*admin, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("service: metrics cannot be served on %s: %w; set Config.MetricsAddr to a free address", addr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	a := &admin{
		addr: listener.Addr().String(),
		server: &http.Server{
			Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second,
			IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		},
		done: make(chan error, 1),
	}
	go func() { a.done <- a.server.Serve(listener) }()
	return a, nil
}

// close ends the server: gently while ctx allows, then at once.
func (a *admin) close(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, a.server.Close())
	}
	if served := <-a.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
