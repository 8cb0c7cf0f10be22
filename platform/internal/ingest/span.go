package ingest

import (
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

// Limits of what is kept of one span, or of one resource.
const (
	maxAttrs = 128
	maxText  = 4 << 10 // bytes of one value, name or message
)

// unknownService stands in for a missing service.name, as OpenTelemetry says.
const unknownService = "unknown_service"

// spanConverter turns OTLP spans into ours. Links and events are not kept, but
// for the last exception of a span, which becomes attributes.
type spanConverter struct {
	refused   refusal
	shortened uint64
}

func (c *spanConverter) convert(traces ptrace.Traces) []tracestore.Span {
	out := make([]tracestore.Span, 0, traces.SpanCount())
	for _, rs := range traces.ResourceSpans().All() {
		origin := c.origin(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, from := range ss.Spans().All() {
				span := origin
				if reason := c.fill(&span, from); reason != "" {
					c.refused.add(1, reason)
					continue
				}
				out = append(out, span)
			}
		}
	}
	return out
}

// origin returns a span that has only what its resource says.
func (c *spanConverter) origin(resource pcommon.Resource) tracestore.Span {
	var s tracestore.Span
	for key, value := range resource.Attributes().All() {
		text := c.text(value.AsString())
		switch key {
		case "service.name":
			s.Service = text
		case "service.instance.id":
			s.Instance = text
		case "service.version":
			s.Version = text
		default:
			s.Resource = c.attr(s.Resource, key, text)
		}
	}
	if s.Service == "" {
		s.Service = unknownService
	}
	return s
}

// fill copies one span, or says why it is no span.
func (c *spanConverter) fill(s *tracestore.Span, from ptrace.Span) string {
	if from.TraceID().IsEmpty() || from.SpanID().IsEmpty() {
		return fmt.Sprintf("span %q has no trace id or span id", from.Name())
	}
	start, end := from.StartTimestamp(), from.EndTimestamp()
	if start == 0 || start > math.MaxInt64 || end > math.MaxInt64 {
		return fmt.Sprintf("span %q has no start time, or one beyond the year 2262", from.Name())
	}
	s.TraceID = tracestore.TraceID(from.TraceID())
	s.SpanID = tracestore.SpanID(from.SpanID())
	s.Parent = tracestore.SpanID(from.ParentSpanID())
	s.Name = c.text(from.Name())
	s.Start = time.Unix(0, int64(start)).UTC() //nolint:gosec // checked above
	if end > start {
		s.Duration = time.Duration(end - start) //nolint:gosec // both checked above
	}
	if kind := from.Kind(); kind >= ptrace.SpanKindUnspecified && kind <= ptrace.SpanKindConsumer {
		s.Kind = tracestore.Kind(kind) //nolint:gosec // in range
	}
	if code := from.Status().Code(); code >= ptrace.StatusCodeUnset && code <= ptrace.StatusCodeError {
		s.Status = tracestore.Status(code) //nolint:gosec // in range
	}
	s.Message = c.text(from.Status().Message())
	s.Attrs = make([]tracestore.Attr, 0, min(from.Attributes().Len(), maxAttrs))
	for key, value := range from.Attributes().All() {
		s.Attrs = c.attr(s.Attrs, key, c.text(value.AsString()))
	}
	c.exception(s, from.Events())
	return ""
}

// exception keeps the last exception event as the attributes that semantic
// conventions name for it.
func (c *spanConverter) exception(s *tracestore.Span, events ptrace.SpanEventSlice) {
	for i := events.Len() - 1; i >= 0; i-- {
		if events.At(i).Name() != "exception" {
			continue
		}
		for key, value := range events.At(i).Attributes().All() {
			s.Attrs = c.attr(s.Attrs, key, c.text(value.AsString()))
		}
		return
	}
}

func (c *spanConverter) attr(attrs []tracestore.Attr, key, value string) []tracestore.Attr {
	if len(attrs) >= maxAttrs {
		c.shortened++
		return attrs
	}
	return append(attrs, tracestore.Attr{Key: c.text(key), Value: value})
}

func (c *spanConverter) text(s string) string {
	if len(s) <= maxText {
		return s
	}
	c.shortened++
	return cut(s, maxText)
}
