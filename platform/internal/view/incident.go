package view

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/incident"
)

// Incidents lists incidents, latest first.
func (v *View) Incidents(ctx context.Context, f api.IncidentFilter) ([]api.IncidentSummary, error) {
	found, err := v.Book.List(ctx)
	if err != nil {
		return nil, err
	}
	rows := []api.IncidentSummary{}
	for i := range found {
		if len(rows) == f.Limit {
			break
		}
		if f.State == "" || string(found[i].State) == f.State {
			rows = append(rows, incidentRow(&found[i]))
		}
	}
	return rows, nil
}

// Incident is the whole chain.
func (v *View) Incident(ctx context.Context, id string) (api.Incident, error) {
	found, err := v.Book.Get(ctx, id)
	if errors.Is(err, incident.ErrNotFound) {
		return api.Incident{}, fmt.Errorf("incident %s: %w", id, api.ErrNotFound)
	}
	if err != nil {
		return api.Incident{}, err
	}
	detail := api.Incident{IncidentSummary: incidentRow(&found), Actions: found.Actions, Verdicts: found.Verdicts}
	for _, e := range found.Timeline {
		detail.Timeline = append(detail.Timeline, api.TimelineEntry{
			At: e.At, Step: string(e.Step), Text: e.Text, Evidence: e.Evidence, Action: e.Action,
		})
	}
	return detail, nil
}

// incidentRow turns an incident into a row.
func incidentRow(in *incident.Incident) api.IncidentSummary {
	return api.IncidentSummary{
		ID: in.ID, Title: in.Title, State: string(in.State), Severity: in.Severity,
		Service: in.Service, SLO: in.SLO, Cause: in.Cause, OpenedAt: in.OpenedAt, EndedAt: in.EndedAt,
	}
}
