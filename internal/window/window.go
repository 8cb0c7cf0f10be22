// Package window counts events over the recent past without locks.
package window

import (
	"sync/atomic"
	"time"
)

// A counter holds the slot it counts for in its upper half and the count in its
// lower half, so that a stale counter is recognised and replaced by one
// compare-and-swap: there is no moment at which a count lands in a slot that is
// being cleared.
type counter struct{ word atomic.Uint64 }

const countBits = 32

// Ring counts events by time slot and forgets a slot when its place is needed
// again. It is safe for concurrent use.
type Ring struct {
	width    int64
	counters []counter
}

// NewRing returns a ring of so many slots, each of the width.
func NewRing(width time.Duration, slots int) *Ring {
	return &Ring{width: int64(max(width, 1)), counters: make([]counter, max(slots, 1))}
}

// Slots returns how many slots the ring remembers.
func (r *Ring) Slots() int { return len(r.counters) }

// Width returns the width of a slot.
func (r *Ring) Width() time.Duration { return time.Duration(r.width) }

// Slot names the slot of a time in nanoseconds since an arbitrary, fixed origin.
// Names start past the ring's length, so that looking back never underflows.
func (r *Ring) Slot(now int64) uint32 {
	return uint32(now/r.width) + uint32(len(r.counters))
}

// Add counts n events in the slot. Events for a slot that the ring no longer
// remembers are dropped.
func (r *Ring) Add(slot uint32, n uint64) {
	c := &r.counters[slot%uint32(len(r.counters))]
	for {
		old := c.word.Load()
		held := uint32(old >> countBits)
		next := old + n
		switch {
		case held == slot:
		case Older(held, slot):
			next = uint64(slot)<<countBits | n
		default:
			return
		}
		if c.word.CompareAndSwap(old, next) {
			return
		}
	}
}

// Count returns the events counted in the slot.
func (r *Ring) Count(slot uint32) uint64 {
	w := r.counters[slot%uint32(len(r.counters))].word.Load()
	if uint32(w>>countBits) != slot {
		return 0
	}
	return w & (1<<countBits - 1)
}

// Older reports whether slot a lies before slot b. Slots are compared on a
// circle, so that wrapping around does no harm.
func Older(a, b uint32) bool { return int32(b-a) > 0 }
