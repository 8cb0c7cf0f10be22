package rca

import "github.com/backstay/backstay/platform/internal/topology"

// newWorld turns the input into numbers.
func newWorld(in Input) *world {
	w := emptyWorld()
	w.span = in.Now.To.Sub(in.Now.From).Seconds()
	for _, n := range in.Baseline.Nodes {
		s := w.service(n.Service)
		s.external = n.External
		s.base, s.self0 = flowOf(n.Stats), flowOf(n.SelfTime)
	}
	for _, n := range in.Now.Nodes {
		s := w.service(n.Service)
		// Seen once with spans of its own, a service is not external because it fell silent.
		s.external = n.External && (s.external || s.base.requests == 0)
		s.now, s.self1 = flowOf(n.Stats), flowOf(n.SelfTime)
		s.panics = float64(n.Panics)
	}
	for _, e := range in.Baseline.Edges {
		w.edge(e.From, e.To).base = flowOf(e.Stats)
	}
	for _, e := range in.Now.Edges {
		w.edge(e.From, e.To).now = flowOf(e.Stats)
	}
	w.observe(in)
	w.sort()
	return w
}

func flowOf(s topology.Stats) flow {
	return flow{
		requests: float64(s.Requests), errors: float64(s.Errors),
		p50: s.Quantile(0.5).Seconds(), p95: s.Quantile(0.95).Seconds(), p99: s.Quantile(0.99).Seconds(),
	}
}
