package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/policy/document"
)

// fakeBackend answers from its fields and remembers what it was asked.
type fakeBackend struct {
	Backend // methods that a test does not set up panic

	services  []ServiceSummary
	err       error
	gotRange  Range
	gotTraces TraceFilter
	gotDoc    Document
	gotCheck  bool
	gotName   string
	wait      bool // until the context ends
}

func (f *fakeBackend) Services(ctx context.Context) ([]ServiceSummary, error) {
	if f.wait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return f.services, f.err
}

func (f *fakeBackend) Service(_ context.Context, name string) (Service, error) {
	f.gotName = name
	if name == "gateway" || strings.Contains(name, "/") {
		return Service{ServiceSummary: ServiceSummary{Name: name}}, nil
	}
	return Service{}, fmt.Errorf("service %q: %w", name, ErrNotFound)
}

func (f *fakeBackend) ServiceRED(_ context.Context, _ string, r Range) (Chart, error) {
	f.gotRange = r
	return Chart{Series: []Series{{Name: "rate"}}}, nil
}

func (f *fakeBackend) Traces(_ context.Context, t TraceFilter) ([]TraceSummary, error) {
	f.gotTraces = t
	return nil, nil
}

func (f *fakeBackend) Trace(_ context.Context, id string) (Trace, error) {
	return Trace{TraceID: id}, nil
}

func (f *fakeBackend) ApplyPolicies(_ context.Context, d Document, check bool) ([]PolicyDocument, error) {
	f.gotDoc, f.gotCheck = d, check
	if strings.Contains(string(d.Data), "kindd") {
		return nil, &document.Error{Findings: []document.Finding{{File: d.File, Line: 2, Column: 1, Message: "unknown key kindd", Suggestion: "did you mean kind?"}}}
	}
	return []PolicyDocument{{Name: "payment"}}, nil
}

func (f *fakeBackend) DeleteSLO(_ context.Context, name string) error {
	f.gotName = name
	return f.err
}

func (f *fakeBackend) Actions(context.Context, int) ([]action.Action, error) {
	return []action.Action{{ID: "a1"}}, nil
}

func (f *fakeBackend) Ready(context.Context) error { return f.err }

// fakeShop is a demo shop with one fault.
type fakeShop struct {
	fault     string
	protected bool
}

func (f *fakeShop) Status(context.Context) (Demo, error) {
	return Demo{Fault: f.fault, Protected: f.protected}, nil
}

func (f *fakeShop) Break(_ context.Context, fault string) error {
	if fault != "payment-errors" {
		return ErrNotFound
	}
	f.fault = fault
	return nil
}

func (f *fakeShop) Heal(context.Context) error { f.fault = ""; return nil }

func (f *fakeShop) Protect(_ context.Context, protected bool) error {
	f.protected = protected
	return nil
}

// start serves the API on a real listener.
func start(t *testing.T, cfg Config) *httptest.Server {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	srv := httptest.NewServer(New(cfg))
	t.Cleanup(srv.Close)
	return srv
}

// ask sends one request; edit may change it before.
func ask(t *testing.T, srv *httptest.Server, method, path, body string, edit ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range edit {
		f(r)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func asJSON(r *http.Request) { r.Header.Set("Content-Type", "application/json") }

func TestAnswers(t *testing.T) {
	t.Parallel()
	srv := start(t, Config{Backend: &fakeBackend{services: []ServiceSummary{{Name: "gateway"}}}, Shop: &fakeShop{}})
	for _, tc := range []struct {
		method, path, body string
		edit               func(*http.Request)
		status             int
		want               string
	}{
		{"GET", "/api/v1/services", "", nil, 200, `[{"name":"gateway"`},
		{"GET", "/api/v1/services/gateway", "", nil, 200, `"processes":[],"dependencies":[],"callers":[],"policies":[],"sloStatus":[],"actions":[],"routes":[]`},
		{"GET", "/api/v1/services/gatway", "", nil, 404, `"detail":"service \"gatway\": not found"`},
		{"GET", "/api/v1/services/gateway/red?step=nonsense", "", nil, 400, `parameter step=\"nonsense\" is neither a Go duration`},
		{"GET", "/api/v1/services/gateway/red?form=1", "", nil, 400, `parameter form=\"1\" is not known here`},
		{"GET", "/api/v1/services/gateway/red?from=0&to=1e9&step=1", "", nil, 400, `more than 11000 points`},
		{"GET", "/api/v1/services/gateway/red?from=NaN", "", nil, 400, `neither an RFC 3339 time`},
		{"GET", "/api/v1/services/gateway/red?from=20&to=10", "", nil, 400, `not before the end`},
		{"GET", "/api/v1/incidents?state=closed", "", nil, 400, `neither open nor resolved`},
		{"GET", "/api/v1/traces?limit=0", "", nil, 400, `not a number from 1 to 1000`},
		{"GET", "/api/v1/traces", "", nil, 200, `[]`},
		{"GET", "/api/v1/traces/xyz", "", nil, 400, `32 hexadecimal digits`},
		{"GET", "/api/v1/traces/0AF7651916CD43DD8448EB211C80319C", "", nil, 200, `"traceId":"0af7651916cd43dd8448eb211c80319c","spans":[]`},
		{"GET", "/api/v1/query?query=", "", nil, 400, `is missing`},
		{"GET", "/api/v1/nowhere", "", nil, 404, `no such route`},
		{"POST", "/api/v1/services", "", nil, 405, `possible: GET`},
		{"POST", "/api/v1/policies?check=1", "kind: CircuitBreaker", nil, 200, `"name":"payment"`},
		{"POST", "/api/v1/policies", "a: b\nkindd: x", header(FileNameHeader, "p.yaml"), 422, `"findings":[{"file":"p.yaml","line":2,"column":1,"message":"unknown key kindd","suggestion":"did you mean kind?"}]`},
		{"POST", "/api/v1/policies", strings.Repeat("x", maxBody+1), nil, 413, `larger than 1 MiB`},
		{"DELETE", "/api/v1/slos/checkout", "", nil, 204, ``},
		{"GET", "/api/v1/demo", "", nil, 200, `"faults":[]`},
		{"POST", "/api/v1/demo/faults", `{"name":"payment-errors"}`, asJSON, 200, `"fault":"payment-errors"`},
		{"POST", "/api/v1/demo/faults", `{"name":"nothing"}`, asJSON, 404, `knows no fault \"nothing\"`},
		{"POST", "/api/v1/demo/faults", `{"name":"payment-errors"}`, nil, 415, `Content-Type: application/json`},
		{"POST", "/api/v1/demo/faults", `{"nam":"payment-errors"}`, asJSON, 400, `unknown field`},
		{"POST", "/api/v1/demo/faults", `{} {}`, asJSON, 400, `more than one`},
		{"POST", "/api/v1/demo/protection", `{"protected":true}`, asJSON, 200, `"protected":true`},
		{"GET", "/healthz", "", nil, 204, ``},
		{"GET", "/readyz", "", nil, 204, ``},
		{"GET", "/openapi.json", "", nil, 200, `"openapi": "3.0.3"`},
	} {
		var edits []func(*http.Request)
		if tc.edit != nil {
			edits = append(edits, tc.edit)
		}
		resp, body := ask(t, srv, tc.method, tc.path, tc.body, edits...)
		if resp.StatusCode != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: got %d %s, want %d with %s", tc.method, tc.path, resp.StatusCode, body, tc.status, tc.want)
		}
		kind := resp.Header.Get("Content-Type")
		if tc.status >= 400 && kind != "application/problem+json" {
			t.Errorf("%s %s: problem has content type %q", tc.method, tc.path, kind)
		}
	}
}

func TestArgumentsReachTheBackend(t *testing.T) {
	t.Parallel()
	f := &fakeBackend{}
	srv := start(t, Config{Backend: f})
	ask(t, srv, "GET", "/api/v1/services/a%2Fb", "")
	if f.gotName != "a/b" {
		t.Errorf("name: got %q", f.gotName)
	}
	ask(t, srv, "GET", "/api/v1/services/gateway/red?from=2026-11-21T12:00:00Z&to=1795268400&step=30s", "")
	if want := (Range{time.Unix(1795262400, 0), time.Unix(1795268400, 0), 30 * time.Second}); !f.gotRange.From.Equal(want.From) || !f.gotRange.To.Equal(want.To) || f.gotRange.Step != want.Step {
		t.Errorf("range: got %v, want %v", f.gotRange, want)
	}
	ask(t, srv, "GET", "/api/v1/services/gateway/red?from=0&to=24000", "")
	if f.gotRange.Step != 100*time.Second {
		t.Errorf("chosen step: got %s, want 1m40s", f.gotRange.Step)
	}
	ask(t, srv, "GET", "/api/v1/traces?service=order&minDuration=0.25&errors=true&limit=7&from=0&to=10", "")
	if f.gotTraces.Service != "order" || f.gotTraces.MinDuration != 250*time.Millisecond || !f.gotTraces.ErrorsOnly || f.gotTraces.Limit != 7 {
		t.Errorf("filter: got %+v", f.gotTraces)
	}
	ask(t, srv, "POST", "/api/v1/policies?check=true", "kind: x")
	if string(f.gotDoc.Data) != "kind: x" || f.gotDoc.File != "body" || !f.gotCheck {
		t.Errorf("document: got %+v, check %v", f.gotDoc, f.gotCheck)
	}
}

func TestFaultsOfTheServerAreNotShown(t *testing.T) {
	t.Parallel()
	srv := start(t, Config{Backend: &fakeBackend{err: errors.New("open /secret/path")}})
	resp, body := ask(t, srv, "GET", "/api/v1/services", "")
	if resp.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	resp, body = ask(t, srv, "GET", "/readyz", "")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("readyz: got %d %s", resp.StatusCode, body)
	}
	if resp, body = ask(t, srv, "GET", "/api/v1/demo", ""); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "backstay dev") {
		t.Errorf("demo without a shop: got %d %s", resp.StatusCode, body)
	}
}

// A page of another site reaches a loopback server through the visitor's
// browser; by rebinding its name to 127.0.0.1 it even gets past the same-origin rule.
func TestRebindingAndForeignOrigins(t *testing.T) {
	t.Parallel()
	srv := start(t, Config{Backend: &fakeBackend{}, Shop: &fakeShop{}})
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	for _, tc := range []struct {
		method, host string
		edit         func(*http.Request)
		status       int
	}{
		{"GET", "localhost:4400", nil, 200},
		{"GET", "127.0.0.1:4400", nil, 200},
		{"GET", "[::1]:4400", nil, 200},
		{"GET", "backstay.localhost", nil, 200},
		{"GET", "evil.example:4400", nil, 421},
		{"GET", "127.0.0.1.evil.example", nil, 421},
		{"GET", "10.0.0.1", nil, 421},
		{"DELETE", "localhost:4400", header("Origin", "http://localhost:4400"), 200},
		{"DELETE", "localhost:4400", header("Origin", "http://evil.example"), 403},
		{"DELETE", "localhost:4400", header("Sec-Fetch-Site", "cross-site"), 403},
		{"DELETE", "localhost:4400", header("Origin", "null"), 403},
	} {
		path := "/api/v1/services"
		if tc.method == "DELETE" {
			path = "/api/v1/demo/faults"
		}
		edits := []func(*http.Request){host(tc.host)}
		if tc.edit != nil {
			edits = append(edits, tc.edit)
		}
		if resp, body := ask(t, srv, tc.method, path, "", edits...); resp.StatusCode != tc.status {
			t.Errorf("%s for %s: got %d %s, want %d", tc.method, tc.host, resp.StatusCode, body, tc.status)
		}
	}
}

func TestSlowAnswersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{Backend: &fakeBackend{wait: true}, Log: slog.New(slog.DiscardHandler)})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/v1/services", nil)
		w := httptest.NewRecorder()
		began := time.Now()
		h.ServeHTTP(w, r)
		if took := time.Since(began); w.Code != 503 || took != answerTime {
			t.Errorf("got %d after %s, want 503 after %s", w.Code, took, answerTime)
		}
	})
}

func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{Backend: &fakeBackend{wait: true}, Log: slog.New(slog.DiscardHandler)})
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil))
			return w
		}
		for range maxBusy {
			go get("/api/v1/services")
		}
		synctest.Wait()
		if w := get("/api/v1/services"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
			t.Errorf("one request too many: got %d %s", w.Code, w.Body)
		}
		if w := get("/healthz"); w.Code != http.StatusNoContent {
			t.Errorf("health under load: got %d", w.Code)
		}
		<-time.After(answerTime) // virtual: all slow requests give up
		synctest.Wait()
		if w := get("/api/v1/demo"); w.Code != http.StatusNotFound {
			t.Errorf("afterwards: got %d %s", w.Code, w.Body)
		}
	})
}

func TestQuietStreamBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{Backend: &fakeBackend{}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*heartbeat-time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/v1/events", nil))
		if got := strings.Count(w.Body.String(), ": alive\n\n"); got != 2 {
			t.Errorf("got %d signs of life in %s, want 2: %q", got, 3*heartbeat-time.Second, w.Body)
		}
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	srv := start(t, Config{Backend: &fakeBackend{}, Token: token})
	status := func(method, path, body string, edit ...func(*http.Request)) int {
		resp, _ := ask(t, srv, method, path, body, edit...)
		return resp.StatusCode
	}
	for _, tc := range []struct {
		name string
		got  int
		want int
	}{
		{"no token", status("GET", "/api/v1/services", ""), 401},
		{"wrong token", status("GET", "/api/v1/services", "", header("Authorization", "Bearer 0123456789abcdeX")), 401},
		{"other scheme", status("GET", "/api/v1/services", "", header("Authorization", "Basic "+token)), 401},
		{"right token", status("GET", "/api/v1/services", "", header("Authorization", "Bearer "+token)), 200},
		{"unknown route", status("GET", "/api/v1/nowhere", ""), 404},
		{"health is open", status("GET", "/healthz", ""), 204},
		{"readiness is open", status("GET", "/readyz", ""), 204},
		{"stream", status("GET", "/api/v1/events", ""), 401},
		{"wrong session", status("POST", "/api/v1/session", `{"token":"x"}`, asJSON), 401},
		{"any host behind a proxy", status("GET", "/api/v1/services", "", header("Authorization", "Bearer "+token), func(r *http.Request) { r.Host = "backstay.example" }), 200},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, tc.got, tc.want)
		}
	}
	resp, _ := ask(t, srv, "POST", "/api/v1/session", `{"token":"`+token+`"}`, asJSON)
	if resp.StatusCode != http.StatusNoContent || len(resp.Cookies()) != 1 {
		t.Fatalf("session: got %d with %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie is open to scripts or other sites: %s", c)
	}
	if got := status("GET", "/api/v1/services", "", func(r *http.Request) { r.AddCookie(c) }); got != 200 {
		t.Errorf("with the cookie: got %d", got)
	}
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	feed := new(Feed)
	srv := start(t, Config{Backend: &fakeBackend{}, Feed: feed})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	// The first line is sent after the reader has subscribed.
	if !lines.Scan() || lines.Text() != "retry: 1000" {
		t.Fatalf("first line: %q, %v", lines.Text(), lines.Err())
	}
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	feed.Publish(Event{Name: "incident", ID: "INC-1", At: at})
	var got []string
	for len(got) < 2 && lines.Scan() {
		if lines.Text() != "" {
			got = append(got, lines.Text())
		}
	}
	want := []string{"event: incident", `data: {"name":"incident","id":"INC-1","at":"2026-11-21T12:00:00Z"}`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFeedIsBounded(t *testing.T) {
	t.Parallel()
	feed := new(Feed)
	r := feed.subscribe()
	for i := range 1000 {
		feed.Publish(Event{Name: "tick", At: time.Unix(int64(i), 0)})
	}
	if events := r.next(t.Context()); len(events) != 1 || events[0].At.Unix() != 999 {
		t.Errorf("equal events did not merge: %v", events)
	}
	for i := range feedDepth + 3 {
		feed.Publish(Event{Name: "incident", ID: fmt.Sprint(i)})
	}
	events := r.next(t.Context())
	if len(events) != feedDepth || feed.Dropped() != 3 || events[0].ID != "3" {
		t.Errorf("kept %d from %s, dropped %d; want %d from 3, dropped 3", len(events), events[0].ID, feed.Dropped(), feedDepth)
	}
	for feed.Readers() < maxReaders {
		if feed.subscribe() == nil {
			t.Fatal("refused a reader too early")
		}
	}
	srv := start(t, Config{Backend: &fakeBackend{}, Feed: feed})
	if resp, body := ask(t, srv, "GET", "/api/v1/events", ""); resp.StatusCode != http.StatusServiceUnavailable || feed.Refused() != 1 {
		t.Errorf("one reader too many: got %d %s", resp.StatusCode, body)
	}
}

func TestFeedWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		feed := new(Feed)
		r := feed.subscribe()
		feed.Publish(Event{Name: "tick"})
		r.next(t.Context())
		r.wake <- struct{}{} // as a publisher leaves it whose event was just taken
		ctx, cancel := context.WithTimeout(t.Context(), heartbeat)
		defer cancel()
		began := time.Now()
		if events := r.next(ctx); events != nil || time.Since(began) != heartbeat {
			t.Errorf("got %v after %s, want nothing for %s", events, time.Since(began), heartbeat)
		}
	})
}

func TestReadersLeave(t *testing.T) {
	t.Parallel()
	feed := new(Feed)
	feed.unsubscribe(feed.subscribe())
	if feed.Readers() != 0 {
		t.Errorf("%d readers are left", feed.Readers())
	}
}

func TestEncodeKeepsTheBackendsValue(t *testing.T) {
	t.Parallel()
	shared := Overview{SLOs: []SLOStatus{{Name: "a"}}}
	data, err := encode(shared)
	if err != nil {
		t.Fatal(err)
	}
	if shared.Services != nil || shared.SLOs[0].Windows != nil {
		t.Error("encoding changed what the backend owns")
	}
	if !strings.Contains(string(data), `"windows":[]`) || !strings.Contains(string(data), `"services":[]`) || strings.Contains(string(data), "null") {
		t.Errorf("a list is not a list: %s", data)
	}
	var back Overview
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
}

func FuzzArguments(f *testing.F) {
	f.Add("from=1&to=2&step=3&limit=4&errors=1")
	f.Add("from=2026-11-21T12:00:00Z&step=1h&time=-1e10")
	f.Fuzz(func(t *testing.T, q string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = q
		a := readArguments(r, "from", "to", "step", "limit", "errors", "time")
		span, limit := a.span(time.Unix(1e9, 0)), a.limit()
		a.boolean("errors")
		a.time("time", time.Time{})
		if a.err != nil {
			return
		}
		if !span.From.Before(span.To) || span.Step < time.Second || span.To.Sub(span.From)/span.Step > MaxPoints || limit < 1 || limit > 1000 {
			t.Errorf("%q passed as %+v, limit %d", q, span, limit)
		}
	})
}
