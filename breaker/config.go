package breaker

import (
	"fmt"
	"time"

	"github.com/backstay/backstay"
)

// Defaults of a zero [Config].
const (
	DefaultWindow         = 10 * time.Second
	DefaultBuckets        = 40
	DefaultMinCalls       = 20
	DefaultErrorRatio     = 0.5
	DefaultSlowRatio      = 0.5
	DefaultConsecutive    = 10
	DefaultCooldown       = 300 * time.Millisecond
	DefaultMaxCooldown    = 1400 * time.Millisecond
	DefaultProbeMax       = 3
	DefaultProbeSuccesses = 3
	DefaultProbeLease     = time.Second
)

// DowngradeCooldown is the shortest pause between probes while downgraded.
const DowngradeCooldown = 1500 * time.Millisecond

// maxProbes bounds ProbeMax: more is not probing.
const maxProbes = 100

// Mode says how much a breaker may do.
type Mode uint8

const (
	// Enforce counts and refuses.
	Enforce Mode = iota
	// Observe counts and never trips by itself, to try a configuration on real
	// traffic.
	Observe
)

// Config tunes a [Breaker]. The zero value is useful.
type Config struct {
	// Window is how far back calls count. Zero means [DefaultWindow].
	Window time.Duration
	// Buckets is how many parts the window slides in. More react sooner and
	// cost 24 bytes each. Zero means [DefaultBuckets].
	Buckets int
	// MinCalls is how many calls the window needs before a ratio means
	// anything. Zero means [DefaultMinCalls].
	MinCalls int
	// ErrorRatio is the share of failed calls that trips, above 0 and up to 1.
	// Zero means [DefaultErrorRatio].
	ErrorRatio float64
	// SlowCall is how long a call may take before it counts as slow, finished
	// or still in flight. Zero turns this off.
	SlowCall time.Duration
	// SlowRatio is the share of slow calls that trips. Zero means [DefaultSlowRatio].
	SlowRatio float64
	// Consecutive is how many failures in a row trip whatever the ratio, which
	// is what protects a dependency that is seldom called. Zero means
	// [DefaultConsecutive], negative turns it off.
	Consecutive int
	// Cooldown is the pause between tripping and the first probe. Each failed
	// probe makes it half as long again, up to MaxCooldown; each pause is
	// spread by 15 % so that callers do not probe in step. Zero means
	// [DefaultCooldown].
	Cooldown time.Duration
	// MaxCooldown bounds the pause between probes: a longer one spares a dead
	// dependency, a shorter one notices recovery sooner. Zero means
	// [DefaultMaxCooldown], or Cooldown when that is longer.
	MaxCooldown time.Duration
	// ProbeMax is how many probes may be in flight. The first goes alone, each
	// success lets one more join. Zero means [DefaultProbeMax].
	ProbeMax int
	// ProbeSuccesses is how many probes must succeed to close the circuit.
	// Zero means [DefaultProbeSuccesses].
	ProbeSuccesses int
	// ProbeLease is how long a probe may take before its place goes to
	// another, so that a hanging probe cannot keep the circuit from closing.
	// At least SlowCall. Zero means [DefaultProbeLease].
	ProbeLease time.Duration
	// Mode says whether the breaker may trip by itself. Zero means [Enforce].
	Mode Mode
	// Listener hears transitions and refusals; may be nil.
	Listener *backstay.Listener
}

func orDefault[T int | float64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func (c Config) withDefaults() Config {
	c.Window = orDefault(c.Window, DefaultWindow)
	c.Buckets = orDefault(c.Buckets, DefaultBuckets)
	c.MinCalls = orDefault(c.MinCalls, DefaultMinCalls)
	c.ErrorRatio = min(orDefault(c.ErrorRatio, DefaultErrorRatio), 1)
	c.SlowCall = max(c.SlowCall, 0)
	c.SlowRatio = min(orDefault(c.SlowRatio, DefaultSlowRatio), 1)
	if c.Consecutive == 0 {
		c.Consecutive = DefaultConsecutive
	}
	c.Cooldown = orDefault(c.Cooldown, DefaultCooldown)
	c.MaxCooldown = max(orDefault(c.MaxCooldown, DefaultMaxCooldown), c.Cooldown)
	c.ProbeMax = min(orDefault(c.ProbeMax, DefaultProbeMax), maxProbes)
	c.ProbeSuccesses = orDefault(c.ProbeSuccesses, DefaultProbeSuccesses)
	c.ProbeLease = max(orDefault(c.ProbeLease, DefaultProbeLease), c.SlowCall)
	return c
}

func (c Config) explain(dependency string) string {
	s := fmt.Sprintf("breaker %s: opens at %.0f%% errors of at least %d calls in %v",
		dependency, 100*c.ErrorRatio, c.MinCalls, c.Window)
	if c.SlowCall > 0 {
		s += fmt.Sprintf(", %.0f%% slower than %v", 100*c.SlowRatio, c.SlowCall)
	}
	if c.Consecutive > 0 {
		s += fmt.Sprintf(", or %d failures in a row", c.Consecutive)
	}
	if c.Mode == Observe {
		s += " (observing only)"
	}
	return s
}
