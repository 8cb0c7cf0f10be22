package backstayotel_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/backstayhttp"
	"github.com/backstay/backstay/trace"
	"go.opentelemetry.io/otel"
)

// receiver takes OTLP over HTTP as a collector does.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	spans  []received
	status int // answered instead of taking anything, when not 0
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.status != 0 {
			w.WriteHeader(r.status)
			return
		}
		var body io.Reader = req.Body
		if req.Header.Get("Content-Encoding") == "gzip" {
			zipped, err := gzip.NewReader(body)
			if err != nil {
				t.Error(err)
				return
			}
			body = zipped
		}
		data, err := io.ReadAll(body)
		if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", req.URL.Path, req.Header.Get("Content-Type"), err)
		}
		spans, err := spansOf(data)
		if err != nil {
			t.Error(err)
		}
		r.spans = append(r.spans, spans...)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() map[string]received {
	r.mu.Lock()
	defer r.mu.Unlock()
	byName := map[string]received{}
	for _, s := range r.spans {
		byName[s.name] = s
	}
	return byName
}

func start(t *testing.T, endpoint string) *backstayotel.Telemetry {
	t.Helper()
	telemetry, err := backstayotel.Start(t.Context(), backstayotel.Config{
		Service: "order", Version: "1.4.0", Instance: "order-1", Environment: "test", Endpoint: endpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	return telemetry
}

// A request goes through Handler, a span of the user's own and Transport to a
// second Handler: four spans arrive, each the child of the one before.
func TestSpansArriveAndNest(t *testing.T) {
	r := receive(t)
	telemetry := start(t, r.URL)
	recorder := telemetry.Recorder()

	inner := http.NewServeMux()
	inner.HandleFunc("POST /charge", func(http.ResponseWriter, *http.Request) { panic("no paper") })
	payment := httptest.NewServer(backstayhttp.Handler(inner, backstayhttp.HandlerConfig{Tracer: recorder}))
	defer payment.Close()
	client := &http.Client{Transport: backstayhttp.Transport(nil, backstayhttp.TransportConfig{Dependency: "payment", Tracer: recorder})}
	outer := http.NewServeMux()
	outer.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, req *http.Request) {
		ctx, own := otel.Tracer("shop").Start(req.Context(), "price the order")
		defer own.End()
		out, err := http.NewRequestWithContext(ctx, http.MethodPost, payment.URL+"/charge", nil)
		if err != nil {
			t.Error(err)
			return
		}
		res, err := client.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(http.StatusAccepted)
	})
	order := httptest.NewServer(backstayhttp.Handler(outer, backstayhttp.HandlerConfig{Tracer: recorder}))
	defer order.Close()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, order.URL+"/orders/7", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	order.Close() // waits for the handlers, whose spans end after the answer
	payment.Close()
	if err := telemetry.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := r.all()
	parent := "00f067aa0ba902b7"
	for _, want := range []struct {
		name         string
		kind, status uint64
	}{{"GET /orders/{id}", 2, 0}, {"price the order", 1, 0}, {"POST payment", 3, 2}, {"POST /charge", 2, 2}} {
		s, ok := spans[want.name]
		if !ok || s.trace != "4bf92f3577b34da6a3ce929d0e0e4736" || s.parent != parent || s.kind != want.kind || s.status != want.status {
			t.Errorf("%s: %+v; want parent %s", want.name, s, parent)
		}
		parent = s.id
	}
	s := spans["POST /charge"]
	if s.attrs["backstay.panic"] != "true" || s.attrs["http.route"] != "/charge" || s.attrs["http.response.status_code"] != "int \xf4\x03" {
		t.Errorf("attributes are %q", s.attrs)
	}
	for key, want := range map[string]string{
		"service.name": "order", "service.version": "1.4.0", "service.instance.id": "order-1", "deployment.environment.name": "test",
	} {
		if s.resource[key] != want {
			t.Errorf("%s is %q, want %q", key, s.resource[key], want)
		}
	}
	if n := telemetry.Dropped(); n != 0 {
		t.Errorf("%d dropped", n)
	}
}

// A receiver that refuses, or is not there, costs spans, which are counted, and
// never time.
func TestDropsAreCounted(t *testing.T) {
	r := receive(t)
	r.status = http.StatusBadRequest
	telemetry := start(t, r.URL)
	for range 20_000 {
		_, span := telemetry.Recorder().Start(t.Context(), trace.StartInfo{Name: "lost"})
		span.SetAttr("n", 1)
		span.End(errors.New("bad"))
	}
	// The refusals surface as the error of the last export.
	_ = telemetry.Shutdown(t.Context())
	if n := telemetry.Dropped(); n != 20_000 {
		t.Errorf("%d dropped, want all 20000", n)
	}
	_, span := telemetry.Recorder().Start(t.Context(), trace.StartInfo{Name: "late"})
	span.End(nil)
	if err := telemetry.Shutdown(context.Background()); err != nil {
		t.Log(err) // the first call's result again
	}
}

func TestUnsampledTravelsOn(t *testing.T) {
	r := receive(t)
	telemetry := start(t, r.URL)
	sc, err := trace.ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
	if err != nil {
		t.Fatal(err)
	}
	sc.State = "vendor=1,1st@@x=2,vendor=3" // which OpenTelemetry itself would drop
	_, span := telemetry.Recorder().Start(trace.ContextWith(t.Context(), sc), trace.StartInfo{Name: "quiet"})
	got := span.SpanContext()
	span.SetAttr("key", "value")
	span.End(nil)
	if err := telemetry.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.TraceID != sc.TraceID || got.SpanID == sc.SpanID || got.Flags.Sampled() || got.State != sc.State || len(r.all()) != 0 {
		t.Errorf("got %+v, %d spans", got, len(r.all()))
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := backstayotel.Start(t.Context(), backstayotel.Config{}); !errors.Is(err, backstayotel.ErrNoService) {
		t.Errorf("no service: %v", err)
	}
	for _, endpoint := range []string{"127.0.0.1:4318", "grpc://x", "http://", "http://a b"} {
		if _, err := backstayotel.Start(t.Context(), backstayotel.Config{Service: "x", Endpoint: endpoint}); err == nil {
			t.Errorf("%q is taken", endpoint)
		}
	}
}
