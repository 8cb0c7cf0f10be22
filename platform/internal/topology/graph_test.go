package topology

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clockAt returns a clock that stands still a little after the epoch.
func clockAt(after time.Duration) func() time.Time {
	return func() time.Time { return epoch.Add(after) }
}

// span makes a span that ends after the given time.
func span(id byte, parent byte, service string, kind tracestore.Kind, ends, took time.Duration, attrs ...string) tracestore.Span {
	s := tracestore.Span{
		TraceID: tracestore.TraceID{1}, SpanID: tracestore.SpanID{id}, Service: service, Name: "op", Kind: kind,
		Start: epoch.Add(ends - took), Duration: took,
	}
	if parent != 0 {
		s.Parent = tracestore.SpanID{parent}
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		s.Attrs = append(s.Attrs, tracestore.Attr{Key: attrs[i], Value: attrs[i+1]})
	}
	return s
}

// describe writes a window as text.
func describe(g Graph) string {
	var text strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&text, "%s external=%t %d/%d self=%s\n", n.Service, n.External, n.Stats.Errors, n.Stats.Requests, n.SelfTime.Quantile(1))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&text, "%s→%s %d/%d\n", e.From, e.To, e.Stats.Errors, e.Stats.Requests)
	}
	return text.String()
}

func TestGraph(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	server := span(1, 0, "gateway", tracestore.KindServer, 100*ms, 90*ms, "http.route", "/checkout")
	client := span(2, 1, "gateway", tracestore.KindClient, 95*ms, 60*ms, "server.address", "127.0.0.1", "server.port", "81")
	callee := span(3, 2, "order", tracestore.KindServer, 94*ms, 50*ms, "http.response.status_code", "503")
	f := func(name, want string, batches ...[]tracestore.Span) {
		t.Helper()
		m := New(Config{Now: clockAt(time.Second)})
		for _, b := range batches {
			m.Observe(b)
		}
		if got := describe(m.Window(epoch, epoch.Add(time.Second))); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
	joined := "gateway external=false 0/1 self=30ms\norder external=false 1/1 self=50ms\ngateway→order 0/1\n"
	f("all at once", joined, []tracestore.Span{server, client, callee})
	f("callee first", joined, []tracestore.Span{callee}, []tracestore.Span{client, server})
	f("caller first", joined, []tracestore.Span{client, server}, []tracestore.Span{callee})

	dead := span(4, 1, "gateway", tracestore.KindClient, 50*ms, ms, "peer.service", "payment")
	dead.Status = tracestore.StatusError
	f("a dead callee shows as an external node with errors on the edge",
		"gateway external=false 0/1 self=89ms\npayment external=true 0/0 self=0s\ngateway→payment 1/1\n",
		[]tracestore.Span{dead, server})

	internal := span(5, 1, "gateway", tracestore.KindInternal, 97*ms, 70*ms)
	nested := span(2, 5, "gateway", tracestore.KindClient, 95*ms, 60*ms, "server.address", "127.0.0.1", "server.port", "81")
	f("time of calls below an internal span is not the server's own", joined, []tracestore.Span{server, internal, nested, callee})

	old := span(9, 0, "gateway", tracestore.KindServer, -20*time.Minute, ms)
	f("a span from another time is refused", "", []tracestore.Span{old})
}

func TestCalleeKeepsItsNameWhenDead(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	m := New(Config{Now: clockAt(10 * time.Second)})
	m.Observe([]tracestore.Span{
		span(2, 1, "a", tracestore.KindClient, 95*ms, 60*ms, "server.address", "10.0.0.1", "server.port", "81"),
		span(3, 2, "b", tracestore.KindServer, 94*ms, 50*ms),
	})
	dead := span(4, 0, "a", tracestore.KindClient, 2*time.Second, ms, "server.address", "10.0.0.1", "server.port", "81")
	dead.Status = tracestore.StatusError
	m.Observe([]tracestore.Span{dead})
	want := "a external=false 0/0 self=0s\nb external=false 0/1 self=50ms\na→b 1/2\n"
	if got := describe(m.Window(epoch, epoch.Add(5*time.Second))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	m := New(Config{Now: clockAt(time.Second), MaxServices: 4, MaxEdges: 5, MaxRoutes: 6})
	random := rand.New(rand.NewPCG(1, 2))
	var spans []tracestore.Span
	for i := range 2000 {
		kind := tracestore.Kind(random.UintN(7))
		s := span(byte(i), byte(random.UintN(256)), fmt.Sprintf("service-%d", random.UintN(50)), kind,
			time.Duration(random.Int64N(int64(time.Second))), time.Duration(random.Int64N(int64(time.Second))),
			"peer.service", fmt.Sprintf("callee-%d", random.UintN(50)), "http.route", fmt.Sprintf("/%d", random.UintN(50)))
		spans = append(spans, s)
	}
	m.Observe(spans)
	g := m.Window(epoch, epoch.Add(2*time.Second))
	if len(g.Nodes) > 5 || len(g.Edges) > 6 || m.routes > 6+5 { // each service has an overflow of its own
		t.Errorf("%d nodes, %d edges, %d routes: past the bounds", len(g.Nodes), len(g.Edges), m.routes)
	}
	var answered, wanted uint64
	for _, n := range g.Nodes {
		answered += n.Stats.Requests
	}
	for _, s := range spans {
		if s.Kind == tracestore.KindServer || s.Kind == tracestore.KindConsumer {
			wanted++
		}
	}
	if answered != wanted {
		t.Errorf("%d requests on the map, %d observed: what is past a bound must count under overflow", answered, wanted)
	}
}

func TestHistogramIsExactAtTwoDigits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var s Stats
	var all []time.Duration
	for range 5000 {
		d := time.Duration(random.ExpFloat64() * float64(100*time.Millisecond))
		s.Add(d, false)
		all = append(all, d)
	}
	for _, limit := range []time.Duration{5 * time.Millisecond, 25 * time.Millisecond, 73 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		var want uint64
		for _, d := range all {
			if d <= limit {
				want++
			}
		}
		if got := s.AtMost(limit); got != want {
			t.Errorf("at most %s: got %d, want %d", limit, got, want)
		}
	}
	for i := range uint16(lastBin) {
		if got := binFor(bound(i)); got != i {
			t.Fatalf("bound %s of bin %d falls into bin %d", bound(i), i, got)
		}
		if got := binFor(bound(i) + 1); got != i+1 {
			t.Fatalf("just past bound %s of bin %d falls into bin %d", bound(i), i, got)
		}
	}
}

func TestRingForgets(t *testing.T) {
	t.Parallel()
	now := epoch
	m := New(Config{Retention: time.Minute, Now: func() time.Time { return now }})
	m.Observe([]tracestore.Span{span(1, 0, "a", tracestore.KindServer, 0, time.Millisecond)})
	now = epoch.Add(time.Minute)
	m.Observe([]tracestore.Span{span(2, 0, "a", tracestore.KindServer, time.Minute, time.Millisecond)})
	if got := m.Window(epoch, now.Add(time.Second)).Nodes[0].Stats.Requests; got != 1 {
		t.Errorf("%d requests within the retention, want 1", got)
	}
	if got := len(m.Seconds("a", "op", epoch, now.Add(time.Second))); got != 1 {
		t.Errorf("%d seconds of the route, want 1", got)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := New(Config{Now: clockAt(time.Second)})
	ms := time.Millisecond
	spans := []tracestore.Span{
		span(1, 0, "gateway", tracestore.KindServer, 100*ms, 90*ms, "http.route", "/checkout"),
		span(2, 1, "gateway", tracestore.KindClient, 95*ms, 60*ms, "peer.service", "order"),
		span(3, 2, "order", tracestore.KindServer, 94*ms, 50*ms, "http.route", "/orders"),
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(spans)
	}
}
