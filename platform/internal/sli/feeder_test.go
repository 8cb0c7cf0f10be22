package sli_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/sli"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// bench is a feeder between real stores and a real engine, with a clock of its own.
type bench struct {
	t      *testing.T
	now    time.Time
	store  metricstore.Store
	graph  *topology.Map
	engine *slo.Engine
	feeder *sli.Feeder
	spans  uint64
}

func newBench(t *testing.T, objectives ...slo.Objective) *bench {
	t.Helper()
	store, err := metricstore.Open(t.TempDir(), metricstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{t: t, now: time.Now().Truncate(time.Second).Add(300 * time.Millisecond), store: store, engine: slo.NewEngine(slo.Config{})}
	b.graph = topology.New(topology.Config{Now: func() time.Time { return b.now }})
	b.engine.Set(objectives)
	b.feeder = sli.New(b.engine, b.store, b.graph, sli.Config{})
	return b
}

// scrape stores values, written as "name{label="value"} 12", as of now.
func (b *bench) scrape(values map[string]float64) {
	b.t.Helper()
	var samples []metricstore.Sample
	for series, v := range values {
		name, rest, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		s := metricstore.Sample{Name: name, T: b.now, V: v}
		for pair := range strings.SplitSeq(rest, ",") {
			if key, text, ok := strings.Cut(pair, "="); ok {
				s.Labels = append(s.Labels, metricstore.Label{Name: key, Value: strings.Trim(text, `"`)})
			}
		}
		samples = append(samples, s)
	}
	if err := b.store.Append(b.t.Context(), samples); err != nil {
		b.t.Fatal(err)
	}
}

// pass lets a second go by and ticks.
func (b *bench) pass() {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	if err := b.feeder.Tick(b.t.Context(), b.now); err != nil {
		b.t.Fatal(err)
	}
}

// counts asserts what the engine knows of the only objective.
func (b *bench) counts(good, total float64) {
	b.t.Helper()
	s := b.engine.Evaluate(b.now.Add(time.Second))[0]
	if s.Good != good || s.Total != total {
		b.t.Fatalf("%g of %g good, want %g of %g; problem %q", s.Good, s.Total, good, total, b.feeder.Problem(s.Objective.Name))
	}
}

func ratio(good, total string) slo.Objective {
	query := func(q string) *slo.Metric { return &slo.Metric{Type: slo.Prometheus, Query: q, Counter: true} }
	return slo.Objective{
		Name: "promise", Service: "web", Target: 0.99, Window: time.Hour,
		Indicator: slo.Indicator{Good: query(good), Total: query(total)},
	}
}

func TestCountersOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`good_total{service="web"}`, `all_total{service="web"}`))
	step := func(g1, a1, g2, a2 float64) {
		b.scrape(map[string]float64{
			`good_total{service="web",instance="1"}`: g1, `all_total{service="web",instance="1"}`: a1,
			`good_total{service="web",instance="2"}`: g2, `all_total{service="web",instance="2"}`: a2,
		})
		b.pass()
	}
	step(1000, 1000, 5000, 5000) // what was counted before the first look is not ours
	step(1000, 1000, 5000, 5000)
	b.counts(0, 0)
	step(1010, 1020, 5100, 5100)
	b.pass()
	b.counts(110, 120)
	step(5, 10, 5100, 5100) // process 1 began anew
	b.pass()
	b.counts(115, 130)
}

func TestSumIsTakenApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`sum(good_total{service="web"})`, `sum by (service) ((all_total{service="web"}))`))
	b.scrape(map[string]float64{
		`good_total{service="web",instance="1"}`: 1000, `all_total{service="web",instance="1"}`: 1000,
		`good_total{service="web",instance="2"}`: 5000, `all_total{service="web",instance="2"}`: 5000,
	})
	b.pass()
	b.pass()
	// One process begins anew; a difference of sums would see 6,000 fall to 5,010.
	b.scrape(map[string]float64{
		`good_total{service="web",instance="1"}`: 8, `all_total{service="web",instance="1"}`: 10,
		`good_total{service="web",instance="2"}`: 5000, `all_total{service="web",instance="2"}`: 5000,
	})
	b.pass()
	b.pass()
	b.counts(8, 10)
}

func TestNewSeriesOfKnownProcessCountsFromZero(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`requests_total{code="200"}`, `requests_total`))
	b.scrape(map[string]float64{`requests_total{service="web",instance="1",code="200"}`: 70})
	b.pass()
	b.pass()
	// The first error of the process makes a new series, whose events are new.
	b.scrape(map[string]float64{
		`requests_total{service="web",instance="1",code="200"}`: 80,
		`requests_total{service="web",instance="1",code="500"}`: 5,
	})
	b.pass()
	b.pass()
	b.counts(10, 15)
}

func TestNewProcessCountsFromZeroOnlyWhenYoung(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`good_total`, `all_total`))
	b.scrape(map[string]float64{`good_total{service="web",instance="1"}`: 1, `all_total{service="web",instance="1"}`: 1})
	b.pass()
	b.pass()
	began := float64(b.now.Unix()) - 1
	b.scrape(map[string]float64{
		// Just started: its counts are new.
		`good_total{service="web",instance="young"}`: 6, `all_total{service="web",instance="young"}`: 7,
		`process_start_time_seconds{service="web",instance="young"}`: began,
		// Scraped for the first time, but at work for an hour.
		`good_total{service="web",instance="old"}`: 90000, `all_total{service="web",instance="old"}`: 90000,
		`process_start_time_seconds{service="web",instance="old"}`: began - 3600,
		// Nothing says when it began.
		`good_total{service="web",instance="stranger"}`: 500, `all_total{service="web",instance="stranger"}`: 500,
	})
	b.pass()
	b.pass()
	b.counts(6, 7)
}

func TestRates(t *testing.T) {
	t.Parallel()
	o := ratio(`sum(good_rate)`, `sum(all_rate)`)
	o.Indicator.Good.Counter, o.Indicator.Total.Counter = false, false
	b := newBench(t, o)
	for range 4 {
		b.scrape(map[string]float64{`good_rate{instance="1"}`: 45, `all_rate{instance="1"}`: 50})
		b.pass()
	}
	b.counts(135, 150) // three steps of a second between four looks
}

// TestSlowScrapes scrapes every five seconds and expects a steady stream.
func TestSlowScrapes(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`good_total`, `all_total`))
	v := 0.0
	for i := range 31 {
		if i%5 == 0 {
			b.scrape(map[string]float64{`good_total{instance="1"}`: v * 0.5, `all_total{instance="1"}`: v})
			v += 1000
		}
		b.pass()
		if i < 12 {
			continue // the windows are older than this
		}
		if s := b.engine.Evaluate(b.now)[0]; s.Verdict.Severity != "page" || *s.Windows[0].ShortRate < 49 || *s.Windows[0].ShortRate > 51 {
			t.Fatalf("second %d: %s", i, s.Verdict.Reason)
		}
	}
	b.counts(3000, 6000)
	for range 60 {
		b.pass()
	}
	if s := b.engine.Evaluate(b.now)[0]; s.Verdict.Answer.String() != "unknown" || s.Total != 6000 {
		t.Errorf("after a minute without news: %s, %g events", s.Verdict.Reason, s.Total)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	native := func(name, service, route string) slo.Objective {
		m := &slo.Metric{Type: slo.Native, Service: service, Route: route}
		return slo.Objective{Name: name, Service: service, Target: 0.9, Window: time.Hour, Indicator: slo.Indicator{Latency: m, Threshold: time.Second}}
	}
	absent := ratio(`good_total`, `all_total`)
	absent.Name = "absent"
	broken := ratio(`rate(good_total[)`, `all_total`)
	broken.Name = "broken"
	b := newBench(t, absent, broken, native("route", "web", "GET /missing"), native("unseen", "nobody", ""))
	if sli.Check(absent) != nil || sli.Check(broken) == nil {
		t.Error("Check does not tell a good query from a broken one")
	}
	b.answer("web", "GET /", 10*time.Millisecond, false, 1)
	b.now = b.now.Add(2 * time.Second)
	if err := b.feeder.Tick(t.Context(), b.now); err == nil {
		t.Error("a broken query gives no error")
	}
	for name, want := range map[string]string{
		"absent": "the query all_total matches no series",
		"broken": "is not PromQL",
		"route":  "its routes are GET /",
		"unseen": "no spans of a service named nobody",
	} {
		if got := b.feeder.Problem(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	b.engine.Set(nil)
	if err := b.feeder.Tick(t.Context(), b.now); err != nil || b.feeder.Problem("absent") != "" {
		t.Errorf("problems outlive their objectives: %v", err)
	}
}

// failing is a store that cannot be asked.
type failing struct{ err error }

func (f failing) Instant(context.Context, string, time.Time) ([]metricstore.Point, error) {
	return nil, f.err
}

func TestFailedQueryLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, ratio(`good_total`, `all_total`))
	scrape := func(v float64) {
		b.scrape(map[string]float64{`good_total{instance="1"}`: v, `all_total{instance="1"}`: v})
	}
	scrape(100)
	b.pass()
	b.pass()
	gate := &flaky{Store: b.store}
	b.feeder = sli.New(b.engine, gate, b.graph, sli.Config{})
	b.pass()
	gate.err = errors.New("disk on fire")
	scrape(150)
	b.now = b.now.Add(2 * time.Second)
	if err := b.feeder.Tick(t.Context(), b.now); !errors.Is(err, gate.err) {
		t.Fatalf("err = %v", err)
	}
	if got := b.feeder.Problem("promise"); !strings.Contains(got, "disk on fire") {
		t.Errorf("problem %q", got)
	}
	gate.err = nil
	b.pass()
	b.counts(50, 50)
	if got := b.feeder.Problem("promise"); got != "" {
		t.Errorf("problem %q after recovery", got)
	}
}

// flaky is a store that fails on demand.
type flaky struct {
	metricstore.Store
	err error
}

func (f *flaky) Instant(ctx context.Context, query string, at time.Time) ([]metricstore.Point, error) {
	if f.err != nil {
		return failing{f.err}.Instant(ctx, query, at)
	}
	return f.Store.Instant(ctx, query, at)
}

// answer observes server spans that end now.
func (b *bench) answer(service, route string, took time.Duration, failed bool, count int) {
	spans := make([]tracestore.Span, count)
	for i := range spans {
		b.spans++
		id := b.spans
		spans[i] = tracestore.Span{
			TraceID: tracestore.TraceID{byte(id), byte(id >> 8), byte(id >> 16)}, SpanID: tracestore.SpanID{byte(id), byte(id >> 8), byte(id >> 16)},
			Service: service, Name: route, Kind: tracestore.KindServer, Start: b.now.Add(-took), Duration: took,
			Attrs: []tracestore.Attr{{Key: "http.route", Value: route}},
		}
		if failed {
			spans[i].Status = tracestore.StatusError
		}
	}
	b.graph.Observe(spans)
}

func TestGraphRatioAndLateSpans(t *testing.T) {
	t.Parallel()
	m := func(s slo.Select) *slo.Metric {
		return &slo.Metric{Type: slo.Native, Service: "web", Select: s}
	}
	o := slo.Objective{
		Name: "promise", Service: "web", Target: 0.9, Window: time.Hour,
		Indicator: slo.Indicator{Bad: m(slo.SelectBad), Total: m(slo.SelectTotal)},
	}
	b := newBench(t, o)
	b.answer("web", "GET /", 10*time.Millisecond, false, 90)
	b.answer("web", "GET /", 10*time.Millisecond, true, 10)
	b.pass()
	b.counts(90, 100)
	b.pass()
	b.counts(90, 100)
	// Spans of five seconds ago arrive now.
	at := b.now
	b.now = at.Add(-time.Second)
	b.answer("web", "GET /", 10*time.Millisecond, true, 5)
	b.now = at
	b.pass()
	b.counts(90, 105)
	for range 60 {
		b.pass()
	}
	b.counts(90, 105)
	if s := b.engine.Evaluate(b.now)[0]; s.Verdict.Answer.String() != "unknown" {
		t.Errorf("a minute without requests is judged: %s", s.Verdict.Reason)
	}
}

func TestGraphLatency(t *testing.T) {
	t.Parallel()
	o := slo.Objective{
		Name: "promise", Service: "web", Target: 0.9, Window: time.Hour,
		Indicator: slo.Indicator{Latency: &slo.Metric{Type: slo.Native, Service: "web", Route: "GET /a"}, Threshold: 300 * time.Millisecond},
	}
	b := newBench(t, o)
	b.answer("web", "GET /a", 20*time.Millisecond, false, 70)
	b.answer("web", "GET /a", 290*time.Millisecond, false, 20)
	b.answer("web", "GET /a", 400*time.Millisecond, false, 10)
	b.answer("web", "GET /b", 5*time.Second, false, 50)
	b.pass()
	b.counts(90, 100)
}
