package executor

import (
	"fmt"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// Limits bounds how many actions of a kind one service may receive within
// Window. Zero fields take the value of [DefaultLimits]; a negative one forbids
// the kind altogether.
type Limits struct {
	Window    time.Duration // sliding window
	Overrides int           // overrides and degrade flags together
	Restarts  int
	Scripts   int
	Pages     int
}

// DefaultLimits lets a ladder climb for one incident a minute and stops a loop
// that restarts a service over and over without curing it.
func DefaultLimits() Limits {
	return Limits{Window: 10 * time.Minute, Overrides: 60, Restarts: 12, Scripts: 12, Pages: 12}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Window <= 0 {
		l.Window = d.Window
	}
	for _, f := range []struct {
		have *int
		def  int
	}{{&l.Overrides, d.Overrides}, {&l.Restarts, d.Restarts}, {&l.Scripts, d.Scripts}, {&l.Pages, d.Pages}} {
		if *f.have == 0 {
			*f.have = f.def
		}
	}
	return l
}

// of is the bound for a kind.
func (l Limits) of(kind action.Kind) int {
	switch kind {
	case action.Override, action.Degrade:
		return l.Overrides
	case action.Restart:
		return l.Restarts
	case action.Script:
		return l.Scripts
	case action.PageOut:
		return l.Pages
	default:
		return 0
	}
}

// limitKey is what a limit counts by.
type limitKey struct {
	kind    action.Kind
	service string
}

func keyOf(kind action.Kind, service string) limitKey {
	if kind == action.Degrade {
		kind = action.Override
	}
	return limitKey{kind: kind, service: service}
}

// admit counts the action against its limit, or says why it is over. The caller
// holds the lock.
func (e *Executor) admit(a action.Action, now time.Time) error {
	key, bound := keyOf(a.Kind, a.Target.Service), e.cfg.Limits.of(a.Kind)
	recent := e.history[key][:0]
	for _, t := range e.history[key] {
		if now.Sub(t) < e.cfg.Limits.Window {
			recent = append(recent, t)
		}
	}
	if len(recent) == 0 {
		delete(e.history, key)
	} else {
		e.history[key] = recent
	}
	if len(recent) >= max(bound, 0) {
		return &RefusedError{
			Kind: a.Kind, Service: a.Target.Service,
			Reason: fmt.Sprintf("limit of %d within %s is reached", max(bound, 0), e.cfg.Limits.Window),
			Hint:   "look at what the earlier ones did before you allow more",
		}
	}
	e.history[key] = append(recent, now)
	return nil
}
