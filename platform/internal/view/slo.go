package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/slo"
)

// SLOs lists all objectives, worst budget first.
func (v *View) SLOs(context.Context) ([]api.SLOStatus, error) {
	statuses := v.Judged()
	rows := make([]api.SLOStatus, 0, len(statuses))
	for i := range statuses {
		rows = append(rows, v.sloStatus(&statuses[i]))
	}
	slices.SortStableFunc(rows, func(a, b api.SLOStatus) int { return compareBudgets(a.Budget, b.Budget) })
	return rows, nil
}

// SLO is one objective with its document.
func (v *View) SLO(_ context.Context, name string) (api.SLOStatus, error) {
	status, err := v.judged(name)
	if err != nil {
		return api.SLOStatus{}, err
	}
	row := v.sloStatus(&status)
	row.Document = status.Objective.Source
	return row, nil
}

// judged finds the latest judgement of an objective.
func (v *View) judged(name string) (slo.Status, error) {
	for _, status := range v.Judged() {
		if status.Objective.Name == name {
			return status, nil
		}
	}
	return slo.Status{}, fmt.Errorf("objective %s: %w", name, api.ErrNotFound)
}

// sloStatus turns a judgement into a row.
func (v *View) sloStatus(s *slo.Status) api.SLOStatus {
	o := &s.Objective
	row := api.SLOStatus{
		Name: o.Name, DisplayName: o.DisplayName, Service: o.Service, Description: o.Description,
		Target: o.Target, Window: o.Window.String(),
		Attainment: s.Attainment, Budget: s.Budget, Good: s.Good, Total: s.Total,
		Burning: s.Verdict.Answer,
		Windows: make([]api.BurnWindow, 0, len(s.Windows)),
		Problem: v.Problem(o.Name),
	}
	for _, w := range s.Windows {
		row.Windows = append(row.Windows, api.BurnWindow{
			Severity: w.Severity, Long: w.Long.String(), Short: w.Short.String(),
			Factor: w.Factor, LongRate: w.LongRate, ShortRate: w.ShortRate, Answer: w.Answer,
		})
	}
	if shortest, ok := shortestWindow(s.Windows); ok {
		row.Burn = shortest.LongRate
	}
	return row
}

// shortestWindow is the window pair that reacts first.
func shortestWindow(windows []slo.Window) (slo.Window, bool) {
	if len(windows) == 0 {
		return slo.Window{}, false
	}
	return slices.MinFunc(windows, func(a, b slo.Window) int { return cmp.Compare(a.Long, b.Long) }), true
}

// SLOBudget is the curve of the remaining error budget.
func (v *View) SLOBudget(ctx context.Context, name string, r api.Range) (api.Chart, error) {
	if _, err := v.judged(name); err != nil {
		return api.Chart{}, err
	}
	points, err := v.Engine.Budget(name, r.From, r.To, r.Step)
	if err != nil {
		return api.Chart{}, err
	}
	marks, err := v.marks(ctx, r)
	if err != nil {
		return api.Chart{}, err
	}
	return api.Chart{
		Series: []api.Series{curve("budget left", points)},
		CLI:    "backstay slo show " + name,
		Marks:  marks,
	}, nil
}

// SLOBurn is the curve of the burn rate over a window.
func (v *View) SLOBurn(ctx context.Context, name string, window time.Duration, r api.Range) (api.Chart, error) {
	status, err := v.judged(name)
	if err != nil {
		return api.Chart{}, err
	}
	if window == 0 {
		shortest, ok := shortestWindow(status.Windows)
		if !ok {
			return api.Chart{}, fmt.Errorf("objective %s has no burn-rate windows: %w", name, api.ErrNotFound)
		}
		window = shortest.Long
	}
	points, err := v.Engine.Burn(name, window, r.From, r.To, r.Step)
	if err != nil {
		return api.Chart{}, err
	}
	marks, err := v.marks(ctx, r)
	if err != nil {
		return api.Chart{}, err
	}
	return api.Chart{
		Series: []api.Series{curve("burn rate over "+window.String(), points)},
		CLI:    "backstay slo show " + name,
		Marks:  marks,
	}, nil
}

// curve turns points into a series without a unit: ratios and multiples.
func curve(name string, points []slo.Point) api.Series {
	s := api.Series{Name: name, T: make([]int64, len(points)), V: make([]*float64, len(points))}
	for i, p := range points {
		s.T[i], s.V[i] = p.T.Unix(), p.V
	}
	return s
}

// compareBudgets puts the least budget first and objectives without data last.
func compareBudgets(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return cmp.Compare(*a, *b)
	}
}
