package backstay_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/fallback"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/timeout"
)

// composed is every policy of the SDK, stacked as policy documents stack them.
func composed() *backstay.Chain {
	return backstay.NewChain(
		fallback.New("payment", fallback.Config{
			Value: func(context.Context, backstay.Outcome) (any, error) { return 0, nil },
		}),
		retry.New("payment", retry.Config{Backoff: -1, BudgetRatio: 1}),
		breaker.New("payment", breaker.Config{SlowCall: time.Second, Mode: breaker.Observe}),
		timeout.New("payment", timeout.Config{Limit: time.Minute}),
	)
}

// TestComposedPathAllocatesNothing: guarding a call must not feed the garbage
// collector. The caller's own deadline is tighter than the policy's, so that no
// context is derived.
func TestComposedPathAllocatesNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(retry.WithIdempotent(t.Context()), 10*time.Second)
	defer cancel()
	c := composed()
	well := func(context.Context) (int, error) { return 1, nil }
	if n := testing.AllocsPerRun(1000, func() {
		if v, err := backstay.Do(ctx, c, well); v != 1 || err != nil {
			t.Error(v, err)
		}
	}); n != 0 {
		t.Errorf("success: %v allocations", n)
	}
	down := func(context.Context) (int, error) { return 0, errDown }
	if n := testing.AllocsPerRun(200, func() {
		if v, err := backstay.Do(ctx, c, down); v != 0 || err != nil {
			t.Error(v, err)
		}
	}); n != 0 {
		t.Errorf("failure, repeated and answered by the fallback: %v allocations", n)
	}
}

func BenchmarkComposed(b *testing.B) {
	ctx, cancel := context.WithTimeout(b.Context(), 50*time.Second)
	defer cancel()
	c := composed()
	well := func(context.Context) (int, error) { return 1, nil }
	b.ReportAllocs()
	for b.Loop() {
		_, _ = backstay.Do(ctx, c, well)
	}
}

func BenchmarkDo(b *testing.B) {
	ctx := b.Context()
	c := backstay.NewChain(fallback.New("payment", fallback.Config{
		Value: func(context.Context, backstay.Outcome) (any, error) { return 0, nil },
	}))
	well := func(context.Context) (int, error) { return 1, nil }
	b.ReportAllocs()
	for b.Loop() {
		_, _ = backstay.Do(ctx, c, well)
	}
}
