package backstay

import (
	"context"
	"errors"
	"time"
)

// Class says what an outcome means to the policies that see it.
type Class uint8

const (
	// Success is a good answer.
	Success Class = iota
	// Failure is the dependency's fault: an error, a 5xx, a refused connection.
	Failure
	// Timeout is a deadline of ours that ran out. It counts against the dependency.
	Timeout
	// Canceled is the caller losing interest. It counts against nobody.
	Canceled
	// Rejected is a refusal by one of our own policies. The dependency was not
	// asked, so it counts against nobody, and it is not retried by default.
	Rejected
	// Invalid is the caller's own mistake, a 4xx. It counts against nobody.
	Invalid
)

// String returns the lower-case name of the class, used as a metric label.
func (c Class) String() string {
	switch c {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Timeout:
		return "timeout"
	case Canceled:
		return "canceled"
	case Rejected:
		return "rejected"
	case Invalid:
		return "invalid"
	default:
		return "unknown"
	}
}

// Outcome is how a guarded part ended.
type Outcome struct {
	// Class is the meaning of the outcome to policies.
	Class Class
	// Err is the error to return; nil when the result itself tells the story,
	// as an HTTP response with status 503 does.
	Err error
	// RetryAfter is how long the dependency asked callers to stay away; zero
	// when it did not say.
	RetryAfter time.Duration
}

// Bad reports whether the outcome counts against the dependency.
func (o Outcome) Bad() bool { return o.Class == Failure || o.Class == Timeout }

// Classify is the default reading of an error, used by [Do]:
//   - nil is a [Success];
//   - one of our refusals (see [ErrRejected]) is [Rejected];
//   - any error after the caller gave up is [Canceled], because broken
//     connections and half-read answers are what giving up looks like;
//   - [ErrTimeout] or a deadline that ran out is a [Timeout];
//   - anything else is a [Failure].
//
// A deadline of the caller counts as a Timeout too: it may be the only one that
// a hanging dependency meets.
func Classify(ctx context.Context, err error) Outcome {
	switch {
	case err == nil:
		return Outcome{}
	case errors.Is(err, ErrRejected):
		return Outcome{Class: Rejected, Err: err}
	case errors.Is(ctx.Err(), context.Canceled):
		return Outcome{Class: Canceled, Err: err}
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return Outcome{Class: Timeout, Err: err}
	default:
		return Outcome{Class: Failure, Err: err}
	}
}
