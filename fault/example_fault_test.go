package fault_test

import (
	"fmt"
	"time"

	"github.com/backstay/backstay/fault"
)

// An armed fault decides about each call until its lease is over.
func Example() {
	faults := fault.New(nil)
	_, on := faults.Decide("POST /pay")
	fmt.Println("unarmed:", on)

	faults.Arm([]fault.Instruction{{
		ID: "drill-1", Effect: fault.Error, Status: 503, Ratio: 1,
		Route: "POST /pay", Expires: time.Now().Add(time.Minute),
	}})
	effect, on := faults.Decide("POST /pay")
	fmt.Println("armed:", on, effect.Kind, effect.Status)
	_, on = faults.Decide("GET /health")
	fmt.Println("another route:", on)
	// Output:
	// unarmed: false
	// armed: true error 503
	// another route: false
}
