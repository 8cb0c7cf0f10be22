package rca

import "math"

// Bounds of what counts as worse. They are properties of measurement, not of a
// system: below them a difference cannot be told from noise.
const (
	minErrors     = 3     // errors needed before a ratio says anything
	minExcess     = 0.01  // of the error ratio, over the baseline
	minCalls      = 5     // calls needed before a latency says anything
	minGrowth     = 1.5   // of a latency, over the baseline
	minDelay      = 0.005 // seconds a latency must have grown by
	sickFrom      = 0.05  // sickness from which an edge carries the walk on
	openSickness  = 0.9   // of an edge whose breaker opened with the trouble
	halfSickness  = 0.6   // of an edge whose breaker is half open
	staleSickness = 0.3   // of an edge whose breaker was open long before
)

// excess returns by how much the error ratio of now exceeds that of base: 0 when
// the difference may be chance, which it may while the Wilson score intervals of the
// two overlap (Wilson 1927, at two and a half standard deviations): few calls prove little.
func excess(now, base flow) float64 {
	if now.errors < minErrors {
		return 0
	}
	over := now.ratio() - base.ratio()
	if over < minExcess || wilson(now, -1) <= wilson(base, +1) {
		return 0
	}
	return math.Min(over, 1)
}

// grade says how grave a share of errors is. Promises are made in small shares, so
// it rises steeply from the first percents: 1 % is 0.32, 10 % is 0.56, all is 1.
func grade(share float64) float64 { return math.Sqrt(math.Sqrt(share)) }

// wilson is a bound of the true error ratio: the lower one for side -1, the upper
// one for side +1. Without requests it is 0.
func wilson(f flow, side float64) float64 {
	const z = 2.5
	n, p := f.requests, math.Min(f.ratio(), 1)
	if n == 0 {
		return 0
	}
	middle := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return (middle + side*spread) / (1 + z*z/n)
}

// slowdown is how a latency grew.
type slowdown struct {
	before, now float64 // seconds, of the quantile that grew most
	times       float64 // now over before
	strength    float64 // 0 unchanged, towards 1 many times slower
}

// slower compares latencies. The middle and the tails are looked at: a fault
// that slows some requests shows in a tail only.
func slower(now, base flow) slowdown {
	var worst slowdown
	if now.requests < minCalls || base.requests < minCalls {
		return worst
	}
	// A quantile of fewer calls than it takes to have one beyond it is the maximum,
	// which says little. The far tail is noisy even so and must grow by more.
	for _, q := range [...]struct{ before, after, calls, growth, delay float64 }{
		{base.p50, now.p50, minCalls, minGrowth, minDelay},
		{base.p95, now.p95, 20, minGrowth, minDelay},
		{base.p99, now.p99, 100, 2 * minGrowth, 4 * minDelay},
	} {
		if now.requests < q.calls || base.requests < q.calls || q.after-q.before < q.delay || q.after < q.growth*q.before {
			continue
		}
		times := q.after / math.Max(q.before, 0.0005)
		if strength := 1 - 1/times; strength > worst.strength {
			worst = slowdown{before: q.before, now: q.after, times: times, strength: strength}
		}
	}
	return worst
}

// sickness says how much worse the calls of an edge got, from 0 to 1.
func (e *edge) sickness() float64 {
	sick := math.Max(grade(excess(e.now, e.base)), slower(e.now, e.base).strength)
	open := 0.0
	switch e.breaker {
	case "open", "downgrade":
		open = openSickness
	case "half-open":
		open = halfSickness
	}
	if open > 0 && e.stale {
		open = staleSickness
	}
	return math.Max(sick, open)
}
