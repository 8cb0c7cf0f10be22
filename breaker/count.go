package breaker

import (
	"fmt"
	"time"

	"github.com/backstay/backstay/internal/window"
)

// confirmCalls is how many calls a part of the window needs to trip on its own.
// A window full of good history would otherwise hide an outage until the
// history has left it. Fewer calls see an outage sooner and mistake bad luck for
// one more often: with 70, a dependency that fails 30 % of the time stays three
// and a half standard deviations below a threshold of 50 %, and at 100 calls a
// second a failure of every second call shows within a second.
const confirmCalls = 70

// count is a configuration with the counters that its shape asks for. It is
// replaced as a whole, when the circuit closes and when it is reconfigured.
type count struct {
	cfg              Config
	calls, bad, slow *window.Ring
	flight           *flight // nil when slow calls do not count
}

func newCount(cfg Config, now int64, serial uint32) *count {
	width := cfg.Window / time.Duration(cfg.Buckets)
	c := &count{
		cfg:   cfg,
		calls: window.NewRing(width, cfg.Buckets),
		bad:   window.NewRing(width, cfg.Buckets),
		slow:  window.NewRing(width, cfg.Buckets),
	}
	if cfg.SlowCall > 0 {
		c.flight = newFlight(cfg.SlowCall, now, serial)
	}
	return c
}

// reshape returns a count for another configuration that remembers what this
// one counted, at the resolution of the coarser of the two.
func (c *count) reshape(cfg Config, now int64, serial uint32) *count {
	next := newCount(cfg, now, serial)
	if c.flight != nil && cfg.SlowCall == c.cfg.SlowCall {
		next.flight = c.flight
	}
	if cfg.Window == c.cfg.Window && cfg.Buckets == c.cfg.Buckets {
		next.calls, next.bad, next.slow = c.calls, c.bad, c.slow
		return next
	}
	newest, width := c.calls.Slot(now), int64(c.calls.Width())
	for i := range uint32(c.cfg.Buckets) {
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
	for i := range uint32(c.calls.Slots()) {
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
	confirm := uint64(max(confirmCalls, c.cfg.MinCalls))
	newest, slots := c.calls.Slot(now), uint32(c.calls.Slots())
	var e evidence
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
		if e.calls >= need && e.slow > 0 && float64(e.slow) >= c.cfg.SlowRatio*float64(e.calls) {
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
	kind             evidenceKind
	calls, bad, slow uint64
	span             time.Duration
}

func (e evidence) reason(cfg Config) string {
	if e.kind == failing {
		return fmt.Sprintf("%d of %d calls failed in %v", e.bad, e.calls, e.span)
	}
	return fmt.Sprintf("%d of %d calls slower than %v in %v", e.slow, e.calls, cfg.SlowCall, e.span)
}

// sweep counts the calls in flight that have become overdue since the last
// look, and reports whether there were any.
func (c *count) sweep(now int64) bool {
	if c.flight == nil {
		return false
	}
	n := c.flight.overdue(now)
	if n == 0 {
		return false
	}
	slot := c.calls.Slot(now)
	c.calls.Add(slot, n)
	c.slow.Add(slot, n)
	return true
}

// add counts the end of a call. One that was swept up as overdue has been
// counted as a slow call already.
func (c *count) add(now int64, bad, slow, swept bool) {
	slot := c.calls.Slot(now)
	if !swept {
		c.calls.Add(slot, 1)
		if slow {
			c.slow.Add(slot, 1)
		}
	}
	if bad {
		c.bad.Add(slot, 1)
	}
}
