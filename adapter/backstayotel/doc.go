// Package backstayotel sets up the OpenTelemetry SDK of a process in one call and
// joins it with Backstay: the spans that Backstay makes are OpenTelemetry spans,
// and spans made with the OpenTelemetry API nest with them.
//
//	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "order", Version: "1.4.0"})
//	…
//	svc, err := service.Start(ctx, service.Config{Name: "order", Tracer: telemetry.Recorder()})
//
// Spans leave in batches over OTLP/HTTP. Nothing waits for the receiver: what does
// not fit into the queue, or cannot be delivered, is dropped and counted.
package backstayotel
