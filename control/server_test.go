package control_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/policy"
)

// wait is how long a test waits for something that happens on its own.
const wait = 20 * time.Second

// eventually waits until ok, which other goroutines make true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// server is a control server on a real listener that sends what a test tells it to.
type server struct {
	t       *testing.T
	key     ed25519.PrivateKey
	public  ed25519.PublicKey
	address string
	http    *http.Server

	mu      sync.Mutex
	send    [][]byte // raw pieces for every stream
	wake    chan struct{}
	reports []control.Report
	queries []string
	tokens  []string
	status  int // answers streams with it instead
	hang    bool
	streams int
	ended   int
}

func newServer(t *testing.T) *server {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, key: key, public: public, wake: make(chan struct{})}
	s.start("127.0.0.1:0")
	return s
}

func (s *server) start(address string) {
	s.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+control.StreamPath, s.stream)
	mux.HandleFunc("POST "+control.ReportPath, s.report)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	served := s.http
	done := make(chan struct{})
	go func() { defer close(done); _ = served.Serve(listener) }()
	s.t.Cleanup(func() { _ = served.Close(); <-done })
}

// kill ends the server with all its connections, as a crash does.
func (s *server) kill() { _ = s.http.Close() }

func (s *server) url() string { return "http://" + s.address }

func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.queries = append(s.queries, r.URL.RawQuery)
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	status, hang := s.status, s.hang
	s.streams++
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.ended++; s.mu.Unlock() }()
	if status != 0 {
		http.Error(w, "not now", status)
		return
	}
	out := http.NewResponseController(w)
	_ = out.Flush()
	if hang {
		<-r.Context().Done()
		return
	}
	for sent := 0; ; {
		s.mu.Lock()
		pieces, wake := s.send[min(sent, len(s.send)):], s.wake
		sent = len(s.send)
		s.mu.Unlock()
		for _, piece := range pieces {
			_, _ = w.Write(piece)
		}
		_ = out.Flush()
		select {
		case <-wake:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *server) report(w http.ResponseWriter, r *http.Request) {
	var report control.Report
	if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	s.reports = append(s.reports, report)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// push sends bytes to all streams, present and future.
func (s *server) push(piece string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send = append(s.send, []byte(piece))
	close(s.wake)
	s.wake = make(chan struct{})
}

// sign makes an envelope of a snapshot.
func (s *server) sign(snapshot control.Snapshot) control.Envelope {
	s.t.Helper()
	e, err := control.Sign(snapshot, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func (s *server) pushEnvelope(e control.Envelope) {
	s.t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.push(fmt.Sprintf("event: snapshot\ndata: %s\n\n", data))
}

func (s *server) pushSnapshot(snapshot control.Snapshot) {
	s.t.Helper()
	s.pushEnvelope(s.sign(snapshot))
}

// all returns the reports received so far.
func (s *server) all() []control.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]control.Report(nil), s.reports...)
}

func (s *server) count() (streams, ended int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams, s.ended
}

// snapshot makes one with a timeout for payment, which shows whether it is in force.
func snapshot(version uint64, limit string) control.Snapshot {
	return control.Snapshot{Version: version, Service: "order", IssuedAt: time.Now(), Documents: []control.Document{{Name: "payment", YAML: timeout(limit)}}}
}

func timeout(limit string) string {
	return "apiVersion: backstay.dev/v1\nkind: Timeout\nmetadata: {name: payment}\nspec: {target: {dependency: payment}, limit: " + limit + "}\n"
}

func inForce(live *policy.Live, limit string) bool {
	return strings.Contains(live.Outbound("payment", "").Explain(), "timeout payment: "+limit)
}

type fixture struct {
	*server

	live   *policy.Live
	client *control.Client
	log    *lines
}

// lines is a log that tests can read.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

func (s *server) connect(change func(*control.Config)) *fixture {
	s.t.Helper()
	f := &fixture{server: s, live: policy.NewLive("order", "1.0", nil), log: new(lines)}
	cfg := control.Config{
		URL: s.url(), Key: s.public, Service: "order", Version: "1.0", Instance: "order-1", Live: f.live,
		Logger: slog.New(slog.NewTextHandler(f.log, nil)), Every: 10 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if f.client, err = control.Start(s.t.Context(), cfg); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := f.client.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return f
}
