// Package metricstore keeps samples and answers PromQL, with the storage and
// query engines of Prometheus as libraries. What Append acknowledged has been
// handed to the operating system and so survives the end of this process,
// however sudden.
package metricstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrClosed says that the store was closed before the call.
var ErrClosed = errors.New("metricstore: closed")

// RefusedError says that some samples of an Append were left out. The others are stored.
type RefusedError struct {
	Refused int    // samples left out
	Stored  int    // samples kept
	First   string // why the first of them was left out
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("metricstore: refused %d of %d samples, the first because %s", e.Refused, e.Refused+e.Stored, e.First)
}

// Hint says what an operator can do.
func (e *RefusedError) Hint() string {
	return "compare the clocks of sender and server, and look for labels with very many values and for two senders of one series"
}

// QueryError says that a query cannot be answered as it was asked.
type QueryError struct {
	Query string
	Err   error
}

func (e *QueryError) Error() string { return fmt.Sprintf("metricstore: %v", e.Err) }

// Unwrap returns what the engine said.
func (e *QueryError) Unwrap() error { return e.Err }

// Label is one dimension of a series.
type Label struct{ Name, Value string }

// Sample is one value of one series.
type Sample struct {
	Name   string  // metric name; required
	Labels []Label // in any order; an empty value is the same as no label
	T      time.Time
	V      float64
}

// Point is a value of a series at the moment that was asked for.
type Point struct {
	Labels map[string]string // with the metric's name as __name__, where the expression keeps it
	V      float64
}

// Series is a series over a span of time.
type Series struct {
	Labels map[string]string
	T      []int64 // Unix milliseconds, ascending
	V      []float64
}

// Stats is the state of a store; counts are since Open.
type Stats struct {
	Series   uint64 // series in memory
	Appended uint64 // samples stored
	Stale    uint64 // refused: too old, or another value for the same moment
	Ahead    uint64 // refused: dated ahead of the clock
	Over     uint64 // refused: a series beyond the bound
	Invalid  uint64 // refused: a name or label that is none
	Bytes    int64  // of blocks and head on disk
}

// Store keeps samples. It is safe for concurrent use.
type Store interface {
	// Append stores samples. A *RefusedError says that some were left out; every
	// other error means that none was stored.
	Append(ctx context.Context, samples []Sample) error
	// Instant evaluates PromQL at a moment; its value must be a vector or a
	// scalar. A *QueryError is the caller's to mend.
	Instant(ctx context.Context, query string, at time.Time) ([]Point, error)
	// Range evaluates PromQL at from, from+step and so on up to to, at most
	// 11,000 times.
	Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]Series, error)
	Stats() Stats
	// Close ends the store when calls in flight have ended. Every other method
	// answers ErrClosed afterwards; closing again does nothing.
	Close() error
}
