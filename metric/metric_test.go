package metric_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/metric"
)

// scrape reads the registry over a real connection.
func scrape(t *testing.T, r *metric.Registry, accept string) (body, contentType string) {
	t.Helper()
	server := httptest.NewServer(r.Handler())
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), res.Header.Get("Content-Type")
}

func filled() *metric.Registry {
	r := metric.NewRegistry()
	orders := r.Counter("orders_total", "Orders, by \"kind\".\nTwo lines \\ one help.", "kind")
	orders.With("new").Add(3)
	orders.With("a\"b\\c\nd").Inc()
	r.Gauge("queue", "Length.").With().Set(-1.5)
	r.GaugeFunc("answer", "The answer.", func() float64 { return 42 })
	h := r.Histogram("took_seconds", "Time.", []float64{.1, 1, 2.5}, "route")
	for _, v := range []float64{.05, .1, .5, 1, 2, 100} {
		h.With("/x").Observe(v)
	}
	return r
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	body, contentType := scrape(t, filled(), "text/plain")
	const want = `# HELP answer The answer.
# TYPE answer gauge
answer 42
# HELP orders_total Orders, by "kind".\nTwo lines \\ one help.
# TYPE orders_total counter
orders_total{kind="new"} 3
orders_total{kind="a\"b\\c\nd"} 1
# HELP queue Length.
# TYPE queue gauge
queue -1.5
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{route="/x",le="0.1"} 2
took_seconds_bucket{route="/x",le="1"} 4
took_seconds_bucket{route="/x",le="2.5"} 5
took_seconds_bucket{route="/x",le="+Inf"} 6
took_seconds_sum{route="/x"} 103.65
took_seconds_count{route="/x"} 6
`
	if body != want {
		t.Errorf("got:\n%s\nwant:\n%s", body, want)
	}
	if contentType != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type is %q", contentType)
	}
}

func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	body, contentType := scrape(t, filled(), "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
	const want = `# HELP answer The answer.
# TYPE answer gauge
answer 42
# HELP orders Orders, by \"kind\".\nTwo lines \\ one help.
# TYPE orders counter
orders_total{kind="new"} 3
orders_total{kind="a\"b\\c\nd"} 1
# HELP queue Length.
# TYPE queue gauge
queue -1.5
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{route="/x",le="0.1"} 2
took_seconds_bucket{route="/x",le="1.0"} 4
took_seconds_bucket{route="/x",le="2.5"} 5
took_seconds_bucket{route="/x",le="+Inf"} 6
took_seconds_sum{route="/x"} 103.65
took_seconds_count{route="/x"} 6
# EOF
`
	if body != want {
		t.Errorf("got:\n%s\nwant:\n%s", body, want)
	}
	if contentType != "application/openmetrics-text; version=1.0.0; charset=utf-8" {
		t.Errorf("content type is %q", contentType)
	}
}

func TestFormatIsNegotiated(t *testing.T) {
	t.Parallel()
	for accept, open := range map[string]bool{
		"":                                 false,
		"*/*":                              false,
		"text/plain":                       false,
		"application/openmetrics-text":     true,
		"application/openmetrics-text;q=0": false,
		"application/openmetrics-text;version=0.0.1":                false,
		"application/openmetrics-text;q=0.3,text/plain;q=0.5":       false,
		"text/plain;q=0.5, application/openmetrics-text; q=0.5":     true,
		"application/openmetrics-text;q=high":                       false,
		"APPLICATION/OPENMETRICS-TEXT; version=1.0.0 ; q=1, text/*": true,
	} {
		_, contentType := scrape(t, filled(), accept)
		if got := strings.HasPrefix(contentType, "application/openmetrics-text"); got != open {
			t.Errorf("Accept %q gives %q", accept, contentType)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	metric.NewRegistry().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST gives %d", w.Code)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	r := metric.NewRegistry().LimitSeries(3)
	f := r.Counter("hits_total", "Hits.", "path", "method")
	for i := range 10 {
		f.With("/"+strconv.Itoa(i), "GET").Inc()
	}
	f.With("/1", "GET").Inc()
	if got := f.Refused(); got != 7 {
		t.Errorf("%d refused, want 7", got)
	}
	if got := f.With("/9", "GET").Value(); got != 7 {
		t.Errorf("overflow counts %d, want 7", got)
	}
	if got := f.With("/1", "GET").Value(); got != 2 {
		t.Errorf("/1 counts %d, want 2", got)
	}
	body, _ := scrape(t, r, "")
	if n := strings.Count(body, "hits_total{"); n != 4 {
		t.Errorf("%d series, want 3 and overflow:\n%s", n, body)
	}
	if !strings.Contains(body, `hits_total{path="overflow",method="overflow"} 7`) {
		t.Errorf("no overflow series:\n%s", body)
	}
}

func TestDeclaringAgain(t *testing.T) {
	t.Parallel()
	r := metric.NewRegistry()
	r.Counter("a_total", "A.", "x").With("1").Inc()
	if got := r.Counter("a_total", "A.", "x").With("1").Value(); got != 1 {
		t.Errorf("the second declaration counts %d, want the first one's 1", got)
	}
	r.GaugeFunc("f", "F.", func() float64 { return 1 })
	for name, declare := range map[string]func(){
		"other labels":        func() { r.Counter("a_total", "A.", "y") },
		"other kind":          func() { r.Gauge("a_total", "A.", "x") },
		"malformed name":      func() { r.Counter("a-b", "A.") },
		"name with digit":     func() { r.Counter("1a", "A.") },
		"malformed label":     func() { r.Counter("b_total", "B.", "x:y") },
		"label twice":         func() { r.Counter("b_total", "B.", "x", "x") },
		"label of histograms": func() { r.Histogram("h", "H.", nil, "le") },
		"descending bounds":   func() { r.Histogram("h", "H.", []float64{1, 1}) },
		"infinite bound":      func() { r.Histogram("h", "H.", []float64{1, math.Inf(1)}) },
		"too few values":      func() { r.Counter("a_total", "A.", "x").With() },
		"function twice":      func() { r.GaugeFunc("f", "F.", func() float64 { return 2 }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			declare()
		}()
	}
}

// Writers, creators of series and readers at the same time lose nothing.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	const writers, rounds = 8, 500
	r := metric.NewRegistry()
	c := r.Counter("c_total", "C.", "n")
	h := r.Histogram("h", "H.", []float64{1})
	g := r.Gauge("g", "G.")
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range rounds {
				c.With(strconv.Itoa(i % 50)).Inc()
				h.With().Observe(float64(i % 2 * 2))
				g.With().Add(1)
				if i%100 == 0 {
					w := httptest.NewRecorder()
					r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				}
			}
		})
	}
	wg.Wait()
	var total uint64
	for i := range 50 {
		total += c.With(strconv.Itoa(i)).Value()
	}
	if total != writers*rounds || h.With().Count() != writers*rounds || h.With().Sum() != writers*rounds || g.With().Value() != writers*rounds {
		t.Errorf("counter %d, histogram %d %g, gauge %g; want %d", total, h.With().Count(), h.With().Sum(), g.With().Value(), writers*rounds)
	}
}

func TestHistogramIgnoresNaN(t *testing.T) {
	t.Parallel()
	h := metric.NewRegistry().Histogram("h", "H.", []float64{1}).With()
	h.Observe(math.NaN())
	if h.Count() != 0 || h.Sum() != 0 {
		t.Errorf("count %d, sum %g", h.Count(), h.Sum())
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()
	r := metric.NewRegistry()
	metric.Process(r, time.UnixMilli(1_700_000_000_250))
	body, _ := scrape(t, r, "")
	for _, name := range []string{"go_goroutines", "go_heap_bytes", "process_start_time_seconds"} {
		_, rest, found := strings.Cut(body, "\n"+name+" ")
		value, _, _ := strings.Cut(rest, "\n")
		if v, err := strconv.ParseFloat(value, 64); !found || err != nil || v <= 0 {
			t.Errorf("%s is %q", name, value)
		}
	}
	if !strings.Contains(body, "process_start_time_seconds 1.70000000025e+09\n") {
		t.Errorf("start time is wrong:\n%s", body)
	}
}

func TestWritingAllocatesNothing(t *testing.T) {
	r := metric.NewRegistry()
	c := r.Counter("c_total", "C.", "a", "b", "c")
	h := r.Histogram("h", "H.", []float64{1, 2, 3}, "a").With("x")
	for range 3 {
		c.With("one", "two", "three") // settles in the index
	}
	if n := testing.AllocsPerRun(100, func() {
		c.With("one", "two", "three").Inc()
		h.Observe(2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCounterBound(b *testing.B) {
	c := metric.NewRegistry().Counter("c_total", "C.", "a").With("x")
	b.ReportAllocs()
	for b.Loop() {
		c.Inc()
	}
}

func BenchmarkCounterLookedUp(b *testing.B) {
	c := metric.NewRegistry().Counter("c_total", "C.", "a", "b", "c")
	b.ReportAllocs()
	for b.Loop() {
		c.With("GET", "/orders/{id}", "200").Inc()
	}
}

func BenchmarkHistogram(b *testing.B) {
	h := metric.NewRegistry().Histogram("h", "H.", []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}).With()
	b.ReportAllocs()
	for b.Loop() {
		h.Observe(.2)
	}
}

func BenchmarkScrape100k(b *testing.B) {
	r := metric.NewRegistry().LimitSeries(100_000)
	for f := range 10 {
		c := r.Counter("family"+strconv.Itoa(f)+"_total", "F.", "method", "route", "status", "n")
		for i := range 10_000 {
			c.With("GET", "/orders/{id}", "200", strconv.Itoa(i)).Add(uint64(i))
		}
	}
	handler := r.Handler()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(&nowhere{h: http.Header{}}, req)
	}
}

// nowhere is a response that is not kept.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header         { return n.h }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}
