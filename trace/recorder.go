package trace

import (
	"context"
	"time"
)

// Kind is the part a span plays in a request, as OpenTelemetry numbers it.
type Kind uint8

// Kinds of spans.
const (
	KindInternal Kind = 1
	KindServer   Kind = 2
	KindClient   Kind = 3
)

// StartInfo is what is known of a span when it begins.
type StartInfo struct {
	// Name is the operation, of few distinct values: "GET /orders/{id}".
	Name string
	// Kind is the part the span plays; zero is taken as [KindInternal].
	Kind Kind
	// Start is when the work began; zero means now.
	Start time.Time
}

// Recorder makes spans. It is the seam between Backstay and a tracing SDK.
// Implementations are safe for concurrent use and never block.
type Recorder interface {
	// Start begins a span as child of the current one in ctx and returns a
	// context in which the new one is current, for [FromContext] too.
	Start(ctx context.Context, info StartInfo) (context.Context, Span)
}

// Span is a piece of work being recorded. Calls after End do nothing.
type Span interface {
	// SpanContext is what travels with outgoing requests.
	SpanContext() SpanContext
	// SetName replaces the name given at the start, for operations whose name
	// is known only when they end, as a routed request's.
	SetName(name string)
	// SetAttr attaches a fact: a string, bool, int, int64 or float64. Values
	// of other types may be rendered as text.
	SetAttr(key string, value any)
	// End finishes the span. An error marks it as failed.
	End(err error)
}

// Propagation is a [Recorder] that records nothing: it gives every span an id,
// so that logs can name it and the context travels on. New traces are marked as
// sampled: a process that exports nothing must not switch off its callees.
type Propagation struct{}

// Start returns a context with a new span id in the trace of ctx, or in a new trace.
func (Propagation) Start(ctx context.Context, _ StartInfo) (context.Context, Span) {
	sc := FromContext(ctx)
	if !sc.IsValid() {
		sc = SpanContext{TraceID: NewTraceID(), Flags: FlagSampled | FlagRandom}
	}
	sc.SpanID = NewSpanID()
	return ContextWith(ctx, sc), idle{sc}
}

// idle is a span that keeps its identity and nothing else.
type idle struct{ sc SpanContext }

func (s idle) SpanContext() SpanContext { return s.sc }
func (idle) SetName(string)             {}
func (idle) SetAttr(string, any)        {}
func (idle) End(error)                  {}
