package tracestore

import (
	"log/slog"
	"time"
)

// Config tunes a store. The zero value is a working one; negative values count as 0.
type Config struct {
	// Retention is how long after its arrival a span is kept; 0 means 24 hours.
	// Whole hours are dropped, so some live up to an hour longer.
	Retention time.Duration
	// MaxBytes bounds the disk: the oldest hours go first when it is exceeded,
	// the current one stays. 0 means 4 GiB.
	MaxBytes int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives errors of the background work; nil discards them.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Retention <= 0 {
		c.Retention = 24 * time.Hour
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 4 << 30
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
