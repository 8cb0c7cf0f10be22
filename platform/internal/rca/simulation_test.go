package rca

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// plan is a random system: services call only services of a higher number.
type plan struct {
	count    int
	external []bool
	self     []float64 // seconds
	calls    map[[2]int]call
}

// call is how one service uses another.
type call struct {
	fallback bool
	breaker  bool
	timeout  float64 // seconds
}

// trouble is the fault put into a system.
type trouble struct {
	at    int // -1 for none
	class verdict.Class
	share float64 // of requests
	delay float64 // seconds
}

// state is a system at work: what each service answers.
type state struct {
	requests, errors, own []float64 // errors and own are ratios
	p50, p95, self50      []float64
	self95                []float64
	edges                 map[[2]int]flow
	rejected              map[[2]int]float64
}

func randomPlan(rng *rand.Rand) plan {
	p := plan{count: 3 + rng.IntN(18), calls: map[[2]int]call{}}
	p.external, p.self = make([]bool, p.count), make([]float64, p.count)
	for i := range p.count {
		p.self[i] = 0.001 * math.Exp(3.5*rng.Float64()) // 1 to 33 ms
	}
	link := func(a, b int) {
		p.calls[[2]int{a, b}] = call{fallback: rng.IntN(4) == 0, breaker: rng.IntN(2) == 0, timeout: 0.5 + rng.Float64()}
	}
	for b := 1; b < p.count; b++ {
		link(rng.IntN(b), b) // everything can be reached
		for range rng.IntN(3) {
			if a := rng.IntN(b); rng.IntN(3) == 0 {
				link(a, b)
			}
		}
	}
	for i := 1; i < p.count; i++ {
		if len(p.callees(i)) == 0 && rng.IntN(4) == 0 {
			p.external[i] = true
		}
	}
	return p
}

func (p plan) callees(of int) []int {
	var to []int
	for edge := range p.calls {
		if edge[0] == of {
			to = append(to, edge[1])
		}
	}
	slices.Sort(to)
	return to
}

// run lets the system work with a fault in it.
func (p plan) run(rng *rand.Rand, load float64, f trouble) state {
	s := state{
		requests: make([]float64, p.count), errors: make([]float64, p.count), own: make([]float64, p.count),
		p50: make([]float64, p.count), p95: make([]float64, p.count), self50: make([]float64, p.count), self95: make([]float64, p.count),
		edges: map[[2]int]flow{}, rejected: map[[2]int]float64{},
	}
	noise := func(v float64) float64 { return v * (0.92 + 0.16*rng.Float64()) }
	// Upwards: what everybody answers.
	ratio := map[[2]int]float64{}
	for i := p.count - 1; i >= 0; i-- {
		s.self50[i], s.self95[i] = noise(p.self[i]), noise(2*p.self[i])
		s.own[i] = 0.002 * rng.Float64()
		if f.at == i {
			switch f.class {
			case verdict.Errors, verdict.Panics:
				s.own[i] = f.share
			case verdict.Latency, verdict.Saturation:
				s.self95[i] += f.delay
				if f.share > 0.5 {
					s.self50[i] += f.delay
				}
			case verdict.Down:
				s.own[i] = 1
			}
		}
		good := 1 - s.own[i]
		s.p50[i], s.p95[i] = s.self50[i], s.self95[i]
		for _, to := range p.callees(i) {
			c := p.calls[[2]int{i, to}]
			e := flow{p50: s.p50[to] + 0.0005, p95: s.p95[to] + 0.001}
			failing := s.errors[to]
			if f.at == to && f.class == verdict.Down {
				e.p50, e.p95 = 0.0004, 0.001
			}
			if e.p50 > c.timeout {
				failing, e.p50 = 1, c.timeout
			} else if e.p95 > c.timeout {
				failing = math.Max(failing, 0.3)
			}
			e.p95 = math.Min(e.p95, c.timeout)
			ratio[[2]int{i, to}] = failing
			s.edges[[2]int{i, to}] = e
			s.p50[i] += e.p50
			s.p95[i] += e.p95
			if !c.fallback {
				good *= 1 - failing
			}
		}
		s.errors[i] = 1 - good
	}
	// Downwards: how much traffic everybody gets.
	s.requests[0] = load
	for i := range p.count {
		for _, to := range p.callees(i) {
			edge := [2]int{i, to}
			e := s.edges[edge]
			e.requests = math.Round(s.requests[i] * (1 - s.own[i]))
			if f.at == i && f.class == verdict.Down {
				e.requests = 0
			}
			if p.calls[edge].breaker && ratio[edge] >= 0.5 {
				asked := math.Max(math.Round(e.requests*0.05), math.Min(e.requests, 8))
				s.rejected[edge] = e.requests - asked
				e.requests = asked
			}
			e.errors = binomial(rng, e.requests, ratio[edge])
			s.edges[edge] = e
			s.requests[to] += e.requests
		}
	}
	return s
}

// binomial draws, by its normal approximation where that is good.
func binomial(rng *rand.Rand, n, p float64) float64 {
	if n*p*(1-p) > 20 {
		return math.Round(min(max(n*p+rng.NormFloat64()*math.Sqrt(n*p*(1-p)), 0), n))
	}
	if p > 0.5 {
		return n - binomial(rng, n, 1-p)
	}
	if p < 0.05 { // rare events, counted by the gaps between them
		k := -1.0
		for at := 0.0; at <= n*p; at += rng.ExpFloat64() {
			k++
		}
		return math.Min(k, n)
	}
	k := 0.0
	for range int(n) {
		if rng.Float64() < p {
			k++
		}
	}
	return k
}

func (p plan) world(rng *rand.Rand, before, after state, f trouble) (*world, Input) {
	w := emptyWorld()
	w.span = 10
	in := Input{At: onset.Add(10 * time.Second), Onset: onset, Objective: verdict.Subject{Service: "s0", SLO: "promise"}, Panics: map[string]float64{}}
	name := func(i int) string { return fmt.Sprintf("s%d", i) }
	for i := range p.count {
		s := w.service(name(i))
		s.external = p.external[i]
		if s.external {
			continue
		}
		s.base = flow{requests: before.requests[i], errors: binomial(rng, before.requests[i], before.errors[i]), p50: before.p50[i], p95: before.p95[i]}
		s.self0 = flow{requests: s.base.requests, p50: before.self50[i], p95: before.self95[i]}
		goroutines := 40 + 100*rng.Float64()
		waiting := 2 * after.requests[i] / 10 * after.p50[i] // Little's law over ten seconds
		process := Process{Service: name(i), Instance: "1", Up: true, GoroutinesBefore: goroutines, Goroutines: goroutines + waiting}
		if f.at == i && f.class == verdict.Down {
			process.Up, process.Since = false, onset
			in.Processes = append(in.Processes, process)
			continue
		}
		s.now = flow{requests: after.requests[i], errors: binomial(rng, after.requests[i], after.errors[i]), p50: after.p50[i], p95: after.p95[i]}
		s.self1 = flow{requests: s.now.requests, p50: after.self50[i], p95: after.self95[i]}
		if f.at == i && f.class == verdict.Saturation {
			process.Goroutines += 500 + 4000*rng.Float64()
		}
		if f.at == i && f.class == verdict.Panics {
			in.Panics[name(i)] = math.Round(f.share * after.requests[i])
		}
		in.Processes = append(in.Processes, process)
	}
	for edge := range p.calls {
		e := w.edge(name(edge[0]), name(edge[1]))
		e.base, e.now = before.edges[edge], after.edges[edge]
		if r := after.rejected[edge]; r > 0 {
			in.Breakers = append(in.Breakers, Breaker{Service: name(edge[0]), Dependency: name(edge[1]), State: "open", Since: onset.Add(time.Second)})
			if rng.IntN(2) == 0 {
				continue // breakers of others tell nothing
			}
			in.Rejections = append(in.Rejections, Rejection{Service: name(edge[0]), Dependency: name(edge[1]), Count: r})
		}
	}
	w.observe(in)
	w.sort()
	return w, in
}

// TestRandomSystems puts one fault of each kind into random systems of three to
// twenty services with fallbacks, breakers, timeouts, external leaves and noise,
// and counts how often the service and the kind are named rightly.
func TestRandomSystems(t *testing.T) {
	t.Parallel()
	const rounds = 400
	classes := []verdict.Class{verdict.Errors, verdict.Latency, verdict.Saturation, verdict.Panics, verdict.Down}
	for _, class := range classes {
		rightService, rightClass, inTwo := 0, 0, 0
		for seed := range uint64(rounds) {
			rng := rand.New(rand.NewPCG(seed, 99))
			p := randomPlan(rng)
			load := 300 * math.Exp(3*rng.Float64()) // 300 to 6,000 requests in the window
			f := trouble{at: rng.IntN(p.count), class: class, share: 0.04 + 0.96*rng.Float64(), delay: 0.1 + 2*rng.Float64()}
			if p.external[f.at] && class != verdict.Errors && class != verdict.Latency {
				f.at = 0 // an external service shows neither panics nor processes
			}
			before := p.run(rng, load*6, trouble{at: -1})
			after := p.run(rng, load, f)
			w, in := p.world(rng, before, after, f)
			v := w.find(in)
			want := fmt.Sprintf("s%d", f.at)
			if v.Cause == nil {
				continue
			}
			hit := v.Cause.Service == want
			if hit {
				rightService++
				if v.Cause.Class == class {
					rightClass++
				} else {
					t.Logf("%s seed %d: class %s: %s", class, seed, v.Cause.Class, v.Reason)
				}
			} else {
				t.Logf("%s seed %d: %s, want %s of %d: %s also %v", class, seed, v.Cause.Service, want, p.count, v.Reason, v.Cause.Also)
			}
			if hit || slices.ContainsFunc(v.Cause.Also, func(s verdict.Suspect) bool { return s.Service == want }) {
				inTwo++
			}
		}
		t.Logf("%-10s service %.1f%%, kind too %.1f%%, among the suspects %.1f%%", class,
			100*float64(rightService)/rounds, 100*float64(rightClass)/rounds, 100*float64(inTwo)/rounds)
		if float64(rightService) < 0.95*rounds || float64(rightClass) < 0.93*rounds {
			t.Errorf("%s: %d of %d services, %d kinds", class, rightService, rounds, rightClass)
		}
	}
}

// TestRandomHealthySystems names nothing where nothing is wrong.
func TestRandomHealthySystems(t *testing.T) {
	t.Parallel()
	const rounds = 1000
	wrong := 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 5))
		p := randomPlan(rng)
		load := 300 * math.Exp(3*rng.Float64())
		before, after := p.run(rng, load*6, trouble{at: -1}), p.run(rng, load, trouble{at: -1})
		w, in := p.world(rng, before, after, trouble{at: -1})
		if v := w.find(in); v.Answer != verdict.Unknown {
			wrong++
			t.Logf("seed %d: %s", seed, v.Reason)
		}
	}
	t.Logf("named a cause in %d of %d healthy systems", wrong, rounds)
	if wrong > rounds/50 { // error ratios drift by up to 0.2 % a service, which adds up
		t.Errorf("named a cause in %d of %d healthy systems", wrong, rounds)
	}
}
