package trace_test

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/trace"
)

// A consumer continues the trace of the message it handles.
func ExampleExtract() {
	message := trace.MapCarrier{
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"tracestate":  "vendor=opaque",
	}
	ctx := context.Background()
	if sc, ok := trace.Extract(message); ok {
		ctx = trace.ContextWith(ctx, sc)
	}
	_, span := trace.Propagation{}.Start(ctx, trace.StartInfo{Name: "handle order"})
	defer span.End(nil)
	fmt.Println(span.SpanContext().TraceID, span.SpanContext().State)
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736 vendor=opaque
}
