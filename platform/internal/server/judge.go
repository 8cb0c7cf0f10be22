package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/incident"
	"github.com/backstay/backstay/platform/internal/rca"
	"github.com/backstay/backstay/platform/internal/sli"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// judge is the loop: every second it reads the indicators, evaluates all
// objectives, hands the verdicts to the incident book and, while something
// burns, looks for the cause.
type judge struct {
	feeder   *sli.Feeder
	engine   *slo.Engine
	book     *incident.Book
	actor    *executor.Executor
	evidence *evidence
	feed     *api.Feed
	promised func(verdict.Subject) bool // whether an objective is still in force
	keep     func(now time.Time)        // saves the engine's counts
	log      *slog.Logger

	latest atomic.Pointer[[]slo.Status]
	onset  map[string]time.Time // by incident: when its trouble began
}

// statuses is the latest judgement of every objective.
func (j *judge) statuses() []slo.Status {
	if s := j.latest.Load(); s != nil {
		return *s
	}
	return nil
}

// show makes a judgement the latest.
func (j *judge) show(statuses []slo.Status) { j.latest.Store(&statuses) }

// run judges once a second until the context ends.
func (j *judge) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// The ticker's own time is when it fired; work that was late must not
			// be judged by an old clock.
			j.once(ctx, time.Now())
		}
	}
}

// once judges the moment now.
func (j *judge) once(ctx context.Context, now time.Time) {
	if err := j.feeder.Tick(ctx, now); err != nil && ctx.Err() == nil {
		j.log.Warn("indicators not read", "error", err)
	}
	statuses := j.engine.Evaluate(now)
	j.show(statuses)
	for i := range statuses {
		j.observe(ctx, statuses[i].Verdict)
		j.observe(ctx, statuses[i].Recovered)
	}
	if err := j.book.Retain(ctx, now, j.promised); err != nil {
		j.log.Error("incidents of withdrawn objectives not ended", "error", err)
	}
	for _, in := range j.book.Current() {
		if in.Burning {
			j.observe(ctx, rca.Find(j.evidence.gather(ctx, in, j.began(in, statuses), now)))
		}
	}
	if err := j.actor.Tick(ctx); err != nil {
		j.log.Warn("leases not closed", "error", err)
	}
	j.keep(now)
	j.feed.Publish(api.Event{Name: "tick", At: now})
}

// observe hands a verdict to the book.
func (j *judge) observe(ctx context.Context, v verdict.Verdict) {
	if v.Claim == "" {
		return
	}
	// The end of the server must not cut what was concluded off from the record.
	if err := j.book.Observe(context.WithoutCancel(ctx), v); err != nil {
		j.log.Error("verdict not kept", "claim", v.Claim, "service", v.Subject.Service, "error", err)
	}
}

// began is when an incident's trouble began: the verdict that opened it looked
// back over its long window, so the trouble began at most that long before.
func (j *judge) began(in incident.Incident, statuses []slo.Status) time.Time {
	if at, known := j.onset[in.ID]; known {
		return at
	}
	at := in.OpenedAt
	for i := range statuses {
		if statuses[i].Objective.Name != in.SLO {
			continue
		}
		for _, w := range statuses[i].Windows {
			if w.Answer == verdict.Yes {
				at = in.OpenedAt.Add(-w.Long)
				break // the loudest pair that fires
			}
		}
	}
	open := map[string]bool{in.ID: true}
	for _, other := range j.book.Current() {
		open[other.ID] = true
	}
	for id := range j.onset {
		if !open[id] {
			delete(j.onset, id)
		}
	}
	j.onset[in.ID] = at
	return at
}
