package breaker_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
)

// A dependency that fails is no longer asked, and the listener learns why.
func Example() {
	payment := breaker.New("payment", breaker.Config{
		Consecutive: 3,
		Listener: &backstay.Listener{StateChanged: func(c backstay.StateChange) {
			fmt.Printf("%s: %s -> %s: %s\n", c.Dependency, c.From, c.To, c.Reason)
		}},
	})
	chain := backstay.NewChain(payment)
	for range 4 {
		_, err := backstay.Do(context.Background(), chain, func(context.Context) (string, error) {
			return "", errors.New("connection refused")
		})
		fmt.Println(err)
	}
	// Output:
	// connection refused
	// connection refused
	// payment: closed -> open: 3 failures in a row
	// connection refused
	// breaker payment: circuit open; 3 failures in a row
}

// Code that is not a function to be run by backstay.Do takes a permit.
func ExampleBreaker_Acquire() {
	payment := breaker.New("payment", breaker.Config{})
	permit, err := payment.Acquire(context.Background())
	if err != nil {
		fmt.Println("not now:", err)
		return
	}
	permit.Done(nil) // with the error of the call
	fmt.Println(payment.State(), payment.Snapshot().Calls)
	// Output: closed 1
}
