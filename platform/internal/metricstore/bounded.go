package metricstore

import (
	"context"
	"time"
)

// Bounded returns the store with at most so many queries at work, and with
// [Config.MaxQuerySamples] their memory: others wait for their turn or for the end
// of their context. It is for questions that people ask, so that those asked by
// the clock never wait behind them.
func Bounded(s Store, queries int) Store {
	return &bounded{Store: s, turns: make(chan struct{}, max(queries, 1))}
}

type bounded struct {
	Store

	turns chan struct{} // one token for each query at work
}

// Instant answers as the store does, when it is its turn.
func (b *bounded) Instant(ctx context.Context, query string, at time.Time) ([]Point, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	defer b.end()
	return b.Store.Instant(ctx, query, at)
}

// Range answers as the store does, when it is its turn.
func (b *bounded) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]Series, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	defer b.end()
	return b.Store.Range(ctx, query, from, to, step)
}

func (b *bounded) begin(ctx context.Context) error {
	select {
	case b.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *bounded) end() { <-b.turns }
