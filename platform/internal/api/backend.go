package api

import (
	"context"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// Backend answers the questions of the API. Its methods are called from many
// goroutines at once. They return [ErrNotFound] (possibly wrapped) for an object
// that does not exist, a [*Problem] for a refusal that the caller can mend, and
// any other error for a fault of the server.
type Backend interface {
	Overview(ctx context.Context) (Overview, error)

	// Services lists all known services, worst budget first.
	Services(ctx context.Context) ([]ServiceSummary, error)
	Service(ctx context.Context, name string) (Service, error)
	// ServiceRED is the chart of rate, error ratio and latencies.
	ServiceRED(ctx context.Context, name string, r Range) (Chart, error)

	// SLOs lists all objectives, worst budget first, without their documents.
	SLOs(ctx context.Context) ([]SLOStatus, error)
	// SLO is one objective with its document.
	SLO(ctx context.Context, name string) (SLOStatus, error)
	// SLOBudget is the curve of the remaining error budget.
	SLOBudget(ctx context.Context, name string, r Range) (Chart, error)
	// SLOBurn is the curve of the burn rate over window; zero means the
	// shortest long window of the objective.
	SLOBurn(ctx context.Context, name string, window time.Duration, r Range) (Chart, error)
	// ApplySLOs stores the OpenSLO documents of d, all or none; with check it only
	// judges them. It returns the objectives that the documents hold.
	ApplySLOs(ctx context.Context, d Document, check bool) ([]SLOStatus, error)
	DeleteSLO(ctx context.Context, name string) error

	Topology(ctx context.Context) (Graph, error)

	// Incidents lists latest first.
	Incidents(ctx context.Context, f IncidentFilter) ([]IncidentSummary, error)
	Incident(ctx context.Context, id string) (Incident, error)

	// Actions lists latest first, at most limit.
	Actions(ctx context.Context, limit int) ([]action.Action, error)
	// UndoAction undoes an applied action in the name of by.
	UndoAction(ctx context.Context, id, by string) (action.Action, error)

	Policies(ctx context.Context) ([]PolicyDocument, error)
	// ApplyPolicies stores the policy documents of d, all or none; with check it
	// only judges them. It returns the documents found.
	ApplyPolicies(ctx context.Context, d Document, check bool) ([]PolicyDocument, error)

	Traces(ctx context.Context, f TraceFilter) ([]TraceSummary, error)
	// Trace takes the id as 32 lower-case hexadecimal digits.
	Trace(ctx context.Context, id string) (Trace, error)

	// Query evaluates PromQL at one moment; each result is a series of one point.
	Query(ctx context.Context, expr string, at time.Time) (Chart, error)
	QueryRange(ctx context.Context, expr string, r Range) (Chart, error)

	Status(ctx context.Context) (Status, error)
	// Ready returns nil when the server can answer, else why not.
	Ready(ctx context.Context) error
}

// Shop is the demo shop as the API drives it.
type Shop interface {
	Status(ctx context.Context) (Demo, error)
	// Break arms the fault; [ErrNotFound] when there is none of that name.
	Break(ctx context.Context, fault string) error
	// Heal lifts whatever fault is armed.
	Heal(ctx context.Context) error
	// Protect restarts the shop with or without its policies.
	Protect(ctx context.Context, protected bool) error
}

// Range is the span of a chart. Handlers hand it on checked: From before To,
// Step at least one second, at most [MaxPoints] points.
type Range struct {
	From, To time.Time
	Step     time.Duration
}

// MaxPoints bounds how many points a chart may hold.
const MaxPoints = 11_000

// IncidentFilter chooses incidents; the zero value means all.
type IncidentFilter struct {
	State string // "open", "resolved", or empty for both
	Limit int    // at most so many, always positive
}

// TraceFilter chooses traces.
type TraceFilter struct {
	Service     string // empty means any
	From, To    time.Time
	MinDuration time.Duration
	ErrorsOnly  bool
	Limit       int // at most so many, always positive
}

// Document is YAML that a user sent, with the name that findings give it.
type Document struct {
	File string
	Data []byte
	By   string // who sent it, for the audit
}
