package metric

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
)

// HistogramFamily is a set of histograms that differ in label values.
type HistogramFamily struct {
	*vector[*Histogram]
	plain, open []string // upper bounds as text, for each format
}

// Histogram counts observations by size in cumulative buckets. It is safe for
// concurrent use. A reading taken during writes may miss observations in its
// sum that its buckets have, never the reverse for long.
type Histogram struct {
	bounds []float64       // upper bounds, inclusive, ascending, without +Inf
	counts []atomic.Uint64 // one more than bounds: the last has no bound
	sum    atomic.Uint64   // float64 bits
}

// Histogram declares a family of histograms, or returns the one declared before.
// Buckets are upper bounds, inclusive and ascending; the one without bound is
// added. It panics on malformed names and on bounds that do not ascend.
func (r *Registry) Histogram(name, help string, buckets []float64, labels ...string) *HistogramFamily {
	for i, b := range buckets {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= buckets[i-1] {
			panic(fmt.Sprintf("metric: %s: bucket bounds must be finite and ascend", name))
		}
	}
	buckets = slices.Clone(buckets)
	s := shape{name: name, help: help, kind: kindHistogram, labels: labels, buckets: buckets}
	return declare(r, s, func(limit int) *HistogramFamily {
		f := &HistogramFamily{vector: newVector(s, limit, func() *Histogram {
			return &Histogram{bounds: buckets, counts: make([]atomic.Uint64, len(buckets)+1)}
		})}
		for _, bound := range buckets {
			f.plain = append(f.plain, string(appendFloat(nil, bound)))
			f.open = append(f.open, string(appendCanonical(nil, bound)))
		}
		f.plain, f.open = append(f.plain, "+Inf"), append(f.open, "+Inf")
		return f
	})
}

// With returns the histogram of the label values, in the order of the names.
// Keep the handle in hot code. It panics when the number of values is wrong.
func (f *HistogramFamily) With(values ...string) *Histogram { return f.with(values) }

// Refused is how often a series was asked for that no longer fitted.
func (f *HistogramFamily) Refused() uint64 { return f.refused.Load() }

// Observe counts v. NaN is not counted.
func (h *Histogram) Observe(v float64) {
	if math.IsNaN(v) {
		return
	}
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	addFloat(&h.sum, v)
}

// Count returns how many values were observed.
func (h *Histogram) Count() uint64 {
	var n uint64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Sum returns the sum of the values observed.
func (h *Histogram) Sum() float64 { return math.Float64frombits(h.sum.Load()) }

func (f *HistogramFamily) appendSeries(b []byte, ft format) []byte {
	bounds := f.plain
	if ft == openMetrics {
		bounds = f.open
	}
	for _, s := range *f.list.Load() {
		var total uint64
		for i := range s.cell.counts {
			// The total is summed from what is shown, so that the last
			// bucket and the count agree whatever is written meanwhile.
			total += s.cell.counts[i].Load()
			b = append(b, f.shaped.name...)
			b = append(b, "_bucket{"...)
			b = append(b, s.labels...)
			if len(s.labels) > 0 {
				b = append(b, ',')
			}
			b = append(b, `le="`...)
			b = append(b, bounds[i]...)
			b = append(b, `"} `...)
			b = strconv.AppendUint(b, total, 10)
			b = append(b, '\n')
		}
		b = appendName(b, f.shaped.name, "_sum", s.labels)
		b = appendFloat(b, s.cell.Sum())
		b = append(b, '\n')
		b = appendName(b, f.shaped.name, "_count", s.labels)
		b = strconv.AppendUint(b, total, 10)
		b = append(b, '\n')
	}
	return b
}
