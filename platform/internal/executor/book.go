package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/metastore"
)

// recordKind is how actions are filed in the metastore.
const recordKind = "action"

// Filter selects actions; the zero value selects all.
type Filter struct {
	State    action.State // only this state
	Service  string       // only this target
	Incident string       // only actions for this incident
	Limit    int          // at most so many; zero means 200
}

// scanned bounds how many records a filtered list reads.
const scanned = 5000

// List returns actions, newest first.
func (e *Executor) List(ctx context.Context, f Filter) ([]action.Action, error) {
	if f.Limit <= 0 {
		f.Limit = 200
	}
	read := f.Limit
	if f.Service != "" || f.Incident != "" {
		read = scanned
	}
	records, err := e.cfg.Meta.List(ctx, recordKind, metastore.Filter{State: string(f.State), Limit: read})
	if err != nil {
		return nil, fmt.Errorf("executor: list actions: %w", err)
	}
	actions := make([]action.Action, 0, min(len(records), f.Limit))
	for _, r := range records {
		a, err := decode(r)
		if err != nil {
			return nil, err
		}
		if f.Service != "" && a.Target.Service != f.Service || f.Incident != "" && a.Incident != f.Incident {
			continue
		}
		if actions = append(actions, a); len(actions) == f.Limit {
			break
		}
	}
	return actions, nil
}

// Get returns one action, or [ErrNotFound].
func (e *Executor) Get(ctx context.Context, id string) (action.Action, error) {
	r, err := e.cfg.Meta.Get(ctx, recordKind, id)
	if errors.Is(err, metastore.ErrNotFound) {
		return action.Action{}, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err != nil {
		return action.Action{}, fmt.Errorf("executor: read %s: %w", id, err)
	}
	return decode(r)
}

func decode(r metastore.Record) (action.Action, error) {
	var a action.Action
	if err := json.Unmarshal(r.Body, &a); err != nil {
		return a, fmt.Errorf("executor: record of %s: %w", r.ID, err)
	}
	return a, nil
}

// load takes over what an earlier run left.
func (e *Executor) load(ctx context.Context) error {
	now := e.cfg.Now()
	records, err := e.cfg.Meta.List(ctx, recordKind, metastore.Filter{Limit: scanned})
	if err != nil {
		return fmt.Errorf("executor: read actions: %w", err)
	}
	for _, r := range slices.Backward(records) { // oldest first, as limits count
		a, err := decode(r)
		if err != nil {
			return err
		}
		if a.State != action.Refused && now.Sub(a.PlannedAt) < e.cfg.Limits.Window {
			key := keyOf(a.Kind, a.Target.Service)
			e.history[key] = append(e.history[key], a.PlannedAt)
		}
		switch a.State {
		case action.Planned:
			a.State, a.EndedAt = action.Failed, now
			a.Error = "the server stopped before the outcome was known"
			if err := e.record(ctx, a, "fail", "restart"); err != nil {
				return err
			}
		case action.Applied:
			e.active[a.ID] = a
		case action.Done, action.Undone, action.Failed, action.Refused:
		}
	}
	return e.Tick(ctx)
}

// claim takes the action out of everybody else's hands while a step of it runs.
func (e *Executor) claim(ctx context.Context, id string, states ...action.State) (action.Action, error) {
	e.mu.Lock()
	a, ok := e.active[id]
	busy := e.busy[id]
	fits := ok && !busy && slices.Contains(states, a.State)
	if fits {
		e.busy[id] = true
	}
	e.mu.Unlock()
	switch {
	case fits:
		return a, nil
	case busy:
		return a, fmt.Errorf("%w: a step of %s is still running", ErrState, id)
	case ok:
		return a, fmt.Errorf("%w: %s is %s", ErrState, id, a.State)
	}
	a, err := e.Get(ctx, id)
	if err != nil {
		return a, err
	}
	if !lasting(a.Kind) {
		return a, fmt.Errorf("%w: %s is a %s", ErrNotUndoable, id, a.Kind)
	}
	return a, fmt.Errorf("%w: %s is %s", ErrState, id, a.State)
}

func (e *Executor) release(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, id)
}

func (e *Executor) forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.active, id)
}

// settle keeps the action as it stands after a step and tells everybody. The
// memory follows the effect even when the store fails, so that a lease still
// ends; the error says that the history has a gap.
func (e *Executor) settle(ctx context.Context, a action.Action, verb, by string) error {
	e.mu.Lock()
	if a.State == action.Applied {
		e.active[a.ID] = a
	} else {
		delete(e.active, a.ID)
	}
	e.mu.Unlock()
	// The effect has happened: write it down even when the caller has gone.
	err := e.record(context.WithoutCancel(ctx), a, verb, by)
	e.tell(a)
	return err
}

// record stores the action and writes the audit entry of the step.
func (e *Executor) record(ctx context.Context, a action.Action, verb, by string) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("executor: encode %s: %w", a.ID, err)
	}
	err = e.cfg.Meta.Put(ctx, metastore.Record{
		Kind: recordKind, ID: a.ID, State: string(a.State), At: a.PlannedAt, Body: body,
	})
	if err != nil {
		return fmt.Errorf("executor: store %s: %w", a.ID, err)
	}
	return e.audit(ctx, a, verb, by)
}

func (e *Executor) audit(ctx context.Context, a action.Action, verb, by string) error {
	detail := string(a.Kind) + " " + a.Target.Service
	if a.Target.Dependency != "" {
		detail += " → " + a.Target.Dependency
	}
	detail += ": " + a.Reason
	if a.Error != "" {
		detail += " (" + a.Error + ")"
	}
	err := e.cfg.Meta.Audit(ctx, metastore.Entry{
		At: e.cfg.Now(), By: by, Verb: verb, Object: recordKind + "/" + a.ID, Detail: detail,
	})
	if err != nil {
		return fmt.Errorf("executor: audit %s of %s: %w", verb, a.ID, err)
	}
	return nil
}
