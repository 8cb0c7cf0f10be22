package window

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func sum(r *Ring, now int64) (n uint64) {
	newest := r.Slot(now)
	for i := range uint32(r.Slots()) {
		n += r.Count(newest - i)
	}
	return n
}

// TestAgainstList: the ring counts what a list of times would.
func TestAgainstList(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		width, slots := 1+dice.Int64N(100), 1+dice.IntN(20)
		r := NewRing(time.Duration(width), slots)
		var times []int64
		var now int64
		for range 500 {
			now += dice.Int64N(width * 2)
			if dice.IntN(50) == 0 {
				now += width * int64(slots) * 3
			}
			at := max(now-dice.Int64N(width*int64(slots)*2), 0) // late events too
			r.Add(r.Slot(at), 1)
			if now/width-at/width < int64(slots) {
				times = append(times, at)
			}
			// Late events may only be asked for once the newest slot has been
			// seen by its own place, so count what is remembered by now.
			var want uint64
			for _, at := range times {
				if now/width-at/width < int64(slots) {
					want++
				}
			}
			if got := sum(r, now); got != want {
				t.Fatalf("width %d, %d slots, at %d: got %d, want %d", width, slots, now, got, want)
			}
		}
	}
}

func TestForgottenSlot(t *testing.T) {
	t.Parallel()
	r := NewRing(10, 3)
	r.Add(r.Slot(95), 1)
	r.Add(r.Slot(65), 5) // its place is taken by a younger slot
	if got := sum(r, 95); got != 1 {
		t.Errorf("got %d", got)
	}
	if got := r.Count(r.Slot(65)); got != 0 {
		t.Errorf("forgotten slot holds %d", got)
	}
	r.Add(r.Slot(125), 2)
	if got := r.Count(r.Slot(95)); got != 0 {
		t.Errorf("overwritten slot holds %d", got)
	}
}

func TestOlderWrapsAround(t *testing.T) {
	t.Parallel()
	if !Older(1, 2) || Older(2, 1) || Older(2, 2) || !Older(math.MaxUint32, 3) || Older(3, math.MaxUint32) {
		t.Error("slots are not compared on a circle")
	}
}

// TestConcurrently: nothing is lost or counted twice while the ring turns.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	r := NewRing(1, 64)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for now := range int64(10_000) {
				r.Add(r.Slot(now/200), 1)
			}
		})
	}
	wg.Wait()
	if got := sum(r, 49); got != 80_000 {
		t.Errorf("got %d, want 80000", got)
	}
}
