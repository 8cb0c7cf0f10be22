package trace

import "context"

// Flags are the trace flags of W3C Trace Context level 2.
type Flags uint8

const (
	// FlagSampled says that the caller may have recorded the trace.
	FlagSampled Flags = 1 << 0
	// FlagRandom says that the trace id's last seven bytes at least are random.
	FlagRandom Flags = 1 << 1

	knownFlags = FlagSampled | FlagRandom
)

// Sampled reports whether the caller may have recorded the trace.
func (f Flags) Sampled() bool { return f&FlagSampled != 0 }

// SpanContext is the part of a span that travels: in headers to other processes
// and in a context within one.
type SpanContext struct {
	TraceID TraceID
	SpanID  SpanID
	Flags   Flags
	// State is the tracestate list as it arrived, several headers joined by
	// commas; empty when there was none or it was malformed.
	State string
}

// IsValid reports whether both ids are present.
func (sc SpanContext) IsValid() bool { return !sc.TraceID.IsZero() && !sc.SpanID.IsZero() }

type contextKey struct{}

// ContextWith returns a context that carries sc as the current span.
func ContextWith(ctx context.Context, sc SpanContext) context.Context {
	return context.WithValue(ctx, contextKey{}, sc)
}

// FromContext returns the current span's context; the zero SpanContext when
// there is none.
func FromContext(ctx context.Context) SpanContext {
	sc, _ := ctx.Value(contextKey{}).(SpanContext)
	return sc
}
