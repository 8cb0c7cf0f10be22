package metricstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of a store.
var (
	// ErrBadQuery says that an expression is not PromQL, has a type that cannot be
	// shown or asks for too many points.
	ErrBadQuery = errors.New("metricstore: bad query")
	// ErrBusy says that as many queries run as may; try again.
	ErrBusy = errors.New("metricstore: too many queries at once")
)

// RefusedError says that some samples of an Append were not stored. The others were.
type RefusedError struct {
	Stale   int // older than the out-of-order window, or a second value for one moment
	Bounded int // would have begun a series past Config.MaxSeries
	Invalid int // no name, or labels that are repeated or empty
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("metricstore: refused %d samples: %d stale, %d of too many series, %d invalid",
		e.Total(), e.Stale, e.Bounded, e.Invalid)
}

// Hint says what an operator can do.
func (e *RefusedError) Hint() string {
	if e.Bounded > 0 {
		return "some metric has a label with too many values; drop the label or raise the bound of series"
	}
	return "compare the clocks of sender and server, and look for two senders of the same series"
}

// Total counts all samples refused.
func (e *RefusedError) Total() int { return e.Stale + e.Bounded + e.Invalid }

// Label is one dimension of a series.
type Label struct{ Name, Value string }

// Sample is one value of one series.
type Sample struct {
	Name   string  // metric name; required
	Labels []Label // in any order; empty values are the same as absent
	T      time.Time
	V      float64
}

// Point is a value of a series at the moment that was asked for.
type Point struct {
	Labels map[string]string // with the metric name as __name__, where the expression keeps it
	V      float64
}

// Series is a series over a span of time.
type Series struct {
	Labels map[string]string
	T      []int64 // Unix milliseconds, ascending
	V      []float64
}

// Stats is the state of a store.
type Stats struct {
	Series   uint64 // series with samples in memory
	Appended uint64 // samples stored since Open
	Stale    uint64 // samples refused since Open, see RefusedError
	Bounded  uint64
	Invalid  uint64
	Queries  uint64 // evaluated since Open
	Busy     uint64 // queries refused with ErrBusy
}

// Store keeps samples. It is safe for concurrent use.
type Store interface {
	// Append stores samples. A *RefusedError names how many were left out; every
	// other error means that none was stored.
	Append(ctx context.Context, samples []Sample) error
	// Instant evaluates PromQL at a moment; the value must be a vector or a scalar.
	Instant(ctx context.Context, query string, at time.Time) ([]Point, error)
	// Range evaluates PromQL at from, from+step … up to to, at most 11,000 times.
	Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]Series, error)
	Stats() Stats
	// Close ends the store; it must not be used afterwards.
	Close() error
}

// Config bounds a store. The zero value is useful.
type Config struct {
	// Retention is how long samples are kept; zero means 24 hours, the least is one hour.
	Retention time.Duration
	// MaxSeries bounds the series in memory, at about 2 kB each; zero means 50,000.
	MaxSeries uint64
	// OutOfOrder is how much older than the newest sample of its series a sample
	// may be; zero means one minute, negative refuses every such sample.
	OutOfOrder time.Duration
	// QuerySamples bounds the samples that one query holds in memory, at 16 B
	// each; zero means two million.
	QuerySamples int
	// QueryTimeout bounds one query; zero means 10 seconds.
	QueryTimeout time.Duration
	// Queries bounds the queries that run at once; more wait up to QueryTimeout.
	// Zero means 4.
	Queries int
}
