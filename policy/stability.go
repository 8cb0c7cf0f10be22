package policy

import (
	"time"
)

// stabilitySpec is the spec of a stability.k8s.io/v1 CircuitBreaker: a breaker
// for all callers of a service, with a fallback if it has one.
type stabilitySpec struct {
	TargetService    string             `yaml:"targetService"`
	FailureThreshold *float64           `yaml:"failureThreshold"` // share of failed calls, 0 to 1
	RecoveryTimeout  *float64           `yaml:"recoveryTimeout"`  // seconds
	AdaptiveWindow   *bool              `yaml:"adaptiveWindow"`
	Fallback         *stabilityFallback `yaml:"fallback"`
}

type stabilityFallback struct {
	HTTPStatus int    `yaml:"httpStatus"`
	Body       string `yaml:"body"`
}

// fixedWindow is the window of a breaker whose document wants none that adapts:
// long and slow to judge.
const fixedWindow = 30 * time.Second

func (s *stabilitySpec) target() Target { return Target{Dependency: s.TargetService} }

func (s *stabilitySpec) check(c *checker) {
	c.required("targetService")
	if s.FailureThreshold != nil {
		c.ratio(*s.FailureThreshold, "failureThreshold")
	}
	if s.RecoveryTimeout != nil {
		c.number(*s.RecoveryTimeout, 0.001, 3600, "recoveryTimeout")
	}
	if s.Fallback != nil {
		c.count(s.Fallback.HTTPStatus, 200, 599, "fallback", "httpStatus")
	}
}

// breaker says the same in our own words. An adaptive window is the breaker's
// own default: its parts judge on their own when they hold enough calls.
func (s *stabilitySpec) breaker() *breakerSpec {
	b := &breakerSpec{Target: s.target()}
	if s.FailureThreshold != nil {
		b.ErrorRatio = *s.FailureThreshold
	}
	if s.RecoveryTimeout != nil {
		b.Cooldown = time.Duration(*s.RecoveryTimeout * float64(time.Second))
	}
	if s.AdaptiveWindow != nil && !*s.AdaptiveWindow {
		b.Window = fixedWindow
	}
	return b
}

// fallback returns the fallback in our own words, nil when there is none.
func (s *stabilitySpec) fallback() *fallbackSpec {
	if s.Fallback == nil {
		return nil
	}
	return &fallbackSpec{Target: s.target(), Status: s.Fallback.HTTPStatus, Body: s.Fallback.Body}
}
