package timeout_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/timeout"
)

// An attempt that takes too long ends with an error that says whose limit it was.
func Example() {
	chain := backstay.NewChain(timeout.New("payment", timeout.Config{Limit: 20 * time.Millisecond}))
	_, err := backstay.Do(context.Background(), chain, func(ctx context.Context) (string, error) {
		<-ctx.Done() // a payment that hangs
		return "", ctx.Err()
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, backstay.ErrTimeout))
	// Output:
	// timeout payment: no answer within 20ms
	// true
}
