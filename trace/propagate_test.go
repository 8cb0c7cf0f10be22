package trace_test

import (
	"net/http"
	"testing"

	"github.com/backstay/backstay/trace"
)

func TestExtract(t *testing.T) {
	t.Parallel()
	const parent = "00-" + traceText + "-" + spanText + "-01"
	for _, row := range []struct {
		name   string
		header http.Header
		ok     bool
		state  string
	}{
		{"nothing", http.Header{}, false, ""},
		{"parent", http.Header{"Traceparent": {parent}}, true, ""},
		{"parent among white space", http.Header{"Traceparent": {"\t " + parent + " \t"}}, true, ""},
		{"two parents", http.Header{"Traceparent": {parent, parent}}, false, ""},
		{"other name", http.Header{"Trace-Parent": {parent}}, false, ""},
		{"state without parent", http.Header{"Tracestate": {"foo=1"}}, false, ""},
		{"state", http.Header{"Traceparent": {parent}, "Tracestate": {"foo=1"}}, true, "foo=1"},
		{"state of other name", http.Header{"Traceparent": {parent}, "Trace-State": {"foo=1"}}, true, ""},
		{"broken state leaves the trace", http.Header{"Traceparent": {parent}, "Tracestate": {"foo=1", "BAR=2"}}, true, ""},
		{"broken parent loses the state", http.Header{"Traceparent": {"x" + parent}, "Tracestate": {"foo=1"}}, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			sc, ok := trace.Extract(row.header)
			if ok != row.ok || sc.IsValid() != row.ok || sc.State != row.state {
				t.Fatalf("got %v %+v, want %v with state %q", ok, sc, row.ok, row.state)
			}
		})
	}
}

func TestInject(t *testing.T) {
	t.Parallel()
	sc, err := trace.ParseTraceparent("00-" + traceText + "-" + spanText + "-01")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Traceparent": {"old", "older"}, "Tracestate": {"old=1"}}
	trace.Inject(sc, header)
	if got := header.Values("traceparent"); len(got) != 1 || got[0] != sc.Traceparent() {
		t.Errorf("traceparent is %q", got)
	}
	if got := header.Values("tracestate"); len(got) != 0 {
		t.Errorf("the state of another trace stayed: %q", got)
	}
	sc.State = "foo=1"
	trace.Inject(sc, header)
	if got := header.Get("tracestate"); got != "foo=1" {
		t.Errorf("tracestate is %q", got)
	}
	trace.Inject(trace.SpanContext{}, header)
	if header.Get("traceparent") == "" {
		t.Error("an invalid context wrote something")
	}
}

func TestMapCarrier(t *testing.T) {
	t.Parallel()
	message := trace.MapCarrier{"TraceParent": "00-" + traceText + "-" + spanText + "-01"}
	sc, ok := trace.Extract(message)
	if !ok {
		t.Fatal("the context was not found")
	}
	trace.Inject(sc, message)
	if len(message) != 1 || message["traceparent"] != sc.Traceparent() {
		t.Fatalf("the message carries %v", message)
	}
}

func TestPropagation(t *testing.T) {
	t.Parallel()
	var recorder trace.Recorder = trace.Propagation{}
	ctx, root := recorder.Start(t.Context(), trace.StartInfo{Name: "root"})
	if !root.SpanContext().IsValid() || !root.SpanContext().Flags.Sampled() || trace.FromContext(ctx) != root.SpanContext() {
		t.Fatalf("root is %+v", root.SpanContext())
	}
	_, child := recorder.Start(ctx, trace.StartInfo{Name: "child"})
	if c, r := child.SpanContext(), root.SpanContext(); c.TraceID != r.TraceID || c.SpanID == r.SpanID {
		t.Fatalf("child is %+v of root %+v", c, r)
	}
	child.SetName("other")
	child.SetAttr("key", "value")
	child.End(nil)
}

func BenchmarkExtract(b *testing.B) {
	header := http.Header{"Traceparent": {"00-" + traceText + "-" + spanText + "-01"}, "Tracestate": {"foo=1,bar=2,baz=3"}}
	b.ReportAllocs()
	for b.Loop() {
		trace.Extract(header)
	}
}

func BenchmarkInject(b *testing.B) {
	sc, _ := trace.ParseTraceparent("00-" + traceText + "-" + spanText + "-01")
	header := http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		trace.Inject(sc, header)
	}
}
