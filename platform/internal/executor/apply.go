package executor

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/policy"
)

// Do plans the action and applies it.
func (e *Executor) Do(ctx context.Context, want action.Action) (action.Action, error) {
	a, err := e.Plan(ctx, want)
	if err != nil {
		return a, err
	}
	return e.Apply(ctx, a.ID)
}

// Apply carries out a planned action and returns it as it stands then: applied
// when its effect lasts, done when it was over at once, failed together with the
// error otherwise. It blocks for as long as the effect takes, within the
// timeouts of [Config].
func (e *Executor) Apply(ctx context.Context, id string) (action.Action, error) {
	a, err := e.claim(ctx, id, action.Planned)
	if err != nil {
		return a, err
	}
	defer e.release(id)

	if err := e.audit(ctx, a, "apply", a.By); err != nil {
		return a, err
	}
	a.AppliedAt = e.cfg.Now()
	failure := e.effect(ctx, &a)
	verb := "applied"
	switch {
	case failure != nil:
		a.State, a.Error, a.EndedAt, a.Undo = action.Failed, failure.Error(), e.cfg.Now(), ""
		verb = "fail"
	case lasting(a.Kind):
		a.State = action.Applied
	default:
		a.State, a.EndedAt = action.Done, e.cfg.Now()
	}
	if err := e.settle(ctx, a, verb, a.By); err != nil {
		return a, err
	}
	return a, failure
}

// effect changes the world as the action says.
func (e *Executor) effect(ctx context.Context, a *action.Action) error {
	switch a.Kind {
	case action.Override:
		return e.cfg.Overrides.AddOverride(ctx, a.Target.Service, policy.Override{
			ID: a.ID, Kind: policy.OverrideDowngrade, Dependency: a.Target.Dependency, Reason: a.Reason, Expires: a.Expires,
		})
	case action.Degrade:
		n, err := level(*a)
		if err != nil {
			return err
		}
		return e.cfg.Overrides.AddOverride(ctx, a.Target.Service, policy.Override{
			ID: a.ID, Kind: policy.OverrideDegrade, Level: n, Reason: a.Reason, Expires: a.Expires,
		})
	case action.Restart:
		ctx, cancel := context.WithTimeout(ctx, e.cfg.RestartTimeout)
		defer cancel()
		return e.cfg.Restarter.Restart(ctx, a.Target.Service, a.Target.Instance)
	case action.Script:
		return e.runScript(ctx, a)
	case action.PageOut:
		return e.callWebhook(ctx, *a)
	default:
		return fmt.Errorf("executor: unknown kind of action %q", a.Kind)
	}
}
