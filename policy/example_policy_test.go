package policy_test

import (
	"errors"
	"fmt"

	"github.com/backstay/backstay/policy"
)

const documents = `
apiVersion: backstay.dev/v1
kind: CircuitBreaker
metadata:
  name: payment
spec:
  target: {service: order, dependency: payment}
  errorRatio: 0.3
---
apiVersion: backstay.dev/v1
kind: Fallback
metadata:
  name: payment
spec:
  target: {service: order, dependency: payment}
  status: 202
  body: '{"status": "later"}'
`

// Documents decide which policies guard the calls of a dependency.
func Example() {
	set, err := policy.Parse("payment.yaml", []byte(documents))
	if err != nil {
		fmt.Println(err)
		return
	}
	live := policy.NewLive("order", "1.0.0", nil)
	if err := live.Apply(set); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(live.Outbound("payment", "").Explain())
	// Output:
	// fallback payment: answers in place of the dependency
	//   breaker payment: opens at 30% errors of at least 20 calls in 10s, or 10 failures in a row
	//     timeout payment: 10s an attempt
}

// Every mistake is told at once, with its place.
func ExampleParse() {
	_, err := policy.Parse("payment.yaml", []byte(`
apiVersion: backstay.dev/v1
kind: Timeout
metadata:
  name: payment
spec:
  target: {service: order, dependenci: payment}
  limit: 10
`))
	var refused *policy.ParseError
	if errors.As(err, &refused) {
		for _, f := range refused.Findings {
			fmt.Println(f)
		}
	}
	// Output:
	// payment.yaml:7:28: target has no field "dependenci" (did you mean "dependency"?)
	// payment.yaml:8:10: limit must be a duration, not "10" (did you mean "10s" or "10ms"?)
}
