package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// rejection is what was left out of a request that was otherwise stored.
type rejection struct {
	count  int64
	reason string
}

// storeTraces makes the spans durable, then shows them to the graph.
func (s *Server) storeTraces(ctx context.Context, td ptrace.Traces) (rejection, error) {
	spans, rejected := spansOf(td)
	if err := s.cfg.Traces.Append(ctx, spans); err != nil {
		s.failed.Add(1)
		s.cfg.Log.Error("ingest: store spans", "spans", len(spans), "error", err)
		return rejection{}, err
	}
	s.cfg.Graph.Observe(spans)
	s.requests.Add(1)
	s.spans.Add(uint64(len(spans)))
	s.rejected.Add(uint64(rejected))
	if rejected == 0 {
		return rejection{}, nil
	}
	return rejection{count: int64(rejected), reason: "spans without a trace id or a span id, or with times that are none"}, nil
}

// storeMetrics stores the data points as samples.
func (s *Server) storeMetrics(ctx context.Context, md pmetric.Metrics) (rejection, error) {
	samples, left := samplesOf(md)
	err := s.cfg.Metrics.Append(ctx, samples)
	var refused *metricstore.RefusedError
	switch {
	case errors.As(err, &refused):
		left.count += int64(refused.Refused)
		if left.reason == "" {
			left.reason = fmt.Sprintf("%d samples refused, the first because %s", refused.Refused, refused.First)
		}
		s.samples.Add(uint64(refused.Stored))
	case err != nil:
		s.failed.Add(1)
		s.cfg.Log.Error("ingest: store samples", "samples", len(samples), "error", err)
		return rejection{}, err
	default:
		s.samples.Add(uint64(len(samples)))
	}
	s.requests.Add(1)
	s.rejected.Add(uint64(left.count))
	return left, nil
}
