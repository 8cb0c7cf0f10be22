// Package retry repeats calls that failed, when repeating is safe and the
// dependency can bear it.
//
// Repeating is safe only for calls that the caller declared idempotent with
// [WithIdempotent]. What a dependency can bear is set by a budget that all calls
// of one [Policy] share: retries are a share of the calls, so that an outage is
// not answered with a multiple of the load.
package retry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/backstay/backstay"
)

// Defaults of a zero [Config].
const (
	DefaultAttempts     = 3
	DefaultBackoff      = 25 * time.Millisecond
	DefaultMaxBackoff   = time.Second
	DefaultBudgetRatio  = 0.2
	DefaultBudgetPerSec = 1.0
)

// Config tunes a [Policy]. The zero value is useful.
type Config struct {
	// Attempts is how often a call runs at most, the first time included. Zero
	// means [DefaultAttempts], 1 turns repetition off.
	Attempts int
	// Backoff is the upper bound of the first wait; it doubles with each
	// attempt. The wait is drawn evenly between zero and the bound, so that
	// callers that failed together do not return together. Zero means
	// [DefaultBackoff], negative means no wait.
	Backoff time.Duration
	// MaxBackoff bounds the growth. A dependency that asks to stay away for
	// longer is not retried. Zero means [DefaultMaxBackoff].
	MaxBackoff time.Duration
	// BudgetRatio is how many retries one call pays for, 0 to 1. Zero means
	// [DefaultBudgetRatio]; negative means that calls pay for none.
	BudgetRatio float64
	// BudgetPerSec is how many retries a second are granted whatever the
	// number of calls, for services with little traffic. Zero means
	// [DefaultBudgetPerSec]; negative means none.
	BudgetPerSec float64
	// Retryable says which outcomes are worth another attempt. Nil means
	// failures and timeouts. Refusals by our own policies are never retried.
	Retryable func(backstay.Outcome) bool
	// Listener hears retries; may be nil.
	Listener *backstay.Listener
}

func (c Config) withDefaults() Config {
	if c.Attempts <= 0 {
		c.Attempts = DefaultAttempts
	}
	if c.Backoff == 0 {
		c.Backoff = DefaultBackoff
	}
	c.Backoff = max(c.Backoff, 0)
	if c.MaxBackoff <= 0 {
		c.MaxBackoff = DefaultMaxBackoff
	}
	if c.BudgetRatio == 0 {
		c.BudgetRatio = DefaultBudgetRatio
	}
	if c.BudgetPerSec == 0 {
		c.BudgetPerSec = DefaultBudgetPerSec
	}
	if c.Retryable == nil {
		c.Retryable = backstay.Outcome.Bad
	}
	return c
}

// Policy repeats failed calls. It is safe for concurrent use.
type Policy struct {
	dependency string
	cfg        Config
	budget     *budget
}

// New returns the retry policy for calls of the dependency.
func New(dependency string, cfg Config) *Policy {
	cfg = cfg.withDefaults()
	return &Policy{dependency: dependency, cfg: cfg, budget: newBudget(cfg.BudgetRatio, cfg.BudgetPerSec)}
}

type idempotentKey struct{}

// WithIdempotent declares that the calls made with the context may be repeated
// without harm.
func WithIdempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

// Idempotent reports whether [WithIdempotent] was used.
func Idempotent(ctx context.Context) bool { return ctx.Value(idempotentKey{}) != nil }

// Explain describes the policy in one line.
func (p *Policy) Explain() string {
	return fmt.Sprintf("retry %s: up to %d attempts of idempotent calls, retries at most %.0f%% of calls or %g a second",
		p.dependency, p.cfg.Attempts, 100*max(p.cfg.BudgetRatio, 0), max(p.cfg.BudgetPerSec, 0))
}

// Enter admits every call and lets it pay into the budget.
func (p *Policy) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	p.budget.deposit()
	return ctx, backstay.Ticket{}, nil
}

// Leave asks for another attempt when the outcome is worth it, the call may be
// repeated, time is left, and the budget grants it.
func (p *Policy) Leave(ctx context.Context, t backstay.Ticket, o backstay.Outcome) backstay.Directive {
	if t.Attempt+1 >= p.cfg.Attempts || o.Class == backstay.Success || o.Class == backstay.Rejected ||
		!p.cfg.Retryable(o) || !Idempotent(ctx) || ctx.Err() != nil {
		return backstay.Directive{}
	}
	after, ok := p.pause(t.Attempt, o.RetryAfter)
	if !ok {
		return backstay.Directive{}
	}
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) <= after {
		return backstay.Directive{}
	}
	if !p.budget.withdraw() {
		return backstay.Directive{}
	}
	if l := p.cfg.Listener; l != nil && l.Retried != nil {
		l.Retried(backstay.Retry{Dependency: p.dependency, Attempt: t.Attempt + 1, After: after, Cause: o})
	}
	return backstay.Directive{Step: backstay.Again, After: after}
}

// pause is the wait before the repetition of attempt n, counted from 0: "full
// jitter" of AWS Architecture Blog, "Exponential Backoff And Jitter" (2015), and
// never earlier than the dependency asked. It is false when that is too far off.
func (p *Policy) pause(n int, retryAfter time.Duration) (time.Duration, bool) {
	if retryAfter > p.cfg.MaxBackoff {
		return 0, false
	}
	bound := p.cfg.Backoff
	for ; n > 0 && bound < p.cfg.MaxBackoff; n-- {
		bound *= 2
	}
	bound = min(bound, p.cfg.MaxBackoff)
	if bound <= 0 {
		return retryAfter, true
	}
	return retryAfter + rand.N(bound), true //nolint:gosec // spread, not a secret
}
