package policy

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of overrides.
const (
	// OverrideDowngrade refuses the calls of a dependency, so that the fallback
	// answers; see breaker.Breaker.Downgrade.
	OverrideDowngrade = "downgrade"
	// OverrideDegrade asks the service to do less; see [Live.DegradeLevel].
	OverrideDegrade = "degrade"
)

// MaxDegradeLevel bounds [Override.Level].
const MaxDegradeLevel = 10

// Override is an instruction from outside that goes before the documents until
// its lease ends.
type Override struct {
	// ID names the override; required.
	ID string `json:"id"`
	// Kind is [OverrideDowngrade] or [OverrideDegrade].
	Kind string `json:"kind"`
	// Dependency is what a downgrade refuses calls of.
	Dependency string `json:"dependency,omitempty"`
	// Level of a degrade, 1 to [MaxDegradeLevel]: the higher, the less the
	// service should do.
	Level int `json:"level,omitempty"`
	// Reason is told to whoever asks why.
	Reason string `json:"reason,omitempty"`
	// Expires ends the lease.
	Expires time.Time `json:"expires"`
}

// Validate says what is wrong with the override, if anything.
func (o Override) Validate() error {
	switch {
	case o.ID == "":
		return errors.New("override: it needs an id")
	case o.Expires.IsZero():
		return fmt.Errorf("override %s: no lease: set when it expires", o.ID)
	case o.Kind == OverrideDowngrade && (o.Dependency == "" || o.Dependency == Any):
		return fmt.Errorf("override %s: a downgrade names one dependency", o.ID)
	case o.Kind == OverrideDegrade && (o.Level < 1 || o.Level > MaxDegradeLevel):
		return fmt.Errorf("override %s: level is %d, want 1 to %d", o.ID, o.Level, MaxDegradeLevel)
	case o.Kind != OverrideDowngrade && o.Kind != OverrideDegrade:
		return fmt.Errorf("override %s: kind is %q, want %s or %s", o.ID, o.Kind, OverrideDowngrade, OverrideDegrade)
	}
	return nil
}
