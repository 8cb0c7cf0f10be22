package rca

import (
	"time"

	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// Input is everything the finder looks at.
type Input struct {
	At        time.Time       // moment of the question
	Onset     time.Time       // when the objective began to burn; zero means At
	Objective verdict.Subject // what burns; Service is where the walk begins

	// Now is the graph since shortly before the onset, Baseline the graph of a
	// healthy while before it. Without a baseline slowness cannot be seen, errors can.
	Now, Baseline topology.Graph

	Breakers   []Breaker
	Processes  []Process
	Panics     map[string]float64 // recovered panics per service since the onset, where counted
	Rejections []Rejection
	Changes    []Change
}

// Breaker is the state of one circuit breaker, as the calling process reports it.
type Breaker struct {
	Service    string // the caller
	Dependency string
	State      string // "closed", "open", "half-open", "downgrade"
	Since      time.Time
}

// Process is one process of a service. Numbers that are not known are zero.
type Process struct {
	Service, Instance string
	Up                bool
	Since             time.Time // of the present state
	Goroutines        float64
	GoroutinesBefore  float64 // before the onset
	HeapBytes         float64
	HeapBytesBefore   float64
}

// Rejection is how many calls a caller's policies refused since the onset.
type Rejection struct {
	Service, Dependency string
	Count               float64
}

// Change is something that was changed on purpose.
type Change struct {
	At      time.Time
	Service string
	Text    string
}
