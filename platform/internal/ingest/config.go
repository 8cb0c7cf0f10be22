package ingest

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// Config says where a server listens and where telemetry goes.
type Config struct {
	// GRPCAddr and HTTPAddr are host:port; empty means 127.0.0.1:4317 and
	// 127.0.0.1:4318. Port 0 takes any free one.
	GRPCAddr, HTTPAddr string
	// Traces, Metrics and Graph take what arrives; all are required.
	Traces  tracestore.Store
	Metrics metricstore.Store
	Graph   *topology.Map
	// Token, unless empty, must come with every request as Authorization: Bearer.
	Token string
	// MaxBytes bounds one request after decompression; zero means 8 MiB. Requests
	// within MaxRequests can hold about eight times as much memory while decoded.
	MaxBytes int64
	// MaxRequests bounds the requests in work at once; more are refused with 429
	// and Retry-After. Zero means 16.
	MaxRequests int
	// Log takes failures of the stores; nil means [slog.Default].
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.GRPCAddr = cmp.Or(c.GRPCAddr, "127.0.0.1:4317")
	c.HTTPAddr = cmp.Or(c.HTTPAddr, "127.0.0.1:4318")
	c.MaxBytes = cmp.Or(c.MaxBytes, 8<<20)
	c.MaxRequests = cmp.Or(c.MaxRequests, 16)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// retryAfter is when a refused sender should come again.
const retryAfter = time.Second
