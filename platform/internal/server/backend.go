package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/version"
	"github.com/backstay/backstay/platform/internal/view"
	"github.com/backstay/backstay/policy/document"
)

// backend answers the API: the view reads, the methods here change.
type backend struct {
	*view.View
	server *server
}

// ApplySLOs puts objectives in force, all or none.
func (b *backend) ApplySLOs(ctx context.Context, d api.Document, check bool) ([]api.SLOStatus, error) {
	found, err := b.server.goals.apply(ctx, d, check)
	if err != nil {
		return nil, malformed("the objective", err)
	}
	rows := make([]api.SLOStatus, 0, len(found))
	for _, o := range found {
		rows = append(rows, api.SLOStatus{
			Name: o.Name, DisplayName: o.DisplayName, Service: o.Service, Description: o.Description,
			Target: o.Target, Window: o.Window.String(), Windows: []api.BurnWindow{},
		})
	}
	return rows, nil
}

// DeleteSLO ends a promise.
func (b *backend) DeleteSLO(ctx context.Context, name string) error {
	return b.server.goals.remove(ctx, name, "user")
}

// UndoAction undoes an applied action.
func (b *backend) UndoAction(ctx context.Context, id, by string) (action.Action, error) {
	undone, err := b.server.actor.Undo(ctx, id, by)
	switch {
	case errors.Is(err, executor.ErrNotFound):
		return undone, errors.Join(api.ErrNotFound, err)
	case errors.Is(err, executor.ErrState), errors.Is(err, executor.ErrNotUndoable):
		return undone, api.NewProblem(http.StatusConflict, err.Error(), "only an applied action that lasts can be undone")
	default:
		return undone, err
	}
}

// malformed turns the findings in a refused document into the caller's to mend.
func malformed(what string, err error) error {
	var refused *document.Error
	if !errors.As(err, &refused) {
		return err
	}
	findings := make([]api.Finding, len(refused.Findings))
	for i, f := range refused.Findings {
		findings[i] = api.Finding(f)
	}
	return api.NewMalformed(what, findings)
}

// Ready says whether the server can answer.
func (b *backend) Ready(context.Context) error {
	if !b.server.ready.Load() {
		return api.NewProblem(http.StatusServiceUnavailable, "the server is starting", "ask again in a second")
	}
	return nil
}

// Status is the server's own condition.
func (b *backend) Status(context.Context) (api.Status, error) {
	s := b.server
	return api.Status{
		Version: version.Get().Version, StartedAt: s.startedAt, DataDir: s.opts.Config.DataDir,
		Temporary: s.temporary, Demo: s.opts.Dev, Counters: s.counters(),
	}, nil
}
