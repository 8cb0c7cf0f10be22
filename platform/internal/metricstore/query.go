package metricstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// maxPoints bounds the points of one series in an answer, as Prometheus does.
const maxPoints = 11_000

func (e *engine) Instant(ctx context.Context, query string, at time.Time) ([]Point, error) {
	ctx, done, err := e.admit(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	q, err := e.promql.NewInstantQuery(ctx, e.db, nil, query, at)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadQuery, err)
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, failed(result.Err)
	}
	switch value := result.Value.(type) {
	case promql.Vector:
		points := make([]Point, 0, len(value))
		for _, s := range value {
			if s.H == nil { // native histograms are no single value
				points = append(points, Point{Labels: s.Metric.Map(), V: s.F})
			}
		}
		return points, nil
	case promql.Scalar:
		return []Point{{Labels: map[string]string{}, V: value.V}}, nil
	default:
		return nil, fmt.Errorf("%w: the value is a %s, an instant vector or a scalar can be shown", ErrBadQuery, value.Type())
	}
}

func (e *engine) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]Series, error) {
	switch {
	case step < time.Millisecond:
		return nil, fmt.Errorf("%w: the step %s is shorter than a millisecond", ErrBadQuery, step)
	case to.Before(from):
		return nil, fmt.Errorf("%w: the range ends before it begins", ErrBadQuery)
	case to.Sub(from)/step >= maxPoints:
		return nil, fmt.Errorf("%w: %d points a series, at most %d are answered; ask for a longer step",
			ErrBadQuery, to.Sub(from)/step+1, maxPoints)
	}
	ctx, done, err := e.admit(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	q, err := e.promql.NewRangeQuery(ctx, e.db, nil, query, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadQuery, err)
	}
	defer q.Close()
	matrix, err := q.Exec(ctx).Matrix()
	if err != nil {
		return nil, failed(err)
	}
	all := make([]Series, 0, len(matrix))
	for _, m := range matrix {
		s := Series{Labels: m.Metric.Map(), T: make([]int64, 0, len(m.Floats)), V: make([]float64, 0, len(m.Floats))}
		for _, p := range m.Floats {
			s.T, s.V = append(s.T, p.T), append(s.V, p.F)
		}
		all = append(all, s)
	}
	return all, nil
}

// admit waits for a slot among the queries that run at once.
func (e *engine) admit(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	select {
	case e.slots <- struct{}{}:
		e.queries.Add(1)
		return ctx, func() { <-e.slots; cancel() }, nil
	case <-ctx.Done():
		err := ctx.Err()
		cancel()
		e.busy.Add(1)
		return nil, nil, errors.Join(ErrBusy, err)
	}
}

// failed tells errors of the query, which its author can mend, from ours.
func failed(err error) error {
	var storage promql.ErrStorage
	var canceled promql.ErrQueryCanceled
	var timeout promql.ErrQueryTimeout
	if errors.As(err, &storage) || errors.As(err, &canceled) || errors.As(err, &timeout) {
		return fmt.Errorf("metricstore: query: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrBadQuery, err)
}
