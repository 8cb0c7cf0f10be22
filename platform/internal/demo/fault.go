package demo

import (
	"time"

	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// Fault is one way to break the shop.
type Fault struct {
	// Name is what the user types.
	Name string
	// Text says in one sentence what happens.
	Text string
	// Service is whom it breaks, which is the cause to be named.
	Service string
	// Caller is who calls it: the breaker that must open is Caller's.
	Caller string
	// Class is what kind of fault it is.
	Class verdict.Class
	// Grows means that it begins to hurt some time after it begins.
	Grows bool

	// How it is done: one of these is set.
	armed  func(expires time.Time) fault.Instruction // through the control stream
	toggle string                                    // a switch of the program
	kill   bool                                      // SIGKILL
}

// Faults are the ways to break the shop, in the order of the drill.
var Faults = []Fault{
	{
		Name: "payment-errors", Service: "payment", Caller: "order", Class: verdict.Errors,
		Text: "half of all charges are answered with status 500",
		armed: func(expires time.Time) fault.Instruction {
			return fault.Instruction{ID: "demo-payment-errors", Effect: fault.Error, Ratio: 0.5, Status: 500, Expires: expires}
		},
	},
	{
		Name: "payment-slow", Service: "payment", Caller: "order", Class: verdict.Latency,
		Text: "every charge takes two seconds longer",
		armed: func(expires time.Time) fault.Instruction {
			return fault.Instruction{ID: "demo-payment-slow", Effect: fault.Latency, Ratio: 1, Latency: 2 * time.Second, Expires: expires}
		},
	},
	{
		Name: "inventory-leak", Service: "inventory", Caller: "order", Class: verdict.Saturation, Grows: true,
		Text:   "inventory leaks goroutines, and each keeps a connection to the warehouse",
		toggle: "leak",
	},
	{
		Name: "order-panic", Service: "order", Caller: "gateway", Class: verdict.Panics,
		Text:   "the catalogue of order lacks half of its articles, and buying one of them panics",
		toggle: "panic",
	},
	{
		Name: "payment-kill", Service: "payment", Caller: "order", Class: verdict.Down,
		Text: "the payment process is killed",
		kill: true,
	},
}

// faultNamed finds a fault.
func faultNamed(name string) (Fault, bool) {
	for _, f := range Faults {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

func faultList() []api.DemoFault {
	list := make([]api.DemoFault, 0, len(Faults))
	for _, f := range Faults {
		list = append(list, api.DemoFault{Name: f.Name, Text: f.Text})
	}
	return list
}
