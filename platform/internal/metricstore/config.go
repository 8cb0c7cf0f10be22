package metricstore

import (
	"log/slog"
	"time"
)

// Config tunes a store. The zero value is a working one; negative values count as 0.
type Config struct {
	// Retention is how long samples are kept; 0 means 24 hours. Whole blocks of
	// two hours are dropped, so some live up to two hours longer.
	Retention time.Duration
	// Window is how far a sample may lie before the newest of its series, or
	// ahead of the clock; 0 means 1 minute.
	Window time.Duration
	// MaxSeries bounds the series in memory (about 4 KiB each); 0 means 50,000.
	MaxSeries int
	// Lookback is how old a value may be for an instant to still show it;
	// 0 means 5 minutes, as in Prometheus.
	Lookback time.Duration
	// QueryTimeout ends a query that runs longer; 0 means 10 seconds.
	QueryTimeout time.Duration
	// MaxQuerySamples bounds the samples one query holds in memory (16 bytes
	// each); 0 means 2,000,000.
	MaxQuerySamples int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives the engine's messages; nil discards them.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	or(&c.Retention, 24*time.Hour)
	or(&c.Window, time.Minute)
	or(&c.MaxSeries, 50_000)
	or(&c.Lookback, 5*time.Minute)
	or(&c.QueryTimeout, 10*time.Second)
	or(&c.MaxQuerySamples, 2_000_000)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
