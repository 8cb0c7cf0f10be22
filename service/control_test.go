package service_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/service"
)

// plane is a control server that sends one snapshot and keeps the reports.
type plane struct {
	*httptest.Server

	key     string
	mu      sync.Mutex
	reports []control.Report
	tokens  map[string]bool
}

func newPlane(t *testing.T, snapshot control.Snapshot) *plane {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := control.Sign(snapshot, private)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	p := &plane{key: base64.StdEncoding.EncodeToString(public), tokens: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+control.StreamPath, func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.tokens[r.Header.Get("Authorization")] = true
		p.mu.Unlock()
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", control.SnapshotEvent, data)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("POST "+control.ReportPath, func(w http.ResponseWriter, r *http.Request) {
		var report control.Report
		if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.reports = append(p.reports, report)
		p.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	p.Server = httptest.NewServer(mux)
	return p
}

func (p *plane) kill() {
	p.CloseClientConnections()
	p.Close()
}

// told waits for an event of the kind and detail.
func (p *plane) told(t *testing.T, kind, detail string) {
	t.Helper()
	for range 4000 {
		p.mu.Lock()
		for _, r := range p.reports {
			for _, e := range r.Events {
				if e.Kind == kind && e.Detail == detail && r.Service == "order" && r.Instance == "order-1" {
					p.mu.Unlock()
					return
				}
			}
		}
		p.mu.Unlock()
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("no report tells of %s %q", kind, detail)
}

// The server's word arrives, events go back, and the death of the server changes
// nothing: not for the running process and not for the next one.
func TestControl(t *testing.T) {
	t.Parallel()
	p := newPlane(t, control.Snapshot{
		Version: 7, Service: "order", IssuedAt: time.Now(),
		Documents: []control.Document{{Name: "payment.yaml", YAML: documents}},
		Overrides: []policy.Override{{ID: "o1", Kind: policy.OverrideDegrade, Level: 2, Reason: "test", Expires: time.Now().Add(time.Hour)}},
		Faults:    []fault.Instruction{{ID: "f1", Effect: fault.Error, Ratio: 1, Status: 503, Route: "/faulty", Expires: time.Now().Add(time.Hour)}},
	})
	cfg := service.Config{
		Name: "order", Instance: "order-1", StateDir: t.TempDir(),
		ControlURL: p.URL, ControlKey: p.key, ControlToken: "secret",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /faulty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("order") })

	check := func(s *service.Service, client *http.Client, url string) {
		t.Helper()
		metricsShow(t, s, "backstay_policy_version 7")
		if level := s.DegradeLevel(); level != 2 {
			t.Errorf("degrade level is %d", level)
		}
		if n := len(s.Policies().Set().Documents()); n != 3 {
			t.Errorf("%d policies", n)
		}
		if status, _, _ := get(t, client, url+"/faulty"); status != 503 {
			t.Errorf("the armed fault gives %d", status)
		}
	}

	first, err := service.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	shop := httptest.NewServer(first.Handler(mux))
	check(first, shop.Client(), shop.URL)
	get(t, shop.Client(), shop.URL+"/panic")
	p.told(t, control.EventPanic, "/panic")
	metricsShow(t, first, `backstay_faults_injected_total{effect="error"} 1`)
	if !p.tokens["Bearer secret"] {
		t.Errorf("the server saw %v", p.tokens)
	}

	p.kill()
	check(first, shop.Client(), shop.URL)
	shop.Close()
	if err := first.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}

	second := start(t, cfg) // with what the first one kept
	shop = httptest.NewServer(second.Handler(mux))
	defer shop.Close()
	check(second, shop.Client(), shop.URL)
}
