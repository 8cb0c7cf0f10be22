package policy

import (
	"bytes"
	"context"
	"io"
	"net/http"
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

// maxChains bounds how many chains a process keeps. Past it calls share the
// chain of the overflow dependency, so that dependencies named from input
// cannot exhaust memory.
const maxChains = 1024

// overflow is the dependency whose chain serves what is past the bound.
const overflow = "overflow"

// Live is the set of policies in force in one process. It is safe for
// concurrent use; looking up a chain takes no lock once the chain exists.
type Live struct {
	service, version, tier string
	listener               *backstay.Listener
	faults                 *fault.Injector

	unprotected atomic.Bool
	current     atomic.Pointer[generation]
	overrides   atomic.Pointer[[]Override]

	mu       sync.Mutex // guards building, the fields below, and replacing current
	breakers map[string]*breaker.Breaker
}

// generation is one set with the chains built from it.
type generation struct {
	set    *Set
	routed map[string]bool // dependencies for which a document names a route; "*" for all
	chains sync.Map        // chainKey → *built
	count  atomic.Int64
}

type chainKey struct{ dependency, route string }

// built is a chain with what it was made of.
type built struct {
	dependency string
	chain      *backstay.Chain
	parts      []part
}

type part struct {
	kind   string
	policy backstay.Policy
}

// NewLive returns the policies of a service before any document is applied:
// every dependency is guarded by a breaker and a timeout with their defaults.
// The listener may be nil.
func NewLive(service, version string, listener *backstay.Listener) *Live {
	l := &Live{
		service: service, version: version, listener: listener,
		faults: fault.New(listener), breakers: map[string]*breaker.Breaker{},
	}
	l.current.Store(newGeneration(nil))
	l.overrides.Store(&[]Override{})
	return l
}

func newGeneration(set *Set) *generation {
	g := &generation{set: set, routed: map[string]bool{}}
	for _, e := range set.Entries() {
		if e.Target.Route != "" && e.Target.Dependency != "" {
			g.routed[e.Target.Dependency] = true
		}
	}
	return g
}

// Apply puts a set in force at once and as a whole. Calls under way end under
// the policies they began with. A breaker keeps its state and what it counted;
// only its settings change.
func (l *Live) Apply(set *Set) error {
	own, err := set.forService(l.service)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := newGeneration(own)
	old := l.current.Load()
	old.chains.Range(func(key, _ any) bool {
		if k, ok := key.(chainKey); ok {
			l.build(g, k)
		}
		return true
	})
	l.current.Store(g)
	return nil
}

// forService keeps the policies that can apply to the service.
func (s *Set) forService(service string) (*Set, error) {
	var entries []Entry
	for _, e := range s.Entries() {
		if e.Target.Service == "" || e.Target.Service == service {
			entries = append(entries, e)
		}
	}
	return build(entries, nil)
}

// Set returns the policies in force that can apply to this service.
func (l *Live) Set() *Set { return l.current.Load().set }

// Protect switches protection off and on. Off, calls are measured and not
// guarded: [Live.Outbound] returns no chain and inbound limits do not apply.
func (l *Live) Protect(on bool) { l.unprotected.Store(!on) }

// Outbound returns the chain for calls to a dependency, outermost first:
// fallback, retry, breaker, timeout. Route is the route template of the call,
// empty when there is none. The result is nil while protection is off.
func (l *Live) Outbound(dependency, route string) *backstay.Chain {
	if l.unprotected.Load() {
		return nil
	}
	g := l.current.Load()
	key := chainKey{dependency: dependency}
	if g.routed[dependency] || g.routed["*"] {
		key.route = route
	}
	if found, ok := g.chains.Load(key); ok {
		return found.(*built).chain //nolint:forcetypeassert // the map holds nothing else
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.build(l.current.Load(), key).chain
}

// build makes the chain for the key in the generation; the lock is held.
func (l *Live) build(g *generation, key chainKey) *built {
	if g.count.Load() >= maxChains {
		key = chainKey{dependency: overflow}
	}
	if found, ok := g.chains.Load(key); ok {
		return found.(*built) //nolint:forcetypeassert // the map holds nothing else
	}
	call := Target{Service: l.service, Dependency: key.dependency, Route: key.route, Version: l.version, Tier: l.tier}
	b := &built{dependency: key.dependency}
	if e := g.set.find(Fallback, call); e != nil {
		b.add("fallback", fallback.New(key.dependency, fallback.Config{Value: answer(e.spec.(fallbackSpec)), Listener: l.listener})) //nolint:forcetypeassert // parse pairs kind and spec
	}
	if e := g.set.find(Retry, call); e != nil {
		cfg := e.spec.(retrySpec).config() //nolint:forcetypeassert // parse pairs kind and spec
		cfg.Listener = l.listener
		b.add("retry", retry.New(key.dependency, cfg))
	}
	b.add("breaker", l.breaker(g, key, call))
	limit := timeout.DefaultLimit
	if e := g.set.find(Timeout, call); e != nil {
		limit = e.spec.(timeoutSpec).Limit //nolint:forcetypeassert // parse pairs kind and spec
	}
	b.add("timeout", timeout.New(key.dependency, timeout.Config{Limit: limit, Listener: l.listener}))
	policies := make([]backstay.Policy, len(b.parts))
	for i, p := range b.parts {
		policies[i] = p.policy
	}
	b.chain = backstay.NewChain(policies...)
	g.chains.Store(key, b)
	g.count.Add(1)
	return b
}

func (b *built) add(kind string, p backstay.Policy) {
	b.parts = append(b.parts, part{kind: kind, policy: p})
}

// breaker returns the breaker for the key, the one of earlier generations when
// there is one; the lock is held.
func (l *Live) breaker(g *generation, key chainKey, call Target) *breaker.Breaker {
	var cfg breaker.Config
	name := key.dependency
	if e := g.set.find(CircuitBreaker, call); e != nil {
		cfg = e.spec.(breakerSpec).config() //nolint:forcetypeassert // parse pairs kind and spec
		if e.Target.Route != "" {
			name += " " + e.Target.Route
		}
	}
	cfg.Listener = l.listener
	if known, ok := l.breakers[name]; ok {
		known.Reconfigure(cfg)
		return known
	}
	fresh := breaker.New(key.dependency, cfg)
	l.breakers[name] = fresh
	if o := downgradeOf(l.overrides.Load(), key.dependency, time.Now()); o != nil {
		fresh.Downgrade(o.Expires, o.Reason)
	}
	return fresh
}

// answer makes the value of a fixed fallback: a fresh response each time.
func answer(s fallbackSpec) func(context.Context, backstay.Outcome) (any, error) {
	return func(context.Context, backstay.Outcome) (any, error) {
		header := make(http.Header, len(s.Headers)+1)
		if s.Body != "" {
			header.Set("Content-Type", "text/plain; charset=utf-8")
		}
		for name, value := range s.Headers {
			header.Set(name, value)
		}
		return &http.Response{
			Status: http.StatusText(s.Status), StatusCode: s.Status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: header, Body: io.NopCloser(bytes.NewReader([]byte(s.Body))), ContentLength: int64(len(s.Body)),
		}, nil
	}
}

// Inbound is what governs the handling of a request.
type Inbound struct {
	// Timeout bounds the handling; zero when no document sets one.
	Timeout time.Duration
	// Faults decides whether an armed fault strikes.
	Faults *fault.Injector
}

// Inbound returns what governs requests of the route template.
func (l *Live) Inbound(route string) Inbound {
	in := Inbound{Faults: l.faults}
	if l.unprotected.Load() {
		return in
	}
	call := Target{Service: l.service, Route: route, Version: l.version, Tier: l.tier}
	if e := l.current.Load().set.find(Timeout, call); e != nil {
		in.Timeout = e.spec.(timeoutSpec).Limit //nolint:forcetypeassert // parse pairs kind and spec
	}
	return in
}

// Arm replaces the armed faults. Each carries its own lease.
func (l *Live) Arm(instructions []fault.Instruction) { l.faults.Arm(instructions) }

// SetOverrides replaces the orders from outside. An order that is missing from
// the list ends at once; each ends by itself when its lease is over.
func (l *Live) SetOverrides(overrides []Override) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := append([]Override(nil), overrides...)
	l.overrides.Store(&fresh)
	now := time.Now()
	seen := map[*breaker.Breaker]bool{}
	l.current.Load().chains.Range(func(_, value any) bool {
		chain, ok := value.(*built)
		if !ok {
			return true
		}
		for _, p := range chain.parts {
			b, ok := p.policy.(*breaker.Breaker)
			if !ok || seen[b] {
				continue
			}
			seen[b] = true
			if o := downgradeOf(&fresh, chain.dependency, now); o != nil {
				b.Downgrade(o.Expires, o.Reason)
			} else if b.State() == breaker.Downgrade {
				b.Downgrade(time.Time{}, "")
			}
		}
		return true
	})
}

// downgradeOf returns the order to lead calls away from the dependency that
// lasts longest, or nil.
func downgradeOf(overrides *[]Override, dependency string, now time.Time) *Override {
	var longest *Override
	for i := range *overrides {
		o := &(*overrides)[i]
		if o.Kind == Downgrade && o.Dependency == dependency && o.Expires.After(now) && (longest == nil || o.Expires.After(longest.Expires)) {
			longest = o
		}
	}
	return longest
}

// DegradeLevel is the highest degrade level whose lease runs; 0 is full service.
func (l *Live) DegradeLevel() int {
	now, level := time.Now(), 0
	for _, o := range *l.overrides.Load() {
		if o.Kind == Degrade && o.Expires.After(now) {
			level = max(level, o.Level)
		}
	}
	return level
}
