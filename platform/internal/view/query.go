package view

import (
	"context"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
)

// Query evaluates PromQL at one moment; each result is a series of one point.
func (v *View) Query(ctx context.Context, expr string, at time.Time) (api.Chart, error) {
	points, err := v.Metrics.Instant(ctx, expr, at)
	if err != nil {
		return api.Chart{}, refusedQuery(err)
	}
	chart := api.Chart{Query: expr, Series: make([]api.Series, 0, len(points))}
	for _, p := range points {
		value := p.V
		chart.Series = append(chart.Series, api.Series{Name: seriesName(p.Labels), T: []int64{at.Unix()}, V: []*float64{&value}})
	}
	return chart, nil
}

// QueryRange evaluates PromQL over a span of time.
func (v *View) QueryRange(ctx context.Context, expr string, r api.Range) (api.Chart, error) {
	found, err := v.Metrics.Range(ctx, expr, r.From, r.To, r.Step)
	if err != nil {
		return api.Chart{}, refusedQuery(err)
	}
	chart := api.Chart{Query: expr, Series: make([]api.Series, 0, len(found))}
	for _, f := range found {
		s := api.Series{Name: seriesName(f.Labels), T: make([]int64, len(f.T)), V: make([]*float64, len(f.V))}
		for i := range f.T {
			value := f.V[i]
			s.T[i], s.V[i] = f.T[i]/1000, &value
		}
		chart.Series = append(chart.Series, s)
	}
	return chart, nil
}

// refusedQuery turns an error of the query engine into the caller's to mend.
func refusedQuery(err error) error {
	return api.NewProblem(http.StatusBadRequest, "the query was refused: "+err.Error(), "see the PromQL reference of Prometheus")
}

// seriesName writes labels as PromQL does.
func seriesName(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		if name != "__name__" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(labels["__name__"])
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + `="` + labels[name] + `"`)
	}
	b.WriteByte('}')
	return b.String()
}
