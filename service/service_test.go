package service_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/backstaytest"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/service"
)

const documents = `apiVersion: backstay.dev/v1
kind: CircuitBreaker
metadata: {name: payment-breaker}
spec:
  target: {dependency: payment}
  consecutive: 3
  cooldown: 1m
---
apiVersion: backstay.dev/v1
kind: Timeout
metadata: {name: payment-time}
spec:
  target: {dependency: payment}
  limit: 30ms
---
apiVersion: backstay.dev/v1
kind: Fallback
metadata: {name: payment-later}
spec:
  target: {dependency: payment}
  status: 202
  body: queued
`

func policies(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func start(t *testing.T, cfg service.Config) *service.Service {
	t.Helper()
	s, err := service.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(t *testing.T, client *http.Client, url string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// metricsShow waits until the metrics endpoint shows all lines.
func metricsShow(t *testing.T, s *service.Service, lines ...string) {
	t.Helper()
	var body string
	for range 1000 {
		_, _, body = get(t, http.DefaultClient, s.MetricsURL())
		missing := false
		for _, line := range lines {
			missing = missing || !strings.Contains(body, "\n"+line+"\n")
		}
		if !missing {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("want %q in:\n%s", lines, body)
}

// A shop in front of a payment service that hangs, then is gone: every order is
// answered, degraded, and the metrics tell the story.
func TestHangingAndDeadDependency(t *testing.T) {
	t.Parallel()
	payment := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	var heard backstaytest.Recorder
	s := start(t, service.Config{Name: "order", Policies: policies(t, documents), Listener: heard.Listener()})
	client := &http.Client{Transport: s.Transport("payment")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, payment.URL, nil)
		if err != nil {
			t.Error(err)
			return
		}
		res, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("order") })
	shop := httptest.NewServer(s.Handler(mux))
	defer shop.Close()

	for i := range 6 {
		if i == 4 {
			payment.CloseClientConnections()
			payment.Close()
		}
		status, header, body := get(t, shop.Client(), fmt.Sprint(shop.URL, "/orders/", i))
		if status != 202 || body != "queued" || header.Get("Backstay-Degraded") != "payment" {
			t.Fatalf("order %d: %d %q %v", i, status, body, header)
		}
	}
	if status, _, _ := get(t, shop.Client(), shop.URL+"/panic"); status != 500 {
		t.Errorf("panic gives %d", status)
	}
	metricsShow(t, s,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_route="/orders/{id}",http_response_status_code="202",backstay_degraded="true"} 6`,
		`http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="GET",http_response_status_code="",backstay_outcome="timeout"} 3`,
		`http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="GET",http_response_status_code="",backstay_outcome="rejected"} 3`,
		`backstay_breaker_state{dependency="payment"} 2`,
		`backstay_breaker_transitions_total{dependency="payment",to="open"} 1`,
		`backstay_rejected_total{dependency="payment",policy="breaker"} 3`,
		`backstay_fallbacks_total{dependency="payment"} 6`,
		`backstay_timeouts_total{dependency="payment"} 3`,
		`backstay_panics_total{http_route="/panic"} 1`,
		`backstay_policy_version 0`,
	)
	if len(heard.Lines()) == 0 {
		t.Error("the user's listener heard nothing")
	}
}

func TestUnprotected(t *testing.T) {
	t.Setenv(service.EnvProtect, "off")
	t.Setenv(service.EnvPolicies, policies(t, documents))
	asked := 0
	payment := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer payment.Close()
	s := start(t, service.Config{Name: "order"})
	client := &http.Client{Transport: s.Transport("payment")}
	for range 6 {
		if status, _, _ := get(t, client, payment.URL); status != 500 {
			t.Errorf("got %d", status)
		}
	}
	if asked != 6 {
		t.Errorf("the dependency was asked %d times", asked)
	}
	metricsShow(t, s,
		`http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="GET",http_response_status_code="500",backstay_outcome="failure"} 6`,
		`backstay_breaker_state{dependency="payment"} 0`)
}

func key(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(public)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var parse *policy.ParseError
	var setting *service.ConfigError
	for _, row := range []struct {
		name string
		cfg  service.Config
		want func(error) bool
	}{
		{"no name", service.Config{}, func(err error) bool { return errors.Is(err, service.ErrNoName) }},
		{"no URL", service.Config{Name: "x", ControlURL: "127.0.0.1:4400", ControlKey: key(t)}, func(err error) bool { return errors.As(err, &setting) }},
		{"no key", service.Config{Name: "x", ControlURL: "http://127.0.0.1:1"}, func(err error) bool { return errors.As(err, &setting) }},
		{"short key", service.Config{Name: "x", ControlURL: "http://127.0.0.1:1", ControlKey: "AAAA"}, func(err error) bool { return errors.As(err, &setting) }},
		{"malformed policies", service.Config{Name: "x", Policies: policies(t, strings.Replace(documents, "cooldown", "cooldwon", 1))}, func(err error) bool {
			return errors.As(err, &parse) && strings.Contains(err.Error(), "cooldown")
		}},
		{"missing policies", service.Config{Name: "x", Policies: filepath.Join(t.TempDir(), "none")}, func(err error) bool { return errors.Is(err, os.ErrNotExist) }},
		{"busy address", service.Config{Name: "x", MetricsAddr: taken.Addr().String()}, func(err error) bool {
			return strings.Contains(err.Error(), taken.Addr().String()) && strings.Contains(err.Error(), "MetricsAddr")
		}},
	} {
		s, err := service.Start(t.Context(), row.cfg)
		if err == nil {
			t.Errorf("%s: started", row.name)
			_ = s.Shutdown(t.Context())
			continue
		}
		if !row.want(err) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// The control server is away: the start succeeds, requests are served, and after
// Shutdown no goroutine of the service is left.
func TestNothingIsLeft(t *testing.T) {
	callee := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	defer callee.Close()
	before := stacks()
	for range 3 {
		// Nobody listens on the port of a listener that was closed.
		gone, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		gone.Close()
		s, err := service.Start(t.Context(), service.Config{
			Name: "order", ControlURL: "http://" + gone.Addr().String(), ControlKey: key(t), StateDir: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: s.Transport("callee")}
		if status, _, body := get(t, client, callee.URL); status != 200 || body != "ok" {
			t.Errorf("%d %s", status, body)
		}
		if status, _, body := get(t, client, strings.TrimSuffix(s.MetricsURL(), "/metrics")+"/healthz"); status != 200 || body != "ok\n" {
			t.Errorf("%d %s", status, body)
		}
		for range 2 {
			if err := s.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	var after string
	for range 400 {
		if after = stacks(); strings.Count(after, "\n\n") <= strings.Count(before, "\n\n") {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", after)
}

// stacks are the stacks of all goroutines but those that serve the test's own server.
func stacks() string {
	buf := make([]byte, 1<<20)
	var kept []string
	for s := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(s, "net/http/httptest") && !strings.Contains(s, "net/http.(*conn).serve") && !strings.Contains(s, "(*connReader).backgroundRead") {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, "\n\n")
}
