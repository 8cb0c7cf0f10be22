package rca

import (
	"math"
	"slices"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// finding is what is wrong with a service itself, not with what it depends on.
type finding struct {
	strength  float64 // 0 to 1
	class     verdict.Class
	evidence  []verdict.Evidence
	waiting   bool // the strength comes from slowness alone, which waiting can feign
	late      bool // slowness is all there is: nobody sees an error
	elsewhere bool // the service answers well: what callers see happens before it
}

// Weights of what a service shows, combined as independent witnesses.
const (
	weightDown     = 0.98
	weightSilent   = 0.9 // no process known, but nobody answers
	weightPartDown = 0.3
	weightPanics   = 0.95
	panicShare     = 0.1  // of the requests; fewer do not explain slowness
	weightErrors   = 0.95 // at an error ratio of one; grows steeply from small ones
	weightSelf     = 0.9
	weightRunaway  = 0.25 // goroutines or heap, beside slowness or errors
	weightChange   = 0.1
	weightLeaf     = 0.75 // nothing of its own seen, but the walk ends here
)

// own looks for something wrong in a service that its dependencies do not explain.
func (w *world) own(s *service) finding {
	var f finding
	healthy := 1.0 // share of doubt left
	see := func(strength float64, e verdict.Evidence) {
		healthy *= 1 - strength
		f.evidence = append(f.evidence, e)
	}

	errors := w.unexplained(s)
	slow := slower(s.self1, s.self0)
	inbound := w.inbound(s)
	silent := s.now.requests == 0 && s.base.requests > 0 && !s.external &&
		inbound.calls.errors >= minErrors && inbound.calls.ratio() >= 0.95 && inbound.slow.times < 3

	switch {
	case s.up == 0 && s.down > 0 && (s.fallen > 0 || w.wanted(s)):
		see(weightDown, downEvidence(s))
		f.class = verdict.Down
	case silent && s.up == 0:
		see(weightSilent, silentEvidence(s, inbound))
		f.class = verdict.Down
	case s.fallen > 0 && (errors > 0 || inbound.excess > 0):
		see(weightPartDown, partEvidence(s))
	}
	// Counters know of panics before the spans of the same requests arrive; until
	// then what shows is that the service is slow, for recovering costs time.
	telling := errors > 0 || s.now.requests == 0 || slow.strength > 0 && s.panics >= panicShare*s.now.requests
	if s.panics > 0 && telling {
		see(weightPanics*math.Min(1, s.panics/3), panicEvidence(s))
		if f.class == "" {
			f.class = verdict.Panics
		}
	}
	if errors > 0 {
		see(weightErrors*grade(errors), errorEvidence(s, errors))
	}
	if slow.strength > 0 {
		see(weightSelf*slow.strength, selfEvidence(s, slow))
	}
	f.late = slow.strength > 0 && errors == 0 && inbound.excess == 0 && f.class == ""
	f.waiting = slow.strength > 0 && errors == 0 && f.class == ""

	runaway := w.runaway(s, inbound)
	if runaway.Kind != "" && (slow.strength > 0 || errors > 0 || inbound.slow.strength > 0) {
		see(weightRunaway, runaway)
	}
	f.strength = 1 - healthy
	if f.class == "" {
		f.class = classify(s, errors, slow, inbound, runaway.Kind != "")
	}
	if f.class == verdict.Saturation && !slices.ContainsFunc(f.evidence, func(e verdict.Evidence) bool { return e.Kind == runaway.Kind }) {
		f.evidence = append(f.evidence, runaway) // worth nothing by itself, but it is why the class is this one
	}
	f.elsewhere = f.strength < weakest && s.now.requests >= minCalls && inbound.excess > 0
	return f
}

// wanted reports whether somebody calls the service and does not get through, since
// the onset or for longer. One that was taken out of use has no processes either.
func (w *world) wanted(s *service) bool {
	return slices.ContainsFunc(w.in[s.name], func(e *edge) bool {
		asked := e.now.requests+e.rejected > 0
		return e.now.errors >= minErrors || asked && e.breaker != "" || !e.stale && e.sickness() >= sickFrom
	})
}

// callers is what the callers of a service see of it.
type callers struct {
	calls  flow
	excess float64
	slow   slowdown
}

// inbound sums up the calls that come in, with the worst slowdown of any caller.
func (w *world) inbound(s *service) callers {
	var c callers
	var base flow
	for _, e := range w.in[s.name] {
		if e.from == s.name {
			continue
		}
		c.calls.requests += e.now.requests
		c.calls.errors += e.now.errors
		base.requests += e.base.requests
		base.errors += e.base.errors
		if slow := slower(e.now, e.base); slow.strength > c.slow.strength {
			c.slow = slow
		}
	}
	c.excess = excess(c.calls, base)
	return c
}

// unexplained returns the excess error ratio of a service less what the errors of
// its own calls can explain.
func (w *world) unexplained(s *service) float64 {
	over := excess(s.now, s.base)
	if over == 0 {
		return 0
	}
	explained := 0.0
	for _, e := range w.out[s.name] {
		if e.to == s.name {
			continue
		}
		explained += excess(e.now, e.base) * e.now.requests
		if e.sickness() >= sickFrom && !e.stale {
			explained += math.Max(e.rejected, w.missing(e))
		}
	}
	left := over - explained/s.now.requests
	// What is left must itself be more than chance and more than a rounding of
	// the windows, which cut the caller's and the callee's seconds differently.
	if left*s.now.requests < minErrors || left < math.Max(minExcess, over/10) {
		return 0
	}
	return left
}

// routinesPerCall is how many goroutines a request that waits may occupy: its
// connection's, the one that watches the connection, and one of its own.
const routinesPerCall = 3

// runaway says whether goroutines or heap of a process grew far beyond their level
// before the onset. Requests that merely wait occupy goroutines too; as many as
// arrive within the time that one takes (Little 1961) prove nothing.
func (w *world) runaway(s *service, in callers) verdict.Evidence {
	const (
		times         = 1.5
		manyRoutines  = 50
		manyHeapBytes = 64 << 20
	)
	waiting := 0.0
	if w.span > 0 {
		waiting = routinesPerCall * math.Max(s.now.requests, in.calls.requests) / w.span * (s.now.p50 + s.now.p95) / 2
	}
	if g := s.goroutines; g.now-waiting >= times*g.before && g.now-waiting-g.before >= manyRoutines {
		return goroutineEvidence(s)
	}
	if h := s.heap; h.now >= 2*h.before && h.now-h.before >= manyHeapBytes {
		return heapEvidence(s)
	}
	return verdict.Evidence{}
}

// missing estimates how many calls a policy of the caller kept back: what the
// baseline would have made of the caller's requests, less what was called.
func (w *world) missing(e *edge) float64 {
	caller := w.services[e.from]
	if caller.base.requests == 0 {
		return 0
	}
	return math.Max(0, caller.now.requests*e.base.requests/caller.base.requests-e.now.requests)
}

// classify names the kind of fault from what is seen at the service and by its callers.
func classify(s *service, errors float64, slow slowdown, in callers, runaway bool) verdict.Class {
	const clearly = 2 // times slower, from which slowness outranks the errors it leads to
	delayed := slow.times >= clearly || (errors == 0 && slow.strength > 0) ||
		(errors == 0 && in.slow.strength > 0) || (in.slow.times >= clearly && s.now.requests == 0)
	switch {
	case delayed && runaway:
		return verdict.Saturation
	case delayed:
		return verdict.Latency
	case runaway && errors == 0:
		return verdict.Saturation
	}
	return verdict.Errors
}
