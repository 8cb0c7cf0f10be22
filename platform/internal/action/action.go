// Package action is the vocabulary of what Backstay does: every action names the
// verdict that caused it, carries a lease, and knows how to be undone. It holds
// types only; package executor plans, applies and undoes actions.
package action

import (
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// Kind is what an action does.
type Kind string

// Kinds, gentlest first.
const (
	// Override sends calls to a failing dependency to the fallback while probes go on.
	Override Kind = "override"
	// Degrade raises the degrade flag of a service for a while.
	Degrade Kind = "degrade"
	// Restart restarts one supervised process: the first rung of the ladder.
	Restart Kind = "restart"
	// Script runs a configured runbook script: the second rung.
	Script Kind = "script"
	// PageOut calls the configured webhook: the last rung.
	PageOut Kind = "page"
)

// State is where an action stands.
type State string

// States of an action.
const (
	Planned State = "planned"
	Applied State = "applied" // in force, until Expires when set
	Done    State = "done"    // finished: nothing to undo, or lease ended
	Undone  State = "undone"
	Failed  State = "failed"
	Refused State = "refused" // a limit or a missing capability forbade it
)

// Action is one thing done, with its cause and its end.
type Action struct {
	ID        string            `json:"id"`
	Incident  string            `json:"incident,omitempty"`
	Kind      Kind              `json:"kind"`
	Target    verdict.Subject   `json:"target"`
	Reason    string            `json:"reason"` // one sentence
	By        string            `json:"by"`     // "ladder", "user", "drill"
	State     State             `json:"state"`
	PlannedAt time.Time         `json:"plannedAt"`
	AppliedAt time.Time         `json:"appliedAt,omitzero"`
	EndedAt   time.Time         `json:"endedAt,omitzero"`
	Expires   time.Time         `json:"expires,omitzero"` // lease; zero when the action is instantaneous
	Error     string            `json:"error,omitempty"`
	Undo      string            `json:"undo,omitempty"` // how it is undone, in words; empty when it cannot be
	Params    map[string]string `json:"params,omitempty"`
}
