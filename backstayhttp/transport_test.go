package backstayhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/backstayhttp"
	"github.com/backstay/backstay/backstaytest"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/trace"
)

// caller is a client with everything of Transport in view.
type caller struct {
	*http.Client

	metrics *metric.Registry
	spans   *spans
}

func call(t *testing.T, live *policy.Live) caller {
	t.Helper()
	c := caller{metrics: metric.NewRegistry(), spans: new(spans)}
	base := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(base.CloseIdleConnections)
	c.Client = &http.Client{Transport: backstayhttp.Transport(base, backstayhttp.TransportConfig{
		Dependency: "payment", Live: live, Metrics: c.metrics, Tracer: c.spans,
	})}
	return c
}

func TestTransportTellsWhatTheCalleeNeeds(t *testing.T) {
	t.Parallel()
	got := make(chan http.Header, 1)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header
		w.WriteHeader(http.StatusCreated)
	}))
	c := call(t, live(t, nil, document("Timeout", "payment", "limit: 2s")))
	ctx, root := trace.Propagation{}.Start(t.Context(), trace.StartInfo{Name: "root"})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/charge", strings.NewReader("1"))
	if err != nil {
		t.Fatal(err)
	}
	res, _ := do(t, c.Client, req)
	header, all := <-got, c.spans.all()
	if len(all) != 1 {
		t.Fatalf("%d spans", len(all))
	}
	s := all[0]
	if header.Get("traceparent") != s.sc.Traceparent() || s.sc.TraceID != root.SpanContext().TraceID || s.parent != root.SpanContext() {
		t.Errorf("sent %q of span %+v", header.Get("traceparent"), s.sc)
	}
	if left, ok := backstayhttp.ParseTimeout(header.Get("X-Timeout")); !ok || left <= 0 || left > 2*time.Second {
		t.Errorf("sent X-Timeout %q", header.Get("X-Timeout"))
	}
	u, _ := url.Parse(server.URL)
	for key, want := range map[string]any{
		"peer.service": "payment", "server.address": u.Hostname(), "http.request.method": "POST", "http.response.status_code": 201,
	} {
		if s.attrs[key] != want {
			t.Errorf("%s is %v, want %v", key, s.attrs[key], want)
		}
	}
	if s.kind != trace.KindClient || s.name != "POST payment" || s.err != nil || s.attrs["error.type"] != nil {
		t.Errorf("span is %+v", s)
	}
	if req.Header.Get("traceparent") != "" || res.Request == nil {
		t.Error("the caller's request was changed, or the answer has none")
	}
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="POST",http_response_status_code="201",backstay_outcome="success"} 1`)
}

// A request that may be repeated is, with its whole body, and the connection
// of the answer that was thrown away is used again.
func TestTransportRepeats(t *testing.T) {
	t.Parallel()
	var (
		mu          sync.Mutex
		bodies      []string
		connections atomic.Int32
	)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		bodies = append(bodies, string(body))
		n := len(bodies)
		mu.Unlock()
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, strings.Repeat("busy ", 1000))
			return
		}
		fmt.Fprint(w, "done")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := call(t, live(t, nil, document("Retry", "payment", "attempts: 3\nbackoff: 1ms\nbudgetPerSecond: 10")))
	req := request(t, http.MethodPost, server.URL, strings.NewReader("charge 1"))
	req.Header.Set("Idempotency-Key", "k1")
	res, body := do(t, c.Client, req)
	if res.StatusCode != 200 || body != "done" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if want := []string{"charge 1", "charge 1", "charge 1"}; !slices.Equal(bodies, want) {
		t.Errorf("the dependency got %q", bodies)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	if all := c.spans.all(); len(all) != 3 || all[0].err == nil || all[0].attrs["error.type"] != "503" || all[2].err != nil || all[0].sc.SpanID == all[1].sc.SpanID {
		t.Errorf("%d spans", len(all))
	}
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="POST",http_response_status_code="503",backstay_outcome="failure"} 2`)
}

func TestTransportDoesNotRepeat(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*http.Request){
		"no key":                     func(*http.Request) {},
		"one-way body":               func(r *http.Request) { r.Header.Set("Idempotency-Key", "k"); r.GetBody = nil },
		"get with body that is gone": func(r *http.Request) { r.Method = http.MethodPut; r.GetBody = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
			c := call(t, live(t, nil, document("Retry", "payment", "attempts: 3\nbackoff: 1ms")))
			req := request(t, http.MethodPost, server.URL, strings.NewReader("charge"))
			prepare(req)
			res, _ := do(t, c.Client, req)
			if res.StatusCode != 503 || asked.Load() != 1 {
				t.Errorf("%d after %d attempts", res.StatusCode, asked.Load())
			}
		})
	}
}

// The caller's word that a call may be repeated does not bring back a body that is
// gone, which is no failure of the dependency.
func TestBodySpent(t *testing.T) {
	t.Parallel()
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	policies := live(t, nil, document("Retry", "payment", "attempts: 3\nbackoff: 1ms"), document("CircuitBreaker", "payment", "consecutive: 2"))
	c := call(t, policies)
	req := request(t, http.MethodPost, server.URL, strings.NewReader("charge"))
	req.GetBody = nil
	if _, err := c.Do(req.WithContext(retry.WithIdempotent(t.Context()))); !errors.Is(err, backstayhttp.ErrBodySpent) {
		t.Errorf("error is %v", err)
	}
	for _, s := range policies.States() {
		if s.Kind == "breaker" && s.State != "closed" {
			t.Errorf("breaker is %s after one answer: %s", s.State, s.Reason)
		}
	}
}

// A dependency that hangs: the limit ends each call, the breaker opens, and then
// the fallback answers without asking.
func TestSlowDependency(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		// net/http notices that a caller left once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	var heard backstaytest.Recorder
	c := call(t, live(t, heard.Listener(),
		document("Timeout", "payment", "limit: 20ms"),
		document("CircuitBreaker", "payment", "consecutive: 3\ncooldown: 1m"),
		document("Fallback", "payment", "status: 202\nheaders: {X-Queued: \"yes\"}\nbody: '{\"state\":\"queued\"}'")))
	ctx, degradation := backstay.WithDegradation(t.Context())
	for range 10 {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("charge"))
		if err != nil {
			t.Fatal(err)
		}
		res, body := do(t, c.Client, req)
		if res.StatusCode != 202 || body != `{"state":"queued"}` || res.Header.Get("X-Queued") != "yes" || res.Header.Get("Backstay-Degraded") != "payment" {
			t.Fatalf("%d %s %v", res.StatusCode, body, res.Header)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the dependency was asked %d times, want 3", n)
	}
	if names := degradation.Names(); !slices.Equal(names, []string{"payment"}) {
		t.Errorf("degraded by %q", names)
	}
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="POST",http_response_status_code="",backstay_outcome="timeout"} 3`)
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="POST",http_response_status_code="",backstay_outcome="rejected"} 7`)
	all := c.spans.all()
	if len(all) != 3 || all[0].err == nil || all[0].attrs["error.type"] != "timeout" {
		t.Errorf("%d spans", len(all))
	}
}

// A dependency that is gone: calls fail at once, the breaker opens and says so.
func TestDeadDependency(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	dead := server.URL
	server.Close()
	c := call(t, live(t, nil, document("CircuitBreaker", "payment", "consecutive: 3\ncooldown: 1m")))
	for i := range 5 {
		closed := &closing{Reader: strings.NewReader("charge")}
		res, err := c.Do(request(t, http.MethodPost, dead, closed))
		if err == nil {
			res.Body.Close()
			t.Fatal("got an answer")
		}
		if rejected := errors.Is(err, breaker.ErrOpen) && errors.Is(err, backstay.ErrRejected); rejected != (i >= 3) {
			t.Errorf("call %d: %v", i, err)
		}
		if !closed.closed.Load() {
			t.Errorf("call %d: the body stayed open", i)
		}
	}
	all := c.spans.all()
	if len(all) != 3 || all[0].err == nil || all[0].attrs["error.type"] != "dial" || all[0].attrs["peer.service"] != "payment" {
		t.Errorf("%d spans", len(all))
	}
}

type closing struct {
	io.Reader
	closed atomic.Bool
}

func (c *closing) Close() error {
	c.closed.Store(true)
	return nil
}

// The caller's own mistakes are no reason to stop asking, and its loss of
// interest neither.
func TestCallersOwnDoing(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 100)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			entered <- struct{}{}
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	}))
	c := call(t, live(t, nil, document("CircuitBreaker", "payment", "consecutive: 2")))
	for range 5 {
		res, _ := do(t, c.Client, request(t, http.MethodGet, server.URL+"/bad", nil))
		if res.StatusCode != 400 {
			t.Fatalf("got %d", res.StatusCode)
		}
	}
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-entered
			cancel()
		}()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/wait", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	if res, _ := do(t, c.Client, request(t, http.MethodGet, server.URL+"/bad", nil)); res.StatusCode != 400 {
		t.Errorf("got %d", res.StatusCode)
	}
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="GET",http_response_status_code="400",backstay_outcome="invalid"} 6`)
	counts(t, c.metrics, `http_client_request_duration_seconds_count{backstay_dependency="payment",http_request_method="GET",http_response_status_code="",backstay_outcome="canceled"} 5`)
	if s := c.spans.all()[0]; s.err != nil || s.attrs["error.type"] != "400" {
		t.Errorf("span is %+v", s)
	}
}

// A limit covers the header; the body may stream for longer, as long as it
// makes progress, and one that hangs is cut.
func TestLimitAndBody(t *testing.T) {
	t.Parallel()
	const limit = 60 * time.Millisecond
	more := make(chan struct{})
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "begin")
		w.(http.Flusher).Flush()
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		<-more
		fmt.Fprintln(w, "end")
	}))
	c := call(t, live(t, nil, document("Timeout", "payment", "limit: "+limit.String())))

	res, err := c.Do(request(t, http.MethodGet, server.URL+"/stream", nil))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len("begin\n"))
	if _, err := io.ReadFull(res.Body, buf); err != nil {
		t.Fatal(err)
	}
	<-time.After(2 * limit) // nobody reads, which is not the dependency's fault
	close(more)
	rest, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(rest) != "end\n" {
		t.Errorf("read %q, %v", rest, err)
	}

	res, err = c.Do(request(t, http.MethodGet, server.URL+"/hang", nil))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "begin\n" {
		t.Errorf("read %q, %v", body, err)
	}
	res.Body.Close()
}

// The caller's context still ends the body after the policies are done.
func TestCallerEndsTheBody(t *testing.T) {
	t.Parallel()
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	c := call(t, live(t, nil))
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	cancel()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDegradationTravelsUp(t *testing.T) {
	t.Parallel()
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Backstay-Degraded", "bank, ledger,"+strings.Repeat("x", 65)+",a b,")
		w.Header().Add("Backstay-Degraded", "bank")
	}))
	c := call(t, live(t, nil))
	ctx, degradation := backstay.WithDegradation(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	do(t, c.Client, req)
	if names := degradation.Names(); !slices.Equal(names, []string{"bank", "ledger"}) {
		t.Errorf("degraded by %q", names)
	}
}

// Without protection calls are measured and traced, and nothing else.
func TestUnprotected(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	l := live(t, nil, document("CircuitBreaker", "payment", "consecutive: 2"), document("Fallback", "payment", "status: 200"))
	l.Protect(false)
	c := call(t, l)
	for range 5 {
		if res, _ := do(t, c.Client, request(t, http.MethodGet, server.URL, nil)); res.StatusCode != 500 {
			t.Errorf("got %d", res.StatusCode)
		}
	}
	if asked.Load() != 5 || len(c.spans.all()) != 5 {
		t.Errorf("asked %d times, %d spans", asked.Load(), len(c.spans.all()))
	}
}

func TestParseTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"250ms": 250 * time.Millisecond, "1h2m3s": time.Hour + 2*time.Minute + 3*time.Second, "0": 0, "-1s": -time.Second} {
		if got, ok := backstayhttp.ParseTimeout(text); !ok || got != want {
			t.Errorf("%q is %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "1", "ms", "1 s", "1e3s", strings.Repeat("1", 40) + "s", "9999999999h"} {
		if got, ok := backstayhttp.ParseTimeout(text); ok || got != 0 {
			t.Errorf("%q is %v %v", text, got, ok)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "0s", 0: "0s", 1500 * time.Microsecond: "1ms", 999_999: "999µs", 90 * time.Second: "1m30s"} {
		if got := backstayhttp.FormatTimeout(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func FuzzTimeout(f *testing.F) {
	for _, s := range []string{"250ms", "1h", "-1s", "1.5s", "0", "9223372036854775807ns", "µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := backstayhttp.ParseTimeout(s)
		if !ok {
			if d != 0 {
				t.Fatalf("%q is refused and yet gives %v", s, d)
			}
			return
		}
		again, ok := backstayhttp.ParseTimeout(backstayhttp.FormatTimeout(d))
		if !ok || again > max(d, 0) || again < 0 {
			t.Fatalf("%q is %v, sent on as %q, read as %v %v", s, d, backstayhttp.FormatTimeout(d), again, ok)
		}
	})
}
