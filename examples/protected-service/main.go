// Command protected-service is a shop's checkout that calls a payment service
// through Backstay: measured, bounded in time, and with an answer of its own
// when payment has none.
//
//	BACKSTAY_POLICIES=examples/protected-service/policies.yaml go run ./examples/protected-service
//	curl -i -X POST http://127.0.0.1:8080/checkout
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/backstay/backstay/service"
)

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "protected-service:", err)
		os.Exit(1)
	}
}

// start runs the service where its environment says, until Ctrl-C.
func start() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	paymentURL := os.Getenv("PAYMENT_URL")
	if paymentURL == "" {
		paymentURL = "http://127.0.0.1:8081/charges"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	return run(ctx, listener, paymentURL)
}

// run serves until the context ends.
func run(ctx context.Context, listener net.Listener, paymentURL string) (err error) {
	svc, err := service.Start(ctx, service.Config{Name: "checkout", Version: "1.0.0"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.Shutdown(context.WithoutCancel(ctx))) }()

	payment := &http.Client{Transport: svc.Transport("payment")} // breaker, time limit; retry and fallback by document
	mux := http.NewServeMux()
	mux.HandleFunc("POST /checkout", func(w http.ResponseWriter, r *http.Request) {
		status, err := charge(r.Context(), payment, paymentURL)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(status)
	})
	handler := svc.Handler(mux) // metrics, trace context, deadlines, panics
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// charge asks payment and returns its status.
func charge(ctx context.Context, payment *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := payment.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.CopyN(io.Discard, resp.Body, 64<<10)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return resp.StatusCode, nil
}
