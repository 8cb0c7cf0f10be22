package trace

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// TraceID names a trace. All zero is "no trace".
type TraceID [16]byte

// SpanID names a span within a trace. All zero is "no span".
type SpanID [8]byte

// String returns 32 lower-case hex digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// IsZero reports whether the id is absent.
func (t TraceID) IsZero() bool { return t == TraceID{} }

// String returns 16 lower-case hex digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// IsZero reports whether the id is absent.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// NewTraceID returns a random id. All of its bits are random, which is what
// [FlagRandom] promises to samplers.
func NewTraceID() TraceID {
	var t TraceID
	for t.IsZero() {
		binary.BigEndian.PutUint64(t[:8], rand.Uint64()) //nolint:gosec // ids need to differ, not to be secret
		binary.BigEndian.PutUint64(t[8:], rand.Uint64()) //nolint:gosec // ids need to differ, not to be secret
	}
	return t
}

// NewSpanID returns a random id.
func NewSpanID() SpanID {
	var s SpanID
	for s.IsZero() {
		binary.BigEndian.PutUint64(s[:], rand.Uint64()) //nolint:gosec // ids need to differ, not to be secret
	}
	return s
}
