package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/breaker"
)

// State is one policy in force.
type State struct {
	// Kind is "breaker", "retry", "timeout" or "fallback".
	Kind string `json:"kind"`
	// Dependency is what the policy guards; empty for inbound requests.
	Dependency string `json:"dependency"`
	// State is where a breaker stands; "active" for policies without a state.
	State string `json:"state"`
	// Explain describes the policy in one line.
	Explain string `json:"explain"`
	// Since is when a breaker entered its state.
	Since time.Time `json:"since,omitzero"`
	// Reason says why a breaker is where it is.
	Reason string `json:"reason,omitempty"`
	// Override is the id of the leased override in force, if any.
	Override string `json:"override,omitempty"`
}

// States lists the policies that guard calls right now, by dependency and kind.
func (l *Live) States() []State {
	g := l.current.Load()
	now := time.Now()
	overrides := l.overrides.Load()
	var states []State
	g.chains.Range(func(_, value any) bool {
		built, ok := value.(*built)
		if !ok {
			return true
		}
		for _, part := range built.parts {
			s := State{Kind: part.kind, Dependency: built.dependency, State: "active", Explain: part.policy.Explain()}
			if b, ok := part.policy.(*breaker.Breaker); ok {
				info := b.Snapshot()
				s.State, s.Since, s.Reason = info.State.String(), info.Since, info.Reason
				if o := downgradeOf(overrides, built.dependency, now); o != nil {
					s.Override = o.ID
				}
			}
			states = append(states, s)
		}
		return true
	})
	slices.SortFunc(states, func(a, b State) int {
		return cmp.Or(strings.Compare(a.Dependency, b.Dependency), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Explain, b.Explain))
	})
	return slices.CompactFunc(states, func(a, b State) bool {
		return a.Dependency == b.Dependency && a.Kind == b.Kind && a.Explain == b.Explain
	})
}
