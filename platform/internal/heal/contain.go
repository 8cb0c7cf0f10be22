package heal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// retryLease is how long the ladder waits before it asks again for an override
// that failed or was refused.
const retryLease = 10 * time.Second

// leased is one lasting effect that a case wants kept.
type leased struct {
	about    string    // dependency; empty for a degrade flag
	id       string    // of the applied action; empty while there is none
	expires  time.Time // of the applied action
	retry    time.Time // not before then, after a failure
	pending  bool      // a command for it is out
	declined bool      // a person took it back
}

// contain asks for what limits the damage: calls to the failing dependency go to
// the fallback at every caller that has one, and the service whose objective
// burns raises its degrade flag. Leases are renewed in their last quarter.
func (l *Ladder) contain(c *incidentCase, now time.Time) []Command {
	wanted := map[string]action.Action{}
	cause := c.cause
	for _, caller := range l.cfg.Callers(cause.Service) {
		if caller == cause.Service || l.cfg.Can(action.Override, caller) != nil {
			continue
		}
		wanted["override "+caller+" "+cause.Service] = action.Action{
			Kind:   action.Override,
			Target: verdict.Subject{Service: caller, Dependency: cause.Service},
			Reason: fmt.Sprintf("%s fails (%s): %s answers with its fallback while probes go on", cause.Service, cause.Class, caller),
		}
	}
	if burning := c.situation.Service; l.cfg.Can(action.Degrade, burning) == nil {
		wanted["degrade "+burning] = action.Action{
			Kind:   action.Degrade,
			Target: verdict.Subject{Service: burning},
			Reason: fmt.Sprintf("spare what is optional while %s fails (%s)", cause.Service, cause.Class),
			Params: map[string]string{"level": "1"},
		}
	}
	var commands []Command
	for _, key := range slices.Sorted(maps.Keys(c.leases)) {
		if held := c.leases[key]; held.about != "" && held.about != cause.Service {
			commands = append(commands, l.takeBack(c, key, now)...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		a := wanted[key]
		if l.heldElsewhere(c, key) {
			continue
		}
		held, ok := c.leases[key]
		if !ok {
			held = &leased{about: a.Target.Dependency}
			c.leases[key] = held
		}
		if held.pending || held.declined || now.Before(held.retry) {
			continue
		}
		if held.id != "" && held.expires.Sub(now) > l.cfg.Lease/4 {
			continue
		}
		held.pending = true
		a.Expires = now.Add(l.cfg.Lease)
		commands = append(commands, l.do(c, order{lease: key}, a))
	}
	return commands
}

// heldElsewhere reports whether another incident already keeps the same effect.
func (l *Ladder) heldElsewhere(c *incidentCase, key string) bool {
	for _, other := range l.cases {
		if other == c {
			continue
		}
		if held, ok := other.leases[key]; ok && (held.id != "" || held.pending) {
			return true
		}
	}
	return false
}

// withdraw takes back what the case still holds.
func (l *Ladder) withdraw(c *incidentCase, now time.Time) []Command {
	var commands []Command
	for _, key := range slices.Sorted(maps.Keys(c.leases)) {
		commands = append(commands, l.takeBack(c, key, now)...)
	}
	return commands
}

// takeBack ends one lasting effect. What is being applied right now is taken
// back by a later tick.
func (l *Ladder) takeBack(c *incidentCase, key string, now time.Time) []Command {
	held := c.leases[key]
	switch {
	case held.pending || held.id != "" && now.Before(held.retry):
		return nil
	case held.id == "":
		if !c.situation.Open || !held.declined {
			delete(c.leases, key)
		}
		return nil
	default:
		held.pending = true
		return []Command{{Key: l.out(c, order{lease: key, undo: true}), Undo: held.id}}
	}
}

// leaseDone takes over the outcome of a command for a lasting effect.
func (l *Ladder) leaseDone(c *incidentCase, o order, a action.Action, err error, now time.Time) {
	held, ok := c.leases[o.lease]
	if !ok {
		return
	}
	held.pending = false
	switch {
	case o.undo && (err == nil || errors.Is(err, executor.ErrState) || errors.Is(err, executor.ErrNotFound)):
		held.id = "" // taken back, by us or by whoever was faster
		held.retry = time.Time{}
	case err != nil:
		held.retry = now.Add(retryLease)
	default:
		if held.id != "" {
			c.stale = append(c.stale, held.id)
		}
		held.id, held.expires = a.ID, a.Expires
		held.retry = time.Time{}
	}
}
