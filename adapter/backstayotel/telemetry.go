package backstayotel

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/trace"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

// DefaultEndpoint is where a local `backstay dev` receives OTLP/HTTP.
const DefaultEndpoint = "http://127.0.0.1:4318"

const (
	batchEvery   = 500 * time.Millisecond // a map that is a second old needs spans sooner than the SDK's 5 s
	batchSize    = 512
	queueSize    = 8192
	sendTimeout  = 5 * time.Second
	scopeOfSpans = "github.com/backstay/backstay"
)

// Config describes the process to OpenTelemetry.
type Config struct {
	// Service is the name of the service; required.
	Service string
	// Version of the service; may be empty.
	Version string
	// Instance tells processes of the service apart. Empty means host name and
	// process id.
	Instance string
	// Environment is where the process runs: "production", "staging". May be empty.
	Environment string
	// Endpoint is the base URL of an OTLP/HTTP receiver, "/v1/traces" is added.
	// Empty means OTEL_EXPORTER_OTLP_ENDPOINT, and without it [DefaultEndpoint].
	Endpoint string
}

// ErrNoService means that [Config.Service] is empty.
var ErrNoService = errors.New("backstayotel: Config.Service is required")

// Telemetry is the OpenTelemetry SDK of this process. It is safe for concurrent use.
type Telemetry struct {
	provider *sdktrace.TracerProvider
	drops    *drops
	once     sync.Once
	stopped  error
}

// Start sets up tracing and makes it OpenTelemetry's global provider, with the
// W3C propagators. It does not wait for the receiver and succeeds without one.
func Start(ctx context.Context, cfg Config) (*Telemetry, error) {
	if cfg.Service == "" {
		return nil, ErrNoService
	}
	endpoint, err := endpointOf(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(endpoint),
		otlptracehttp.WithTimeout(sendTimeout),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		// The queue is the buffer. Retrying one batch for a minute would
		// fill it and cost the spans that come after.
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: 200 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: 3 * time.Second,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("backstayotel: OTLP exporter for %s: %w", endpoint, err)
	}
	res, err := resource.New(ctx, resource.WithSchemaURL(semconv.SchemaURL), resource.WithFromEnv(),
		resource.WithTelemetrySDK(), resource.WithAttributes(describe(cfg)...))
	if err != nil && res == nil {
		return nil, fmt.Errorf("backstayotel: describe the process: %w", err)
	}
	d := &drops{exporter: exporter}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(res),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())),
		sdktrace.WithSpanProcessor(&bounded{
			SpanProcessor: sdktrace.NewBatchSpanProcessor(d,
				sdktrace.WithBatchTimeout(batchEvery), sdktrace.WithMaxExportBatchSize(batchSize),
				sdktrace.WithMaxQueueSize(queueSize), sdktrace.WithExportTimeout(sendTimeout)),
			drops: d,
		}),
	)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return &Telemetry{provider: provider, drops: d}, nil
}

// Recorder makes Backstay's spans with this SDK.
func (t *Telemetry) Recorder() trace.Recorder {
	return recorder{tracer: t.provider.Tracer(scopeOfSpans)}
}

// Dropped is how many finished spans were lost so far: those the receiver did
// not take and those that found the queue full. Spans still waiting are not lost.
func (t *Telemetry) Dropped() uint64 { return t.drops.lost() }

// Shutdown sends what waits and ends the exporter. Further calls return the
// first one's result.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	t.once.Do(func() {
		t.stopped = t.provider.Shutdown(ctx)
		t.drops.closed.Store(true)
	})
	return t.stopped
}

func endpointOf(configured string) (string, error) {
	if configured == "" {
		configured = os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	if configured == "" {
		configured = DefaultEndpoint
	}
	u, err := url.Parse(configured)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("backstayotel: endpoint %q is no http or https URL, such as %s", configured, DefaultEndpoint)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/v1/traces"
	return u.String(), nil
}

func describe(cfg Config) []attribute.KeyValue {
	if cfg.Instance == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		cfg.Instance = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	attrs := []attribute.KeyValue{semconv.ServiceName(cfg.Service), semconv.ServiceInstanceID(cfg.Instance)}
	if cfg.Version != "" {
		attrs = append(attrs, semconv.ServiceVersion(cfg.Version))
	}
	if cfg.Environment != "" {
		attrs = append(attrs, semconv.DeploymentEnvironmentName(cfg.Environment))
	}
	return attrs
}

// drops bounds the queue and counts what does not arrive. The batch processor of
// OpenTelemetry drops silently when its queue is full, so the bound is kept here,
// before it.
type drops struct {
	exporter sdktrace.SpanExporter
	waiting  atomic.Int64  // spans in the queue
	refused  atomic.Uint64 // spans that found it full
	failed   atomic.Uint64 // spans the receiver did not take
	closed   atomic.Bool
}

// ExportSpans sends a batch and counts it.
func (d *drops) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	d.waiting.Add(-int64(len(spans)))
	err := d.exporter.ExportSpans(ctx, spans)
	if err != nil {
		d.failed.Add(uint64(len(spans)))
	}
	return err
}

// Shutdown ends the exporter.
func (d *drops) Shutdown(ctx context.Context) error { return d.exporter.Shutdown(ctx) }

func (d *drops) lost() uint64 {
	n := d.refused.Load() + d.failed.Load()
	if d.closed.Load() {
		n += uint64(max(d.waiting.Load(), 0)) // nothing is sent any more
	}
	return n
}

// bounded lets finished spans into the queue while there is room.
type bounded struct {
	sdktrace.SpanProcessor

	drops *drops
}

// OnEnd hands a finished span to the queue. It never blocks.
func (b *bounded) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if b.drops.waiting.Add(1) > queueSize {
		b.drops.waiting.Add(-1)
		b.drops.refused.Add(1)
		return
	}
	b.SpanProcessor.OnEnd(s)
}
