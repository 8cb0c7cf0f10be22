package slo

import (
	"math"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

const (
	// clearRatio is the share of the factor below which the short window must fall
	// before a firing pair stops, so that a rate near the limit does not flap.
	clearRatio = 0.9
	// minHold is how long a pair keeps firing at least, in seconds.
	minHold = 2
	// calmSpan is how many of the shortest windows must keep the promise before an
	// objective counts as recovered, and minCalm the same in seconds.
	calmSpan = 3
	minCalm  = 3
)

// reading is a span of time in numbers.
type reading struct {
	bad, total float64
	rate       float64 // burn rate; 0 without events
}

// read counts the span seconds before end.
func (p *promise) read(end, span int64) reading {
	good, total := p.track.count(end-span, end)
	r := reading{bad: total - good, total: total}
	if total > 0 {
		r.rate = r.bad / total / (1 - p.objective.Target)
	}
	return r
}

func (r reading) share() float64 {
	if r.total == 0 {
		return 0
	}
	return r.bad / r.total
}

// pairing is a pair with its readings.
type pairing struct {
	pair
	longs, shorts reading
	answer        verdict.Answer
}

// judge evaluates one objective. The caller holds the engine's lock.
func (e *Engine) judge(p *promise, now time.Time) Status {
	o := &p.objective
	end := e.end(p.track, now)
	status := Status{Objective: *o, Windows: make([]Window, len(p.pairs))}
	whole := p.read(end, int64(o.Window/time.Second))
	status.Good, status.Total = whole.total-whole.bad, whole.total
	if whole.total > 0 {
		status.Attainment, status.Budget = new(1-whole.share()), new(1-whole.rate)
	}

	calm := p.read(end, max(calmSpan*p.pairs[0].short, minCalm))
	status.Recovered = p.recovered(calm, end, now)

	readings := make([]pairing, len(p.pairs))
	for i, rule := range p.pairs {
		r := pairing{pair: rule, longs: p.read(end, rule.long), shorts: p.read(end, rule.short)}
		r.answer = e.answer(p, r, end)
		r.answer = p.hold(i, r, now.Unix(), status.Recovered.Answer)
		readings[i] = r
		w := Window{
			Severity: rule.severity, Factor: rule.factor, Answer: r.answer,
			Long: time.Duration(rule.long) * time.Second, Short: time.Duration(rule.short) * time.Second,
		}
		if r.longs.total > 0 {
			w.LongRate = new(r.longs.rate)
		}
		if r.shorts.total > 0 {
			w.ShortRate = new(r.shorts.rate)
		}
		status.Windows[i] = w
	}
	status.Verdict = p.burning(readings, now)
	return status
}

// answer says whether a pair fires, from its readings alone.
func (e *Engine) answer(p *promise, r pairing, end int64) verdict.Answer {
	few := r.longs.total < e.cfg.MinEvents
	switch {
	case !p.track.begun || r.shorts.total == 0:
		return verdict.Unknown
	case p.track.since > end-r.short:
		// Counting is younger than the short window: both windows see the same events.
		return verdict.Unknown
	case r.longs.rate < r.factor || r.shorts.rate < r.factor:
		if few {
			return verdict.Unknown
		}
		return verdict.No
	case r.longs.bad < e.cfg.MinBad:
		return verdict.Unknown
	case few && r.longs.least() < r.factor*(1-p.objective.Target):
		return verdict.Unknown
	}
	return verdict.Yes
}

// least is the smallest true share of bad events that the reading is compatible
// with: the lower end of the Wilson score interval at two standard deviations.
func (r reading) least() float64 {
	const z = 2
	n, share := r.total, r.share()
	middle := share + z*z/(2*n)
	spread := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return (middle - spread) / (1 + z*z/n)
}

// hold keeps a pair firing until its short window is clearly below the limit and a
// while has passed, unless the objective has recovered.
func (p *promise) hold(i int, r pairing, now int64, recovered verdict.Answer) verdict.Answer {
	firing := p.held[i] > 0
	switch {
	case r.answer == verdict.Yes:
	case firing && recovered != verdict.Yes && r.shorts.total > 0 && r.shorts.rate >= clearRatio*r.factor && r.longs.rate >= clearRatio*r.factor:
	case firing && recovered != verdict.Yes && now < p.held[i]:
		return verdict.Yes
	default:
		p.held[i] = 0
		return r.answer
	}
	p.held[i] = now + max(r.short/2, minHold)
	return verdict.Yes
}

// subject names the objective.
func (p *promise) subject() verdict.Subject {
	return verdict.Subject{Service: p.objective.Service, SLO: p.objective.Name}
}

// burning concludes from the pairs: the first that fires speaks.
func (p *promise) burning(readings []pairing, now time.Time) verdict.Verdict {
	v := verdict.Verdict{Claim: verdict.Burning, Subject: p.subject(), At: now}
	known := false
	for _, r := range readings {
		known = known || r.answer != verdict.Unknown
		if r.answer != verdict.Yes {
			continue
		}
		if v.Answer != verdict.Yes {
			v.Answer, v.Severity = verdict.Yes, r.severity
			v.Reason = p.burnSentence(r)
		}
		v.Evidence = append(v.Evidence, verdict.Evidence{
			Kind: "burn-rate", Subject: p.objective.Name, Unit: "x",
			Observed: r.longs.rate, Expected: r.factor, Detail: p.burnDetail(r),
		})
	}
	switch {
	case v.Answer == verdict.Yes:
	case known:
		v.Answer = verdict.No
		v.Reason = p.calmSentence(readings[0])
	default:
		v.Reason = p.blindSentence(readings[0])
	}
	return v
}

// recovered says whether the latest moments keep the promise.
func (p *promise) recovered(calm reading, end int64, now time.Time) verdict.Verdict {
	v := verdict.Verdict{Claim: verdict.Recovered, Subject: p.subject(), At: now}
	span := max(calmSpan*p.pairs[0].short, minCalm)
	switch {
	case !p.track.begun || calm.total == 0 || p.track.since > end-span:
		v.Reason = p.quietSentence(span)
	case calm.rate < 1:
		v.Answer = verdict.Yes
		v.Reason = p.metSentence(calm, span)
	default:
		v.Answer = verdict.No
		v.Reason = p.missedSentence(calm, span)
	}
	return v
}
