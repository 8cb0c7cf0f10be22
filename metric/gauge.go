package metric

import (
	"math"
	"sync/atomic"
)

// GaugeFamily is a set of gauges that differ in label values.
type GaugeFamily struct{ *vector[*Gauge] }

// Gauge is a number that goes up and down. It is safe for concurrent use.
type Gauge struct{ bits atomic.Uint64 }

// Gauge declares a family of gauges, or returns the one declared before. It
// panics on a malformed name or one that another kind of metric has.
func (r *Registry) Gauge(name, help string, labels ...string) *GaugeFamily {
	s := shape{name: name, help: help, kind: kindGauge, labels: labels}
	return declare(r, s, func(limit int) *GaugeFamily {
		return &GaugeFamily{newVector(s, limit, func() *Gauge { return new(Gauge) })}
	})
}

// With returns the gauge of the label values, in the order of the names. It
// panics when the number of values is wrong.
func (f *GaugeFamily) With(values ...string) *Gauge { return f.with(values) }

// Refused is how often a series was asked for that no longer fitted.
func (f *GaugeFamily) Refused() uint64 { return f.refused.Load() }

// Set replaces the value.
func (g *Gauge) Set(v float64) { g.bits.Store(math.Float64bits(v)) }

// Add adds v, which may be negative.
func (g *Gauge) Add(v float64) { addFloat(&g.bits, v) }

// Value returns the present value.
func (g *Gauge) Value() float64 { return math.Float64frombits(g.bits.Load()) }

func (f *GaugeFamily) appendSeries(b []byte, _ format) []byte {
	for _, s := range *f.list.Load() {
		b = appendName(b, f.shaped.name, "", s.labels)
		b = appendFloat(b, s.cell.Value())
		b = append(b, '\n')
	}
	return b
}

// gaugeFunc is a gauge without labels whose value is asked for at each scrape.
type gaugeFunc struct {
	shaped shape
	value  func() float64
}

// GaugeFunc declares a gauge whose value is what the function returns when the
// registry is read; it must be quick and safe for concurrent use. It panics on a
// malformed name or one that is taken.
func (r *Registry) GaugeFunc(name, help string, value func() float64) {
	s := shape{name: name, help: help, kind: kindGauge}
	built := false
	declare(r, s, func(int) *gaugeFunc {
		built = true
		return &gaugeFunc{shaped: s, value: value}
	})
	if !built {
		panic("metric: " + name + " is declared twice")
	}
}

func (g *gaugeFunc) shape() shape { return g.shaped }

func (g *gaugeFunc) appendSeries(b []byte, _ format) []byte {
	b = appendName(b, g.shaped.name, "", nil)
	b = appendFloat(b, g.value())
	return append(b, '\n')
}

// addFloat adds to a float64 kept as bits.
func addFloat(bits *atomic.Uint64, v float64) {
	for {
		old := bits.Load()
		if bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}
