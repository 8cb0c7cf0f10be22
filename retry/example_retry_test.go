package retry_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/retry"
)

// A call that may be repeated is, within the budget that all calls share.
func Example() {
	chain := backstay.NewChain(retry.New("inventory", retry.Config{Attempts: 3}))
	attempt := 0
	look := func(context.Context) (int, error) {
		if attempt++; attempt < 3 {
			return 0, errors.New("connection reset")
		}
		return 42, nil
	}
	left, err := backstay.Do(retry.WithIdempotent(context.Background()), chain, look)
	fmt.Println(left, err, "after", attempt, "attempts")
	// Output: 42 <nil> after 3 attempts
}
