package backstay

import (
	"context"
	"time"
)

// Do runs fn inside the chain and returns its result, or what a policy put in
// its place. Errors are read by [Classify]. Do itself allocates nothing.
func Do[T any](ctx context.Context, c *Chain, fn func(context.Context) (T, error)) (T, error) {
	return DoClassified(ctx, c, fn, classifyError[T])
}

func classifyError[T any](ctx context.Context, _ T, err error) Outcome { return Classify(ctx, err) }

// DoClassified is [Do] with the caller's own reading of results, for results
// that carry failure without an error, as an HTTP response with status 503 does.
func DoClassified[T any](
	ctx context.Context, c *Chain,
	fn func(context.Context) (T, error),
	classify func(context.Context, T, error) Outcome,
) (T, error) {
	if c == nil || len(c.policies) == 0 {
		return fn(ctx)
	}
	var (
		frames [MaxDepth]struct {
			ctx    context.Context
			ticket Ticket
		}
		value T
		out   Outcome
		depth = len(c.policies)
		level = 0 // next policy to enter
		inner = ctx
	)
	for {
		// Inward: enter policies until one refuses or the function has run.
		entered := level
		refused := false
		for ; entered < depth; entered++ {
			next, ticket, err := c.policies[entered].Enter(inner)
			if err != nil {
				var zero T
				value, out, refused = zero, Classify(ctx, err), true
				break
			}
			frames[entered].ctx, frames[entered].ticket = inner, ticket
			inner = next
		}
		if !refused {
			var err error
			value, err = fn(inner)
			out = classify(inner, value, err)
		}
		// Outward: leave every policy that was entered, innermost first.
		again := false
		for i := entered - 1; i >= 0; i-- {
			d := c.policies[i].Leave(frames[i].ctx, frames[i].ticket, out)
			switch d.Step {
			case Pass:
				continue
			case Replace:
				out = d.Outcome
				var zero T
				value = zero
				if d.Value != nil {
					v, ok := d.Value.(T)
					if !ok {
						out = Outcome{Class: Failure, Err: ErrFallbackType}
						continue
					}
					value = v
				}
			case Again:
				if !wait(frames[i].ctx, d.After) {
					continue
				}
				frames[i].ticket.Attempt++
				inner, level, again = frames[i].ctx, i+1, true
			}
			if again {
				break
			}
		}
		if !again {
			return value, out.Err
		}
	}
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
