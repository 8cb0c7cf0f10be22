package view

import (
	"context"
	"fmt"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/topology"
)

// redOf turns counts over a span of time into rate, error ratio and quantiles.
func redOf(s topology.Stats, over time.Duration) api.RED {
	if s.Requests == 0 || over <= 0 {
		return api.RED{}
	}
	return api.RED{
		Rate:       float64(s.Requests) / over.Seconds(),
		ErrorRatio: s.ErrorRatio(),
		P50:        s.Quantile(0.5).Seconds(),
		P95:        s.Quantile(0.95).Seconds(),
		P99:        s.Quantile(0.99).Seconds(),
	}
}

// seen is how much of the window the service has existed for: a service that
// appeared three seconds ago has a rate over three seconds.
func seen(first, from, to time.Time) time.Duration {
	if first.After(from) {
		from = first.Truncate(time.Second)
	}
	return max(to.Sub(from), time.Second)
}

// ServiceRED is the chart of rate, error ratio and latencies of a service.
func (v *View) ServiceRED(ctx context.Context, name string, r api.Range) (api.Chart, error) {
	if _, ok := v.known(name); !ok {
		return api.Chart{}, fmt.Errorf("service %s: %w", name, api.ErrNotFound)
	}
	rate := api.Series{Name: "rate", Unit: "req/s"}
	errors := api.Series{Name: "errors", Unit: "ratio"}
	quantiles := []struct {
		q float64
		s api.Series
	}{{0.5, api.Series{Name: "p50", Unit: "s"}}, {0.95, api.Series{Name: "p95", Unit: "s"}}, {0.99, api.Series{Name: "p99", Unit: "s"}}}

	seconds := v.Map.Seconds(name, "", r.From, r.To)
	next := 0
	for from := r.From; from.Before(r.To); from = from.Add(r.Step) {
		to := from.Add(r.Step)
		var sum topology.Stats
		for ; next < len(seconds) && seconds[next].T < to.Unix(); next++ {
			sum.Merge(seconds[next].Stats)
		}
		red := redOf(sum, r.Step)
		rate.T, rate.V = append(rate.T, from.Unix()), append(rate.V, &red.Rate)
		errors.T, errors.V = append(errors.T, from.Unix()), append(errors.V, present(sum, red.ErrorRatio))
		for i := range quantiles {
			value := sum.Quantile(quantiles[i].q).Seconds()
			quantiles[i].s.T, quantiles[i].s.V = append(quantiles[i].s.T, from.Unix()), append(quantiles[i].s.V, present(sum, value))
		}
	}
	marks, err := v.marks(ctx, r)
	if err != nil {
		return api.Chart{}, err
	}
	chart := api.Chart{Series: []api.Series{rate, errors}, CLI: "backstay service show " + name, Marks: marks}
	for _, q := range quantiles {
		chart.Series = append(chart.Series, q.s)
	}
	return chart, nil
}

// present is a value that exists only where there were requests.
func present(s topology.Stats, value float64) *float64 {
	if s.Requests == 0 {
		return nil
	}
	return &value
}
