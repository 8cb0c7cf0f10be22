// Package view turns stores and engines into the types of the API. It reads and
// changes nothing: every screen, command and live message shows figures that
// were made here, once.
package view

import (
	"context"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/incident"
	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// View answers the questions of the API. All fields are required. It is safe for
// concurrent use when they are.
type View struct {
	Map     *topology.Map
	Metrics metricstore.Store
	Spans   tracestore.Store
	Engine  *slo.Engine
	// Judged returns the latest judgement of every objective.
	Judged func() []slo.Status
	// Problem says why an objective has no data, "" when it has.
	Problem func(objective string) string
	Book    *incident.Book
	Plane   *controlplane.Plane
	Actor   *executor.Executor
	// Now is the clock.
	Now func() time.Time
}

// span is how far back the figures of the service list and the map reach.
const span = time.Minute

// window is the span of whole seconds that the figures cover. The current second
// is still filling, so it ends before it.
func (v *View) window() (from, to time.Time) {
	to = v.Now().Truncate(time.Second)
	return to.Add(-span), to
}

// Actions lists actions, latest first.
func (v *View) Actions(ctx context.Context, limit int) ([]action.Action, error) {
	return v.Actor.List(ctx, executor.Filter{Limit: limit})
}
