package fallback_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/fallback"
)

// An order is taken although the payment cannot be made now, and the request
// knows that its answer is a degraded one.
func Example() {
	chain := backstay.NewChain(fallback.New("payment", fallback.Config{
		Value: func(context.Context, backstay.Outcome) (any, error) { return "pay later", nil },
	}))
	ctx, degraded := backstay.WithDegradation(context.Background())
	receipt, err := backstay.Do(ctx, chain, func(context.Context) (string, error) {
		return "", errors.New("connection refused")
	})
	fmt.Println(receipt, err, degraded.Names())
	// Output: pay later <nil> [payment]
}
