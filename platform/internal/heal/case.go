package heal

import (
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// Situation is what the ladder is told about an incident, in full each time.
type Situation struct {
	// Incident is its id.
	Incident string
	// Service owns the burning objective.
	Service string
	// Open is false once the incident is resolved.
	Open bool
	// Burning reports whether an objective of the incident burns right now. An
	// open incident that no longer burns is being watched before it is resolved.
	Burning bool
	// Cause is the named cause; nil while there is none. Nil after a cause was
	// named is no news: the ladder goes on with what it knows.
	Cause *verdict.Cause
}

// Command is one thing to do. Exactly one of Do and Undo is set.
type Command struct {
	// Key names the command to [Ladder.Done].
	Key string
	// Do is an action to plan and apply.
	Do *action.Action
	// Undo is the id of an action to take back.
	Undo string
}

// phase is where a case stands.
type phase uint8

const (
	waiting   phase = iota // no cause named yet: nothing is done
	verifying              // the last rung is given time to help
	climbing               // a rung is being carried out
	exhausted              // every rung was tried
)

// incidentCase is what the ladder keeps of an open incident.
type incidentCase struct {
	situation  Situation
	cause      *verdict.Cause // the one being acted on
	phase      phase
	rival      string // another service that is named now, not acted on yet
	rivalSince time.Time
	next       int       // index of the next rung
	until      time.Time // verifying: when the next rung may begin
	quiet      time.Time // since when nothing burns; zero while it burns
	leases     map[string]*leased
	stale      []string // actions that a renewed lease replaced
	serial     int      // makes keys of commands unique within the case
}
