package policy

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/fallback"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/timeout"
)

// DefaultTimeout is the time limit of an attempt when no Timeout document covers it.
const DefaultTimeout = 10 * time.Second

// MaxGuards is how many pairs of dependency and route a [Live] remembers
// policies for. Calls past it have policies but share no breaker and no budget.
const MaxGuards = 1024

// Live holds the documents in force in a process and hands out the policies that
// they ask for. It is safe for concurrent use; [Live.Outbound] and [Live.Inbound]
// take no lock for a pair that was seen before.
type Live struct {
	service, version string
	listener         *backstay.Listener
	faults           *fault.Injector

	off     atomic.Bool
	strange atomic.Uint64
	view    atomic.Pointer[view]

	mu        sync.Mutex
	untold    []*heldBreaker // breakers that do not know of their overrides yet
	breakers  map[place]*heldBreaker
	retries   map[place]*heldRetry
	overrides atomic.Pointer[[]Override]
}

// place is a dependency and the route that a policy is for.
type place struct{ dependency, route string }

// view is a set as it concerns this process, with the chains made so far. It is
// replaced as a whole.
type view struct {
	set       *Set
	documents []Document // that are about this service in this version
	inbound   []Document // those of them that limit requests
	guards    map[place]*guard
}

// guard is the chain of a place with its parts.
type guard struct {
	chain *backstay.Chain
	parts []part
}

// part is a policy of a chain and the place that it keeps its state for.
type part struct {
	kind   string
	at     place
	policy backstay.Policy
}

// heldBreaker is a breaker with the spec it was configured by.
type heldBreaker struct {
	*breaker.Breaker

	dependency string
	spec       *breakerSpec
}

type heldRetry struct {
	*retry.Policy

	spec *retrySpec
}

// NewLive returns a Live without documents for a service. The listener hears
// what the policies decide; it may be nil.
func NewLive(service, version string, l *backstay.Listener) *Live {
	live := &Live{
		service: service, version: version, listener: l, faults: fault.New(l),
		breakers: map[place]*heldBreaker{}, retries: map[place]*heldRetry{},
	}
	live.view.Store(&view{set: &Set{}})
	return live
}

// Set returns the documents in force.
func (l *Live) Set() *Set { return l.view.Load().set }

// Apply puts the documents in force in one step, in place of all earlier ones.
// Breakers keep state and window, and retry policies their budget, where their
// document did not change; a breaker with changed figures keeps its state too.
// Calls under way end under the policies they began with.
func (l *Live) Apply(set *Set) error {
	if set == nil {
		return errors.New("policy: Apply needs a set; an empty one removes all documents")
	}
	l.mu.Lock()
	defer l.unlockAndTell()
	next := &view{set: set, guards: map[place]*guard{}}
	for _, d := range set.documents {
		if !d.Target.about(l.service, l.version) {
			continue
		}
		next.documents = append(next.documents, d)
		if d.Target.Dependency == "" {
			next.inbound = append(next.inbound, d)
		}
	}
	// What was called before and what documents name is made ready, so that it
	// can be seen before the next call.
	wanted := slices.Collect(maps.Keys(l.view.Load().guards))
	for _, d := range next.documents {
		if d.Target.Dependency != "" && d.Target.Dependency != Any {
			wanted = append(wanted, place{d.Target.Dependency, d.Target.Route})
		}
	}
	for _, p := range wanted {
		if _, ok := next.guards[p]; !ok && len(next.guards) < MaxGuards {
			next.guards[p] = l.guard(next, p)
		}
	}
	l.forget(next)
	l.view.Store(next)
	return nil
}

// forget drops breakers and budgets that no chain uses any more.
func (l *Live) forget(v *view) {
	used := map[backstay.Policy]bool{}
	for _, g := range v.guards {
		for _, p := range g.parts {
			used[p.policy] = true
		}
	}
	maps.DeleteFunc(l.breakers, func(_ place, held *heldBreaker) bool { return !used[held.Breaker] })
	maps.DeleteFunc(l.retries, func(_ place, held *heldRetry) bool { return !used[held.Policy] })
}

// Outbound returns the policies that guard calls of the dependency's route,
// outermost first: fallback, retry, breaker, timeout. Without documents these
// are a breaker with its defaults and a timeout of [DefaultTimeout]. The route
// may be empty. It is nil while protection is off.
func (l *Live) Outbound(dependency, route string) *backstay.Chain {
	if l.off.Load() {
		return nil
	}
	p := place{dependency, route}
	if g, ok := l.view.Load().guards[p]; ok {
		return g.chain
	}
	l.mu.Lock()
	defer l.unlockAndTell()
	v := l.view.Load()
	if g, ok := v.guards[p]; ok {
		return g.chain
	}
	if len(v.guards) >= MaxGuards {
		l.strange.Add(1)
		return l.passing(v, p)
	}
	next := *v
	next.guards = make(map[place]*guard, len(v.guards)+1)
	maps.Copy(next.guards, v.guards)
	g := l.guard(&next, p)
	next.guards[p] = g
	l.view.Store(&next)
	return g.chain
}

// Strangers returns how many calls found [MaxGuards] reached and went without
// breaker and retry. More than none means that dependencies or routes are named
// by something unbounded, such as a path with an id in it.
func (l *Live) Strangers() uint64 { return l.strange.Load() }

// guard makes the policies of a place. The caller holds the lock.
func (l *Live) guard(v *view, p place) *guard {
	var parts []part
	if s, target := find[*fallbackSpec](v.documents, p.dependency, p.route); s != nil {
		parts = append(parts, part{"fallback", at(p, target), l.fallback(p.dependency, s)})
	}
	if s, target := find[*retrySpec](v.documents, p.dependency, p.route); s != nil {
		parts = append(parts, part{"retry", at(p, target), l.retry(at(p, target), s)})
	}
	s, target := find[*breakerSpec](v.documents, p.dependency, p.route)
	parts = append(parts, part{"breaker", at(p, target), l.breaker(at(p, target), s)})
	limit, target := find[*timeoutSpec](v.documents, p.dependency, p.route)
	parts = append(parts, part{"timeout", at(p, target), timeout.New(p.dependency, limit.config(l.listener))})
	policies := make([]backstay.Policy, len(parts))
	for i, part := range parts {
		policies[i] = part.policy
	}
	return &guard{chain: backstay.NewChain(policies...), parts: parts}
}

// passing makes the policies of a place that nothing is remembered for.
func (l *Live) passing(v *view, p place) *backstay.Chain {
	var policies []backstay.Policy
	if s, _ := find[*fallbackSpec](v.documents, p.dependency, p.route); s != nil {
		policies = append(policies, l.fallback(p.dependency, s))
	}
	limit, _ := find[*timeoutSpec](v.documents, p.dependency, p.route)
	return backstay.NewChain(append(policies, timeout.New(p.dependency, limit.config(l.listener)))...)
}

// at is the place that a policy with the target keeps its state for: routes
// without a document of their own share that of the dependency.
func at(p place, target Target) place {
	if target.Route == "" {
		return place{dependency: p.dependency}
	}
	return p
}

func (l *Live) fallback(dependency string, s *fallbackSpec) *fallback.Policy {
	answer := s.answer(dependency)
	return fallback.New(dependency, fallback.Config{
		Value:    func(context.Context, backstay.Outcome) (any, error) { return answer, nil },
		Listener: l.listener,
	})
}

func (l *Live) retry(p place, s *retrySpec) *retry.Policy {
	held, ok := l.retries[p]
	if !ok || !same(held.spec, s) {
		held = &heldRetry{Policy: retry.New(p.dependency, s.config(l.listener)), spec: s}
		l.retries[p] = held
	}
	return held.Policy
}

func (l *Live) breaker(p place, s *breakerSpec) *breaker.Breaker {
	held, ok := l.breakers[p]
	switch {
	case !ok:
		held = &heldBreaker{Breaker: breaker.New(p.dependency, s.config(l.listener)), dependency: p.dependency, spec: s}
		l.breakers[p] = held
		if _, ok := l.downgrade(p.dependency); ok {
			l.untold = append(l.untold, held)
		}
	case !same(held.spec, s):
		held.Reconfigure(s.config(l.listener))
		held.spec = s
	}
	return held.Breaker
}

// same compares what two specs ask for, whatever their targets say.
func same[S any](a, b *S) bool { return reflect.DeepEqual(withoutTarget(a), withoutTarget(b)) }

func withoutTarget(s any) any {
	switch s := s.(type) {
	case *breakerSpec:
		if s != nil {
			c := *s
			c.Target = Target{}
			return c
		}
	case *retrySpec:
		if s != nil {
			c := *s
			c.Target = Target{}
			return c
		}
	}
	return nil
}

// Inbound is what limits a request that the service answers.
type Inbound struct {
	// Timeout is how long the request may take; zero means no limit.
	Timeout time.Duration
	// Faults decides whether the request misbehaves; never nil.
	Faults *fault.Injector
}

// Inbound returns what limits requests of the route, a path template. Faults act
// even while protection is off.
func (l *Live) Inbound(route string) Inbound {
	in := Inbound{Faults: l.faults}
	if l.off.Load() {
		return in
	}
	rank := -1
	for _, d := range l.view.Load().inbound {
		if s, ok := d.spec.(*timeoutSpec); ok && (d.Target.Route == "" || d.Target.Route == route) && d.Target.rank() > rank {
			in.Timeout, rank = s.Limit, d.Target.rank()
		}
	}
	return in
}

// Arm replaces all fault instructions.
func (l *Live) Arm(instructions []fault.Instruction) { l.faults.Arm(instructions) }

// SetOverrides replaces all overrides. Those that do not validate have no effect.
// It may be called again with the same ones: a downgrade that the breaker has
// ended by its probes is not taken up again.
func (l *Live) SetOverrides(overrides []Override) {
	valid := make([]Override, 0, len(overrides))
	for _, o := range overrides {
		if o.Validate() == nil {
			valid = append(valid, o)
		}
	}
	l.mu.Lock()
	defer l.unlockAndTell()
	l.overrides.Store(&valid)
	l.untold = slices.Collect(maps.Values(l.breakers))
}

// unlockAndTell releases the lock and then tells breakers of their overrides: a
// change of state calls the listener, which may ask for the policies of a
// dependency that was not called before.
func (l *Live) unlockAndTell() {
	untold := l.untold
	l.untold = nil
	l.mu.Unlock()
	for _, held := range untold {
		for told := false; !told; { // the latest overrides win, whoever tells of them
			all := l.overrides.Load()
			if o, ok := l.downgrade(held.dependency); ok {
				held.Downgrade(o.Expires, o.Reason)
			} else {
				held.Downgrade(time.Time{}, "")
			}
			told = l.overrides.Load() == all
		}
	}
}

// active returns the overrides whose lease runs.
func (l *Live) active() []Override {
	all := l.overrides.Load()
	if all == nil {
		return nil
	}
	now := time.Now()
	var active []Override
	for _, o := range *all {
		if now.Before(o.Expires) {
			active = append(active, o)
		}
	}
	return active
}

// downgrade returns the longest downgrade of the dependency.
func (l *Live) downgrade(dependency string) (longest Override, ok bool) {
	for _, o := range l.active() {
		if o.Kind == OverrideDowngrade && o.Dependency == dependency && o.Expires.After(longest.Expires) {
			longest, ok = o, true
		}
	}
	return longest, ok
}

// DegradeLevel is how much less the service was asked to do: 0 for nothing less,
// else the highest level of the overrides in force.
func (l *Live) DegradeLevel() int {
	level := 0
	for _, o := range l.active() {
		if o.Kind == OverrideDegrade {
			level = max(level, o.Level)
		}
	}
	return level
}

// Protect turns all policies on or off; a new Live has them on. Off is for
// measuring what they are worth.
func (l *Live) Protect(on bool) { l.off.Store(!on) }
