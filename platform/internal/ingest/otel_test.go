package ingest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

// named is the resource of a service.
func named(service, instance string) *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.instance.id", instance))
}

func TestOpenTelemetrySDK(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	overHTTP, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(s.HTTPAddr()), otlptracehttp.WithInsecure(),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	overGRPC, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(s.GRPCAddr()), otlptracegrpc.WithInsecure(),
		otlptracegrpc.WithCompressor("gzip"))
	if err != nil {
		t.Fatal(err)
	}
	caller := sdktrace.NewTracerProvider(sdktrace.WithBatcher(overHTTP), sdktrace.WithResource(named("gateway", "a")))
	callee := sdktrace.NewTracerProvider(sdktrace.WithBatcher(overGRPC), sdktrace.WithResource(named("order", "b")))
	ctx, out := caller.Tracer("test").Start(t.Context(), "GET", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("server.address", "127.0.0.1"), attribute.Int("server.port", 80)))
	_, in := callee.Tracer("test").Start(ctx, "GET /orders", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.route", "/orders"), attribute.StringSlice("tags", []string{"x", "y"})))
	in.End()
	out.End()
	if err := errors.Join(caller.Shutdown(t.Context()), callee.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	spans, err := s.traces.Trace(t.Context(), tracestore.TraceID(out.SpanContext().TraceID()))
	if err != nil || len(spans) != 2 || spans[1].Parent != spans[0].SpanID || spans[1].Attr("tags") != `["x","y"]` {
		t.Errorf("stored %+v, %v", spans, err)
	}
	now := time.Now()
	if edges := s.graph.Window(now.Add(-time.Minute), now.Add(time.Second)).Edges; len(edges) != 1 || edges[0].From != "gateway" || edges[0].To != "order" {
		t.Errorf("edges = %+v", edges)
	}
}

func TestOpenTelemetryMetrics(t *testing.T) {
	t.Parallel()
	s := begin(t, t.TempDir(), nil)
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(s.HTTPAddr()), otlpmetrichttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)), sdkmetric.WithResource(named("order", "b")))
	meter := provider.Meter("test")
	requests, err := meter.Int64Counter("app.requests", metric.WithUnit("{request}"))
	if err != nil {
		t.Fatal(err)
	}
	took, err := meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.1, 1))
	if err != nil {
		t.Fatal(err)
	}
	requests.Add(t.Context(), 7, metric.WithAttributes(attribute.String("http.route", "/orders")))
	for _, seconds := range []float64{0.05, 0.5, 5} {
		took.Record(t.Context(), seconds)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]float64{
		`app_requests_total{service="order",instance="b",http_route="/orders"}`: 7,
		`http_server_request_duration_seconds_bucket{le="1.0"}`:                 2,
		`http_server_request_duration_seconds_bucket{le="+Inf"}`:                3,
		`http_server_request_duration_seconds_count`:                            3,
		`http_server_request_duration_seconds_sum`:                              5.55,
	} {
		points, err := s.metrics.Instant(context.WithoutCancel(t.Context()), query, time.Now())
		if err != nil || len(points) != 1 || points[0].V != want {
			t.Errorf("%s = %+v, %v; want %v", query, points, err, want)
		}
	}
}
