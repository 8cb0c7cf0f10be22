package sli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/slo"
)

// question asks each query once a tick, all at the same moment, so that counts that
// belong together come from the same scrape.
type question struct {
	metrics Metrics
	at      time.Time
	answers map[string]answer
}

type answer struct {
	points []metricstore.Point
	err    error
}

func (q *question) ask(ctx context.Context, query string) ([]metricstore.Point, error) {
	a, ok := q.answers[query]
	if !ok {
		a.points, a.err = q.metrics.Instant(ctx, query, q.at)
		q.answers[query] = a
	}
	return a.points, a.err
}

// process is what counters belong to.
type process struct{ service, instance string }

func processOf(labels map[string]string) process {
	return process{labels["service"], labels["instance"]}
}

// knownProcesses returns when each process began, zero where that is not known.
func (f *Feeder) knownProcesses(ctx context.Context, asked *question) (map[process]time.Time, error) {
	points, err := asked.ask(ctx, "process_start_time_seconds")
	if err != nil {
		return nil, fmt.Errorf("sli: when processes began: %w", err)
	}
	began := make(map[process]time.Time, len(points))
	for _, p := range points {
		began[processOf(p.Labels)] = time.UnixMilli(int64(p.V * 1000))
	}
	return began, nil
}

// counter is a query with the latest value of each of its series.
type counter struct {
	query   string // what is asked, perhaps without the outer sum
	written string // what the document says
	rate    bool   // values are events per second
	whole   bool   // the series are counters of processes, not sums of such
	series  map[string]value
	begun   bool // asked before
}

type value struct {
	v    float64
	seen time.Time // latest
}

const (
	// keepSeries is how long a series that vanished is remembered.
	keepSeries = 10 * time.Minute
	// maxSeries bounds the series of a query.
	maxSeries = 20_000
	// youth is how long before it was first seen a process may have begun for its
	// counts to be new.
	youth = 10 * time.Second
	// maxStep bounds the time for which a rate is taken to have held.
	maxStep = 5 * time.Second
)

// newCounter reads a query. A sum over counters is taken apart: the sum falls when
// one process ends, which no difference of sums can tell from a reset.
func newCounter(m slo.Metric) (*counter, error) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(m.Query)
	if err != nil {
		return nil, fmt.Errorf("the query %q is not PromQL: %w", m.Query, err)
	}
	c := &counter{query: m.Query, written: m.Query, rate: !m.Counter, series: map[string]value{}}
	if c.rate {
		return c, nil
	}
	for {
		if p, ok := expr.(*parser.ParenExpr); ok {
			expr = p.Expr
			continue
		}
		if sum, ok := expr.(*parser.AggregateExpr); ok && sum.Op == parser.SUM {
			if _, plain := unparen(sum.Expr).(*parser.VectorSelector); plain {
				expr = unparen(sum.Expr)
				continue
			}
		}
		break
	}
	if _, plain := expr.(*parser.VectorSelector); plain {
		c.whole = true
		c.query = expr.String()
	}
	return c, nil
}

func unparen(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// reading is an answer that has not been taken yet.
type reading struct {
	points []metricstore.Point
	keys   []string
}

// look asks without remembering.
func (c *counter) look(ctx context.Context, asked *question) (reading, error) {
	points, err := asked.ask(ctx, c.query)
	if err != nil {
		return reading{}, fmt.Errorf("the query %s failed: %w", c.written, err)
	}
	if len(points) > maxSeries {
		return reading{}, fmt.Errorf("the query %s matches %d series, more than %d", c.written, len(points), maxSeries)
	}
	r := reading{points: points, keys: make([]string, len(points))}
	for i, p := range points {
		r.keys[i] = keyOf(p.Labels)
	}
	return r, nil
}

// take returns how many events the reading adds to those before.
func (c *counter) take(r reading, at, last time.Time, fresh func(process) bool) float64 {
	added := 0.0
	for i, p := range r.points {
		if math.IsNaN(p.V) || math.IsInf(p.V, 0) || p.V < 0 {
			continue // a ratio without events, or no count at all
		}
		old, known := c.series[r.keys[i]]
		switch {
		case c.rate:
			if c.begun {
				added += p.V * min(at.Sub(last), maxStep).Seconds()
			}
		case known && p.V >= old.v:
			added += p.V - old.v
		case known && c.whole:
			added += p.V // the process began anew
		case !known && c.begun && c.whole && fresh(processOf(p.Labels)):
			added += p.V // the series began while we were looking
		}
		c.series[r.keys[i]] = value{v: p.V, seen: at}
	}
	for key, v := range c.series {
		if at.Sub(v.seen) > keepSeries {
			delete(c.series, key)
		}
	}
	c.begun = true
	return added
}

// keyOf identifies a series.
func keyOf(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name)
		b.WriteByte(0xff)
		b.WriteString(labels[name])
		b.WriteByte(0xff)
	}
	return b.String()
}

// fromQueries adds what the counters of a ratio gained.
func (f *Feeder) fromQueries(ctx context.Context, o slo.Objective, s *source, asked *question, began map[process]time.Time) error {
	part := s.good
	if part == nil {
		part = s.bad
	}
	all, err := s.total.look(ctx, asked)
	if err != nil {
		return err
	}
	some, err := part.look(ctx, asked)
	if err != nil {
		return err
	}
	first := !s.total.begun
	fresh := func(p process) bool {
		start, known := began[p]
		// A new series of a process that was there before began at zero since; one of a
		// new process did if the process itself has only just begun.
		return f.processes[p] || (known && !f.last.IsZero() && start.After(f.last.Add(-youth)))
	}
	total := s.total.take(all, asked.at, f.last, fresh)
	counted := part.take(some, asked.at, f.last, fresh)
	if len(all.points) == 0 {
		s.problem = "the query " + s.total.written + " matches no series"
		return nil
	}
	s.problem = ""
	if first {
		s.known = asked.at.Unix() // nothing to compare with yet
		return nil
	}
	if part == s.bad {
		counted = max(total-counted, 0)
	}
	s.pending.good += counted
	s.pending.total += total
	f.spread(o, s, asked.at.Unix())
	return nil
}

// spread adds what counters gained to the seconds in which they may have gained it:
// all since they were last seen to grow, evenly. A scrape tells of its whole interval
// at once; that alone must not look like a burst after a silence.
func (f *Feeder) spread(o slo.Objective, s *source, sec int64) {
	gap := sec - s.known
	quiet := max(int64(f.cfg.Quiet/time.Second), 1)
	switch {
	case gap <= 0:
		return // asked twice within a second
	case s.pending.total > 0:
		over := min(gap, quiet)
		share := counted{s.pending.good / float64(over), s.pending.total / float64(over)}
		for at := sec - over + 1; at <= sec; at++ {
			f.engine.Add(o.Name, at, share.good, share.total)
		}
		s.pending, s.known = counted{}, sec
	case gap >= quiet:
		f.engine.Add(o.Name, sec-quiet+1, 0, 0)
	}
}
