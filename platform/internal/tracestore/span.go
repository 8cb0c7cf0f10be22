package tracestore

import (
	"encoding/hex"
	"time"
)

// TraceID identifies a trace (W3C Trace Context).
type TraceID [16]byte

// SpanID identifies a span within a trace.
type SpanID [8]byte

// String returns 32 lower-case hex digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// String returns 16 lower-case hex digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether the id is absent.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// Kind is the OpenTelemetry span kind, with its numbers.
type Kind uint8

// Span kinds as OTLP numbers them.
const (
	KindUnspecified Kind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// Status is the OpenTelemetry span status, with its numbers.
type Status uint8

// Statuses as OTLP numbers them.
const (
	StatusUnset Status = iota
	StatusOK
	StatusError
)

// Attr is one attribute; values are rendered to text on the way in.
type Attr struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Span is one span as stored.
type Span struct {
	TraceID  TraceID
	SpanID   SpanID
	Parent   SpanID
	Service  string // resource service.name; "unknown_service" when absent
	Instance string // resource service.instance.id
	Version  string // resource service.version
	Name     string
	Kind     Kind
	Start    time.Time
	Duration time.Duration
	Status   Status
	Message  string // status message
	Attrs    []Attr // span attributes, in order of arrival
	Resource []Attr // resource attributes other than those above
}

// Attr returns the value of the span attribute key, or "".
func (s *Span) Attr(key string) string {
	for _, a := range s.Attrs {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}
