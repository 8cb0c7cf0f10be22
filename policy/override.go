package policy

import "time"

// OverrideKind is what an override orders.
type OverrideKind string

const (
	// Downgrade sends calls to a dependency to the fallback while probes go on.
	Downgrade OverrideKind = "downgrade"
	// Degrade raises the degrade level of the service.
	Degrade OverrideKind = "degrade"
)

// Override is an order from outside the process, under lease.
type Override struct {
	// ID names the override; required.
	ID string `json:"id"`
	// Kind is what is ordered.
	Kind OverrideKind `json:"kind"`
	// Dependency is what a [Downgrade] leads calls away from.
	Dependency string `json:"dependency,omitempty"`
	// Level is the level of a [Degrade]: 0 full service, higher means less.
	Level int `json:"level,omitempty"`
	// Reason is one sentence for people.
	Reason string `json:"reason"`
	// Expires ends the lease by this process's clock. The zero time has expired.
	Expires time.Time `json:"expires"`
}
