package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/api"
)

// Overview is the first screen.
func (c *Client) Overview(ctx context.Context) (api.Overview, error) {
	return get[api.Overview](ctx, c, nil, "overview")
}

// Services lists all services, worst budget first.
func (c *Client) Services(ctx context.Context) ([]api.ServiceSummary, error) {
	return get[[]api.ServiceSummary](ctx, c, nil, "services")
}

// Service is one service.
func (c *Client) Service(ctx context.Context, name string) (api.Service, error) {
	return get[api.Service](ctx, c, nil, "services", name)
}

// ServiceRED is the chart of rate, error ratio and latencies.
func (c *Client) ServiceRED(ctx context.Context, name string, r api.Range) (api.Chart, error) {
	return get[api.Chart](ctx, c, span(r), "services", name, "red")
}

// SLOs lists all objectives, worst budget first.
func (c *Client) SLOs(ctx context.Context) ([]api.SLOStatus, error) {
	return get[[]api.SLOStatus](ctx, c, nil, "slos")
}

// SLO is one objective with its document.
func (c *Client) SLO(ctx context.Context, name string) (api.SLOStatus, error) {
	return get[api.SLOStatus](ctx, c, nil, "slos", name)
}

// SLOBudget is the curve of the remaining error budget.
func (c *Client) SLOBudget(ctx context.Context, name string, r api.Range) (api.Chart, error) {
	return get[api.Chart](ctx, c, span(r), "slos", name, "budget")
}

// SLOBurn is the curve of the burn rate over window; zero leaves the choice to the server.
func (c *Client) SLOBurn(ctx context.Context, name string, window time.Duration, r api.Range) (api.Chart, error) {
	query := span(r)
	if window > 0 {
		query.Set("window", window.String())
	}
	return get[api.Chart](ctx, c, query, "slos", name, "burn")
}

// ApplySLOs stores OpenSLO documents, all or none; with check it only judges them.
func (c *Client) ApplySLOs(ctx context.Context, d api.Document, check bool) ([]api.SLOStatus, error) {
	return postYAML[[]api.SLOStatus](ctx, c, d, check, "slos")
}

// DeleteSLO removes an objective.
func (c *Client) DeleteSLO(ctx context.Context, name string) error {
	return c.remove(ctx, "slos", name)
}

// Topology is the service map.
func (c *Client) Topology(ctx context.Context) (api.Graph, error) {
	return get[api.Graph](ctx, c, nil, "topology")
}

// Incidents lists latest first; a zero limit leaves it to the server.
func (c *Client) Incidents(ctx context.Context, f api.IncidentFilter) ([]api.IncidentSummary, error) {
	query := url.Values{}
	if f.State != "" {
		query.Set("state", f.State)
	}
	setLimit(query, f.Limit)
	return get[[]api.IncidentSummary](ctx, c, query, "incidents")
}

// Incident is one incident with its chain.
func (c *Client) Incident(ctx context.Context, id string) (api.Incident, error) {
	return get[api.Incident](ctx, c, nil, "incidents", id)
}

// Actions lists latest first; a zero limit leaves it to the server.
func (c *Client) Actions(ctx context.Context, limit int) ([]action.Action, error) {
	query := url.Values{}
	setLimit(query, limit)
	return get[[]action.Action](ctx, c, query, "actions")
}

// UndoAction undoes an action that is in force.
func (c *Client) UndoAction(ctx context.Context, id string) (action.Action, error) {
	return post[action.Action](ctx, c, struct{}{}, "actions", id, "undo")
}

// Policies lists all policy documents.
func (c *Client) Policies(ctx context.Context) ([]api.PolicyDocument, error) {
	return get[[]api.PolicyDocument](ctx, c, nil, "policies")
}

// ApplyPolicies stores policy documents, all or none; with check it only judges them.
func (c *Client) ApplyPolicies(ctx context.Context, d api.Document, check bool) ([]api.PolicyDocument, error) {
	return postYAML[[]api.PolicyDocument](ctx, c, d, check, "policies")
}

// Traces lists latest first; zero fields of f leave the choice to the server.
func (c *Client) Traces(ctx context.Context, f api.TraceFilter) ([]api.TraceSummary, error) {
	query := span(api.Range{From: f.From, To: f.To})
	if f.Service != "" {
		query.Set("service", f.Service)
	}
	if f.MinDuration > 0 {
		query.Set("minDuration", f.MinDuration.String())
	}
	if f.ErrorsOnly {
		query.Set("errors", "1")
	}
	setLimit(query, f.Limit)
	return get[[]api.TraceSummary](ctx, c, query, "traces")
}

// Trace is one trace; the id has 32 hexadecimal digits.
func (c *Client) Trace(ctx context.Context, id string) (api.Trace, error) {
	return get[api.Trace](ctx, c, nil, "traces", id)
}

// Query evaluates PromQL at one moment; the zero time means now.
func (c *Client) Query(ctx context.Context, expr string, at time.Time) (api.Chart, error) {
	query := url.Values{"query": {expr}}
	if !at.IsZero() {
		query.Set("time", at.Format(time.RFC3339Nano))
	}
	return get[api.Chart](ctx, c, query, "query")
}

// QueryRange evaluates PromQL over time.
func (c *Client) QueryRange(ctx context.Context, expr string, r api.Range) (api.Chart, error) {
	query := span(r)
	query.Set("query", expr)
	return get[api.Chart](ctx, c, query, "query_range")
}

// Status is the server's own condition.
func (c *Client) Status(ctx context.Context) (api.Status, error) {
	return get[api.Status](ctx, c, nil, "status")
}

// Demo is the state of the demo shop.
func (c *Client) Demo(ctx context.Context) (api.Demo, error) {
	return get[api.Demo](ctx, c, nil, "demo")
}

// BreakDemo arms a fault in the demo shop.
func (c *Client) BreakDemo(ctx context.Context, fault string) (api.Demo, error) {
	return post[api.Demo](ctx, c, api.BreakRequest{Name: fault}, "demo", "faults")
}

// HealDemo lifts the fault of the demo shop.
func (c *Client) HealDemo(ctx context.Context) (api.Demo, error) {
	r, err := c.request(ctx, http.MethodDelete, nil, nil, "api", "v1", "demo", "faults")
	return call[api.Demo](c, r, err)
}

// ProtectDemo runs the demo shop with or without its policies.
func (c *Client) ProtectDemo(ctx context.Context, protected bool) (api.Demo, error) {
	return post[api.Demo](ctx, c, api.ProtectionRequest{Protected: protected}, "demo", "protection")
}

// Ready returns nil when the server can answer.
func (c *Client) Ready(ctx context.Context) error {
	r, err := c.request(ctx, http.MethodGet, nil, nil, "readyz")
	_, err = call[struct{}](c, r, err)
	return err
}

func (c *Client) remove(ctx context.Context, segments ...string) error {
	r, err := c.request(ctx, http.MethodDelete, nil, nil, append([]string{"api", "v1"}, segments...)...)
	_, err = call[struct{}](c, r, err)
	return err
}

// span writes a range; zero fields are left to the server.
func span(r api.Range) url.Values {
	query := url.Values{}
	if !r.From.IsZero() {
		query.Set("from", r.From.Format(time.RFC3339Nano))
	}
	if !r.To.IsZero() {
		query.Set("to", r.To.Format(time.RFC3339Nano))
	}
	if r.Step > 0 {
		query.Set("step", r.Step.String())
	}
	return query
}

func setLimit(query url.Values, limit int) {
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
}
