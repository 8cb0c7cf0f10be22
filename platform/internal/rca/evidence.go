package rca

import (
	"fmt"
	"strconv"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

func downEvidence(s *service) verdict.Evidence {
	return verdict.Evidence{
		Kind: "instance-down", Subject: s.name, Unit: "count", Observed: 0, Expected: float64(s.down),
		Detail: fmt.Sprintf("no process of %s is running (%s)", s.name, plural(float64(s.down), "process", "processes")+" known"),
	}
}

func partEvidence(s *service) verdict.Evidence {
	return verdict.Evidence{
		Kind: "instance-down", Subject: s.name, Unit: "count",
		Observed: float64(s.up), Expected: float64(s.up + s.fallen),
		Detail: fmt.Sprintf("%d of %s of %s are running", s.up, plural(float64(s.up+s.fallen), "process", "processes"), s.name),
	}
}

func silentEvidence(s *service, in callers) verdict.Evidence {
	return verdict.Evidence{
		Kind: "instance-down", Subject: s.name, Unit: "count", Observed: 0, Expected: s.base.requests,
		Detail: fmt.Sprintf("%s has reported nothing since the onset, and %s of the calls to it fail",
			s.name, percent(in.calls.ratio())),
	}
}

func panicEvidence(s *service) verdict.Evidence {
	return verdict.Evidence{
		Kind: "panics", Subject: s.name, Unit: "count", Observed: s.panics,
		Detail: fmt.Sprintf("handlers of %s panicked %s", s.name, plural(s.panics, "time", "times")),
	}
}

func errorEvidence(s *service, left float64) verdict.Evidence {
	return verdict.Evidence{
		Kind: "errors", Subject: s.name, Unit: "ratio", Observed: s.now.ratio(), Expected: s.base.ratio(),
		Detail: fmt.Sprintf("%s answers %s of its requests with an error, %s before; its dependencies do not explain %s",
			s.name, percent(s.now.ratio()), percent(s.base.ratio()), percent(left)),
	}
}

func selfEvidence(s *service, slow slowdown) verdict.Evidence {
	return verdict.Evidence{
		Kind: "self-time", Subject: s.name, Unit: "s", Observed: slow.now, Expected: slow.before,
		Detail: fmt.Sprintf("%s spends %s in itself, %s before (%s times)",
			s.name, seconds(slow.now), seconds(slow.before), factor(slow.times)),
	}
}

func goroutineEvidence(s *service) verdict.Evidence {
	return verdict.Evidence{
		Kind: "saturation", Subject: s.name, Unit: "count", Observed: s.goroutines.now, Expected: s.goroutines.before,
		Detail: fmt.Sprintf("a process of %s runs %.0f goroutines, %.0f before", s.name, s.goroutines.now, s.goroutines.before),
	}
}

func heapEvidence(s *service) verdict.Evidence {
	return verdict.Evidence{
		Kind: "saturation", Subject: s.name, Unit: "bytes", Observed: s.heap.now, Expected: s.heap.before,
		Detail: fmt.Sprintf("a process of %s holds %.0f MiB of heap, %.0f before", s.name, s.heap.now/(1<<20), s.heap.before/(1<<20)),
	}
}

// edgeEvidence is what a caller sees of a dependency, most telling first.
func edgeEvidence(e *edge) []verdict.Evidence {
	name := e.from + " → " + e.to
	var found []verdict.Evidence
	if excess(e.now, e.base) > 0 {
		found = append(found, verdict.Evidence{
			Kind: "edge-errors", Subject: name, Unit: "ratio", Observed: e.now.ratio(), Expected: e.base.ratio(),
			Detail: fmt.Sprintf("%s of the calls %s fail, %s before", percent(e.now.ratio()), name, percent(e.base.ratio())),
		})
	}
	if slow := slower(e.now, e.base); slow.strength > 0 {
		found = append(found, verdict.Evidence{
			Kind: "edge-latency", Subject: name, Unit: "s", Observed: slow.now, Expected: slow.before,
			Detail: fmt.Sprintf("calls %s take %s, %s before", name, seconds(slow.now), seconds(slow.before)),
		})
	}
	if e.breaker != "" {
		detail := "the breaker " + name + " is " + e.breaker
		if e.rejected > 0 {
			detail += " and refused " + plural(e.rejected, "call", "calls")
		}
		if e.stale {
			detail += ", and was so before the onset"
		}
		found = append(found, verdict.Evidence{Kind: "breaker-open", Subject: name, Unit: "count", Observed: e.rejected, Detail: detail})
	}
	return found
}

func changeEvidence(c Change, onset time.Time) verdict.Evidence {
	before := onset.Sub(c.At)
	detail := fmt.Sprintf("%s changed %s before the onset: %s", c.Service, before.Round(time.Second), c.Text)
	if before < 0 {
		detail = fmt.Sprintf("%s changed %s after the onset: %s", c.Service, (-before).Round(time.Second), c.Text)
	}
	return verdict.Evidence{Kind: "recent-change", Subject: c.Service, Unit: "s", Observed: before.Seconds(), Detail: detail}
}

func percent(share float64) string {
	digits := 1
	if share == 0 || share == 1 {
		digits = 0
	}
	return strconv.FormatFloat(100*share, 'f', digits, 64) + "%"
}

// seconds writes a latency with three digits: 1.25 s, 340 ms, 4.2 ms.
func seconds(s float64) string {
	if s < 1 {
		return strconv.FormatFloat(1000*s, 'g', 3, 64) + " ms"
	}
	return strconv.FormatFloat(s, 'g', 3, 64) + " s"
}

func factor(times float64) string {
	if times >= 10 {
		return strconv.FormatFloat(times, 'f', 0, 64)
	}
	return strconv.FormatFloat(times, 'f', 1, 64)
}

func plural(n float64, one, many string) string {
	word := many
	if n == 1 {
		word = one
	}
	return strconv.FormatFloat(n, 'f', 0, 64) + " " + word
}
