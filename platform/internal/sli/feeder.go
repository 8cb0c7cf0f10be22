package sli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
)

// Metrics answers PromQL at a moment.
type Metrics interface {
	Instant(ctx context.Context, query string, at time.Time) ([]metricstore.Point, error)
}

// Graph tells what services answered, second by second.
type Graph interface {
	Seconds(service, route string, from, to time.Time) []topology.Second
	Services() []topology.Service
	Routes(service string, from, to time.Time) []topology.Route
}

// Config tunes a [Feeder]. The zero value is good.
type Config struct {
	// Lag is how far in the past queries are asked, so that the samples of a scrape
	// are all there or all missing. 0 means 1 s.
	Lag time.Duration
	// Quiet is after how long a second without news counts as one without requests.
	// Exporters send in batches and scrapes have an interval, so younger seconds may
	// only be late. It should exceed both. 0 means 10 s.
	Quiet time.Duration
	// Recall is for how long seconds of the graph are looked at again for spans that
	// came late. 0 means 40 s; it should stay below the tail of the engine.
	Recall time.Duration
}

// Feeder feeds an engine. Tick must not be called concurrently; Problem may be.
type Feeder struct {
	cfg     Config
	engine  *slo.Engine
	metrics Metrics
	graph   Graph

	sources   map[string]*source // by objective
	processes map[process]bool   // that were seen at the latest tick
	last      time.Time          // moment of the latest queries; zero before the first

	mu       sync.Mutex
	problems map[string]string
}

// source is what the feeder remembers of one objective.
type source struct {
	indicator slo.Indicator
	good      *counter // nil when the indicator is native
	bad       *counter
	total     *counter
	seconds   map[int64]counted // of the graph, already added
	pending   counted           // of the counters, not added yet
	known     int64             // second up to which the counters were added
	invalid   error             // why it can never be measured
	problem   string
}

// counted is what was added for a second.
type counted struct{ good, total float64 }

// New returns a feeder of an engine.
func New(engine *slo.Engine, metrics Metrics, graph Graph, cfg Config) *Feeder {
	cfg.Lag = cmp.Or(cfg.Lag, time.Second)
	cfg.Quiet = cmp.Or(cfg.Quiet, 10*time.Second)
	cfg.Recall = cmp.Or(cfg.Recall, 40*time.Second)
	return &Feeder{cfg: cfg, engine: engine, metrics: metrics, graph: graph, sources: map[string]*source{}, problems: map[string]string{}}
}

// Problem says why an objective has no data; it is empty when there is some.
func (f *Feeder) Problem(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problems[name]
}

// Tick measures every objective of the engine up to now. Call it about every second.
// An objective that cannot be measured does not keep others from being measured: its
// error is joined to the result and told by [Feeder.Problem].
func (f *Feeder) Tick(ctx context.Context, now time.Time) error {
	objectives := f.engine.Objectives()
	at := now.Add(-f.cfg.Lag)
	asked := &question{metrics: f.metrics, at: at, answers: map[string]answer{}}
	processes, err := f.knownProcesses(ctx, asked)
	failures := []error{err}
	sources := make(map[string]*source, len(objectives))
	for _, o := range objectives {
		s := f.sources[o.Name]
		if s == nil || !s.indicator.Equal(o.Indicator) {
			s = newSource(o.Indicator)
		}
		sources[o.Name] = s
		if err := f.measure(ctx, o, s, asked, processes, now); err != nil {
			s.problem = err.Error()
			failures = append(failures, fmt.Errorf("sli: %s: %w", o.Name, err))
		}
	}
	f.sources, f.last = sources, at
	f.processes = make(map[process]bool, len(processes))
	for _, a := range asked.answers {
		for _, p := range a.points {
			f.processes[processOf(p.Labels)] = true
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.problems)
	for name, s := range sources {
		if s.problem != "" {
			f.problems[name] = s.problem
		}
	}
	return errors.Join(failures...)
}

func newSource(i slo.Indicator) *source {
	s := &source{indicator: i, seconds: map[int64]counted{}}
	var errs []error
	build := func(m *slo.Metric) *counter {
		if m == nil || m.Type != slo.Prometheus {
			return nil
		}
		c, err := newCounter(*m)
		if err != nil {
			errs = append(errs, err)
		}
		return c
	}
	s.good, s.bad, s.total = build(i.Good), build(i.Bad), build(i.Total)
	s.invalid = errors.Join(errs...)
	switch {
	case s.invalid != nil || i.Latency != nil:
	case i.Total == nil || (i.Good == nil) == (i.Bad == nil):
		s.invalid = errors.New("the indicator needs total and one of good and bad")
	case (s.total == nil) != (s.good == nil && s.bad == nil):
		s.invalid = errors.New("the two metrics of a ratio must come from the same type of source")
	case s.total == nil && !sameRequests(*i.Total, *cmp.Or(i.Good, i.Bad)):
		s.invalid = errors.New("the two metrics of a ratio must be of the same service and route")
	}
	return s
}

// sameRequests reports whether two native metrics look at the same requests.
func sameRequests(a, b slo.Metric) bool { return a.Service == b.Service && a.Route == b.Route }

// Check says why the queries of an objective can never be asked; nil when they can.
func Check(o slo.Objective) error { return newSource(o.Indicator).invalid }

// measure adds what is new for one objective.
func (f *Feeder) measure(ctx context.Context, o slo.Objective, s *source, asked *question, began map[process]time.Time, now time.Time) error {
	i := o.Indicator
	switch {
	case s.invalid != nil:
		return s.invalid
	case i.Latency != nil:
		f.fromGraph(o, s, now, *i.Latency, func(t *topology.Second) float64 { return float64(t.AtMost(i.Threshold)) })
		return nil
	case s.total == nil:
		f.fromGraph(o, s, now, *i.Total, selection(i))
		return nil
	}
	return f.fromQueries(ctx, o, s, asked, began)
}
