package incident

import (
	"slices"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// State is where an incident stands.
type State string

// States of an incident.
const (
	StateOpen     State = "open"
	StateResolved State = "resolved"
)

// Step is a link of the chain.
type Step string

// Steps in the order of the chain; a timeline may hold any number of each.
const (
	StepSignal   Step = "signal"
	StepVerdict  Step = "verdict"
	StepCause    Step = "cause"
	StepAction   Step = "action"
	StepRecovery Step = "recovery"
)

// Incident is one trouble from its first sign to its end.
type Incident struct {
	ID         string           `json:"id"`
	Title      string           `json:"title"`
	State      State            `json:"state"`
	Severity   verdict.Severity `json:"severity"` // the loudest it has been
	Service    string           `json:"service"`  // whose objectives burn
	SLO        string           `json:"slo"`      // objective that burned first
	Objectives []string         `json:"objectives"`
	Burning    bool             `json:"burning"` // false while an open incident waits for its recovery to hold
	Cause      *verdict.Cause   `json:"cause,omitempty"`
	OpenedAt   time.Time        `json:"openedAt"`
	EndedAt    time.Time        `json:"endedAt,omitzero"`

	Timeline []Entry           `json:"timeline"` // oldest first
	Omitted  int               `json:"omitted"`  // entries left out because the timeline was full
	Actions  []action.Action   `json:"actions"`  // in the order in which they were planned
	Verdicts []verdict.Verdict `json:"verdicts"` // latest of each claim and subject
}

// Entry is one step of the chain.
type Entry struct {
	At       time.Time          `json:"at"`
	Step     Step               `json:"step"`
	Text     string             `json:"text"`
	Evidence []verdict.Evidence `json:"evidence,omitempty"`
	Action   string             `json:"action,omitempty"` // id of the action
}

// maxTimeline bounds the timeline of one incident.
const maxTimeline = 400

// clone returns a copy that shares nothing that the book changes later. Its lists
// are never nil.
func (in *Incident) clone() Incident {
	c := *in
	c.Objectives = append([]string{}, in.Objectives...)
	c.Timeline = append([]Entry{}, in.Timeline...)
	c.Actions = append([]action.Action{}, in.Actions...)
	c.Verdicts = append([]verdict.Verdict{}, in.Verdicts...)
	if in.Cause != nil {
		cause := *in.Cause
		c.Cause = &cause
	}
	return c
}

// enter adds an entry at its place in time. A full timeline takes steps that people
// look for and leaves out further signals.
func (in *Incident) enter(e Entry) {
	for i := len(in.Timeline) - 1; i >= 0 && !in.Timeline[i].At.Before(e.At); i-- {
		if old := in.Timeline[i]; old.At.Equal(e.At) && old.Step == e.Step && old.Text == e.Text {
			return
		}
	}
	if len(in.Timeline) >= maxTimeline {
		in.Omitted++
		drop := slices.IndexFunc(in.Timeline, func(old Entry) bool { return old.Step == StepSignal })
		if e.Step == StepSignal || drop < 0 {
			return
		}
		in.Timeline = slices.Delete(in.Timeline, drop, drop+1)
	}
	at := len(in.Timeline)
	for at > 0 && in.Timeline[at-1].At.After(e.At) {
		at--
	}
	in.Timeline = slices.Insert(in.Timeline, at, e)
}

// keep stores the latest verdict of a claim and subject.
func (in *Incident) keep(v verdict.Verdict) {
	for i := range in.Verdicts {
		if in.Verdicts[i].Claim == v.Claim && in.Verdicts[i].Subject == v.Subject {
			in.Verdicts[i] = v
			return
		}
	}
	in.Verdicts = append(in.Verdicts, v)
}

// entitle names the incident by what is known of it.
func (in *Incident) entitle() {
	in.Title = in.SLO + " burns its budget"
	if more := len(in.Objectives) - 1; more == 1 {
		in.Title = in.Objectives[0] + " and " + in.Objectives[1] + " burn their budgets"
	} else if more > 1 {
		in.Title = in.SLO + " and other objectives of " + in.Service + " burn their budgets"
	}
	if in.Cause != nil {
		in.Title = in.Cause.Service + " " + causeWords[in.Cause.Class] + ": " + in.Title
	}
}

var causeWords = map[verdict.Class]string{
	verdict.Errors: "answers with errors", verdict.Latency: "is slow", verdict.Saturation: "runs full",
	verdict.Panics: "panics", verdict.Down: "is down",
}
