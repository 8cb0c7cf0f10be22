package api

import (
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// The types of this file are the contract of the JSON API v1: fields are only
// ever added. Times are RFC 3339, durations and latencies are seconds, ratios
// run from 0 to 1. The OpenAPI document is generated from them.

// Health is the colour of a service or edge on the map, always shown with its word.
type Health string

// Healths, worst last. The bounds of attainment are those of the map's legend:
// 99.5 % and above is good, 98.2 % and below is bad.
const (
	HealthUnknown Health = "unknown"
	HealthGood    Health = "good"
	HealthWarn    Health = "warn"
	HealthBad     Health = "bad"
)

// RED is rate, errors and duration over the last minute.
type RED struct {
	Rate       float64 `json:"rate"`       // requests per second
	ErrorRatio float64 `json:"errorRatio"` // 0 to 1
	P50        float64 `json:"p50"`        // seconds
	P95        float64 `json:"p95"`
	P99        float64 `json:"p99"`
}

// ServiceSummary is one row of the service list.
type ServiceSummary struct {
	Name        string    `json:"name"`
	Version     string    `json:"version,omitempty"`
	Health      Health    `json:"health"`
	RED         RED       `json:"red"`
	Instances   int       `json:"instances"`             // connected to the control stream
	SDK         bool      `json:"sdk"`                   // runs the Backstay SDK
	WorstBudget *float64  `json:"worstBudget,omitempty"` // least remaining error budget, 1 = untouched, negative = overspent
	SLOs        int       `json:"slos"`
	Incident    string    `json:"incident,omitempty"` // id of an open incident that names it
	LastSeen    time.Time `json:"lastSeen"`
}

// Service is the detail of one service.
type Service struct {
	ServiceSummary
	Processes    []Instance      `json:"processes"`
	Dependencies []Edge          `json:"dependencies"` // calls going out
	Callers      []Edge          `json:"callers"`      // calls coming in
	Policies     []PolicyState   `json:"policies"`
	SLOStatus    []SLOStatus     `json:"sloStatus"`
	Actions      []action.Action `json:"actions"` // latest first
	Routes       []Route         `json:"routes"`
}

// Route is the RED of one route template of a service.
type Route struct {
	Name string `json:"name"`
	RED  RED    `json:"red"`
}

// Instance is one process of a service.
type Instance struct {
	ID            string    `json:"id"`
	Version       string    `json:"version,omitempty"`
	Connected     bool      `json:"connected"`
	Since         time.Time `json:"since"`
	PolicyVersion uint64    `json:"policyVersion"` // snapshot it runs
	Goroutines    float64   `json:"goroutines"`
	HeapBytes     float64   `json:"heapBytes"`
}

// PolicyState is one live policy of one instance, as the instance reports it.
type PolicyState struct {
	Instance   string    `json:"instance"`
	Kind       string    `json:"kind"` // "breaker", "retry", "timeout", "fallback"
	Dependency string    `json:"dependency"`
	State      string    `json:"state"`   // "closed", "open", …; "active" for stateless policies
	Explain    string    `json:"explain"` // one line
	Since      time.Time `json:"since,omitzero"`
	Override   string    `json:"override,omitempty"` // id of the leased override in force
}

// Node is one service on the map.
type Node struct {
	Name       string   `json:"name"`
	Health     Health   `json:"health"`
	Attainment *float64 `json:"attainment,omitempty"` // of its worst objective, else success ratio; absent without data
	RED        RED      `json:"red"`
	External   bool     `json:"external"` // seen only as a callee
}

// Edge is calls from one service to another.
type Edge struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Health  Health `json:"health"`
	RED     RED    `json:"red"`
	Breaker string `json:"breaker,omitempty"` // worst state among the caller's instances
}

// Graph is the service map over the last minute.
type Graph struct {
	At    time.Time `json:"at"`
	Nodes []Node    `json:"nodes"`
	Edges []Edge    `json:"edges"`
}

// BurnWindow is one window pair of a multi-window burn-rate rule.
type BurnWindow struct {
	Severity  verdict.Severity `json:"severity"`
	Long      string           `json:"long"` // Go duration
	Short     string           `json:"short"`
	Factor    float64          `json:"factor"` // fires when both windows burn at least this fast
	LongRate  *float64         `json:"longRate,omitempty"`
	ShortRate *float64         `json:"shortRate,omitempty"`
	Answer    verdict.Answer   `json:"answer"`
}

// SLOStatus is an objective as it stands.
type SLOStatus struct {
	Name        string         `json:"name"`
	DisplayName string         `json:"displayName,omitempty"`
	Service     string         `json:"service"`
	Description string         `json:"description,omitempty"`
	Target      float64        `json:"target"`               // 0 to 1
	Window      string         `json:"window"`               // Go duration
	Attainment  *float64       `json:"attainment,omitempty"` // over the window; absent without data
	Budget      *float64       `json:"budget,omitempty"`     // remaining share of the error budget: 1 untouched, 0 spent, negative overspent
	Burn        *float64       `json:"burn,omitempty"`       // burn rate over the shortest long window
	Good        float64        `json:"good"`
	Total       float64        `json:"total"`
	Burning     verdict.Answer `json:"burning"`
	Windows     []BurnWindow   `json:"windows"`
	Document    string         `json:"document,omitempty"` // OpenSLO source, on the detail only
	Problem     string         `json:"problem,omitempty"`  // why there is no data, when there is none
}

// Series is one line of a chart; T and V have the same length, V may hold null.
type Series struct {
	Name string     `json:"name"`
	Unit string     `json:"unit"`
	T    []int64    `json:"t"` // Unix seconds
	V    []*float64 `json:"v"`
}

// Chart is what a chart shows, with the ways to ask for the same elsewhere.
type Chart struct {
	Series []Series `json:"series"`
	Query  string   `json:"query,omitempty"` // PromQL
	CLI    string   `json:"cli,omitempty"`
	Marks  []Mark   `json:"marks,omitempty"`
}

// Mark is a moment on a chart: an action, a verdict, a deployment.
type Mark struct {
	T    int64  `json:"t"` // Unix seconds
	Kind string `json:"kind"`
	Text string `json:"text"`
	Link string `json:"link,omitempty"` // path in the console
}

// IncidentSummary is one row of the incident list.
type IncidentSummary struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	State    string           `json:"state"` // "open" or "resolved"
	Severity verdict.Severity `json:"severity"`
	Service  string           `json:"service"` // of the burning objective
	SLO      string           `json:"slo"`
	Cause    *verdict.Cause   `json:"cause,omitempty"`
	OpenedAt time.Time        `json:"openedAt"`
	EndedAt  time.Time        `json:"endedAt,omitzero"`
}

// Incident is the whole chain: signal, verdict, cause, action, recovery.
type Incident struct {
	IncidentSummary
	Timeline []TimelineEntry   `json:"timeline"` // oldest first
	Actions  []action.Action   `json:"actions"`
	Verdicts []verdict.Verdict `json:"verdicts"` // latest of each claim and subject
}

// TimelineEntry is one step of the chain.
type TimelineEntry struct {
	At       time.Time          `json:"at"`
	Step     string             `json:"step"` // "signal", "verdict", "cause", "action", "recovery"
	Text     string             `json:"text"`
	Evidence []verdict.Evidence `json:"evidence,omitempty"`
	Action   string             `json:"action,omitempty"` // id
}

// Overview is the first screen.
type Overview struct {
	At        time.Time         `json:"at"`
	Services  []ServiceSummary  `json:"services"`  // worst budget first
	Incidents []IncidentSummary `json:"incidents"` // open ones, then the latest resolved
	SLOs      []SLOStatus       `json:"slos"`      // worst budget first
}

// TraceSummary is one row of a trace list.
type TraceSummary struct {
	TraceID  string    `json:"traceId"`
	Root     string    `json:"root"` // "service: span name"
	Start    time.Time `json:"start"`
	Duration float64   `json:"duration"` // seconds
	Spans    int       `json:"spans"`
	Errors   int       `json:"errors"`
}

// Trace is one trace with its spans, parents before children.
type Trace struct {
	TraceID string `json:"traceId"`
	Spans   []Span `json:"spans"`
}

// Span is one span of a trace.
type Span struct {
	SpanID   string            `json:"spanId"`
	Parent   string            `json:"parent,omitempty"`
	Service  string            `json:"service"`
	Name     string            `json:"name"`
	Kind     string            `json:"kind"`
	Start    time.Time         `json:"start"`
	Duration float64           `json:"duration"`
	Error    bool              `json:"error"`
	Message  string            `json:"message,omitempty"`
	Attrs    map[string]string `json:"attrs,omitempty"`
}

// Status is the server's own condition.
type Status struct {
	Version   string             `json:"version"`
	StartedAt time.Time          `json:"startedAt"`
	DataDir   string             `json:"dataDir"`
	Temporary bool               `json:"temporary"` // data is removed at the end
	Demo      bool               `json:"demo"`
	Counters  map[string]float64 `json:"counters"` // spans stored, samples stored, refused by reason, …
}

// PolicyDocument is a stored policy document.
type PolicyDocument struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Service string    `json:"service"`
	YAML    string    `json:"yaml"`
	At      time.Time `json:"at"`
}

// Problem is an error answer (RFC 9457).
type Problem struct { //nolint:errname // the name that RFC 9457 gives it
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail,omitempty"`
	Hint     string    `json:"hint,omitempty"`
	Findings []Finding `json:"findings,omitempty"` // of a document that was refused
}

// Finding is one mistake in a document.
type Finding struct {
	File       string `json:"file"`
	Line       int    `json:"line"`   // from 1
	Column     int    `json:"column"` // from 1
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// Demo is the state of the demo shop; the API serves it under `backstay dev` only.
type Demo struct {
	Protected bool          `json:"protected"`       // false while the drill measures the shop without policies
	Fault     string        `json:"fault,omitempty"` // armed fault, empty when healthy
	Since     time.Time     `json:"since,omitzero"`
	Faults    []DemoFault   `json:"faults"` // that can be armed
	Processes []DemoProcess `json:"processes"`
	Load      DemoLoad      `json:"load"`
}

// DemoFault is a fault that the demo can arm.
type DemoFault struct {
	Name string `json:"name"` // "payment-errors", "payment-slow", "inventory-leak", "order-panic", "payment-kill"
	Text string `json:"text"`
}

// DemoProcess is one operating-system process of the shop.
type DemoProcess struct {
	Service   string    `json:"service"`
	PID       int       `json:"pid"`
	Address   string    `json:"address"`
	StartedAt time.Time `json:"startedAt"`
	Restarts  int       `json:"restarts"`
}

// DemoLoad is what the load generator saw during the last second and in all.
type DemoLoad struct {
	Rate     float64 `json:"rate"`     // offered requests per second
	OK       uint64  `json:"ok"`       // full answers in time
	Degraded uint64  `json:"degraded"` // answered by a fallback, in time
	Failed   uint64  `json:"failed"`   // error status, no connection, or out of patience
}

// Event is one message of the live stream. Name says which screens to refresh.
type Event struct {
	Name string    `json:"name"` // "tick" every second; "incident", "action", "slo", "service" when one changes
	ID   string    `json:"id,omitempty"`
	At   time.Time `json:"at"`
}
