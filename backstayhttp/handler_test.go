package backstayhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/backstayhttp"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/trace"
)

// guarded is a server with everything of Handler in view.
type guarded struct {
	*httptest.Server

	metrics *metric.Registry
	spans   *spans
	log     *lockedBuffer
	panics  chan string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func guard(t *testing.T, next http.Handler, live *policy.Live) guarded {
	t.Helper()
	g := guarded{metrics: metric.NewRegistry(), spans: new(spans), log: new(lockedBuffer), panics: make(chan string, 16)}
	g.Server = serve(t, backstayhttp.Handler(next, backstayhttp.HandlerConfig{
		Live: live, Metrics: g.metrics, Tracer: g.spans,
		Logger:   slog.New(slog.NewTextHandler(g.log, nil)),
		Panicked: func(route string) { g.panics <- route },
	}))
	return g
}

// span waits for the only span.
func (g guarded) span(t *testing.T) *ended {
	t.Helper()
	for range 1000 {
		if all := g.spans.all(); len(all) == 1 {
			return all[0]
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("%d spans, want one", len(g.spans.all()))
	return nil
}

func TestHandlerMeasuresByRoute(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "0" {
			http.Error(w, "no such order", http.StatusNotFound)
		}
	})
	mux.HandleFunc("/", http.NotFound)
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	g := guard(t, mux, nil)
	for _, path := range []string{"GET /orders/1", "GET /orders/2", "GET /orders/0", "POST /orders", "BREW /teapot"} {
		method, path, _ := strings.Cut(path, " ")
		do(t, g.Client(), request(t, method, g.URL+path, nil))
	}
	const name = "http_server_request_duration_seconds_count"
	for _, want := range []string{
		`{http_request_method="GET",http_route="/orders/{id}",http_response_status_code="200",backstay_degraded="false"} 2`,
		`{http_request_method="GET",http_route="/orders/{id}",http_response_status_code="404",backstay_degraded="false"} 1`,
		`{http_request_method="POST",http_route="/orders",http_response_status_code="201",backstay_degraded="false"} 1`,
		`{http_request_method="_OTHER",http_route="/",http_response_status_code="404",backstay_degraded="false"} 1`,
	} {
		counts(t, g.metrics, name+want)
	}
}

func TestHandlerLearnsTheRouteLate(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /late/{id}", func(http.ResponseWriter, *http.Request) {})
	// Middleware hides that there is a mux.
	g := guard(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) }), nil)
	do(t, g.Client(), request(t, http.MethodGet, g.URL+"/late/7", nil))
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/late/{id}",http_response_status_code="200",backstay_degraded="false"} 1`)
	if s := g.span(t); s.name != "GET /late/{id}" || s.attrs["http.route"] != "/late/{id}" {
		t.Errorf("span is %q %v", s.name, s.attrs)
	}
}

func TestHandlerWithoutRoute(t *testing.T) {
	t.Parallel()
	g := guard(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), nil)
	do(t, g.Client(), request(t, http.MethodGet, g.URL+"/any/thing", nil))
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="unmatched",http_response_status_code="200",backstay_degraded="false"} 1`)
}

func TestHandlerContinuesTheTrace(t *testing.T) {
	t.Parallel()
	inside := make(chan trace.SpanContext, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(_ http.ResponseWriter, r *http.Request) { inside <- trace.FromContext(r.Context()) })
	g := guard(t, mux, nil)
	req := request(t, http.MethodGet, g.URL+"/x", nil)
	req.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	req.Header.Set("tracestate", "vendor=1")
	do(t, g.Client(), req)
	s, sc := g.span(t), <-inside
	if s.parent.SpanID.String() != "00f067aa0ba902b7" || s.sc != sc || sc.TraceID != s.parent.TraceID || sc.State != "vendor=1" {
		t.Errorf("span %+v of parent %+v, inside %+v", s.sc, s.parent, sc)
	}
	if s.kind != trace.KindServer || s.name != "GET /x" || s.err != nil || s.attrs["http.response.status_code"] != 200 {
		t.Errorf("span is %+v", s)
	}
}

func TestPanicBecomesAnAnswer(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		panic("out of paper")
	})
	g := guard(t, mux, nil)
	res, body := do(t, g.Client(), request(t, http.MethodGet, g.URL+"/x", nil))
	var said struct {
		Status int
		Detail string
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || res.StatusCode != 500 || said.Status != 500 || strings.Contains(body, "paper") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	counts(t, g.metrics, `backstay_panics_total{http_route="/x"} 1`)
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x",http_response_status_code="500",backstay_degraded="false"} 1`)
	if s := g.span(t); s.err == nil || s.attrs["backstay.panic"] != "true" || s.attrs["error.type"] != "panic" {
		t.Errorf("span is %+v", s)
	}
	if route := <-g.panics; route != "/x" {
		t.Errorf("told of %q", route)
	}
	if log := g.log.String(); !strings.Contains(log, "out of paper") || !strings.Contains(log, "TestPanicBecomesAnAnswer") {
		t.Errorf("the log has no stack: %s", log)
	}
	// The server lives on.
	res, _ = do(t, g.Client(), request(t, http.MethodGet, g.URL+"/x", nil))
	if res.StatusCode != 500 {
		t.Errorf("second answer is %d", res.StatusCode)
	}
}

func TestPanicInTheMiddleCutsTheAnswer(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"panic": "out of ink", "abort": http.ErrAbortHandler, "wrapped abort": fmt.Errorf("copy: %w", http.ErrAbortHandler)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "half")
				w.(http.Flusher).Flush()
				panic(value)
			})
			g := guard(t, mux, nil)
			res, err := g.Client().Do(request(t, http.MethodGet, g.URL+"/x", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Errorf("the caller took %q for the whole answer", body)
			}
			counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x",http_response_status_code="500",backstay_degraded="false"} 1`)
			if counted := samples(t, g.metrics, "backstay_panics_total{"); (counted != "") != (name == "panic") {
				t.Errorf("panics counted: %q", counted)
			}
		})
	}
}

func TestRequestRunsOutOfTime(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wait", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		if !errors.Is(context.Cause(r.Context()), backstay.ErrTimeout) {
			panic("ended by something else")
		}
	})
	mux.HandleFunc("GET /left", func(w http.ResponseWriter, r *http.Request) {
		deadline, ok := r.Context().Deadline()
		fmt.Fprint(w, ok, " ", ok && time.Until(deadline) <= time.Minute)
	})
	slow := strings.Replace(document("Timeout", "x", "limit: 20ms"), "{dependency: x}", "{service: test, route: /wait}", 1)
	for _, row := range []struct {
		name, path, header string
		live               *policy.Live
		status             int
		body               string
	}{
		{"caller's limit", "/wait", "20ms", nil, 504, "20ms by the caller's X-Timeout"},
		{"caller's time is over", "/left", "0s", nil, 504, "0s by the caller's X-Timeout"},
		{"caller's time is long over", "/left", "-3s", nil, 504, "-3s by the caller's X-Timeout"},
		{"service's limit", "/wait", "", live(t, nil, slow), 504, "20ms by the service's policy"},
		{"a header widens nothing", "/wait", "1h", live(t, nil, slow), 504, "20ms by the service's policy"},
		{"in time", "/left", "1m", nil, 200, "true true"},
		{"no limit", "/left", "", nil, 200, "false false"},
		{"malformed", "/left", "soon", nil, 200, "false false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, mux, row.live)
			req := request(t, http.MethodGet, g.URL+row.path, nil)
			if row.header != "" {
				req.Header.Set("X-Timeout", row.header)
			}
			res, body := do(t, g.Client(), req)
			if res.StatusCode != row.status || !strings.Contains(body, row.body) {
				t.Fatalf("%d %s; want %d %s", res.StatusCode, body, row.status, row.body)
			}
			if row.status == 504 {
				if res.Header.Get("Content-Type") != "application/problem+json" || !json.Valid([]byte(body)) {
					t.Errorf("the answer is %s: %s", res.Header.Get("Content-Type"), body)
				}
				if !strings.Contains(g.log.String(), "path="+row.path) {
					t.Errorf("the log says %q", g.log)
				}
				if s := g.span(t); s.err == nil || s.attrs["error.type"] != "504" {
					t.Errorf("span is %+v", s)
				}
			}
		})
	}
}

func TestDegradedAnswerSaysSo(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /written", func(w http.ResponseWriter, r *http.Request) {
		backstay.MarkDegraded(r.Context(), "payment")
		backstay.MarkDegraded(r.Context(), "stock")
		fmt.Fprint(w, "ok")
	})
	mux.HandleFunc("GET /silent", func(_ http.ResponseWriter, r *http.Request) { backstay.MarkDegraded(r.Context(), "payment") })
	g := guard(t, mux, nil)
	for path, want := range map[string]string{"/written": "payment,stock", "/silent": "payment"} {
		res, _ := do(t, g.Client(), request(t, http.MethodGet, g.URL+path, nil))
		if got := res.Header.Get("Backstay-Degraded"); got != want {
			t.Errorf("%s says %q, want %q", path, got, want)
		}
		counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="`+path+`",http_response_status_code="200",backstay_degraded="true"} 1`)
	}
}

func TestArmedFaults(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{part}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	l := live(t, nil)
	g := guard(t, mux, l)
	arm := func(i fault.Instruction) {
		i.ID, i.Ratio, i.Expires = "f1", 1, time.Now().Add(time.Hour)
		l.Arm([]fault.Instruction{i})
	}
	get := func() (int, string, error) {
		req := request(t, http.MethodGet, g.URL+"/x", nil)
		req.Header.Set("X-Timeout", "30ms")
		res, err := g.Client().Transport.RoundTrip(req)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	arm(fault.Instruction{Effect: fault.Error, Status: 503})
	if status, body, err := get(); status != 503 || !strings.Contains(body, "f1") {
		t.Errorf("error fault: %d %s %v", status, body, err)
	}
	arm(fault.Instruction{Effect: fault.Abort})
	if status, _, err := get(); err == nil {
		t.Errorf("abort fault: %d", status)
	}
	arm(fault.Instruction{Effect: fault.Latency, Latency: time.Minute})
	if status, body, err := get(); status != 200 || body != "fine" {
		t.Errorf("latency fault: %d %s %v", status, body, err) // the handler ignored its context and answered
	}
	arm(fault.Instruction{Effect: fault.Error, Route: "/other"})
	if status, _, err := get(); status != 200 {
		t.Errorf("fault of another route: %d %v", status, err)
	}
	l.Arm(nil)
	if status, _, err := get(); status != 200 {
		t.Errorf("no fault: %d %v", status, err)
	}
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/{part}",http_response_status_code="503",backstay_degraded="false"} 1`)
}

func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	g := guard(t, mux, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := g.Client().Do(req); err == nil {
		res.Body.Close()
		t.Fatal("got an answer")
	}
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x",http_response_status_code="499",backstay_degraded="false"} 1`)
	if s := g.span(t); s.err != nil {
		t.Errorf("a caller that left is no failure of the server: %v", s.err)
	}
}

func TestStreaming(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(w http.ResponseWriter, r *http.Request) {
		backstay.MarkDegraded(r.Context(), "payment")
		rc := http.NewResponseController(w)
		if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusEarlyHints)
		for i := range 3 {
			fmt.Fprintln(w, "line", i)
			if err := rc.Flush(); err != nil {
				t.Error(err)
			}
			<-next // until the caller has read the line
		}
	})
	g := guard(t, mux, nil)
	res, err := g.Client().Do(request(t, http.MethodGet, g.URL+"/x", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Backstay-Degraded"); got != "payment" {
		t.Errorf("degraded is %q", got)
	}
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprint("line ", i) {
			t.Fatalf("read %q: %v", lines.Text(), lines.Err())
		}
		next <- struct{}{}
	}
}

func TestHijack(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
		rw.Flush()
	})
	g := guard(t, mux, nil)
	req := request(t, http.MethodGet, g.URL+"/x", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	res, err := g.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 101 || string(body) != "hello" {
		t.Errorf("%d %q %v", res.StatusCode, body, err)
	}
	counts(t, g.metrics, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x",http_response_status_code="101",backstay_degraded="false"} 1`)
}

// plain is a ResponseWriter that can do nothing else.
type plain struct{ http.ResponseWriter }

func TestAbilitiesStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	check := func(w http.ResponseWriter, flush, hijack bool) {
		t.Helper()
		backstayhttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, canFlush := w.(http.Flusher)
			_, canHijack := w.(http.Hijacker)
			_, canRead := w.(io.ReaderFrom)
			if canFlush != flush || canHijack != hijack || !canRead {
				t.Errorf("%T: flush %v, hijack %v, read %v", w, canFlush, canHijack, canRead)
			}
		}), backstayhttp.HandlerConfig{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}
	check(httptest.NewRecorder(), true, false)
	check(plain{httptest.NewRecorder()}, false, false)
	check(struct {
		http.ResponseWriter
		http.Hijacker
	}{ResponseWriter: httptest.NewRecorder()}, false, true)
}
