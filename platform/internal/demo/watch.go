package demo

import (
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo/load"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// watch collects when what was seen during one run of a fault.
type watch struct {
	fault    Fault
	began    time.Time
	ended    time.Time // lifted by the drill
	opened   time.Time // breaker
	incident string
	burning  time.Time
	named    []naming
	repaired time.Time // the broken process was replaced before the drill lifted the fault
}

// naming is a cause as it was named.
type naming struct {
	at    time.Time
	cause verdict.Cause
}

// sawPolicies notes when the caller's breaker opened. The instance itself says
// since when the state holds, so the pace of looking does not count.
func (w *watch) sawPolicies(policies []api.PolicyState) {
	for _, p := range policies {
		if p.Kind != "breaker" || p.Dependency != w.fault.Service || p.State == "closed" || p.Since.Before(w.began) {
			continue
		}
		if w.opened.IsZero() || p.Since.Before(w.opened) {
			w.opened = p.Since
		}
	}
}

// sawIncidents finds the incident that the fault opened: the first one since.
func (w *watch) sawIncidents(list []api.IncidentSummary) string {
	if w.incident == "" {
		for _, i := range list { // latest first
			if !i.OpenedAt.Before(w.began) {
				w.incident, w.burning = i.ID, i.OpenedAt
			}
		}
	}
	return w.incident
}

// sawIncident notes a cause that was not named before.
func (w *watch) sawIncident(i api.Incident, now time.Time) {
	if i.Cause == nil {
		return
	}
	if n := len(w.named); n > 0 && w.named[n-1].cause.Service == i.Cause.Service && w.named[n-1].cause.Class == i.Cause.Class {
		return
	}
	at := now
	for _, entry := range i.Timeline { // oldest first: the latest naming is the one in force
		if entry.Step == "cause" {
			at = entry.At
		}
	}
	w.named = append(w.named, naming{at: at, cause: *i.Cause})
}

// sawShop notes when the fault was over because Backstay replaced the process.
func (w *watch) sawShop(d api.Demo) {
	if d.Fault != "" || !w.repaired.IsZero() {
		return
	}
	for _, p := range d.Processes {
		if p.Service == w.fault.Service && p.StartedAt.After(w.began) {
			w.repaired = p.StartedAt
		}
	}
}

// over is when the fault ended.
func (w *watch) over() time.Time {
	if !w.repaired.IsZero() {
		return w.repaired
	}
	return w.ended
}

const (
	// goodAnswer is what the objective "checkout-fast" promises.
	goodAnswer = 300 * time.Millisecond
	// badShare is the share of users that the objectives let go without one.
	badShare = 0.01
)

// spoiled is how many users of the second got no full answer within [goodAnswer].
func spoiled(s load.Second) uint32 { return s.Failed() + s.Degraded + s.Slower(goodAnswer) }

// bad reports whether the second broke the objectives.
func bad(s load.Second) bool { return float64(spoiled(s)) > badShare*float64(s.Sent()) }

// firstBad is the beginning of the first bad second since from; zero when none was.
func firstBad(seconds []load.Second, from time.Time) time.Time {
	for _, s := range seconds {
		if s.T >= from.Unix() && bad(s) {
			return later(time.Unix(s.T, 0), from)
		}
	}
	return time.Time{}
}

// recovered is the beginning of the first [goodRun] good seconds in a row that
// begin after the fault was over; zero when there are none.
func recovered(seconds []load.Second, over time.Time) time.Time {
	run := 0
	for i, s := range seconds {
		if s.T < over.Unix() {
			continue
		}
		if bad(s) || s.Sent() == 0 {
			run = 0
			continue
		}
		if run > 0 && seconds[i-1].T != s.T-1 {
			run = 0 // a second without any request is no proof of health
		}
		if run++; run == goodRun {
			return later(time.Unix(s.T-goodRun+1, 0), over)
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
