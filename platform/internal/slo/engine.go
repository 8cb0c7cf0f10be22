package slo

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// ErrUnknownObjective means that no objective has the name.
var ErrUnknownObjective = errors.New("slo: no objective has this name")

// Config tunes an [Engine]. The zero value is good.
type Config struct {
	// Resolution is how often counters are sampled; no window is shorter. In whole
	// seconds, 0 means 1 s.
	Resolution time.Duration
	// Tail is how late a second may be counted. In whole seconds, 0 means 1 minute,
	// at most 10 minutes: later additions are refused and counted.
	Tail time.Duration
	// MaxLag is how far counting may lag behind the time of an evaluation before
	// the missing seconds count as empty. 0 means 15 s.
	MaxLag time.Duration
	// MinEvents is how many events the long window needs before its rate is taken
	// as it is. With fewer, only a share of bad events that cannot be chance fires.
	// 0 means 20.
	MinEvents float64
	// MinBad is how many bad events the long window needs before it can fire, so
	// that a single unlucky request calls nobody. 0 means 3.
	MinBad float64
}

func (c Config) withDefaults() Config {
	c.Resolution = max(c.Resolution.Truncate(time.Second), time.Second)
	c.Tail = min(cmp.Or(c.Tail, time.Minute).Truncate(time.Second), 10*time.Minute)
	c.MaxLag = cmp.Or(c.MaxLag, 15*time.Second)
	c.MinEvents = cmp.Or(c.MinEvents, 20)
	c.MinBad = cmp.Or(c.MinBad, 3)
	return c
}

// Engine counts events per objective and second, and judges. It is safe for
// concurrent use.
type Engine struct {
	cfg Config

	mu      sync.Mutex
	promise []*promise // by name
	refused uint64
}

// promise is an objective with what is known of it.
type promise struct {
	objective Objective
	track     *track
	pairs     []pair
	held      []int64 // per pair: Unix second until which it keeps firing
}

// NewEngine returns an engine without objectives.
func NewEngine(cfg Config) *Engine { return &Engine{cfg: cfg.withDefaults()} }

// Set makes the engine judge exactly these objectives. What was counted for an
// objective is kept as long as its indicator stays the same.
func (e *Engine) Set(objectives []Objective) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := make([]*promise, 0, len(objectives))
	for _, o := range objectives {
		p := &promise{objective: o, pairs: pairsFor(o.Window, int64(e.cfg.Resolution/time.Second))}
		p.held = make([]int64, len(p.pairs))
		old := e.find(o.Name)
		switch {
		case old == nil || !old.objective.Indicator.Equal(o.Indicator):
			p.track = newTrack(o.Window, int64(e.cfg.Tail/time.Second))
		case old.objective.Window != o.Window:
			p.track = old.track.resize(o.Window)
		case old.objective.Target != o.Target:
			p.track = old.track
		default:
			p.track, p.held = old.track, old.held
		}
		next = append(next, p)
	}
	slices.SortStableFunc(next, func(a, b *promise) int { return cmp.Compare(a.objective.Name, b.objective.Name) })
	e.promise = next
}

// Objectives returns what the engine judges, by name.
func (e *Engine) Objectives() []Objective {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Objective, len(e.promise))
	for i, p := range e.promise {
		all[i] = p.objective
	}
	return all
}

// find returns the promise of a name, or nil. The caller holds the lock.
func (e *Engine) find(name string) *promise {
	at, found := slices.BinarySearchFunc(e.promise, name, func(p *promise, name string) int {
		return cmp.Compare(p.objective.Name, name)
	})
	if !found {
		return nil
	}
	return e.promise[at]
}

// Add counts events that happened in the Unix second sec. Zero events are worth
// adding: they say that the second is known and was quiet. It reports false for an
// unknown name, for counts that are negative or no numbers, and for a second that is
// too late, which [Engine.Refused] counts.
func (e *Engine) Add(name string, sec int64, good, total float64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.find(name)
	if p == nil || !(good >= 0 && total >= 0 && good <= math.MaxUint32 && total <= math.MaxUint32) {
		return false
	}
	if !p.track.add(sec, good, total) {
		e.refused++
		return false
	}
	return true
}

// Refused returns how many additions came too late to be counted.
func (e *Engine) Refused() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refused
}

// Window is one window pair as it stands.
type Window struct {
	Severity            verdict.Severity
	Long, Short         time.Duration
	Factor              float64        // burn rate at which both windows fire
	LongRate, ShortRate *float64       // burn rates: 1 spends the budget exactly by the end of the window; nil without events
	Answer              verdict.Answer // whether the pair fires
}

// Status is an objective as it stands.
type Status struct {
	Objective   Objective
	Attainment  *float64 // share of good events over the window; nil without events
	Budget      *float64 // what is left of the error budget: 1 untouched, 0 spent, negative overspent
	Good, Total float64  // events over the window
	Windows     []Window // loudest first
	Verdict     verdict.Verdict
	// Recovered is Yes when the latest moments alone keep the promise, however much
	// budget was spent before: what ends an incident.
	Recovered verdict.Verdict
}

// Evaluate judges every objective at a moment, by name. It remembers which pairs
// fired, so call it in the order of time.
func (e *Engine) Evaluate(now time.Time) []Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Status, len(e.promise))
	for i, p := range e.promise {
		all[i] = e.judge(p, now)
	}
	return all
}

// end returns the second up to which to count when asked at now: what is known, or
// now itself when counting has stopped for longer than the lag allowed.
func (e *Engine) end(t *track, now time.Time) int64 {
	sec := now.Unix()
	if known := t.latest + 1; t.begun && known < sec && sec-known <= int64(e.cfg.MaxLag/time.Second) {
		return known
	}
	return sec
}
