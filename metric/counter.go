package metric

import (
	"strconv"
	"sync/atomic"
)

const (
	kindCounter   = "counter"
	kindGauge     = "gauge"
	kindHistogram = "histogram"
)

// CounterFamily is a set of counters that differ in label values.
type CounterFamily struct{ *vector[*Counter] }

// Counter is a number that only grows. It is safe for concurrent use.
type Counter struct{ n atomic.Uint64 }

// Counter declares a family of counters, or returns the one declared before.
// By convention the name ends in "_total". It panics on a malformed name or one
// that another kind of metric has.
func (r *Registry) Counter(name, help string, labels ...string) *CounterFamily {
	s := shape{name: name, help: help, kind: kindCounter, labels: labels}
	return declare(r, s, func(limit int) *CounterFamily {
		return &CounterFamily{newVector(s, limit, func() *Counter { return new(Counter) })}
	})
}

// With returns the counter of the label values, in the order of the names. Keep
// the handle in hot code. It panics when the number of values is wrong.
func (f *CounterFamily) With(values ...string) *Counter { return f.with(values) }

// Refused is how often a series was asked for that no longer fitted.
func (f *CounterFamily) Refused() uint64 { return f.refused.Load() }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Value returns the count so far.
func (c *Counter) Value() uint64 { return c.n.Load() }

func (f *CounterFamily) appendSeries(b []byte, ft format) []byte {
	name := f.shaped.name
	if ft == openMetrics {
		name = counterBase(name) + "_total"
	}
	for _, s := range *f.list.Load() {
		b = appendName(b, name, "", s.labels)
		b = strconv.AppendUint(b, s.cell.Value(), 10)
		b = append(b, '\n')
	}
	return b
}
