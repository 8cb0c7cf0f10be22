package backstayotel

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/trace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// recorder makes OpenTelemetry spans for Backstay.
type recorder struct{ tracer oteltrace.Tracer }

// Start begins a span. Its parent is the OpenTelemetry span of ctx when there is
// one, so that spans of the user's own take their place, and else the context
// that came with the request.
func (r recorder) Start(ctx context.Context, info trace.StartInfo) (context.Context, trace.Span) {
	came := trace.FromContext(ctx)
	parent := oteltrace.SpanContextFromContext(ctx)
	if !parent.IsValid() && came.IsValid() {
		parent = toOTel(came)
		ctx = oteltrace.ContextWithRemoteSpanContext(ctx, parent)
	}
	options := make([]oteltrace.SpanStartOption, 0, 2)
	options = append(options, oteltrace.WithSpanKind(kindOf(info.Kind)))
	if !info.Start.IsZero() {
		options = append(options, oteltrace.WithTimestamp(info.Start))
	}
	ctx, s := r.tracer.Start(ctx, info.Name, options...)
	sc := fromOTel(s.SpanContext())
	if sc.TraceID == came.TraceID && sc.State == parent.TraceState().String() {
		// Nobody here had anything to add to the list, so it travels on as it
		// came, also where OpenTelemetry would not have taken it.
		sc.State = came.State
	}
	return trace.ContextWith(ctx, sc), span{s: s, sc: sc}
}

// span adapts an OpenTelemetry span.
type span struct {
	s  oteltrace.Span
	sc trace.SpanContext
}

func (s span) SpanContext() trace.SpanContext { return s.sc }

func (s span) SetName(name string) { s.s.SetName(name) }

func (s span) SetAttr(key string, value any) {
	if !s.s.IsRecording() {
		return
	}
	s.s.SetAttributes(attributeOf(key, value))
}

func (s span) End(err error) {
	if err != nil {
		s.s.SetStatus(codes.Error, err.Error())
	}
	s.s.End()
}

func attributeOf(key string, value any) attribute.KeyValue {
	switch v := value.(type) {
	case string:
		return attribute.String(key, v)
	case bool:
		return attribute.Bool(key, v)
	case int:
		return attribute.Int(key, v)
	case int64:
		return attribute.Int64(key, v)
	case float64:
		return attribute.Float64(key, v)
	default:
		return attribute.String(key, fmt.Sprint(v))
	}
}

func kindOf(k trace.Kind) oteltrace.SpanKind {
	switch k {
	case trace.KindServer:
		return oteltrace.SpanKindServer
	case trace.KindClient:
		return oteltrace.SpanKindClient
	case trace.KindInternal:
		return oteltrace.SpanKindInternal
	default:
		return oteltrace.SpanKindInternal
	}
}

// toOTel converts a context that came from another process.
func toOTel(sc trace.SpanContext) oteltrace.SpanContext {
	// OpenTelemetry takes a stricter form of the list than level 2 of the
	// specification allows, and none with a repeated key.
	state, err := oteltrace.ParseTraceState(sc.State)
	if err != nil {
		state = oteltrace.TraceState{}
	}
	return oteltrace.NewSpanContext(oteltrace.SpanContextConfig{
		TraceID:    oteltrace.TraceID(sc.TraceID),
		SpanID:     oteltrace.SpanID(sc.SpanID),
		TraceFlags: oteltrace.TraceFlags(sc.Flags),
		TraceState: state,
		Remote:     true,
	})
}

func fromOTel(sc oteltrace.SpanContext) trace.SpanContext {
	return trace.SpanContext{
		TraceID: trace.TraceID(sc.TraceID()),
		SpanID:  trace.SpanID(sc.SpanID()),
		Flags:   trace.Flags(sc.TraceFlags()),
		State:   sc.TraceState().String(),
	}
}
