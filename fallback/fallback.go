// Package fallback answers in place of a dependency that could not.
package fallback

import (
	"context"
	"fmt"

	"github.com/backstay/backstay"
)

// Config tunes a [Policy].
type Config struct {
	// Value makes the answer from what went wrong. It is required, must be
	// quick, and must not call the dependency. Its error ends the call with
	// both errors. The value must have the result type of the guarded call.
	Value func(ctx context.Context, cause backstay.Outcome) (any, error)
	// Match says which outcomes are answered. Nil means failures, timeouts and
	// rejections: never the caller's own mistake, nor a caller that gave up.
	Match func(backstay.Outcome) bool
	// Listener hears answers given; may be nil.
	Listener *backstay.Listener
}

// Policy gives an answer of its own when the inner part did not. It is safe for
// concurrent use when its functions are.
type Policy struct {
	dependency string
	cfg        Config
}

// New returns the fallback for the dependency. It panics without a
// [Config.Value], which is a programming error.
func New(dependency string, cfg Config) *Policy {
	if cfg.Value == nil {
		panic("backstay: fallback " + dependency + " has no Value")
	}
	if cfg.Match == nil {
		cfg.Match = unanswered
	}
	return &Policy{dependency: dependency, cfg: cfg}
}

func unanswered(o backstay.Outcome) bool { return o.Bad() || o.Class == backstay.Rejected }

// Explain describes the policy in one line.
func (p *Policy) Explain() string {
	return fmt.Sprintf("fallback %s: answers in place of the dependency", p.dependency)
}

// Enter admits every call.
func (p *Policy) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	return ctx, backstay.Ticket{}, nil
}

// Leave replaces a matching outcome by the fallback's answer and marks the
// request as degraded.
func (p *Policy) Leave(ctx context.Context, _ backstay.Ticket, o backstay.Outcome) backstay.Directive {
	if !p.cfg.Match(o) {
		return backstay.Directive{}
	}
	value, err := p.cfg.Value(ctx, o)
	if err != nil {
		return backstay.Directive{Step: backstay.Replace, Outcome: backstay.Outcome{
			Class: backstay.Failure,
			Err:   &Error{Dependency: p.dependency, Cause: o.Err, Err: err},
		}}
	}
	backstay.MarkDegraded(ctx, p.dependency)
	if l := p.cfg.Listener; l != nil && l.FellBack != nil {
		l.FellBack(backstay.Fallback{Dependency: p.dependency, Cause: o})
	}
	return backstay.Directive{Step: backstay.Replace, Value: value}
}

// Error is a fallback that failed as well. It wraps both errors.
type Error struct {
	// Dependency is what should have answered.
	Dependency string
	// Cause is what the fallback should have replaced; nil when the result
	// told the story without an error.
	Cause error
	// Err is what the fallback returned.
	Err error
}

// Error tells both stories.
func (e *Error) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("fallback %s: %v", e.Dependency, e.Err)
	}
	return fmt.Sprintf("fallback %s: %v; it was to replace: %v", e.Dependency, e.Err, e.Cause)
}

// Unwrap returns both errors.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}
