package backstayhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/trace"
)

// spans is a recorder that remembers the spans that ended.
type spans struct {
	mu    sync.Mutex
	ended []*ended
}

type ended struct {
	name   string
	kind   trace.Kind
	sc     trace.SpanContext
	parent trace.SpanContext
	attrs  map[string]any
	err    error
	in     *spans
}

func (s *spans) Start(ctx context.Context, info trace.StartInfo) (context.Context, trace.Span) {
	e := &ended{name: info.Name, kind: info.Kind, parent: trace.FromContext(ctx), attrs: map[string]any{}, in: s}
	ctx, span := trace.Propagation{}.Start(ctx, info)
	e.sc = span.SpanContext()
	return ctx, e
}

func (e *ended) SpanContext() trace.SpanContext { return e.sc }
func (e *ended) SetName(name string)            { e.name = name }
func (e *ended) SetAttr(key string, value any)  { e.attrs[key] = value }
func (e *ended) End(err error) {
	e.err = err
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	e.in.ended = append(e.in.ended, e)
}

func (s *spans) all() []*ended {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*ended(nil), s.ended...)
}

// live makes policies from documents.
func live(t *testing.T, listener *backstay.Listener, documents ...string) *policy.Live {
	t.Helper()
	set, err := policy.Parse("test.yaml", []byte(strings.Join(documents, "\n---\n")))
	if err != nil {
		t.Fatal(err)
	}
	l := policy.NewLive("test", "", listener)
	if err := l.Apply(set); err != nil {
		t.Fatal(err)
	}
	return l
}

// document is a policy document for calls of the dependency.
func document(kind, dependency, spec string) string {
	var d strings.Builder
	d.WriteString("apiVersion: backstay.dev/v1\nkind: " + kind + "\nmetadata: {name: " + strings.ToLower(kind) + "}\nspec:\n  target: {dependency: " + dependency + "}\n")
	for line := range strings.SplitSeq(spec, "\n") {
		d.WriteString("  " + line + "\n")
	}
	return d.String()
}

// serve runs a real server until the test ends. Requests still running then are
// the handlers' to end: their contexts do.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// do sends the request and reads the answer whole.
func do(t *testing.T, client *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// samples are the lines of the registry that begin with name and are no buckets or sums.
func samples(t *testing.T, r *metric.Registry, name string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, name) && !strings.Contains(line, "_bucket{") && !strings.Contains(line, "_sum{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n")
}

// counts waits until the registry shows the sample: a handler is measured after
// its caller has the answer.
func counts(t *testing.T, r *metric.Registry, sample string) {
	t.Helper()
	name, _, _ := strings.Cut(sample, "{")
	for range 1000 {
		if strings.Contains(samples(t, r, name)+"\n", sample+"\n") {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("%s did not show, but:\n%s", sample, samples(t, r, name))
}
