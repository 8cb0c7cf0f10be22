package policy

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/backstay/backstay/breaker"
)

// State is one policy as it stands in this process.
type State struct {
	// Kind is "fallback", "retry", "breaker" or "timeout".
	Kind string `json:"kind"`
	// Dependency is what it guards; empty for the time limit of requests.
	Dependency string `json:"dependency,omitempty"`
	// Route is the route it is for; empty when it is for all that have no own.
	Route string `json:"route,omitempty"`
	// State of a breaker: "closed", "open", "half-open" or "downgrade". Others
	// are "active".
	State string `json:"state"`
	// Explain describes the policy in one line.
	Explain string `json:"explain"`
	// Since is when a breaker entered its state; zero for others.
	Since time.Time `json:"since,omitzero"`
	// Reason is why a breaker is in its state.
	Reason string `json:"reason,omitempty"`
	// Override is the id of the override in force; empty when there is none.
	Override string `json:"override,omitempty"`
}

// States returns the policies that guard calls, by dependency and route, outer
// ones first. It is empty while protection is off.
func (l *Live) States() []State {
	if l.off.Load() {
		return nil
	}
	type key struct {
		kind string
		at   place
	}
	seen := map[key]bool{}
	guards := l.view.Load().guards
	places := slices.SortedFunc(maps.Keys(guards), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.dependency, b.dependency), cmp.Compare(a.route, b.route))
	})
	var states []State
	for _, p := range places {
		for _, part := range guards[p].parts {
			if seen[key{part.kind, part.at}] {
				continue
			}
			seen[key{part.kind, part.at}] = true
			states = append(states, l.state(part))
		}
	}
	return states
}

// state describes one policy.
func (l *Live) state(p part) State {
	s := State{Kind: p.kind, Dependency: p.at.dependency, Route: p.at.route, State: "active", Explain: p.policy.Explain()}
	b, ok := p.policy.(*breaker.Breaker)
	if !ok {
		return s
	}
	info := b.Snapshot()
	s.State, s.Since, s.Reason = info.State.String(), info.Since, info.Reason
	if o, ok := l.downgrade(s.Dependency); ok && info.State == breaker.Downgrade {
		s.Override = o.ID
	}
	return s
}
