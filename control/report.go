package control

import (
	"time"

	"github.com/backstay/backstay/policy"
)

// Report is what an instance tells the control server: every second, and at once
// when a breaker changes state.
type Report struct {
	Service  string `json:"service"`
	Version  string `json:"version,omitempty"`
	Instance string `json:"instance"`
	// PolicyVersion is the snapshot in force; 0 when there is none.
	PolicyVersion uint64 `json:"policyVersion"`
	// Problem says why the latest snapshot is not in force; empty when all is well.
	Problem string `json:"problem,omitempty"`
	// States are the policies as they stand.
	States []policy.State `json:"states,omitempty"`
	// DegradeLevel is how much less the service was asked to do.
	DegradeLevel int `json:"degradeLevel,omitempty"`
	// Events are what happened since the last report that arrived, oldest first.
	Events []Event `json:"events,omitempty"`
	// Dropped counts the events since the start that there was no room for.
	Dropped uint64 `json:"dropped,omitempty"`
}

// The kinds of events.
const (
	EventState    = "state"    // a breaker went From one state To another
	EventFallback = "fallback" // a fallback answered
	EventRejected = "rejected" // a policy refused a call
	EventPanic    = "panic"    // a handler panicked; Detail is its route
	EventPolicy   = "policy"   // other policies are in force
)

// Event is something that happened in an instance. Alike events between two
// reports are one event with a count, except changes of state.
type Event struct {
	// At is when it happened, the first time.
	At time.Time `json:"at"`
	// Kind is one of the Event constants.
	Kind string `json:"kind"`
	// Dependency that it is about; empty when it is about none.
	Dependency string `json:"dependency,omitempty"`
	// From and To are states of a breaker.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Count is how often it happened.
	Count uint64 `json:"count"`
	// Detail says more: a reason, a kind of policy, a route.
	Detail string `json:"detail,omitempty"`
}
