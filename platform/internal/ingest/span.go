package ingest

import (
	"math"
	"time"

	"github.com/backstay/backstay/platform/internal/tracestore"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// unknownService is the name OpenTelemetry gives a resource without one.
const unknownService = "unknown_service"

// origin is what a resource says of itself.
type origin struct {
	service, instance, version string
	rest                       []tracestore.Attr
}

func originOf(r pcommon.Resource) origin {
	o := origin{service: unknownService}
	for key, value := range r.Attributes().All() {
		switch text := value.AsString(); {
		case key == "service.name" && text != "":
			o.service = text
		case key == "service.instance.id":
			o.instance = text
		case key == "service.version":
			o.version = text
		default:
			o.rest = append(o.rest, tracestore.Attr{Key: key, Value: text})
		}
	}
	return o
}

// spansOf turns OTLP into spans of the store. Spans that nothing could find
// again, or whose times lie outside what 64 bits of nanoseconds hold, are left
// out and counted. An end before the start counts as the start.
func spansOf(td ptrace.Traces) (spans []tracestore.Span, rejected int) {
	spans = make([]tracestore.Span, 0, td.SpanCount())
	for _, resource := range td.ResourceSpans().All() {
		from := originOf(resource.Resource())
		for _, scope := range resource.ScopeSpans().All() {
			for _, s := range scope.Spans().All() {
				if s.TraceID().IsEmpty() || s.SpanID().IsEmpty() ||
					s.StartTimestamp() == 0 || max(s.StartTimestamp(), s.EndTimestamp()) > math.MaxInt64 {
					rejected++
					continue
				}
				spans = append(spans, spanOf(s, &from))
			}
		}
	}
	return spans, rejected
}

func spanOf(s ptrace.Span, from *origin) tracestore.Span {
	start := int64(s.StartTimestamp())
	end := int64(s.EndTimestamp())
	out := tracestore.Span{
		TraceID: tracestore.TraceID(s.TraceID()), SpanID: tracestore.SpanID(s.SpanID()), Parent: tracestore.SpanID(s.ParentSpanID()),
		Service: from.service, Instance: from.instance, Version: from.version, Resource: from.rest,
		Name: s.Name(), Kind: kindOf(s.Kind()), Status: statusOf(s.Status().Code()), Message: s.Status().Message(),
		Start: time.Unix(0, start).UTC(), Duration: time.Duration(max(end-start, 0)),
	}
	if n := s.Attributes().Len(); n > 0 {
		out.Attrs = make([]tracestore.Attr, 0, n)
		for key, value := range s.Attributes().All() {
			out.Attrs = append(out.Attrs, tracestore.Attr{Key: key, Value: value.AsString()})
		}
	}
	return out
}

func kindOf(k ptrace.SpanKind) tracestore.Kind {
	if k < 0 || k > ptrace.SpanKindConsumer {
		return tracestore.KindUnspecified
	}
	return tracestore.Kind(k)
}

func statusOf(c ptrace.StatusCode) tracestore.Status {
	switch c {
	case ptrace.StatusCodeOk:
		return tracestore.StatusOK
	case ptrace.StatusCodeError:
		return tracestore.StatusError
	case ptrace.StatusCodeUnset:
		return tracestore.StatusUnset
	default:
		return tracestore.StatusUnset
	}
}
