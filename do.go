package backstay

import (
	"context"
	"errors"
	"time"
)

// ErrPanicked is the outcome that policies see when the guarded function
// panicked or ended its goroutine. The panic itself continues to the caller.
var ErrPanicked = errors.New("backstay: guarded function panicked")

// Do runs fn inside the chain and returns its result, or what a policy put in
// its place. Errors are read by [Classify]. Do itself allocates nothing.
func Do[T any](ctx context.Context, c *Chain, fn func(context.Context) (T, error)) (T, error) {
	return DoClassified(ctx, c, fn, classifyError[T])
}

func classifyError[T any](ctx context.Context, _ T, err error) Outcome { return Classify(ctx, err) }

// frame is one entered policy of a running call.
type frame struct {
	inner  context.Context // what Enter returned: seen by Leave, by inner levels and by every repetition
	ticket Ticket
}

// DoClassified is [Do] with the caller's own reading of results, for results
// that carry failure without an error, as an HTTP response with status 503 does.
// A result that a policy discards, because it asks for another attempt or puts
// something in its place, is fn's to release. Nothing runs, and nobody is to
// blame, when ctx has ended before.
func DoClassified[T any](
	ctx context.Context, c *Chain,
	fn func(context.Context) (T, error),
	classify func(context.Context, T, error) Outcome,
) (T, error) {
	if c == nil || len(c.policies) == 0 {
		return fn(ctx)
	}
	var (
		frames  [MaxDepth]frame
		entered int // frames[:entered] await their Leave
	)
	// A panic must not keep permits and derived contexts. Nothing is
	// recovered, so that the stack of the panic stays whole.
	defer func() {
		for entered > 0 {
			entered--
			f := &frames[entered]
			c.policies[entered].Leave(f.inner, f.ticket, Outcome{Class: Failure, Err: ErrPanicked})
		}
	}()

	var (
		value T
		out   Outcome
		inner = ctx //nolint:contextcheck // the caller's, until a policy derives another
	)
	for {
		// Inward: enter policies until one refuses or the function has run.
		refused := false
		if err := inner.Err(); err != nil {
			out, refused = Outcome{Class: Canceled, Err: err}, true
		}
		for !refused && entered < len(c.policies) {
			next, ticket, err := c.policies[entered].Enter(inner)
			if err != nil {
				var zero T
				value, out, refused = zero, refusal(ctx, err), true
				break
			}
			ticket.Attempt = 0
			frames[entered] = frame{inner: next, ticket: ticket}
			inner = next //nolint:fatcontext // one level deeper, never more than MaxDepth
			entered++
		}
		if !refused {
			var err error
			value, err = fn(inner)
			out = classify(inner, value, err)
		}
		// Outward: leave every policy that was entered, innermost first,
		// unless one of them asks to run its inner part again.
		again := false
		for entered > 0 && !again {
			entered--
			f := &frames[entered]
			d := c.policies[entered].Leave(f.inner, f.ticket, out)
			switch d.Step {
			case Pass:
			case Again:
				again = wait(f.inner, d.After)
			case Replace:
				var zero T
				value, out = zero, d.Outcome
				if d.Value != nil {
					v, ok := d.Value.(T)
					if !ok {
						out = Outcome{Class: Failure, Err: ErrFallbackType}
						continue
					}
					value = v
				}
			}
		}
		if !again {
			return value, out.Err
		}
		// The policy that asked is inside again; the levels below it are
		// entered anew with the context that it had returned.
		f := &frames[entered]
		f.ticket.Attempt++
		inner = f.inner //nolint:fatcontext // back to where this level was
		entered++
	}
}

// refusal is the outcome of an Enter that failed. The dependency was not asked,
// so whatever the reason, it does not count against it.
func refusal(ctx context.Context, err error) Outcome {
	if errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled) {
		return Outcome{Class: Canceled, Err: err}
	}
	return Outcome{Class: Rejected, Err: err}
}

// wait sleeps unless the context ends, or is known to end, before d is over.
func wait(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if d <= 0 {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
