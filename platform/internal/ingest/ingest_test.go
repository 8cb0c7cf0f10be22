package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/ingest"
	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// station is a server with real stores behind real sockets.
type station struct {
	*ingest.Server
	traces  tracestore.Store
	metrics metricstore.Store
	graph   *topology.Map
}

// begin opens a station in dir and serves until the test ends.
func begin(tb testing.TB, dir string, change func(*ingest.Config)) *station {
	tb.Helper()
	traces, err := tracestore.Open(filepath.Join(dir, "traces"), tracestore.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	metrics, err := metricstore.Open(filepath.Join(dir, "metrics"), metricstore.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	s := &station{traces: traces, metrics: metrics, graph: topology.New(topology.Config{})}
	cfg := ingest.Config{
		GRPCAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0",
		Traces: traces, Metrics: metrics, Graph: s.graph, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	if s.Server, err = ingest.Listen(tb.Context(), cfg); err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := errors.Join(<-served, traces.Close(), metrics.Close()); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// answer is what an HTTP request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func post(tb testing.TB, url string, body []byte, headers ...string) answer {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var got bytes.Buffer
	if _, err := got.ReadFrom(resp.Body); err != nil {
		tb.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: got.Bytes()}
}

// batch makes n server spans of one trace each, ids from first on.
func batch(first, n int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	resource := td.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "order")
	resource.Resource().Attributes().PutStr("service.version", "1.2.3")
	scope := resource.ScopeSpans().AppendEmpty()
	now := time.Now()
	for i := range n {
		id := first + i
		s := scope.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID(traceID(id)))
		s.SetSpanID(pcommon.SpanID{1, byte(id >> 16), byte(id >> 8), byte(id)})
		s.SetName("GET /orders/{id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-20 * time.Millisecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		s.Attributes().PutStr("http.route", "/orders/{id}")
		s.Attributes().PutStr("http.request.method", "GET")
		s.Attributes().PutInt("http.response.status_code", 200)
		s.Attributes().PutStr("server.address", "127.0.0.1")
		s.Attributes().PutInt("server.port", 8080)
		s.Attributes().PutStr("url.path", "/orders/"+string(rune('a'+id%26)))
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

// traceID spreads the number over the id's last bytes.
func traceID(n int) tracestore.TraceID {
	return tracestore.TraceID{1, 12: byte(n >> 24), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

func encoded(tb testing.TB, first, n int) []byte {
	tb.Helper()
	body, err := batch(first, n).MarshalProto()
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func zipped(tb testing.TB, body []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestAcknowledgedOverHTTPIsStored(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	url := "http://" + s.HTTPAddr() + "/v1/traces"
	asJSON, err := batch(3, 1).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []answer{
		post(t, url, encoded(t, 1, 1)),
		post(t, url, zipped(t, encoded(t, 2, 1)), "Content-Encoding", "gzip"),
		post(t, url, asJSON, "Content-Type", "application/json; charset=utf-8"),
	} {
		if got.status != http.StatusOK {
			t.Fatalf("%d: %d %q", i, got.status, got.body)
		}
		spans, err := s.traces.Trace(t.Context(), traceID(i+1))
		if err != nil || len(spans) != 1 || spans[0].Service != "order" || spans[0].Version != "1.2.3" || spans[0].Attr("server.port") != "8080" {
			t.Errorf("%d: stored %+v, %v", i, spans, err)
		}
	}
	if got := s.graph.Services(); len(got) != 1 || got[0].Name != "order" {
		t.Errorf("on the map: %+v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), func(c *ingest.Config) { c.MaxBytes = 4096; c.Token = "secret" })
	base := "http://" + s.HTTPAddr()
	bomb := zipped(t, make([]byte, 1<<20))
	cut := zipped(t, encoded(t, 1, 2))
	f := func(name string, want int, says, path string, body []byte, headers ...string) {
		t.Helper()
		for _, endpoint := range []string{"/v1/traces", "/v1/metrics"} {
			got := post(t, base+strings.Replace(path, "*", endpoint, 1), body, append([]string{"Authorization", "Bearer secret"}, headers...)...)
			if got.status != want || !strings.Contains(string(got.body), says) {
				t.Errorf("%s: %d %q, want %d with %q", name, got.status, got.body, want, says)
			}
		}
	}
	f("garbage", 400, "not OTLP", "*", []byte("\xff\x00garbage"))
	f("garbage JSON", 400, `"message":"the body is not OTLP`, "*", []byte("{]"), "Content-Type", "application/json")
	f("garbage gzip", 400, "not gzip", "*", []byte("garbage"), "Content-Encoding", "gzip")
	f("cut gzip", 400, "ended early", "*", cut[:len(cut)/2], "Content-Encoding", "gzip")
	f("too large", 413, "4096 bytes", "*", make([]byte, 5000))
	f("too large after gzip", 413, "4096 bytes", "*", bomb, "Content-Encoding", "gzip")
	f("unknown encoding", 415, "br", "*", nil, "Content-Encoding", "br")
	f("unknown type", 415, "text/csv", "*", nil, "Content-Type", "text/csv")
	f("wrong token", 401, "token", "*", nil, "Authorization", "Bearer wrong")
	f("empty is fine", 200, "", "*", nil)
}

func TestPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	got := post(t, "http://"+s.HTTPAddr()+"/v1/traces", encoded(t, 1, 1), "Origin", "http://rebound.example:4318")
	if got.status != http.StatusForbidden || s.Stats().Spans != 0 {
		t.Errorf("%d %q, %d spans stored", got.status, got.body, s.Stats().Spans)
	}
}

func TestTokenOverGRPC(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), func(c *ingest.Config) { c.Token = "secret" })
	conn, err := grpc.NewClient(s.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := ptraceotlp.NewGRPCClient(conn)
	for token, want := range map[string]codes.Code{"": codes.Unauthenticated, "Bearer wrong": codes.Unauthenticated, "Bearer secret": codes.OK} {
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", token)
		}
		if _, err := client.Export(ctx, batch(1, 1)); status.Code(err) != want {
			t.Errorf("%q: %v, want %s", token, err, want)
		}
	}
	if st := s.Stats(); st.Bad != 2 || st.Spans != 1 {
		t.Errorf("stats = %+v", st)
	}
}

func TestPartialSuccess(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	request := batch(1, 3)
	spans := request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(0).SetTraceID(pcommon.TraceID{})
	spans.At(1).SetStartTimestamp(1 << 63)
	spans.At(2).SetEndTimestamp(1) // before its start
	body, err := request.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	got := post(t, "http://"+s.HTTPAddr()+"/v1/traces", body)
	response := ptraceotlp.NewExportResponse()
	if err := response.UnmarshalProto(got.body); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d, %v", got.status, err)
	}
	if n := response.PartialSuccess().RejectedSpans(); n != 2 || response.PartialSuccess().ErrorMessage() == "" {
		t.Errorf("%d rejected, %q", n, response.PartialSuccess().ErrorMessage())
	}
	stored, err := s.traces.Trace(t.Context(), traceID(3))
	if err != nil || len(stored) != 1 || stored[0].Duration != 0 {
		t.Errorf("the good span: %+v, %v", stored, err)
	}
}

// slow is a span store that waits, so that requests stay in work.
type slow struct {
	tracestore.Store
	entered chan struct{}
	release chan struct{}
}

func (s *slow) Append(ctx context.Context, spans []tracestore.Span) error {
	s.entered <- struct{}{}
	<-s.release
	return s.Store.Append(ctx, spans)
}

func TestOverloadIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	store := &slow{entered: make(chan struct{}), release: make(chan struct{})}
	s := begin(t, t.TempDir(), func(c *ingest.Config) {
		store.Store, c.Traces, c.MaxRequests = c.Traces, store, 1
	})
	url := "http://" + s.HTTPAddr() + "/v1/traces"
	first := make(chan answer)
	go func() { first <- post(t, url, encoded(t, 1, 1)) }()
	<-store.entered
	got := post(t, url, encoded(t, 2, 1))
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" {
		t.Errorf("second: %d %v", got.status, got.header)
	}
	close(store.release)
	if got := <-first; got.status != http.StatusOK {
		t.Errorf("first: %d %q", got.status, got.body)
	}
	if st := s.Stats(); st.Busy != 1 || st.Requests != 1 || st.Spans != 1 {
		t.Errorf("stats = %+v", st)
	}
}

func TestFailingStoreIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	if err := s.traces.Close(); err != nil {
		t.Fatal(err)
	}
	got := post(t, "http://"+s.HTTPAddr()+"/v1/traces", encoded(t, 1, 1))
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if len(s.graph.Services()) != 0 {
		t.Error("the graph shows a span that was not stored")
	}
}

func TestBusyPortIsOneSentence(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	_, err := ingest.Listen(t.Context(), ingest.Config{GRPCAddr: "127.0.0.1:0", HTTPAddr: s.HTTPAddr()})
	var busy *ingest.BusyError
	if !errors.As(err, &busy) || busy.Addr != s.HTTPAddr() || strings.Contains(err.Error(), "\n") {
		t.Errorf("err = %v", err)
	}
}

func FuzzTracesBody(f *testing.F) {
	good, err := batch(1, 2).MarshalProto()
	if err != nil {
		f.Fatal(err)
	}
	asJSON, err := batch(1, 1).MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, false)
	f.Add(asJSON, true)
	f.Add([]byte("\x0a\xff\xff\xff\xff\x0f"), false)
	s := begin(f, f.TempDir(), nil)
	handler := s.Handler()
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		fuzzBody(t, handler, "/v1/traces", body, asJSON)
	})
}

func FuzzMetricsBody(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","unit":"s","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1","asDouble":1}]}}]}]}]}`), true)
	f.Add([]byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":3,"bucketCounts":[1,2],"explicitBounds":[1]}]}}]}]}]}`), true)
	s := begin(f, f.TempDir(), nil)
	handler := s.Handler()
	f.Fuzz(func(t *testing.T, body []byte, asJSON bool) {
		fuzzBody(t, handler, "/v1/metrics", body, asJSON)
	})
}
