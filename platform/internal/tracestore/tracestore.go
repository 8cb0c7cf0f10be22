// Package tracestore keeps spans on disk and finds traces again, on Pebble.
//
// What Append acknowledged is durable. An append is stored as compressed blocks
// of spans, each with a header that says what a search may find in it and with
// index keys that lead from a trace to the blocks that hold its spans.
package tracestore

import (
	"context"
	"errors"
	"time"
)

// Errors of a store.
var (
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("tracestore: closed")
	// ErrTooLarge says that a single span holds more than 32 MiB.
	ErrTooLarge = errors.New("tracestore: span too large")
)

// Query narrows Find. A trace is found when one of its spans meets all of it.
type Query struct {
	Service     string        // the span's service; "" takes all
	From, To    time.Time     // the span started within, both inclusive; zero is unbounded
	MinDuration time.Duration // the span lasted at least so long
	ErrorsOnly  bool          // the span has status error
	Limit       int           // at most so many traces; 0 means 20, at most 1,000
}

// Summary is one trace in a list, computed over all of its spans.
type Summary struct {
	TraceID  TraceID
	Root     string        // "service: span name" of the root, or of the earliest span when the root is missing
	Start    time.Time     // earliest start
	Duration time.Duration // from the earliest start to the latest end
	Spans    int
	Errors   int // spans with status error
}

// Stats describes a store.
type Stats struct {
	Spans  uint64    // appended since Open
	Blocks uint64    // written since Open
	Failed uint64    // spans whose append failed since Open
	Bytes  uint64    // on disk now, logs included
	Oldest time.Time // start of the oldest hour of arrival kept; zero when empty
}

// Store keeps spans. Its methods are safe for concurrent use.
type Store interface {
	// Append stores the spans, all or none. When it returns nil they are on
	// disk, synced, and visible to the other methods.
	Append(ctx context.Context, spans []Span) error
	// Trace returns the spans of a trace by start time; none is no error. A span
	// that was delivered twice is returned once.
	Trace(ctx context.Context, id TraceID) ([]Span, error)
	// Find returns the matching traces, the one that started last first.
	Find(ctx context.Context, q Query) ([]Summary, error)
	// Stats returns the store's counters.
	Stats() Stats
	// Close waits for running calls and ends the store; other methods then fail
	// with ErrClosed.
	Close() error
}
