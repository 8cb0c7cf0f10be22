package rca

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

const (
	// weakest is the score below which the finder abstains.
	weakest = 0.2
	// strayWeight is what an edge that looks well is worth on the way to a service
	// with evidence of its own: spans of the caller may be missing.
	strayWeight = 0.2
	// waiterDiscount lowers a service that is slow in itself while something slow or
	// failing lies deeper: retries, queues and full pools make waiting look like work.
	waiterDiscount = 0.4
	// shadowDiscount lowers a service with other evidence while something as bad
	// lies deeper.
	shadowDiscount = 0.75
	// strangeDiscount lowers a service that is merely slow when the burning service
	// answers with errors as fast as ever: no deadline ran out there.
	strangeDiscount = 0.4
	// maxSuspects is how many runners-up are named.
	maxSuspects = 4
)

// candidate is a service on the way from the burning one.
type candidate struct {
	service *service
	path    []string
	via     *edge   // last edge of the path; nil for the burning service
	reach   float64 // sickness of the healthiest edge on the path, 1 for the burning service
	share   float64 // of the burning service's requests that come this way, 1 for itself
	finding finding
	score   float64
	leaf    bool // by elimination: nothing of its own was seen
}

// Find names the cause of a burning objective, or abstains with Unknown.
func Find(in Input) verdict.Verdict { return newWorld(in).find(in) }

// find answers for a world that has observed the input.
func (w *world) find(in Input) verdict.Verdict {
	v := verdict.Verdict{Claim: verdict.CausedBy, Subject: in.Objective, At: in.At}
	onset := in.Onset
	if onset.IsZero() {
		onset = in.At
	}
	if w.services[in.Objective.Service] == nil {
		v.Reason = "no cause named: nothing is known of " + in.Objective.Service + " since the onset"
		return v
	}
	found := w.rank(in.Objective.Service)
	if len(found) == 0 || found[0].score < weakest {
		v.Reason = "no cause named: " + in.Objective.Service + " and what it depends on look as they did before"
		return v
	}
	best := found[0]
	v.Answer = verdict.Yes
	v.Cause = &verdict.Cause{
		Service: best.service.name, Class: best.finding.class, Path: best.path, Score: round(best.score),
	}
	for _, other := range found[1:] {
		if len(v.Cause.Also) == maxSuspects || other.score < weakest/2 {
			break
		}
		v.Cause.Also = append(v.Cause.Also, verdict.Suspect{Service: other.service.name, Score: round(other.score)})
	}
	v.Evidence = w.evidence(best, onset)
	v.Reason = reason(best, v.Evidence)
	return v
}

func round(score float64) float64 { return math.Round(score*1000) / 1000 }

// rank scores every service that the burning one can be waiting for, best first.
func (w *world) rank(from string) []*candidate {
	all := w.reachable(from)
	byName := make(map[string]*candidate, len(all))
	for _, c := range all {
		c.finding = w.own(c.service)
		byName[c.service.name] = c
	}
	w.moveToCaller(all, byName)
	for _, c := range all {
		w.eliminate(c)
	}
	for _, c := range all {
		c.score = c.finding.strength * (0.7 + 0.3*c.reach) * grade(c.share)
		if len(c.service.changes) > 0 && c.score > 0 {
			c.score = 1 - (1-c.score)*(1-weightChange)
		}
	}
	// Discounts look at undiscounted strengths, so the order of services is no matter.
	discounts := make([]float64, len(all))
	for i, c := range all {
		discounts[i] = w.discount(c, byName)
	}
	root := w.services[from]
	prompt := excess(root.now, root.base) > 0 && slower(root.now, root.base).strength == 0
	for i, c := range all {
		c.score *= discounts[i]
		if prompt && c.finding.late {
			c.score *= strangeDiscount
		}
	}
	slices.SortStableFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(b.path), len(a.path)),
			strings.Compare(a.service.name, b.service.name))
	})
	return all
}

// reachable finds every service below the burning one by the path whose healthiest
// edge is the sickest (a widest-path search), so cycles end and paths are simple.
func (w *world) reachable(from string) []*candidate {
	open := map[string]*candidate{from: {service: w.services[from], path: []string{from}, reach: 1, share: 1}}
	done := map[string]bool{}
	var all []*candidate
	for {
		var next *candidate
		for name, c := range open {
			if !done[name] && (next == nil || c.nearer(next)) {
				next = c
			}
		}
		if next == nil {
			return all
		}
		done[next.service.name] = true
		all = append(all, next)
		for _, e := range w.out[next.service.name] {
			if done[e.to] {
				continue
			}
			c := &candidate{
				service: w.services[e.to], via: e, reach: math.Min(next.reach, math.Max(e.sickness(), strayWeight)),
				path: append(slices.Clone(next.path), e.to), share: next.share * w.share(e),
			}
			if old := open[e.to]; old == nil || c.nearer(old) {
				open[e.to] = c
			}
		}
	}
}

// nearer orders candidates of the search: sicker path first, then shorter, then by name.
func (c *candidate) nearer(than *candidate) bool {
	return cmp.Or(cmp.Compare(than.reach, c.reach), cmp.Compare(len(c.path), len(than.path)),
		slices.Compare(c.path, than.path)) < 0
}

// sickOut returns the edges of a service that got worse, without calls to itself.
func (w *world) sickOut(name string) []*edge {
	var sick []*edge
	for _, e := range w.out[name] {
		if e.to != name && e.sickness() >= sickFrom {
			sick = append(sick, e)
		}
	}
	return sick
}

// eliminate gives the last service of a sick path the blame when nothing of its
// own was seen: it is external, or its spans are missing.
func (w *world) eliminate(c *candidate) {
	if c.via == nil || c.finding.elsewhere || c.reach < sickFrom || len(w.sickOut(c.service.name)) > 0 {
		return
	}
	sick := c.via.sickness()
	if sick < sickFrom || (c.via.breaker != "" && c.via.stale && sick <= staleSickness) {
		return
	}
	if strength := weightLeaf * math.Sqrt(sick); strength > c.finding.strength {
		c.finding.strength, c.leaf = strength, true
	}
}

// moveToCaller looks at services that answer well while calls to them fail. When
// another caller's calls to the same service are fine, the failing caller itself is
// the suspect: its connections, its pool, its deadline.
func (w *world) moveToCaller(all []*candidate, byName map[string]*candidate) {
	for _, c := range all {
		if !c.finding.elsewhere {
			continue
		}
		var sick []*edge
		well := false
		for _, e := range w.in[c.service.name] {
			switch {
			case e.sickness() >= sickFrom:
				sick = append(sick, e)
			case e.now.requests >= 4*minCalls:
				well = true
			}
		}
		if !well || len(sick) != 1 {
			c.finding.elsewhere = false
			continue
		}
		caller := byName[sick[0].from]
		if caller == nil {
			continue
		}
		strength := weightLeaf * math.Sqrt(sick[0].sickness())
		if strength > caller.finding.strength {
			caller.finding.strength = strength
			caller.finding.evidence = append(caller.finding.evidence, edgeEvidence(sick[0])...)
		}
	}
}

// discount lowers a service below which something at least comparable is wrong.
func (w *world) discount(c *candidate, byName map[string]*candidate) float64 {
	deeper := 0.0
	seen := map[string]bool{c.service.name: true}
	var walk func(name string)
	walk = func(name string) {
		for _, e := range w.sickOut(name) {
			if seen[e.to] {
				continue
			}
			seen[e.to] = true
			if below := byName[e.to]; below != nil {
				deeper = math.Max(deeper, below.finding.strength)
			}
			walk(e.to)
		}
	}
	walk(c.service.name)
	switch {
	case deeper < weakest || deeper < c.finding.strength/2:
		return 1
	case c.finding.waiting:
		return waiterDiscount
	case c.finding.class == "panics" || c.finding.class == "down":
		return 1
	}
	return shadowDiscount
}

// telling names the kinds of evidence that show a class of fault, best first.
var telling = map[verdict.Class][]string{
	verdict.Errors:     {"errors", "edge-errors"},
	verdict.Latency:    {"self-time", "edge-latency"},
	verdict.Saturation: {"saturation", "self-time"},
	verdict.Panics:     {"panics"},
	verdict.Down:       {"instance-down"},
}

// evidence collects what supports a candidate: its own, most telling first, then what
// callers see along the path from the cause upward, then changes.
func (w *world) evidence(c *candidate, onset time.Time) []verdict.Evidence {
	found := slices.Clone(c.finding.evidence)
	rank := func(e verdict.Evidence) int {
		if i := slices.Index(telling[c.finding.class], e.Kind); i >= 0 {
			return i
		}
		return len(telling[c.finding.class])
	}
	slices.SortStableFunc(found, func(a, b verdict.Evidence) int { return cmp.Compare(rank(a), rank(b)) })
	for i := len(c.path) - 1; i > 0; i-- {
		found = append(found, edgeEvidence(w.edge(c.path[i-1], c.path[i]))...)
	}
	for _, change := range c.service.changes {
		found = append(found, changeEvidence(change, onset))
	}
	return found
}

var classWords = map[verdict.Class]string{
	verdict.Errors: "answers with errors", verdict.Latency: "is slow", verdict.Saturation: "runs full",
	verdict.Panics: "panics", verdict.Down: "is down",
}

// reason says the cause in one sentence with its most telling evidence.
func reason(c *candidate, evidence []verdict.Evidence) string {
	text := c.service.name + " " + classWords[c.finding.class]
	if len(evidence) > 0 {
		first := evidence[0]
		for _, kind := range telling[c.finding.class] {
			if i := slices.IndexFunc(evidence, func(e verdict.Evidence) bool { return e.Kind == kind }); i >= 0 {
				first = evidence[i]
				break
			}
		}
		text += ": " + first.Detail
	}
	if len(c.path) > 1 {
		text += fmt.Sprintf(" (%s)", strings.Join(c.path, " → "))
	}
	return text
}
