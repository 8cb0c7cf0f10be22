// Package breaker stops calls to a dependency that fails, hangs or is slow, and
// finds out with few calls when it is back.
//
// Calls that end in [backstay.Failure] or [backstay.Timeout] count against the
// dependency. A caller that gave up, a refusal by one of our own policies and
// the caller's own mistake do not. Nor does a deadline of the caller that left
// less time than the dependency usually needs.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay"
)

// ErrOpen is the reason of a refusal.
var ErrOpen = errors.New("circuit open")

// Breaker guards one dependency. It is safe for concurrent use, has no
// goroutine, and needs no Close.
type Breaker struct {
	dependency string
	base       time.Time // origin of the breaker's clock
	spread     func(time.Duration) time.Duration

	word    atomic.Uint64 // written under mu only
	count   atomic.Pointer[count]
	streak  atomic.Int64 // failures in a row
	usual   usual
	refusal atomic.Pointer[backstay.RejectedError]

	mu       sync.Mutex
	since    time.Time // when the state was entered
	reason   string    // why the state was entered
	cause    string    // why the circuit left the closed state
	cooldown time.Duration
	probes   []probe // in flight
	probeID  uint16
	good     int    // probes that succeeded in a row
	serial   uint32 // of the last flight
	lease    lease
	answered lease // the last downgrade that probes ended before its lease did
	tell     courier
}

// probe is a leased permit to call the dependency while the circuit is not closed.
type probe struct {
	id      uint16
	expires int64
}

// lease is the time for which someone outside downgraded the dependency.
type lease struct {
	until  time.Time
	ends   int64 // until, on the breaker's clock
	reason string
}

// New returns a closed breaker for the dependency.
func New(dependency string, cfg Config) *Breaker {
	b := &Breaker{dependency: dependency, spread: spread, since: time.Now(), reason: "new", serial: 1}
	b.base = b.since.Add(-time.Second) // so that no time is zero, which stands for "not looked at"
	cfg = cfg.withDefaults()
	b.count.Store(newCount(cfg, b.now(), b.serial))
	b.cooldown = cfg.Cooldown
	return b
}

func (b *Breaker) now() int64 { return int64(time.Since(b.base)) }

func (b *Breaker) load() word { return word(b.word.Load()) }

// Explain describes the policy in one line.
func (b *Breaker) Explain() string { return b.count.Load().cfg.explain(b.dependency) }

// Enter admits the call or refuses it with a [backstay.RejectedError] for [ErrOpen].
func (b *Breaker) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	t, err := b.admit(ctx)
	return ctx, t, err
}

// Leave counts how the call ended.
func (b *Breaker) Leave(_ context.Context, t backstay.Ticket, o backstay.Outcome) backstay.Directive {
	b.record(t, o)
	return backstay.Directive{}
}

func (b *Breaker) admit(ctx context.Context) (backstay.Ticket, error) {
	w, c := b.load(), b.count.Load()
	if w.state() == Closed && c.flight == nil {
		if _, bounded := ctx.Deadline(); !bounded {
			return c.pass(w.generation(), 0), nil // nobody will ask when it began: save the look at the clock
		}
	}
	now := b.now()
	if w.state() == Closed {
		if c.sweep(now) && c.cfg.Mode == Enforce {
			b.judge(c, w.generation(), now)
			w = b.load()
		}
		if w.state() == Closed {
			return c.pass(w.generation(), now), nil
		}
	}
	if now >= w.deadline() {
		if t, ok := b.permit(now); ok {
			return t, nil
		}
	}
	if l := c.cfg.Listener; l != nil && l.Rejected != nil {
		l.Rejected(backstay.Rejection{Dependency: b.dependency, Policy: "breaker"})
	}
	return backstay.Ticket{}, b.refusal.Load()
}

func (b *Breaker) record(t backstay.Ticket, o backstay.Outcome) {
	generation, id, serial := unpack(t.Word)
	c := b.count.Load()
	swept := false
	if id == 0 && c.flight != nil && c.flight.serial == serial {
		swept = c.flight.finish(t.Start)
	}
	if b.load().generation() != generation {
		return // admitted before the circuit tripped or closed: says nothing about now
	}
	now := b.now()
	slow := false
	if t.Start != 0 {
		took := time.Duration(now - t.Start)
		slow = c.cfg.SlowCall > 0 && took >= c.cfg.SlowCall
		switch {
		case o.Class == backstay.Success && !slow:
			b.usual.learn(took)
		case o.Class == backstay.Timeout && !errors.Is(o.Err, backstay.ErrTimeout) && !b.usual.fair(took):
			o.Class = backstay.Canceled
		}
	}
	if id != 0 {
		b.probed(generation, id, verdictOf(o, slow), now)
		return
	}
	switch {
	case o.Bad():
		c.add(now, true, slow, swept)
		if n := b.streak.Add(1); c.cfg.Mode == Enforce && c.cfg.Consecutive > 0 && n >= int64(c.cfg.Consecutive) {
			b.trip(generation, now, fmt.Sprintf("%d failures in a row", n))
			return
		}
	case o.Class == backstay.Success:
		if b.streak.Load() != 0 {
			b.streak.Store(0)
		}
		c.add(now, false, slow, swept)
	case o.Class == backstay.Canceled && slow:
		// The caller gave up, which counts against nobody, but the wait
		// before that was real.
		c.add(now, false, true, swept)
	}
	if (o.Bad() || slow) && c.cfg.Mode == Enforce {
		b.judge(c, generation, now)
	}
}

func (b *Breaker) judge(c *count, generation uint32, now int64) {
	if e, tripped := c.judge(now); tripped {
		b.trip(generation, now, e.reason(c.cfg))
	}
}

// verdict is what a probe says about the dependency.
type verdict uint8

const (
	silent verdict = iota
	well
	ill
)

func verdictOf(o backstay.Outcome, slow bool) verdict {
	switch {
	case o.Bad(), slow:
		return ill
	case o.Class == backstay.Success, o.Class == backstay.Invalid:
		return well // refusing a bad request is an answer too
	default:
		return silent
	}
}

// spread varies a pause by 15 % either way.
func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.85 + 0.3*rand.Float64())) //nolint:gosec // spread, not a secret
}
