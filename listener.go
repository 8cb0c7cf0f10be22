package backstay

import "time"

// Listener hears what policies decide: one field per event, any of them nil.
// Callbacks run on a goroutine that makes a call, outside every lock of the
// policy, and must return quickly. The state changes of one breaker arrive in
// their order, one at a time; other events may arrive at the same time. A
// Listener must not change after it was given to a policy.
type Listener struct {
	// StateChanged is called when a circuit breaker changes state.
	StateChanged func(StateChange)
	// Rejected is called when a policy refuses a call.
	Rejected func(Rejection)
	// Retried is called before another attempt runs.
	Retried func(Retry)
	// FellBack is called when a fallback answered for a dependency.
	FellBack func(Fallback)
	// TimedOut is called when a deadline set by a policy ran out.
	TimedOut func(Expiry)
	// FaultInjected is called when an armed fault changed a call.
	FaultInjected func(Injection)
}

// StateChange is a transition of a circuit breaker.
type StateChange struct {
	Dependency string    // what the breaker guards
	From, To   string    // "closed", "open", "half-open", "downgrade", …
	Reason     string    // why, with the figures that decided
	At         time.Time // when
}

// Rejection is a call refused before it reached the dependency.
type Rejection struct {
	Dependency string // what the policy guards
	Policy     string // kind of policy: "breaker", "bulkhead", …
}

// Retry is another attempt about to run.
type Retry struct {
	Dependency string
	Attempt    int           // 1 for the first repetition
	After      time.Duration // wait before it
	Cause      Outcome       // what the previous attempt ended with
}

// Fallback is an answer given in place of a dependency's.
type Fallback struct {
	Dependency string
	Cause      Outcome // what was replaced
}

// Expiry is a deadline of a policy that ran out.
type Expiry struct {
	Dependency string
	Limit      time.Duration
}

// Injection is an effect of an armed fault.
type Injection struct {
	Dependency string
	Effect     string // "latency", "error" or "abort"
}
