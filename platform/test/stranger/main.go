// Command stranger is a service that knows nothing of Backstay: it uses the
// OpenTelemetry SDK as its documentation teaches and nothing else. The
// end-to-end tests start it as a process of its own and expect it on the map.
//
// It serves GET /hello/{name}, fails one request in twenty, and calls itself
// over HTTP at 50 requests per second until its standard input closes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

const interval = 20 * time.Millisecond

func main() {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "stranger:", err)
		os.Exit(1)
	}
}

// run serves and calls itself until the context ends.
func run(ctx context.Context) error {
	exporter, err := otlptracehttp.New(ctx) // address from OTEL_EXPORTER_OTLP_ENDPOINT
	if err != nil {
		return err
	}
	provider := trace.NewTracerProvider(
		trace.WithBatcher(exporter, trace.WithBatchTimeout(500*time.Millisecond)),
		trace.WithResource(resource.NewSchemaless(semconv.ServiceName("stranger"), semconv.ServiceVersion("0.1.0"))),
	)
	defer func() { _ = provider.Shutdown(context.WithoutCancel(ctx)) }()

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           otelhttp.NewHandler(hello(), "hello", otelhttp.WithTracerProvider(provider)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go call(ctx, "http://"+listener.Addr().String()+"/hello/world")
	fmt.Println("stranger: serving on", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// hello answers with a greeting, and with 500 to every twentieth request.
func hello() http.Handler {
	var served atomic.Uint64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1)%20 == 0 {
			http.Error(w, "no greeting today", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(w, "hello %q\n", r.PathValue("name"))
	})
	return mux
}

// call requests the URL at a fixed rate.
func call(ctx context.Context, url string) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}
