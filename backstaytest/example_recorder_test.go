package backstaytest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay/backstaytest"
	"github.com/backstay/backstay/breaker"
)

// A test asserts what the policies of a service decided.
func ExampleRecorder() {
	var heard backstaytest.Recorder
	payment := breaker.New("payment", breaker.Config{Consecutive: 2, Listener: heard.Listener()})
	for range 3 {
		if permit, err := payment.Acquire(context.Background()); err == nil {
			permit.Done(errors.New("down"))
		}
	}
	for _, line := range heard.Lines() {
		fmt.Println(line)
	}
	// Output:
	// payment: closed -> open (2 failures in a row)
	// payment: rejected by breaker
}
