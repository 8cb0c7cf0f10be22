package heal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// By is how the ladder signs its actions.
const By = "ladder"

// Config says how the ladder climbs.
type Config struct {
	// Rungs are tried in this order; empty means restart, script, page. A rung
	// that Can refuses is stepped over.
	Rungs []action.Kind
	// Verify is how long a measure is given to help before the next one; zero means 12 s.
	Verify time.Duration
	// Lease is how long one override lasts; the ladder renews it while the
	// incident burns, and it ends by itself when the ladder is gone. Zero means 2 min.
	Lease time.Duration
	// Quiet is how long nothing may burn before overrides are taken back; zero means 5 s.
	Quiet time.Duration
	// Settle is how long another service must be named as the cause before the
	// ladder turns to it; the first one named is acted on at once. Zero means 3 s.
	Settle time.Duration
	// CoolDown is the least time between two rungs of the same kind at the same
	// service, over all incidents; zero means 30 s.
	CoolDown time.Duration
	// Callers names the services that call a dependency and have a fallback for
	// it. Only they can be sent to the fallback. Required.
	Callers func(dependency string) []string
	// Can says why a kind of action is impossible for a service; nil means it
	// is possible. Required; the executor's method of that name fits.
	Can func(kind action.Kind, service string) error
}

func (c Config) orDefault() Config {
	if len(c.Rungs) == 0 {
		c.Rungs = []action.Kind{action.Restart, action.Script, action.PageOut}
	}
	for _, f := range []struct {
		have *time.Duration
		def  time.Duration
	}{
		{&c.Verify, 12 * time.Second},
		{&c.Lease, 2 * time.Minute},
		{&c.Quiet, 5 * time.Second},
		{&c.Settle, 3 * time.Second},
		{&c.CoolDown, 30 * time.Second},
	} {
		if *f.have <= 0 {
			*f.have = f.def
		}
	}
	return c
}

// rungKey is what a cool-down counts by.
type rungKey struct {
	kind    action.Kind
	service string
}

// Ladder is the state machine. It is not safe for concurrent use; [Runner] is.
type Ladder struct {
	cfg    Config
	cases  map[string]*incidentCase
	orders map[string]order // commands that are out, by key
	last   map[rungKey]time.Time
}

// order remembers what a command was for.
type order struct {
	incident string
	lease    string // key of the lease; empty for a rung
	undo     bool
	rung     rungKey
}

// New returns a ladder without cases.
func New(cfg Config) (*Ladder, error) {
	if cfg.Callers == nil || cfg.Can == nil {
		return nil, errors.New("heal: Config.Callers and Config.Can are required")
	}
	return &Ladder{
		cfg:    cfg.orDefault(),
		cases:  map[string]*incidentCase{},
		orders: map[string]order{},
		last:   map[rungKey]time.Time{},
	}, nil
}

// Observe takes over the situation of an incident. What follows from it is said
// by the next [Ladder.Tick].
func (l *Ladder) Observe(s Situation) {
	c, ok := l.cases[s.Incident]
	if !ok {
		if !s.Open {
			return
		}
		c = &incidentCase{leases: map[string]*leased{}}
		l.cases[s.Incident] = c
	}
	if s.Cause == nil {
		s.Cause = c.situation.Cause
	}
	c.situation = s
}

// Heard tells the ladder about a step of any action. When a person takes back
// what the ladder did, the ladder does not do it again within the incident.
func (l *Ladder) Heard(a action.Action) {
	if a.State != action.Undone {
		return
	}
	for _, c := range l.cases {
		for _, held := range c.leases {
			if held.id == a.ID && !held.pending {
				held.id, held.declined = "", true
			}
		}
	}
}

// Tick moves every case to now and returns what is to be done, in order.
func (l *Ladder) Tick(now time.Time) []Command {
	var commands []Command
	for _, id := range slices.Sorted(maps.Keys(l.cases)) {
		c := l.cases[id]
		for _, replaced := range c.stale {
			commands = append(commands, Command{Key: l.out(c, order{undo: true}), Undo: replaced})
		}
		c.stale = nil
		switch {
		case !c.situation.Open:
			commands = append(commands, l.withdraw(c, now)...)
			if len(c.leases) == 0 {
				delete(l.cases, id)
			}
			continue
		case c.situation.Burning:
			if !c.quiet.IsZero() {
				// It burns again: what was done last gets its full time once more.
				c.until = later(c.until, now.Add(l.cfg.Verify))
			}
			c.quiet = time.Time{}
		case c.quiet.IsZero():
			c.quiet = now
		}
		if c.situation.Cause == nil {
			continue
		}
		l.turn(c, now)
		if c.quiet.IsZero() {
			commands = append(commands, l.contain(c, now)...)
			commands = append(commands, l.climb(c, now)...)
		} else if now.Sub(c.quiet) >= l.cfg.Quiet {
			commands = append(commands, l.withdraw(c, now)...)
		}
	}
	maps.DeleteFunc(l.last, func(_ rungKey, at time.Time) bool { return now.Sub(at) > l.cfg.CoolDown })
	return commands
}

// turn takes up a newly named cause. Another service than before begins a new
// climb, once it has been named for a while: while the evidence sways, undoing and
// redoing would do more harm than either cause. Another class of the same service
// only decides whether to wait.
func (l *Ladder) turn(c *incidentCase, now time.Time) {
	named, old := c.situation.Cause, c.cause
	switch {
	case old == nil:
	case old.Service == named.Service:
		c.rival = ""
		if old.Class == named.Class {
			return
		}
	case c.rival != named.Service:
		c.rival, c.rivalSince = named.Service, now
		return
	case now.Sub(c.rivalSince) < l.cfg.Settle:
		return
	}
	c.cause, c.rival = named, ""
	atOnce := restartsFirst(named.Class)
	if old != nil && old.Service == named.Service {
		if atOnce && c.phase == verifying && c.next == 0 {
			c.until = now
		}
		return
	}
	c.next, c.until = 0, now.Add(l.cfg.Verify)
	if c.phase != climbing {
		c.phase = verifying
	}
	if atOnce {
		c.until = now
	}
}

// restartsFirst reports whether waiting cannot help: a process that is down does
// not come back by itself, and one that ran full does not empty itself.
func restartsFirst(class verdict.Class) bool {
	switch class {
	case verdict.Down, verdict.Saturation:
		return true
	case verdict.Errors, verdict.Latency, verdict.Panics:
		return false
	default:
		return false
	}
}

// climb begins the next rung when its time has come.
func (l *Ladder) climb(c *incidentCase, now time.Time) []Command {
	if c.phase != verifying || now.Before(c.until) {
		return nil
	}
	service := c.cause.Service
	for ; c.next < len(l.cfg.Rungs); c.next++ {
		kind := l.cfg.Rungs[c.next]
		if l.cfg.Can(kind, service) != nil {
			continue
		}
		key := rungKey{kind: kind, service: service}
		if at, ok := l.last[key]; ok && now.Sub(at) < l.cfg.CoolDown {
			c.until = at.Add(l.cfg.CoolDown)
			return nil
		}
		l.last[key] = now
		c.phase = climbing
		return []Command{l.do(c, order{rung: key}, action.Action{
			Kind:   kind,
			Target: verdict.Subject{Service: service},
			Reason: fmt.Sprintf("%s is named as the cause (%s) and %s still burns", service, c.cause.Class, c.situation.Service),
		})}
	}
	c.phase = exhausted
	return nil
}

// do makes a command for an action of the case.
func (l *Ladder) do(c *incidentCase, o order, a action.Action) Command {
	a.Incident, a.By = c.situation.Incident, By
	return Command{Key: l.out(c, o), Do: &a}
}

// out notes that a command is under way and returns its key.
func (l *Ladder) out(c *incidentCase, o order) string {
	c.serial++
	o.incident = c.situation.Incident
	key := fmt.Sprintf("%s/%d", o.incident, c.serial)
	l.orders[key] = o
	return key
}

// Done tells the ladder what became of a command: the action as it stands and
// the executor's error, if any.
func (l *Ladder) Done(key string, a action.Action, err error, now time.Time) {
	o, ok := l.orders[key]
	if !ok {
		return
	}
	delete(l.orders, key)
	c, ok := l.cases[o.incident]
	if !ok {
		return
	}
	switch {
	case o.lease != "":
		l.leaseDone(c, o, a, err, now)
		return
	case o.undo:
		return // of a replaced action: should it have failed, its own lease ends it
	}
	c.phase = verifying
	if c.cause.Service != o.rung.service {
		return // another cause was named meanwhile: its climb has its own times
	}
	c.next++
	c.until = now.Add(l.cfg.Verify)
	if err != nil {
		c.until = now // it changed nothing, so there is nothing to wait for
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
