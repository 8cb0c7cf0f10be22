package rca_test

import (
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/rca"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// plant makes the spans of a shop floor: hall → press → pump, and lets them be observed.
type plant struct {
	graph *topology.Map
	now   time.Time
	next  uint64
}

func (p *plant) id() (id tracestore.SpanID) {
	p.next++
	binary.BigEndian.PutUint64(id[:], p.next)
	return id
}

// request is one request through hall and press to the pump. The pump takes took; what
// failed says who answers with an error of its own.
func (p *plant) request(took time.Duration, failed string, pumpSilent bool) {
	var trace tracestore.TraceID
	binary.BigEndian.PutUint64(trace[:], p.next+1)
	status := func(bad bool) tracestore.Status {
		if bad {
			return tracestore.StatusError
		}
		return tracestore.StatusOK
	}
	const own = 4 * time.Millisecond
	span := func(service string, kind tracestore.Kind, id, parent tracestore.SpanID, d time.Duration, bad bool, peer string) tracestore.Span {
		s := tracestore.Span{
			TraceID: trace, SpanID: id, Parent: parent, Service: service, Kind: kind,
			Start: p.now.Add(-d), Duration: d, Status: status(bad),
		}
		if peer != "" {
			s.Attrs = []tracestore.Attr{{Key: "peer.service", Value: peer}}
		}
		return s
	}
	hall, toPress, press, toPump, pump := p.id(), p.id(), p.id(), p.id(), p.id()
	pumpBad := failed == "pump" || pumpSilent
	pressBad := pumpBad || failed == "press"
	spans := []tracestore.Span{
		span("hall", tracestore.KindServer, hall, tracestore.SpanID{}, took+2*own, pressBad, ""),
		span("hall", tracestore.KindClient, toPress, hall, took+own, pressBad, "press"),
		span("press", tracestore.KindServer, press, toPress, took+own, pressBad, ""),
		span("press", tracestore.KindClient, toPump, press, took, pumpBad, "pump"),
	}
	if !pumpSilent {
		spans = append(spans, span("pump", tracestore.KindServer, pump, toPump, took, pumpBad, ""))
	}
	p.graph.Observe(spans)
}

// TestFindOnARealGraph goes all the way from spans to the verdict.
func TestFindOnARealGraph(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		now  func(p *plant, i int)
		want string
	}{
		{"errors at the end", func(p *plant, i int) { p.request(10*time.Millisecond, []string{"", "pump"}[i%2], false) }, "pump errors"},
		{"errors in the middle", func(p *plant, i int) { p.request(10*time.Millisecond, []string{"", "press"}[i%2], false) }, "press errors"},
		{"slow end", func(p *plant, _ int) { p.request(700*time.Millisecond, "", false) }, "pump latency"},
		{"dead end", func(p *plant, _ int) { p.request(500*time.Microsecond, "", true) }, "pump down"},
		{"all well", func(p *plant, _ int) { p.request(10*time.Millisecond, "", false) }, "nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &plant{now: time.Now().Add(-time.Minute).Truncate(time.Second)}
			p.graph = topology.New(topology.Config{Now: func() time.Time { return p.now }})
			begin := p.now
			for i := range 600 {
				p.now = begin.Add(time.Duration(i) * 50 * time.Millisecond)
				p.request(10*time.Millisecond, "", false)
			}
			onset := begin.Add(30 * time.Second)
			for i := range 200 {
				p.now = onset.Add(time.Duration(i) * 50 * time.Millisecond)
				c.now(p, i)
			}
			at := onset.Add(10 * time.Second)
			in := rca.Input{
				At: at, Onset: onset, Objective: verdict.Subject{Service: "hall", SLO: "open"},
				Now: p.graph.Window(onset, at), Baseline: p.graph.Window(begin, onset),
			}
			v := rca.Find(in)
			got := "nothing"
			if v.Cause != nil {
				got = v.Cause.Service + " " + string(v.Cause.Class)
			}
			if got != c.want {
				t.Errorf("named %q, want %q: %s", got, c.want, v.Reason)
			}
			first, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			for range 20 {
				again, err := json.Marshal(rca.Find(in))
				if err != nil || string(again) != string(first) {
					t.Fatalf("another answer to the same question: %v\n%s\n%s", err, first, again)
				}
			}
		})
	}
}
