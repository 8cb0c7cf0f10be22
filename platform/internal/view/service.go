package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
)

// Services lists all services that sent spans or run the SDK, worst budget first.
func (v *View) Services(context.Context) ([]api.ServiceSummary, error) {
	from, to := v.window()
	rows := map[string]*api.ServiceSummary{}
	row := func(name string) *api.ServiceSummary {
		if rows[name] == nil {
			rows[name] = &api.ServiceSummary{Name: name, Health: api.HealthUnknown}
		}
		return rows[name]
	}
	attained := v.attainments()
	for _, s := range v.Map.Services() {
		if !s.External {
			r := row(s.Name)
			r.Version, r.LastSeen = s.Version, s.LastSeen
			if s.FirstSeen.Before(to) {
				r.RED = redOf(sumSeconds(v.Map.Seconds(s.Name, "", from, to)), seen(s.FirstSeen, from, to))
			}
			r.Health = serviceHealth(r.RED, attained, s.Name)
		}
	}
	for _, in := range v.Plane.Instances() {
		r := row(in.Service)
		r.SDK = true
		r.Version = cmp.Or(r.Version, in.Version)
		if in.LastReport.After(r.LastSeen) {
			r.LastSeen = in.LastReport
		}
		if in.Connected {
			r.Instances++
		}
	}
	for _, s := range v.Judged() {
		r := row(s.Objective.Service)
		r.SLOs++
		if s.Budget != nil && (r.WorstBudget == nil || *s.Budget < *r.WorstBudget) {
			r.WorstBudget = s.Budget
		}
	}
	for _, in := range v.Book.Current() {
		row(in.Service).Incident = in.ID
		if in.Cause != nil {
			r := row(in.Cause.Service)
			r.Incident, r.Health = in.ID, api.HealthBad
		}
	}
	list := make([]api.ServiceSummary, 0, len(rows))
	for _, r := range rows {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b api.ServiceSummary) int {
		return cmp.Or(compareBudgets(a.WorstBudget, b.WorstBudget), strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

// serviceHealth colours a service as the map does. The named cause of an open
// incident is bad whatever its figures: calls that are led away from it, or that
// nobody answers, no longer spoil them.
func serviceHealth(red api.RED, attained map[string]float64, name string) api.Health {
	if a, ok := attained[name]; ok {
		return healthOf(a)
	}
	if red.Rate == 0 {
		return api.HealthUnknown
	}
	return healthOf(1 - red.ErrorRatio)
}

func sumSeconds(seconds []topology.Second) topology.Stats {
	var sum topology.Stats
	for _, s := range seconds {
		sum.Merge(s.Stats)
	}
	return sum
}

// recentAttainment is the share of good events over the longest page window: what
// a person means by how the service is doing now.
func recentAttainment(s slo.Status) (float64, bool) {
	if len(s.Windows) == 0 {
		return 0, false
	}
	rate := s.Windows[0].LongRate
	for _, w := range s.Windows {
		if w.Severity == s.Windows[0].Severity {
			rate = w.LongRate
		}
	}
	if rate == nil {
		return 0, false
	}
	return min(max(1-*rate*(1-s.Objective.Target), 0), 1), true
}

// known finds a service by name.
func (v *View) known(name string) (api.ServiceSummary, bool) {
	rows, err := v.Services(context.Background())
	if err != nil {
		return api.ServiceSummary{}, false
	}
	for _, r := range rows {
		if r.Name == name {
			return r, true
		}
	}
	return api.ServiceSummary{}, false
}

// Service is the detail of one service.
func (v *View) Service(ctx context.Context, name string) (api.Service, error) {
	summary, ok := v.known(name)
	if !ok {
		return api.Service{}, fmt.Errorf("service %s: %w", name, api.ErrNotFound)
	}
	detail := api.Service{
		ServiceSummary: summary,
		Processes:      []api.Instance{}, Dependencies: []api.Edge{}, Callers: []api.Edge{},
		Policies: []api.PolicyState{}, SLOStatus: []api.SLOStatus{}, Routes: []api.Route{},
	}
	graph, err := v.Topology(ctx)
	if err != nil {
		return api.Service{}, err
	}
	for _, e := range graph.Edges {
		if e.From == name {
			detail.Dependencies = append(detail.Dependencies, e)
		}
		if e.To == name {
			detail.Callers = append(detail.Callers, e)
		}
	}
	goroutines, heap := v.gauge(ctx, "go_goroutines", name), v.gauge(ctx, "go_heap_bytes", name)
	for _, in := range v.Plane.Instances() {
		if in.Service != name {
			continue
		}
		detail.Processes = append(detail.Processes, api.Instance{
			ID: in.ID, Version: in.Version, Connected: in.Connected, Since: in.Since,
			PolicyVersion: in.PolicyVersion, Goroutines: goroutines[in.ID], HeapBytes: heap[in.ID],
		})
		detail.Policies = append(detail.Policies, policyRows(in)...)
	}
	statuses, err := v.SLOs(ctx)
	if err != nil {
		return api.Service{}, err
	}
	for _, s := range statuses {
		if s.Service == name {
			detail.SLOStatus = append(detail.SLOStatus, s)
		}
	}
	if detail.Actions, err = v.Actor.List(ctx, executor.Filter{Service: name, Limit: 20}); err != nil {
		return api.Service{}, err
	}
	from, to := v.window()
	for _, r := range v.Map.Routes(name, from, to) {
		detail.Routes = append(detail.Routes, api.Route{Name: r.Name, RED: redOf(r.Stats, v.seenFor(name, from, to))})
	}
	return detail, nil
}

// seenFor is how long of a span of time a service has been known.
func (v *View) seenFor(name string, from, to time.Time) time.Duration {
	for _, s := range v.Map.Services() {
		if s.Name == name {
			return seen(s.FirstSeen, from, to)
		}
	}
	return to.Sub(from)
}

// policyRows lists the policies of a connected instance.
func policyRows(in controlplane.Instance) []api.PolicyState {
	if !in.Connected {
		return nil
	}
	rows := make([]api.PolicyState, 0, len(in.States))
	for _, s := range in.States {
		rows = append(rows, api.PolicyState{
			Instance: in.ID, Kind: s.Kind, Dependency: s.Dependency, State: s.State,
			Explain: s.Explain, Since: s.Since, Override: s.Override,
		})
	}
	return rows
}

// gauge reads the latest value of a metric of each instance of a service; an
// instance that was not scraped lately is missing.
func (v *View) gauge(ctx context.Context, metric, service string) map[string]float64 {
	values := map[string]float64{}
	points, err := v.Metrics.Instant(ctx, fmt.Sprintf("%s{service=%q}", metric, service), v.Now())
	if err != nil {
		return values // the page is worth showing without it
	}
	for _, p := range points {
		values[p.Labels["instance"]] = p.V
	}
	return values
}

// Overview is the first screen.
func (v *View) Overview(ctx context.Context) (api.Overview, error) {
	services, err := v.Services(ctx)
	if err != nil {
		return api.Overview{}, err
	}
	incidents, err := v.Incidents(ctx, api.IncidentFilter{Limit: 20})
	if err != nil {
		return api.Overview{}, err
	}
	slices.SortStableFunc(incidents, func(a, b api.IncidentSummary) int {
		return cmp.Compare(closed(a), closed(b))
	})
	slos, err := v.SLOs(ctx)
	if err != nil {
		return api.Overview{}, err
	}
	return api.Overview{At: v.Now().UTC().Truncate(time.Millisecond), Services: services, Incidents: incidents, SLOs: slos}, nil
}

// closed is 0 for an open incident and 1 for another, so that open ones come first.
func closed(in api.IncidentSummary) int {
	if in.State == "open" {
		return 0
	}
	return 1
}
