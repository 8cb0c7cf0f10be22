package topology

import (
	"math"
	"slices"
	"time"
)

// A histogram counts durations in bins whose upper bounds have two significant
// decimal digits, as in 0.25 s or 73 ms: a question about such a bound, which is
// how people write thresholds, is answered exactly, and any other with an error
// of at most one bin, which is 1 to 10 % wide. Bins are kept sparsely, since most
// seconds of most services fill only a few.
type histogram []bin

type bin struct {
	index uint16
	count uint32
}

const (
	binsPerDecade = 90
	decades       = 8 // from 10 µs to 1,000 s; what is outside falls into the outermost bins
	lastBin       = binsPerDecade*decades - 1
)

// binFor returns the bin of a duration. Bin i of decade k has the upper bound
// (10+i+1)·10^(k-6) s, except that the bound 1.0 belongs to the decade below.
func binFor(d time.Duration) uint16 {
	if d <= 10*time.Microsecond {
		return 0
	}
	unit := time.Microsecond // of the second significant digit
	for k := range decades {
		// Rounded up to two digits, because a bin holds what is at most its bound.
		if digits := (d + unit - 1) / unit; digits <= 100 {
			return uint16(k*binsPerDecade + max(int(digits)-11, 0))
		}
		unit *= 10
	}
	return lastBin
}

// bound is the largest duration of the bin.
func bound(index uint16) time.Duration {
	unit := time.Microsecond
	for range int(index) / binsPerDecade {
		unit *= 10
	}
	return time.Duration(int(index)%binsPerDecade+11) * unit
}

// add counts n durations in the bin.
func (h *histogram) add(index uint16, n uint32) {
	at, found := slices.BinarySearchFunc(*h, index, func(b bin, i uint16) int { return int(b.index) - int(i) })
	if found {
		if room := math.MaxUint32 - (*h)[at].count; n > room {
			n = room
		}
		(*h)[at].count += n
		return
	}
	*h = slices.Insert(*h, at, bin{index: index, count: n})
}

// merge adds all of another histogram.
func (h *histogram) merge(other histogram) {
	for _, b := range other {
		h.add(b.index, b.count)
	}
}

// total counts all durations.
func (h histogram) total() uint64 {
	var n uint64
	for _, b := range h {
		n += uint64(b.count)
	}
	return n
}

// quantile returns the bound of the bin that holds the q-quantile by rank.
func (h histogram) quantile(q float64) time.Duration {
	total := h.total()
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(total)))
	var seen uint64
	for _, b := range h {
		if seen += uint64(b.count); seen >= rank {
			return bound(b.index)
		}
	}
	return bound(h[len(h)-1].index)
}

// atMost counts the durations of bins whose bound is at most d.
func (h histogram) atMost(d time.Duration) uint64 {
	var n uint64
	for _, b := range h {
		if bound(b.index) > d {
			break
		}
		n += uint64(b.count)
	}
	return n
}
