package control

import (
	"time"

	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/policy"
)

// Snapshot is all that the control server wants of the instances of a service.
type Snapshot struct {
	// Version grows with every change; an instance never goes back.
	Version uint64 `json:"version"`
	// Service is whom the snapshot is for.
	Service string `json:"service"`
	// IssuedAt is when it was signed.
	IssuedAt time.Time `json:"issuedAt"`
	// Documents replace those of the last snapshot. Documents from elsewhere
	// stay in force where none of these has their kind and name, or their kind
	// and target.
	Documents []Document `json:"documents,omitempty"`
	// Overrides replace those of the last snapshot.
	Overrides []policy.Override `json:"overrides,omitempty"`
	// Faults replace those of the last snapshot.
	Faults []fault.Instruction `json:"faults,omitempty"`
}

// Document is a policy document as it was written.
type Document struct {
	Name string `json:"name"`
	YAML string `json:"yaml"`
}
