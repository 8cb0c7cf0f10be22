package ingest

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

// refusal is what part of a request was not stored, told to its sender.
type refusal struct {
	count  int64
	reason string // of the first
}

func (r *refusal) add(count int, reason string) {
	if count > 0 && r.count == 0 {
		r.reason = reason
	}
	r.count += int64(count)
}

// storeTraces returns when the spans are on disk and observed.
func (s *Server) storeTraces(ctx context.Context, traces ptrace.Traces) (refusal, error) {
	c := spanConverter{}
	spans := c.convert(traces)
	s.shortened.Add(c.shortened)
	if len(spans) > 0 {
		if err := s.cfg.Traces.Append(ctx, spans); err != nil {
			return refusal{}, s.storeFailed(ctx, err)
		}
		if s.cfg.Graph != nil {
			s.cfg.Graph.Observe(spans)
		}
	}
	s.spans.Add(uint64(len(spans)))
	s.spansRefused.Add(uint64(c.refused.count)) //nolint:gosec // never negative
	return c.refused, nil
}

// storeMetrics returns when the points are stored.
func (s *Server) storeMetrics(ctx context.Context, metrics pmetric.Metrics) (refusal, error) {
	c := pointConverter{namer: &s.namer, now: s.cfg.Now()}
	samples := c.convert(metrics)
	stored := len(samples)
	if stored > 0 {
		err := s.cfg.Metrics.Append(ctx, samples)
		var partly *metricstore.RefusedError
		switch {
		case errors.As(err, &partly):
			stored = partly.Stored
			c.refused.add(partly.Refused, partly.First)
		case err != nil:
			return refusal{}, s.storeFailed(ctx, err)
		}
	}
	s.points.Add(uint64(stored))                 //nolint:gosec // never negative
	s.pointsRefused.Add(uint64(c.refused.count)) //nolint:gosec // never negative
	return c.refused, nil
}

// errStore is what senders hear of a store that failed; they keep the data and
// try again.
var errStore = errors.New("the data could not be stored; try again")

// storeFailed counts and logs a failure that is the server's own.
func (s *Server) storeFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the sender went away
	}
	s.failed.Add(1)
	s.cfg.Log.Error("ingest: store failed", "error", err)
	return fmt.Errorf("%w: %w", errStore, err)
}
