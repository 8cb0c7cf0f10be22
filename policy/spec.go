package policy

import (
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/timeout"
)

// spec is the part of a document that its kind defines.
type spec interface {
	// target is where it applies.
	target() Target
	// check notes figures that make no sense.
	check(c *checker)
}

// metadata names a document. The rest is for people and tools; nothing here reads it.
type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// breakerSpec is the spec of a CircuitBreaker. Fields that are left out take the
// defaults of [breaker.Config].
type breakerSpec struct {
	Target         Target        `yaml:"target"`
	Window         time.Duration `yaml:"window"`
	MinCalls       int           `yaml:"minCalls"`
	ErrorRatio     float64       `yaml:"errorRatio"`
	SlowCall       time.Duration `yaml:"slowCall"`
	SlowRatio      float64       `yaml:"slowRatio"`
	Consecutive    *int          `yaml:"consecutive"` // 0 turns it off
	Cooldown       time.Duration `yaml:"cooldown"`
	MaxCooldown    time.Duration `yaml:"maxCooldown"`
	Probes         int           `yaml:"probes"`
	ProbeSuccesses int           `yaml:"probeSuccesses"`
	ProbeLease     time.Duration `yaml:"probeLease"`
	Mode           string        `yaml:"mode"`
}

func (s *breakerSpec) target() Target { return s.Target }

func (s *breakerSpec) check(c *checker) {
	c.dependency()
	c.duration(s.Window, 100*time.Millisecond, time.Hour, "window")
	c.count(s.MinCalls, 1, 1_000_000, "minCalls")
	c.ratio(s.ErrorRatio, "errorRatio")
	c.duration(s.SlowCall, time.Millisecond, time.Hour, "slowCall")
	c.ratio(s.SlowRatio, "slowRatio")
	if c.given("slowRatio") && s.SlowCall == 0 {
		c.wrong("set slowCall too", "slowRatio means nothing without slowCall", "slowRatio")
	}
	if s.Consecutive != nil {
		c.count(*s.Consecutive, 0, 1_000_000, "consecutive")
	}
	c.duration(s.Cooldown, time.Millisecond, time.Hour, "cooldown")
	c.duration(s.MaxCooldown, time.Millisecond, time.Hour, "maxCooldown")
	if s.MaxCooldown > 0 && s.MaxCooldown < s.Cooldown {
		c.wrong("raise maxCooldown or lower cooldown", "maxCooldown is shorter than cooldown", "maxCooldown")
	}
	c.count(s.Probes, 1, 100, "probes")
	c.count(s.ProbeSuccesses, 1, 1000, "probeSuccesses")
	c.duration(s.ProbeLease, time.Millisecond, time.Hour, "probeLease")
	c.oneOf(s.Mode, []string{"enforce", "observe"}, "mode")
}

// config returns the breaker's settings; a nil spec gives the defaults.
func (s *breakerSpec) config(l *backstay.Listener) breaker.Config {
	if s == nil {
		return breaker.Config{Listener: l}
	}
	cfg := breaker.Config{
		Window: s.Window, MinCalls: s.MinCalls, ErrorRatio: s.ErrorRatio, SlowCall: s.SlowCall, SlowRatio: s.SlowRatio,
		Cooldown: s.Cooldown, MaxCooldown: s.MaxCooldown, ProbeMax: s.Probes, ProbeSuccesses: s.ProbeSuccesses,
		ProbeLease: s.ProbeLease, Listener: l,
	}
	if s.Consecutive != nil {
		cfg.Consecutive = *s.Consecutive
		if cfg.Consecutive == 0 {
			cfg.Consecutive = -1
		}
	}
	if s.Mode == "observe" {
		cfg.Mode = breaker.Observe
	}
	return cfg
}

// timeoutSpec is the spec of a Timeout.
type timeoutSpec struct {
	Target Target        `yaml:"target"`
	Limit  time.Duration `yaml:"limit"`
}

func (s *timeoutSpec) target() Target { return s.Target }

func (s *timeoutSpec) check(c *checker) {
	c.required("limit")
	c.duration(s.Limit, time.Millisecond, 24*time.Hour, "limit")
}

func (s *timeoutSpec) config(l *backstay.Listener) timeout.Config {
	if s == nil {
		return timeout.Config{Limit: DefaultTimeout, Listener: l}
	}
	return timeout.Config{Limit: s.Limit, Listener: l}
}

// retrySpec is the spec of a Retry. Fields that are left out take the defaults of
// [retry.Config].
type retrySpec struct {
	Target          Target         `yaml:"target"`
	Attempts        int            `yaml:"attempts"`
	Backoff         *time.Duration `yaml:"backoff"` // 0 means no wait
	MaxBackoff      time.Duration  `yaml:"maxBackoff"`
	BudgetRatio     *float64       `yaml:"budgetRatio"`     // 0 means that calls pay for none
	BudgetPerSecond *float64       `yaml:"budgetPerSecond"` // 0 means none
}

func (s *retrySpec) target() Target { return s.Target }

func (s *retrySpec) check(c *checker) {
	c.dependency()
	c.count(s.Attempts, 1, 10, "attempts")
	if s.Backoff != nil {
		c.duration(*s.Backoff, 0, time.Minute, "backoff")
	}
	c.duration(s.MaxBackoff, time.Millisecond, 10*time.Minute, "maxBackoff")
	if s.Backoff != nil && s.MaxBackoff > 0 && s.MaxBackoff < *s.Backoff {
		c.wrong("raise maxBackoff or lower backoff", "maxBackoff is shorter than backoff", "maxBackoff")
	}
	if s.BudgetRatio != nil {
		c.number(*s.BudgetRatio, 0, 1, "budgetRatio")
	}
	if s.BudgetPerSecond != nil {
		c.number(*s.BudgetPerSecond, 0, 1000, "budgetPerSecond")
	}
}

func (s *retrySpec) config(l *backstay.Listener) retry.Config {
	cfg := retry.Config{Attempts: s.Attempts, MaxBackoff: s.MaxBackoff, Listener: l}
	if s.Backoff != nil {
		cfg.Backoff = *s.Backoff
		if cfg.Backoff == 0 {
			cfg.Backoff = -1
		}
	}
	if s.BudgetRatio != nil {
		cfg.BudgetRatio = *s.BudgetRatio
		if cfg.BudgetRatio == 0 {
			cfg.BudgetRatio = -1
		}
	}
	if s.BudgetPerSecond != nil {
		cfg.BudgetPerSec = *s.BudgetPerSecond
		if cfg.BudgetPerSec == 0 {
			cfg.BudgetPerSec = -1
		}
	}
	return cfg
}
