package backstay_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/fallback"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/timeout"
)

// Receipt is what a payment ends with.
type Receipt struct{ Number string }

// Policies are stacked outermost first; a call runs inside all of them.
func ExampleDo() {
	chain := backstay.NewChain(
		fallback.New("payment", fallback.Config{
			Value: func(context.Context, backstay.Outcome) (any, error) { return Receipt{"to follow"}, nil },
		}),
		retry.New("payment", retry.Config{}),
		breaker.New("payment", breaker.Config{}),
		timeout.New("payment", timeout.Config{Limit: time.Second}),
	)
	fmt.Println(chain.Explain())

	charge := func(context.Context) (Receipt, error) { return Receipt{"4711"}, nil }
	fmt.Println(backstay.Do(context.Background(), chain, charge))

	broken := func(context.Context) (Receipt, error) { return Receipt{}, errors.New("connection refused") }
	fmt.Println(backstay.Do(context.Background(), chain, broken))
	// Output:
	// fallback payment: answers in place of the dependency
	//   retry payment: up to 3 attempts of idempotent calls, retries at most 20% of calls or 1 a second
	//     breaker payment: opens at 50% errors of at least 20 calls in 10s, or 10 failures in a row
	//       timeout payment: 1s an attempt
	// {4711} <nil>
	// {to follow} <nil>
}
