package executor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// Plan writes down what is wanted: it gives the action an id and a lease, and
// checks that it can be carried out and is within limits. The fields Kind,
// Target, Reason and By must be set; Expires is capped to the longest lease and
// Params may carry "level" for a degrade flag (from 1, default 1).
//
// An action that is refused is kept too, in state refused, and comes back
// together with a [RefusedError].
func (e *Executor) Plan(ctx context.Context, want action.Action) (action.Action, error) {
	now := e.cfg.Now()
	a := want
	a.ID = newID(now)
	a.State = action.Planned
	a.PlannedAt = now
	a.AppliedAt, a.EndedAt, a.Error = time.Time{}, time.Time{}, ""
	if err := check(a); err != nil {
		return action.Action{}, err
	}
	e.lease(&a, now)
	a.Undo = undoText(a)

	refusal := e.Can(a.Kind, a.Target.Service)
	e.mu.Lock()
	if refusal == nil {
		refusal = e.admit(a, now)
	}
	if refusal != nil {
		a.State, a.EndedAt, a.Error = action.Refused, now, refusal.Error()
		a.Expires, a.Undo = time.Time{}, ""
	} else {
		e.active[a.ID] = a
	}
	e.mu.Unlock()

	verb := "plan"
	if refusal != nil {
		verb = "refuse"
	}
	if err := e.record(ctx, a, verb, a.By); err != nil {
		e.forget(a.ID)
		return action.Action{}, err
	}
	e.tell(a)
	return a, refusal
}

// check refuses an action that does not say enough to be carried out.
func check(a action.Action) error {
	switch {
	case a.Target.Service == "":
		return fmt.Errorf("executor: %s names no service", a.Kind)
	case a.Kind == action.Override && a.Target.Dependency == "":
		return fmt.Errorf("executor: override of %s names no dependency", a.Target.Service)
	case a.By == "":
		return fmt.Errorf("executor: %s of %s does not say by whom", a.Kind, a.Target.Service)
	}
	if a.Kind == action.Degrade {
		if _, err := level(a); err != nil {
			return err
		}
	}
	return nil
}

// lasting reports whether the effect of a kind stays until it is taken back.
func lasting(kind action.Kind) bool { return kind == action.Override || kind == action.Degrade }

// lease sets when the effect of the action ends by itself.
func (e *Executor) lease(a *action.Action, now time.Time) {
	if !lasting(a.Kind) {
		a.Expires = time.Time{}
		return
	}
	if !a.Expires.After(now) {
		a.Expires = now.Add(e.cfg.DefaultLease)
	}
	if longest := now.Add(e.cfg.MaxLease); a.Expires.After(longest) {
		a.Expires = longest
	}
}

// level reads the degrade level of an action.
func level(a action.Action) (int, error) {
	text, ok := a.Params["level"]
	if !ok {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("executor: degrade level %q is not a number from 1", text)
	}
	return n, nil
}

func undoText(a action.Action) string {
	switch a.Kind {
	case action.Override:
		return fmt.Sprintf("%s calls %s again as its own breaker decides", a.Target.Service, a.Target.Dependency)
	case action.Degrade:
		return fmt.Sprintf("lower the degrade flag of %s", a.Target.Service)
	case action.Restart, action.Script, action.PageOut:
		return ""
	default:
		return ""
	}
}

// newID sorts by time, so that a list of ids reads as a history, and ends in
// random digits, so that two servers never give the same one.
func newID(now time.Time) string {
	var random [3]byte
	// crypto/rand.Read never fails; it stops the program instead.
	_, _ = rand.Read(random[:])
	return "act-" + now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}
