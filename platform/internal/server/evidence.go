package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/heal"
	"github.com/backstay/backstay/platform/internal/incident"
	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/rca"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/verdict"
)

const (
	// lookBack bounds how much of a long incident the cause finder looks at: what
	// fails now matters more than what failed first.
	lookBack = time.Minute
	// baseline is how much of the time before an incident says what is normal.
	baseline = 5 * time.Minute
	// apart keeps the first seconds of trouble out of the baseline.
	apart = 5 * time.Second
	// changesSince is how old a change may be to be named as evidence.
	changesSince = 15 * time.Minute
	// settled keeps the last seconds out of what the finder sees: spans come in
	// batches, and a caller's may be here before those of what it called.
	settled = 2 * time.Second
)

// evidence gathers what the cause finder looks at.
type evidence struct {
	graph   *topology.Map
	metrics metricstore.Store
	plane   *controlplane.Plane
	actor   *executor.Executor
	book    *incident.Book
	log     *slog.Logger
}

// gather collects the facts about an incident that began at onset.
func (e *evidence) gather(ctx context.Context, in incident.Incident, onset, now time.Time) rca.Input {
	from := onset
	if earliest := now.Add(-lookBack); from.Before(earliest) {
		from = earliest
	}
	input := rca.Input{
		At: now, Onset: onset,
		Objective: verdict.Subject{Service: in.Service, SLO: in.SLO},
		Now:       e.graph.Window(from, now.Add(-settled)),
		Baseline:  e.graph.Window(e.healthySince(ctx, onset), onset.Add(-apart)),
	}
	goroutines, heap := e.gauge(ctx, "go_goroutines", now), e.gauge(ctx, "go_heap_bytes", now)
	goroutinesBefore, heapBefore := e.gauge(ctx, "go_goroutines", onset.Add(-apart)), e.gauge(ctx, "go_heap_bytes", onset.Add(-apart))
	instances := e.plane.Instances()
	for _, instance := range instances {
		if replaced(instance, instances) {
			continue
		}
		key := instance.Service + "/" + instance.ID
		input.Processes = append(input.Processes, rca.Process{
			Service: instance.Service, Instance: instance.ID, Up: instance.Connected, Since: instance.Since,
			Goroutines: goroutines[key], GoroutinesBefore: goroutinesBefore[key],
			HeapBytes: heap[key], HeapBytesBefore: heapBefore[key],
		})
		if !instance.Connected {
			continue
		}
		for _, s := range instance.States {
			if s.Kind == "breaker" {
				input.Breakers = append(input.Breakers, rca.Breaker{Service: instance.Service, Dependency: s.Dependency, State: s.State, Since: s.Since})
			}
		}
	}
	input.Panics = e.panics(ctx, onset.Add(-apart), now)
	input.Changes = e.changes(ctx, now)
	return input
}

// healthySince is where the baseline of an incident begins: after the end of the
// incident before it, for what was normal then is not what failed then.
func (e *evidence) healthySince(ctx context.Context, onset time.Time) time.Time {
	since := onset.Add(-baseline)
	known, err := e.book.List(ctx)
	if err != nil {
		e.log.Warn("earlier incidents not read", "error", err)
		return since
	}
	for i := range known {
		if ended := known[i].EndedAt; ended.After(since) && ended.Before(onset.Add(-2*apart)) {
			since = ended
		}
	}
	return since
}

// replaced reports whether a lost instance has a successor: one of its service that
// connected after it was lost.
func replaced(lost controlplane.Instance, all []controlplane.Instance) bool {
	return !lost.Connected && slices.ContainsFunc(all, func(other controlplane.Instance) bool {
		return other.Service == lost.Service && other.Connected && !other.Since.Before(lost.Since)
	})
}

// panics counts the recovered panics of each service between two moments. The
// counters are scraped before the spans of the same requests arrive. A process
// that is new since then counts from 0.
func (e *evidence) panics(ctx context.Context, from, to time.Time) map[string]float64 {
	const counted = "sum by (service, instance) (backstay_panics_total)"
	before := e.gauge(ctx, counted, from)
	since := map[string]float64{}
	for process, n := range e.gauge(ctx, counted, to) {
		service, _, _ := strings.Cut(process, "/")
		if earlier := before[process]; earlier <= n {
			n -= earlier
		}
		if n > 0 {
			since[service] += n
		}
	}
	return since
}

// gauge reads a metric of all instances at a moment, by "service/instance".
func (e *evidence) gauge(ctx context.Context, metric string, at time.Time) map[string]float64 {
	values := map[string]float64{}
	points, err := e.metrics.Instant(ctx, metric, at)
	if err != nil {
		e.log.Warn("evidence not read", "metric", metric, "error", err)
		return values
	}
	for _, p := range points {
		values[p.Labels["service"]+"/"+p.Labels["instance"]] = p.V
	}
	return values
}

// changes lists what people did lately. What the ladder did is a consequence, not
// a cause.
func (e *evidence) changes(ctx context.Context, now time.Time) []rca.Change {
	done, err := e.actor.List(ctx, executor.Filter{Limit: 50})
	if err != nil {
		e.log.Warn("actions not read", "error", err)
		return nil
	}
	var changes []rca.Change
	for _, a := range done {
		if a.By != heal.By && a.State != action.Refused && !a.AppliedAt.IsZero() && now.Sub(a.AppliedAt) < changesSince {
			changes = append(changes, rca.Change{At: a.AppliedAt, Service: a.Target.Service, Text: string(a.Kind) + ": " + a.Reason})
		}
	}
	return changes
}
