package executor

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/platform/internal/action"
)

// Undo takes an action back before its lease ends. A planned action is dropped.
// It answers [ErrNotUndoable] for kinds without a way back and [ErrState] when
// there is nothing left to undo.
func (e *Executor) Undo(ctx context.Context, id, by string) (action.Action, error) {
	a, err := e.claim(ctx, id, action.Planned, action.Applied)
	if err != nil {
		return a, err
	}
	defer e.release(id)
	if a.State == action.Applied {
		if err := e.withdraw(ctx, a); err != nil {
			return a, fmt.Errorf("executor: undo %s: %w", id, err)
		}
	}
	a.State, a.EndedAt = action.Undone, e.cfg.Now()
	return a, e.settle(ctx, a, "undo", by)
}

// Tick closes the actions whose lease has ended. The instances dropped the
// override by their own clock already; this takes it out of the control plane
// and writes the end down.
func (e *Executor) Tick(ctx context.Context) error {
	now := e.cfg.Now()
	e.mu.Lock()
	var ended []string
	for id, a := range e.active {
		if a.State == action.Applied && !a.Expires.IsZero() && !now.Before(a.Expires) && !e.busy[id] {
			ended = append(ended, id)
		}
	}
	e.mu.Unlock()
	for _, id := range ended {
		if err := e.expire(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (e *Executor) expire(ctx context.Context, id string) error {
	a, err := e.claim(ctx, id, action.Applied)
	if err != nil {
		return nil // somebody else ended the action between the scan and here
	}
	defer e.release(id)
	if err := e.withdraw(ctx, a); err != nil {
		return fmt.Errorf("executor: end of lease of %s: %w", id, err)
	}
	a.State, a.EndedAt = action.Done, e.cfg.Now()
	return e.settle(ctx, a, "expire", "lease")
}

// withdraw takes the override of an action out of the control plane. Without
// one, as after a restart with other settings, there is nothing to take out.
func (e *Executor) withdraw(ctx context.Context, a action.Action) error {
	if e.cfg.Overrides == nil {
		return nil
	}
	return e.cfg.Overrides.RemoveOverride(ctx, a.ID)
}
