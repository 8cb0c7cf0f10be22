package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCheckout runs the program against a payment service that fails, with the
// policies beside it: the customer gets the fallback, and is told so.
func TestCheckout(t *testing.T) {
	t.Setenv("BACKSTAY_POLICIES", "policies.yaml")
	payment := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer payment.Close()
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, listener, payment.URL) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+"/checkout", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.StatusCode; got != http.StatusAccepted {
		t.Errorf("status %d, want 202 from the fallback", got)
	}
	if got := resp.Header.Get("Backstay-Degraded"); got != "payment" {
		t.Errorf("Backstay-Degraded %q, want payment", got)
	}
}
