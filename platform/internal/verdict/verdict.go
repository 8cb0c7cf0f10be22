// Package verdict is the vocabulary of conclusions: what Backstay believes about
// a service or an objective, how sure it is, and the evidence for it. It holds
// types only; packages slo and rca reach verdicts, incident and heal act on them.
package verdict

import "time"

// Answer is three-valued. The zero value says that there is not enough data,
// and such an answer never promotes, never rolls back and never pages.
type Answer int8

const (
	// Unknown means not enough data.
	Unknown Answer = iota
	// No means the claim was tested and does not hold.
	No
	// Yes means the claim holds.
	Yes
)

var answerNames = [...]string{Unknown: "unknown", No: "no", Yes: "yes"}

// String returns "unknown", "no" or "yes".
func (a Answer) String() string {
	if int(a) < 0 || int(a) >= len(answerNames) {
		return answerNames[Unknown]
	}
	return answerNames[a]
}

// MarshalText writes the name.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the name; any other text is Unknown.
func (a *Answer) UnmarshalText(text []byte) error {
	*a = Unknown
	for i, name := range answerNames {
		if name == string(text) {
			*a = Answer(i)
		}
	}
	return nil
}

// Claim is what a verdict is about.
type Claim string

const (
	// Burning claims that an objective spends its error budget too fast.
	Burning Claim = "burning"
	// CausedBy claims that the subject's service causes the burning objective.
	CausedBy Claim = "caused-by"
	// Recovered claims that an objective is met again.
	Recovered Claim = "recovered"
)

// Subject is what a verdict speaks of; fields that do not apply are empty.
type Subject struct {
	Service    string `json:"service"`
	SLO        string `json:"slo,omitempty"`
	Dependency string `json:"dependency,omitempty"`
	Instance   string `json:"instance,omitempty"`
}

// Verdict is a conclusion at a moment. Same inputs and version give the same verdict.
type Verdict struct {
	Claim    Claim      `json:"claim"`
	Subject  Subject    `json:"subject"`
	Answer   Answer     `json:"answer"`
	At       time.Time  `json:"at"`
	Severity Severity   `json:"severity,omitempty"`
	Reason   string     `json:"reason"` // one sentence with figures, for a person
	Evidence []Evidence `json:"evidence,omitempty"`
	Cause    *Cause     `json:"cause,omitempty"` // on CausedBy only
}

// Severity is how loud a burning verdict is.
type Severity string

const (
	// Page means somebody must look now.
	Page Severity = "page"
	// Ticket means somebody must look within days.
	Ticket Severity = "ticket"
)

// Class is the kind of fault a cause finder names.
type Class string

// Fault classes.
const (
	Errors     Class = "errors"     // the service answers with errors
	Latency    Class = "latency"    // the service is slow in itself
	Saturation Class = "saturation" // a resource runs full: goroutines, connections, memory
	Panics     Class = "panics"     // handlers panic
	Down       Class = "down"       // no instance answers
)

// Cause is the named root cause.
type Cause struct {
	Service string    `json:"service"`
	Class   Class     `json:"class"`
	Path    []string  `json:"path"`           // from the burning service to the cause, both included
	Score   float64   `json:"score"`          // 0 to 1, for ranking within one verdict
	Also    []Suspect `json:"also,omitempty"` // runners-up, best first
}

// Suspect is a service that was considered and ranked lower.
type Suspect struct {
	Service string  `json:"service"`
	Score   float64 `json:"score"`
}

// Evidence is one observation that supports a verdict.
type Evidence struct {
	Kind     string  `json:"kind"`    // "edge-errors", "self-time", "saturation", "panics", "instance-down", "breaker-open", "recent-change", "burn-rate"
	Subject  string  `json:"subject"` // "order → payment", "inventory"
	Observed float64 `json:"observed"`
	Expected float64 `json:"expected"` // baseline or threshold
	Unit     string  `json:"unit"`     // "ratio", "s", "count", "x"
	Detail   string  `json:"detail"`   // one sentence for a person
}
