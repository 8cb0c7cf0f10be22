package breaker

import (
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/internal/window"
)

// flightParts is the resolution at which the age of calls in flight is known: a
// call is overdue at the latest one part after its limit.
const flightParts = 8

// flight finds the calls in flight that have become overdue, without a list of
// calls: those that started in a slot, less those of them that have finished. A
// dependency that hangs ends no call whose end could be judged, so a call counts
// as slow at the moment at which it is overdue.
type flight struct {
	serial            uint32 // tells the calls counted here from those of another flight
	started, finished *window.Ring
	swept             atomic.Uint32 // the newest slot whose calls have been looked at
}

func newFlight(slow time.Duration, now int64, serial uint32) *flight {
	f := &flight{
		serial:   serial & serialMask,
		started:  window.NewRing(slow/flightParts, flightParts+2),
		finished: window.NewRing(slow/flightParts, flightParts+2),
	}
	f.swept.Store(f.last(now))
	return f
}

// last is the newest slot whose calls are all overdue.
func (f *flight) last(now int64) uint32 { return f.started.Slot(now) - flightParts - 1 }

func (f *flight) start(now int64) { f.started.Add(f.started.Slot(now), 1) }

// finish takes the end of a call and reports whether it was swept up as overdue
// before. A call that ends while its slot is being swept may be missed by both
// sides: one call in thousands, in a statistic.
func (f *flight) finish(start int64) bool {
	slot := f.finished.Slot(start)
	f.finished.Add(slot, 1)
	return !window.Older(f.swept.Load(), slot)
}

// overdue returns how many calls in flight became overdue since the last time.
// Each is returned to one caller once.
func (f *flight) overdue(now int64) uint64 {
	last, swept := f.last(now), f.swept.Load()
	if !window.Older(swept, last) || !f.swept.CompareAndSwap(swept, last) {
		return 0
	}
	// Every admission sweeps, so after a pause only the first slots past the
	// last sweep can hold calls.
	var n uint64
	for slot, left := swept+1, f.started.Slots(); left > 0 && !window.Older(last, slot); slot, left = slot+1, left-1 {
		if started, finished := f.started.Count(slot), f.finished.Count(slot); started > finished {
			n += started - finished
		}
	}
	return n
}
