package breaker

import (
	"context"

	"github.com/backstay/backstay"
)

// Permit is the right to make one call. It is a value, so that it costs no
// allocation. Exactly one of Done and Record must be called, once.
type Permit struct {
	breaker *Breaker
	ctx     context.Context //nolint:containedctx // lives as long as the call that it belongs to
	ticket  backstay.Ticket
}

// Acquire asks for the right to make a call, for code that is not a function to
// be run by [backstay.Do]. The error is a [backstay.RejectedError] for [ErrOpen].
func (b *Breaker) Acquire(ctx context.Context) (Permit, error) {
	t, err := b.admit(ctx)
	if err != nil {
		return Permit{}, err
	}
	return Permit{breaker: b, ctx: ctx, ticket: t}, nil
}

// Done ends the call with its error, read by [backstay.Classify].
func (p Permit) Done(err error) { p.Record(backstay.Classify(p.ctx, err)) }

// Record ends the call with an outcome. On the zero Permit it does nothing.
func (p Permit) Record(o backstay.Outcome) {
	if p.breaker != nil {
		p.breaker.record(p.ticket, o)
	}
}
