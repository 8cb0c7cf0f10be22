package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// noon is the moment at which the fixtures are looked at.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fakeBackend answers with fixed values: a shop whose payment service fails, or
// nothing at all.
type fakeBackend struct {
	api.Backend
	slos []api.SLOStatus
	full bool
}

var (
	metSLO = api.SLOStatus{
		Name: "checkout-fast", Service: "gateway", Target: 0.99, Window: "1h0m0s",
		Attainment: new(0.99812), Budget: new(0.812), Burn: new(0.2), Good: 99812, Total: 100000, Burning: verdict.No,
	}
	burningSLO = api.SLOStatus{
		Name: "checkout-available", DisplayName: "Checkout answers", Service: "gateway", Description: "Checkouts are answered within a second.",
		Target: 0.999, Window: "1h0m0s", Attainment: new(0.9994), Budget: new(0.4), Burn: new(21.5), Good: 99940, Total: 100000, Burning: verdict.Yes,
		Windows: []api.BurnWindow{
			{Severity: verdict.Page, Long: "5s", Short: "1s", Factor: 14.4, LongRate: new(21.5), ShortRate: new(float64(30)), Answer: verdict.Yes},
			{Severity: verdict.Ticket, Long: "6m0s", Short: "30s", Factor: 1, Answer: verdict.Unknown},
		},
	}
	spentSLO = api.SLOStatus{
		Name: "checkout-complete", Service: "gateway", Target: 0.95, Window: "1h0m0s",
		Attainment: new(0.92), Budget: new(-0.6), Burn: new(0.1), Good: 92000, Total: 100000, Burning: verdict.No,
	}
	silentSLO = api.SLOStatus{
		Name: "refund-available", Service: "refund", Target: 0.999, Window: "720h0m0s",
		Burning: verdict.Unknown, Problem: "no series matches the query of good events",
	}
)

func (f *fakeBackend) SLOs(context.Context) ([]api.SLOStatus, error) { return f.slos, nil }

func (f *fakeBackend) SLO(_ context.Context, name string) (api.SLOStatus, error) {
	for _, s := range f.slos {
		if s.Name == name {
			return s, nil
		}
	}
	return api.SLOStatus{}, fmt.Errorf("objective %s: %w", name, api.ErrNotFound)
}

var gateway = api.ServiceSummary{
	Name: "gateway", Version: "v1.4.0", Health: api.HealthBad,
	RED:       api.RED{Rate: 199.8, ErrorRatio: 0.021, P50: 0.0042, P95: 0.09, P99: 1.02},
	Instances: 1, SDK: true, WorstBudget: new(-0.6), SLOs: 3, Incident: "INC-12", LastSeen: noon.Add(-time.Second),
}

func (f *fakeBackend) Services(context.Context) ([]api.ServiceSummary, error) {
	if !f.full {
		return nil, nil
	}
	return []api.ServiceSummary{gateway, {
		Name: "legacy", Health: api.HealthGood, RED: api.RED{Rate: 2, P50: 0.012, P99: 0.2}, LastSeen: noon,
	}}, nil
}

func (f *fakeBackend) Service(_ context.Context, name string) (api.Service, error) {
	if !f.full || name != "gateway" {
		return api.Service{}, api.ErrNotFound
	}
	return api.Service{
		ServiceSummary: gateway,
		Processes:      []api.Instance{{ID: "gateway-1", Version: "v1.4.0", Connected: true, Since: noon.Add(-time.Hour), PolicyVersion: 7, Goroutines: 41, HeapBytes: 6 << 20}},
		Dependencies:   []api.Edge{{From: "gateway", To: "order", Health: api.HealthBad, RED: api.RED{Rate: 199, ErrorRatio: 0.5, P50: 0.003, P99: 1}, Breaker: "open"}},
		Policies: []api.PolicyState{
			{Instance: "gateway-1", Kind: "breaker", Dependency: "order", State: "open", Explain: "opens at 50% errors of 20 calls in 10s", Override: "ov-1"},
			{Instance: "gateway-1", Kind: "timeout", Dependency: "order", State: "active", Explain: "1s"},
		},
		SLOStatus: []api.SLOStatus{spentSLO, metSLO},
		Routes:    []api.Route{{Name: "POST /checkout", RED: api.RED{Rate: 199.8, ErrorRatio: 0.021, P50: 0.0042, P99: 1.02}}},
		Actions:   []action.Action{override},
	}, nil
}

var override = action.Action{
	ID: "act-1", Incident: "INC-12", Kind: action.Override, Target: verdict.Subject{Service: "order", Dependency: "payment"},
	Reason: "payment answers with errors; its fallback answers instead", By: "ladder", State: action.Applied, PlannedAt: noon.Add(-50 * time.Second),
}

var incident = api.IncidentSummary{
	ID: "INC-12", Title: "gateway burns checkout-available", State: "open", Severity: verdict.Page, Service: "gateway", SLO: "checkout-available",
	Cause: &verdict.Cause{Service: "payment", Class: verdict.Errors, Path: []string{"gateway", "order", "payment"}, Score: 0.93}, OpenedAt: noon.Add(-time.Minute),
}

func (f *fakeBackend) Incidents(_ context.Context, filter api.IncidentFilter) ([]api.IncidentSummary, error) {
	if !f.full {
		return nil, nil
	}
	ended := api.IncidentSummary{
		ID: "INC-11", Title: "order burns order-fast", State: "resolved", Severity: verdict.Ticket, Service: "order", SLO: "order-fast",
		OpenedAt: noon.Add(-26 * time.Hour), EndedAt: noon.Add(-25 * time.Hour),
	}
	switch {
	case filter.State == "resolved":
		return []api.IncidentSummary{ended}, nil
	case filter.State == "open" || filter.Limit == 1:
		return []api.IncidentSummary{incident}, nil
	}
	return []api.IncidentSummary{incident, ended}, nil
}

func (f *fakeBackend) Incident(_ context.Context, id string) (api.Incident, error) {
	if !f.full || id != "INC-12" {
		return api.Incident{}, api.ErrNotFound
	}
	return api.Incident{
		IncidentSummary: incident,
		Timeline: []api.TimelineEntry{
			{At: incident.OpenedAt.Add(-3 * time.Second), Step: "signal", Text: "breaker order → payment opened"},
			{At: incident.OpenedAt, Step: "verdict", Text: "checkout-available burns its budget 21.5x too fast"},
			{At: incident.OpenedAt.Add(4 * time.Second), Step: "cause", Text: "payment answers with errors", Evidence: []verdict.Evidence{
				{Kind: "edge-errors", Subject: "order → payment", Observed: 0.5, Unit: "ratio", Detail: "50.1% of the calls from order to payment fail, 0.0% before"},
			}},
			{At: incident.OpenedAt.Add(10 * time.Second), Step: "action", Text: "order goes around payment for 60 s", Action: "act-1"},
		},
		Actions: []action.Action{override},
	}, nil
}

// fakeShop is a demo shop with two faults.
type fakeShop struct{ fault string }

func (f *fakeShop) Status(context.Context) (api.Demo, error) {
	d := api.Demo{
		Protected: true, Fault: f.fault,
		Faults:    []api.DemoFault{{Name: "payment-errors", Text: "payment answers half its requests with 500"}, {Name: "payment-kill", Text: "payment is killed"}},
		Processes: []api.DemoProcess{{Service: "gateway", PID: 4242, Address: "127.0.0.1:9000", StartedAt: noon.Add(-time.Minute), Restarts: 1}},
		Load:      api.DemoLoad{Rate: 200, OK: 11900, Degraded: 90, Failed: 10},
	}
	if f.fault != "" {
		d.Since = noon.Add(-5 * time.Second)
	}
	return d, nil
}

func (f *fakeShop) Break(_ context.Context, fault string) error {
	if fault != "payment-errors" {
		return api.ErrNotFound
	}
	f.fault = fault
	return nil
}

func (f *fakeShop) Heal(context.Context) error { f.fault = ""; return nil }

func (f *fakeShop) Protect(context.Context, bool) error { return nil }
