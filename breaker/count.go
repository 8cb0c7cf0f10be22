package breaker

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/internal/window"
)

// confirmCalls is how many calls a part of the window needs to trip on its own.
// A window full of good history would otherwise hide an outage until the
// history has left it. At 100 calls a dependency that fails 30 % of the time is
// four standard deviations below a threshold of 50 %.
const confirmCalls = 100

// count is a configuration with the counters that its shape asks for. It is
// replaced as a whole, when the circuit closes and when it is reconfigured.
type count struct {
	cfg              Config
	calls, bad, slow *window.Ring
	flight           *flight // nil when slow calls do not count
}

func newCount(cfg Config, serial uint32) *count {
	width := cfg.Window / time.Duration(cfg.Buckets)
	c := &count{
		cfg:   cfg,
		calls: window.NewRing(width, cfg.Buckets),
		bad:   window.NewRing(width, cfg.Buckets),
		slow:  window.NewRing(width, cfg.Buckets),
	}
	if cfg.SlowCall > 0 {
		c.flight = newFlight(cfg.SlowCall, serial)
	}
	return c
}

// reshape returns a count for another configuration that remembers what this
// one counted, at the resolution of the coarser of the two.
func (c *count) reshape(cfg Config, now int64, serial uint32) *count {
	next := newCount(cfg, serial)
	if c.flight != nil && cfg.SlowCall == c.cfg.SlowCall {
		next.flight = c.flight
	}
	if cfg.Window == c.cfg.Window && cfg.Buckets == c.cfg.Buckets {
		next.calls, next.bad, next.slow = c.calls, c.bad, c.slow
		return next
	}
	newest, width := c.calls.Slot(now), int64(c.calls.Width())
	for i := range uint32(c.cfg.Buckets) { //nolint:gosec // small and positive
		at := max(now-int64(i)*width, 0)
		slot := next.calls.Slot(at)
		next.calls.Add(slot, c.calls.Count(newest-i))
		next.bad.Add(slot, c.bad.Count(newest-i))
		next.slow.Add(slot, c.slow.Count(newest-i))
	}
	return next
}

// totals sums the window.
func (c *count) totals(now int64) (calls, bad, slow uint64) {
	newest := c.calls.Slot(now)
	for i := range uint32(c.calls.Slots()) { //nolint:gosec // small and positive
		calls += c.calls.Count(newest - i)
		bad += c.bad.Count(newest - i)
		slow += c.slow.Count(newest - i)
	}
	return calls, bad, slow
}

// judge says whether the calls counted so far trip the circuit, and why. It
// looks at the window and at every younger part of it that holds enough calls,
// so that the shortest convincing stretch decides.
func (c *count) judge(now int64) (evidence, bool) {
	var pending uint64
	if c.flight != nil {
		pending = c.flight.overdue(now)
	}
	confirm := uint64(max(confirmCalls, c.cfg.MinCalls))
	newest, slots := c.calls.Slot(now), uint32(c.calls.Slots()) //nolint:gosec // small and positive
	e := evidence{pending: pending}
	for i := range slots {
		e.calls += c.calls.Count(newest - i)
		e.bad += c.bad.Count(newest - i)
		e.slow += c.slow.Count(newest - i)
		e.span = time.Duration(i+1) * c.calls.Width()
		need := confirm
		if i == slots-1 {
			need = uint64(c.cfg.MinCalls)
		}
		if e.calls >= need && float64(e.bad) >= c.cfg.ErrorRatio*float64(e.calls) {
			e.kind = failing
			return e, true
		}
		if c.flight == nil {
			continue
		}
		if all := e.calls + pending; all >= need && float64(e.slow+pending) >= c.cfg.SlowRatio*float64(all) {
			e.kind = slowing
			return e, true
		}
	}
	return evidence{}, false
}

type evidenceKind uint8

const (
	failing evidenceKind = iota
	slowing
)

// evidence is what a trip was decided on.
type evidence struct {
	kind                      evidenceKind
	calls, bad, slow, pending uint64
	span                      time.Duration
}

func (e evidence) reason(cfg Config) string {
	if e.kind == failing {
		return fmt.Sprintf("%d of %d calls failed in %v", e.bad, e.calls, e.span)
	}
	return fmt.Sprintf("%d of %d calls slower than %v in %v, %d of them unanswered",
		e.slow+e.pending, e.calls+e.pending, cfg.SlowCall, e.span, e.pending)
}

// flightParts is the resolution at which the age of calls in flight is known.
const flightParts = 8

// flight knows how many calls in flight are overdue, without a list of them:
// all of them, less the young ones, which are counted by the time they started.
type flight struct {
	serial            uint32 // tells the calls counted here from those of another flight
	total             atomic.Int64
	started, finished *window.Ring
	judged            atomic.Uint32 // slot of the last look, so that callers look once a slot
}

func newFlight(slow time.Duration, serial uint32) *flight {
	width := slow / flightParts
	return &flight{
		serial:   serial,
		started:  window.NewRing(width, flightParts+2),
		finished: window.NewRing(width, flightParts+2),
	}
}

func (f *flight) start(now int64) {
	f.total.Add(1)
	f.started.Add(f.started.Slot(now), 1)
}

func (f *flight) finish(start int64) {
	f.total.Add(-1)
	f.finished.Add(f.finished.Slot(start), 1)
}

// overdue is the number of calls in flight for longer than the limit, or up to
// one part longer.
func (f *flight) overdue(now int64) uint64 {
	total := f.total.Load()
	if total <= 0 {
		return 0
	}
	newest := f.started.Slot(now)
	for i := range uint32(flightParts + 1) {
		young := int64(f.started.Count(newest-i)) - int64(f.finished.Count(newest-i))
		total -= max(young, 0)
	}
	return uint64(max(total, 0))
}

// due is true once a slot, for one caller, while enough calls are in flight to
// matter: a dependency that hangs ends no call whose end could be judged.
func (f *flight) due(now int64, enough int64) bool {
	if f.total.Load() < enough {
		return false
	}
	slot, last := f.started.Slot(now), f.judged.Load()
	return slot != last && f.judged.CompareAndSwap(last, slot)
}
