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

func (d *database) Instant(ctx context.Context, query string, at time.Time) ([]Point, error) {
	leave, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	q, err := d.promql.NewInstantQuery(ctx, d.db, nil, query, at)
	if err != nil {
		return nil, &QueryError{Query: query, Err: err}
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, failed(query, result.Err)
	}
	switch value := result.Value.(type) {
	case promql.Vector:
		points := make([]Point, 0, len(value))
		for _, s := range value {
			if s.H == nil { // a native histogram is no single value
				points = append(points, Point{Labels: s.Metric.Map(), V: s.F})
			}
		}
		return points, nil
	case promql.Scalar:
		return []Point{{Labels: map[string]string{}, V: value.V}}, nil
	default:
		return nil, &QueryError{Query: query, Err: fmt.Errorf("its value is a %s; ask for an instant vector or a scalar", value.Type())}
	}
}

func (d *database) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]Series, error) {
	var wrong error
	switch {
	case step < time.Millisecond:
		wrong = fmt.Errorf("the step %s is shorter than a millisecond", step)
	case to.Before(from):
		wrong = errors.New("the range ends before it begins")
	case to.Sub(from)/step >= maxPoints:
		wrong = fmt.Errorf("%d points a series, at most %d are answered; ask for a longer step", to.Sub(from)/step+1, maxPoints)
	}
	if wrong != nil {
		return nil, &QueryError{Query: query, Err: wrong}
	}
	leave, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	q, err := d.promql.NewRangeQuery(ctx, d.db, nil, query, from, to, step)
	if err != nil {
		return nil, &QueryError{Query: query, Err: err}
	}
	defer q.Close()
	matrix, err := q.Exec(ctx).Matrix()
	if err != nil {
		return nil, failed(query, err)
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

// failed tells mistakes in a query, which its author can mend, from what
// happened to it here.
func failed(query string, err error) error {
	var broken promql.ErrStorage
	var canceled promql.ErrQueryCanceled
	var timeout promql.ErrQueryTimeout
	switch {
	case errors.As(err, &canceled):
		// The engine's error hides the context's, by which callers know it.
		return fmt.Errorf("metricstore: query: %w: %w", err, context.Canceled)
	case errors.As(err, &broken), errors.As(err, &timeout):
		return fmt.Errorf("metricstore: query: %w", err)
	default:
		return &QueryError{Query: query, Err: err}
	}
}
