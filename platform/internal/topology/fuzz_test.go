package topology

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

// FuzzObserve feeds spans whose ids, names, kinds and times come from the
// fuzzer: parents of themselves, cycles, kinds that do not exist, times at both
// ends of what 64 bits hold. Whatever comes, bounds hold and no count is lost or
// made up.
func FuzzObserve(f *testing.F) {
	f.Add([]byte("a span of sixteen and some more bytes for the next ones, so that they meet"))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := New(Config{Now: clockAt(time.Second), MaxServices: 4, MaxEdges: 4, MaxRoutes: 4})
		var spans []tracestore.Span
		for ; len(data) >= 16; data = data[16:] {
			s := span(data[0]%8, data[1]%8, string('a'+rune(data[2]%8)), tracestore.Kind(data[3]%8), 0, 0,
				"peer.service", string('a'+rune(data[4]%16)), "http.route", string('a'+rune(data[5]%8)),
				"http.response.status_code", string(data[6:8]))
			s.Status = tracestore.Status(data[6])
			took := int64(binary.BigEndian.Uint64(data[8:]))
			switch data[7] % 4 {
			case 0:
				took %= int64(time.Second)
			case 1:
				s.Start = time.Unix(0, took)
			case 2:
				s.Start = time.Unix(math.MaxInt64/2, 0)
			}
			s.Duration = time.Duration(took)
			spans = append(spans, s)
		}
		half := len(spans) / 2
		m.Observe(spans[:half])
		m.Observe(spans[half:])
		g := m.Window(epoch.Add(-time.Hour), epoch.Add(time.Hour))
		if len(g.Nodes) > 5 || len(g.Edges) > 5 {
			t.Errorf("%d nodes, %d edges: past the bounds", len(g.Nodes), len(g.Edges))
		}
		var counted uint64
		for _, n := range g.Nodes {
			counted += n.Stats.Requests
			if n.Stats.Errors > n.Stats.Requests || n.SelfTime.Requests != n.Stats.Requests || n.SelfTime.Quantile(1) > n.Stats.Quantile(1) {
				t.Errorf("node %+v does not add up", n)
			}
		}
		for _, e := range g.Edges {
			counted += e.Stats.Requests
		}
		if counted+m.Refused() > uint64(len(spans)) {
			t.Errorf("%d counted and %d refused of %d spans", counted, m.Refused(), len(spans))
		}
	})
}
