package view

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// Traces lists traces, newest first.
func (v *View) Traces(ctx context.Context, f api.TraceFilter) ([]api.TraceSummary, error) {
	found, err := v.Spans.Find(ctx, tracestore.Query{
		Service: f.Service, From: f.From, To: f.To,
		MinDuration: f.MinDuration, ErrorsOnly: f.ErrorsOnly, Limit: f.Limit,
	})
	if err != nil {
		return nil, err
	}
	rows := make([]api.TraceSummary, 0, len(found))
	for _, s := range found {
		rows = append(rows, api.TraceSummary{
			TraceID: s.TraceID.String(), Root: s.Root, Start: s.Start,
			Duration: s.Duration.Seconds(), Spans: s.Spans, Errors: s.Errors,
		})
	}
	return rows, nil
}

// Trace is one trace, parents before children.
func (v *View) Trace(ctx context.Context, id string) (api.Trace, error) {
	var traceID tracestore.TraceID
	if n, err := hex.Decode(traceID[:], []byte(id)); err != nil || n != len(traceID) {
		return api.Trace{}, api.NewProblem(http.StatusBadRequest,
			fmt.Sprintf("%q is not a trace id", id), "a trace id is 32 hexadecimal digits")
	}
	spans, err := v.Spans.Trace(ctx, traceID)
	if err != nil {
		return api.Trace{}, err
	}
	if len(spans) == 0 {
		return api.Trace{}, fmt.Errorf("trace %s: %w", id, api.ErrNotFound)
	}
	rows := make([]api.Span, 0, len(spans))
	for _, s := range parentsFirst(spans) {
		rows = append(rows, spanRow(s))
	}
	return api.Trace{TraceID: id, Spans: rows}, nil
}

// spanRow turns a stored span into a row.
func spanRow(s *tracestore.Span) api.Span {
	row := api.Span{
		SpanID: s.SpanID.String(), Service: s.Service, Name: s.Name, Kind: kindName(s.Kind),
		Start: s.Start, Duration: s.Duration.Seconds(),
		Error: s.Status == tracestore.StatusError, Message: s.Message,
	}
	if !s.Parent.IsZero() {
		row.Parent = s.Parent.String()
	}
	if len(s.Attrs) > 0 {
		row.Attrs = make(map[string]string, len(s.Attrs))
		for _, a := range s.Attrs {
			row.Attrs[a.Key] = a.Value
		}
	}
	return row
}

// kindName is the OpenTelemetry word for the kind.
func kindName(k tracestore.Kind) string {
	switch k {
	case tracestore.KindServer:
		return "server"
	case tracestore.KindClient:
		return "client"
	case tracestore.KindProducer:
		return "producer"
	case tracestore.KindConsumer:
		return "consumer"
	case tracestore.KindUnspecified, tracestore.KindInternal:
		return "internal"
	default:
		return "internal"
	}
}

// parentsFirst orders spans as a walk from the roots, siblings by start. Spans
// whose parent is missing count as roots; a cycle of parents is cut at its
// earliest span.
func parentsFirst(spans []tracestore.Span) []*tracestore.Span {
	present := make(map[tracestore.SpanID]bool, len(spans))
	for i := range spans {
		present[spans[i].SpanID] = true
	}
	byStart := make([]*tracestore.Span, len(spans))
	for i := range spans {
		byStart[i] = &spans[i]
	}
	slices.SortStableFunc(byStart, func(a, b *tracestore.Span) int { return a.Start.Compare(b.Start) })
	children := make(map[tracestore.SpanID][]*tracestore.Span)
	var roots []*tracestore.Span
	for _, s := range byStart {
		if s.Parent.IsZero() || !present[s.Parent] || s.Parent == s.SpanID {
			roots = append(roots, s)
			continue
		}
		children[s.Parent] = append(children[s.Parent], s)
	}
	ordered := make([]*tracestore.Span, 0, len(spans))
	seen := make(map[*tracestore.Span]bool, len(spans))
	var walk func(s *tracestore.Span)
	walk = func(s *tracestore.Span) {
		if seen[s] {
			return
		}
		seen[s] = true
		ordered = append(ordered, s)
		for _, child := range children[s.SpanID] {
			walk(child)
		}
	}
	for _, s := range roots {
		walk(s)
	}
	for _, s := range byStart {
		walk(s)
	}
	return ordered
}
