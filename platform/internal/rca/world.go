package rca

import (
	"cmp"
	"slices"
	"time"
)

// world is the input as numbers: what the walk and the scores work on.
type world struct {
	span     float64 // seconds that now covers; 0 when unknown
	services map[string]*service
	out      map[string][]*edge // by caller, sorted by callee
	in       map[string][]*edge // by callee, sorted by caller
}

// flow is traffic over a span of time.
type flow struct {
	requests, errors float64
	p50, p95, p99    float64 // seconds
}

// ratio returns the share of errors.
func (f flow) ratio() float64 {
	if f.requests == 0 {
		return 0
	}
	return f.errors / f.requests
}

// service is one node with what is known of its processes.
type service struct {
	name         string
	external     bool
	now, base    flow // as the service itself reports it
	self0, self1 flow // self time: baseline and now
	panics       float64
	up, down     int // processes
	fallen       int // processes that went down with the trouble
	goroutines   growth
	heap         growth
	changes      []Change // recent ones
}

// share says of how many of the caller's requests the edge is part, at most 1. A
// breaker that keeps calls back does not make a dependency matter less, so the
// baseline counts too.
func (w *world) share(e *edge) float64 {
	caller := w.services[e.from]
	if caller.now.requests == 0 && caller.base.requests == 0 {
		return 1 // the caller answers nobody that we see: a batch, a client
	}
	of := func(calls, requests float64) float64 {
		if requests == 0 {
			return 0
		}
		return min(calls/requests, 1)
	}
	return max(of(e.now.requests+e.rejected, caller.now.requests), of(e.base.requests, caller.base.requests))
}

// growth is a level before the onset and now.
type growth struct{ before, now float64 }

// edge is the calls from one service to another, as the caller sees them.
type edge struct {
	from, to  string
	now, base flow
	breaker   string // worst state among the caller's processes; empty when closed or unknown
	stale     bool   // the breaker was open long before the onset
	rejected  float64
}

func emptyWorld() *world {
	return &world{services: map[string]*service{}, out: map[string][]*edge{}, in: map[string][]*edge{}}
}

func (w *world) service(name string) *service {
	s := w.services[name]
	if s == nil {
		s = &service{name: name}
		w.services[name] = s
	}
	return s
}

func (w *world) edge(from, to string) *edge {
	for _, e := range w.out[from] {
		if e.to == to {
			return e
		}
	}
	w.service(from)
	w.service(to)
	e := &edge{from: from, to: to}
	w.out[from] = append(w.out[from], e)
	w.in[to] = append(w.in[to], e)
	return e
}

// sort makes every walk over the world come in the same order.
func (w *world) sort() {
	for _, edges := range w.out {
		slices.SortFunc(edges, func(a, b *edge) int { return cmp.Compare(a.to, b.to) })
	}
	for _, edges := range w.in {
		slices.SortFunc(edges, func(a, b *edge) int { return cmp.Compare(a.from, b.from) })
	}
}

// recent is how long before the onset a change or a tripped breaker still counts.
const recent = 10 * time.Minute

// breakerLead is how much earlier than the burn verdict a breaker that belongs to
// the same trouble may have opened.
const breakerLead = 2 * time.Minute

var breakerRank = map[string]int{"half-open": 1, "downgrade": 2, "open": 3}

// observe adds what is known beside the graphs.
func (w *world) observe(in Input) {
	onset := in.Onset
	if onset.IsZero() {
		onset = in.At
	}
	for _, b := range in.Breakers {
		if breakerRank[b.State] == 0 {
			continue
		}
		e := w.edge(b.Service, b.Dependency)
		stale := !b.Since.IsZero() && b.Since.Before(onset.Add(-breakerLead))
		if e.breaker == "" || (e.stale && !stale) || (e.stale == stale && breakerRank[b.State] > breakerRank[e.breaker]) {
			e.breaker, e.stale = b.State, stale
		}
	}
	for _, r := range in.Rejections {
		if r.Count > 0 {
			w.edge(r.Service, r.Dependency).rejected += r.Count
		}
	}
	for _, p := range in.Processes {
		s := w.service(p.Service)
		if !p.Up {
			s.down++
			if p.Since.IsZero() || !p.Since.Before(onset.Add(-breakerLead)) {
				s.fallen++
			}
			continue
		}
		s.up++
		if p.GoroutinesBefore > 0 && p.Goroutines-p.GoroutinesBefore > s.goroutines.now-s.goroutines.before {
			s.goroutines = growth{p.GoroutinesBefore, p.Goroutines}
		}
		if p.HeapBytesBefore > 0 && p.HeapBytes-p.HeapBytesBefore > s.heap.now-s.heap.before {
			s.heap = growth{p.HeapBytesBefore, p.HeapBytes}
		}
	}
	for name, n := range in.Panics {
		s := w.service(name)
		s.panics = max(s.panics, n)
	}
	for _, c := range in.Changes {
		if !c.At.Before(onset.Add(-recent)) && !c.At.After(in.At) {
			s := w.service(c.Service)
			s.changes = append(s.changes, c)
		}
	}
	for _, s := range w.services {
		slices.SortStableFunc(s.changes, func(a, b Change) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Text, b.Text))
		})
	}
}
