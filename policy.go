package backstay

import (
	"context"
	"time"
)

// Policy guards one call or every attempt of it. The packages breaker, retry,
// timeout and fallback provide policies; users may write their own.
//
// A Policy is safe for concurrent use. Enter and Leave must not block, with one
// exception: Enter may wait while a documented, bounded wait is the policy's
// purpose (a bulkhead queue, an injected latency).
type Policy interface {
	// Explain describes the policy in one line, for example
	// "breaker payment: opens at 50% errors of at least 20 calls in 10s".
	Explain() string

	// Enter asks for admission. The returned context is what the inner
	// policies and the function see. A non-nil error refuses the call: inner
	// policies and the function do not run, Leave is not called on this
	// policy, and the outer policies see an [Outcome] of class [Rejected], or
	// [Canceled] when it is the caller who gave up.
	Enter(ctx context.Context) (context.Context, Ticket, error)

	// Leave reports how the guarded part ended. It is called exactly once for
	// each successful Enter and each further attempt that it asked for and
	// that ran, with the context and the ticket that Enter returned. When the
	// guarded function panics, it sees [ErrPanicked] and its directive is moot.
	Leave(ctx context.Context, t Ticket, o Outcome) Directive
}

// Ticket is what a policy hands itself from Enter to Leave. It is a value so
// that a guarded call allocates nothing; its fields belong to the policy that
// issued it.
type Ticket struct {
	// Start is when Enter admitted the call, in nanoseconds on the clock that
	// the policy uses.
	Start int64
	// Word is free for the policy: a generation, a lease, a permit number.
	Word uint64
	// Attempt counts executions of the inner part, from 0. The executor sets it.
	Attempt int
	// Cancel releases a derived context; the policy calls it in Leave.
	// Nil when Enter derived none.
	Cancel context.CancelFunc
}

// Step is what Leave asks the executor to do next.
type Step uint8

const (
	// Pass hands the outcome outward unchanged.
	Pass Step = iota
	// Again runs the inner part once more after [Directive.After], with the
	// context that Enter returned; inner policies are entered anew.
	Again
	// Replace hands the outcome in the directive outward instead.
	Replace
)

// Directive is the answer of [Policy.Leave]. The zero value passes the outcome on.
type Directive struct {
	// Step says what to do.
	Step Step
	// After is how long to wait before an [Again]; zero runs at once. A wait
	// that would outlive the context ends the call with the outcome so far.
	After time.Duration
	// Value replaces the result on [Replace]; nil keeps the zero value of the
	// result type. A value of another type than the result's ends the call
	// with [ErrFallbackType].
	Value any
	// Outcome replaces the outcome on [Replace].
	Outcome Outcome
}
