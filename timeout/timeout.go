// Package timeout bounds how long one attempt of a call may take.
//
// The limit works through the context, so the guarded function must honour it.
// The context ends as soon as the function returns: a result that is still
// being read then, such as the body of an HTTP response, must be read inside
// the function or detached from the context.
package timeout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay/backstay"
)

// DefaultLimit is the limit of a zero [Config].
const DefaultLimit = 10 * time.Second

// Config tunes a [Policy]. The zero value is useful.
type Config struct {
	// Limit is the longest an attempt may take. Zero or less means [DefaultLimit].
	Limit time.Duration
	// Listener hears expiries; may be nil.
	Listener *backstay.Listener
}

// Error is the expiry of a limit. It answers [errors.Is] for
// [backstay.ErrTimeout] and [context.DeadlineExceeded].
type Error struct {
	// Dependency is what was called.
	Dependency string
	// Limit is the limit that ran out.
	Limit time.Duration
	// Cause is what the guarded function returned; nil while it still runs.
	Cause error
}

// Error says which limit ran out.
func (e *Error) Error() string {
	return fmt.Sprintf("timeout %s: no answer within %v", e.Dependency, e.Limit)
}

// Is matches the two sentinels of an expired deadline.
func (e *Error) Is(target error) bool {
	return target == backstay.ErrTimeout || target == context.DeadlineExceeded
}

// Unwrap returns what the guarded function returned.
func (e *Error) Unwrap() error { return e.Cause }

// Timeout implements the interface of [net.Error] that callers test for.
func (e *Error) Timeout() bool { return true }

// Policy is a limit on the time of an attempt. It is safe for concurrent use.
type Policy struct {
	dependency string
	limit      time.Duration
	listener   *backstay.Listener
	cause      *Error // tells our expiry from that of any other deadline
}

// New returns the limit for calls of the dependency.
func New(dependency string, cfg Config) *Policy {
	if cfg.Limit <= 0 {
		cfg.Limit = DefaultLimit
	}
	return &Policy{
		dependency: dependency, limit: cfg.Limit, listener: cfg.Listener,
		cause: &Error{Dependency: dependency, Limit: cfg.Limit},
	}
}

// Limit returns the limit in force.
func (p *Policy) Limit() time.Duration { return p.limit }

// Explain describes the policy in one line.
func (p *Policy) Explain() string {
	return fmt.Sprintf("timeout %s: %v an attempt", p.dependency, p.limit)
}

// Enter derives the context of the attempt. A caller that has less time left
// keeps its own deadline, and nothing is allocated.
func (p *Policy) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= p.limit {
		return ctx, backstay.Ticket{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, p.cause)
	return ctx, backstay.Ticket{Cancel: cancel}, nil
}

// Leave releases the context and turns an expiry of the own limit into an
// outcome of class Timeout. An answer that made it is kept.
func (p *Policy) Leave(ctx context.Context, t backstay.Ticket, o backstay.Outcome) backstay.Directive {
	if t.Cancel == nil {
		return backstay.Directive{}
	}
	expired := o.Err != nil && o.Class != backstay.Rejected && p.expired(ctx)
	t.Cancel()
	if !expired {
		return backstay.Directive{}
	}
	if l := p.listener; l != nil && l.TimedOut != nil {
		l.TimedOut(backstay.Expiry{Dependency: p.dependency, Limit: p.limit})
	}
	return backstay.Directive{Step: backstay.Replace, Outcome: backstay.Outcome{
		Class: backstay.Timeout,
		Err:   &Error{Dependency: p.dependency, Limit: p.limit, Cause: o.Err},
	}}
}

func (p *Policy) expired(ctx context.Context) bool {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return false
	}
	own, ok := context.Cause(ctx).(*Error) //nolint:errorlint // identity is the question: whose deadline was it
	return ok && own == p.cause
}
