// Package fault makes a service misbehave on request, to learn whether others
// cope. It does nothing unless armed with an [Instruction] that carries a lease:
// when the lease is over the fault is over, whoever forgot it.
package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay"
)

// Kind is what a fault does to a call.
type Kind string

// The kinds of faults.
const (
	// Latency delays the call, which then runs as usual.
	Latency Kind = "latency"
	// Error answers in place of the service.
	Error Kind = "error"
	// Abort breaks the connection without an answer.
	Abort Kind = "abort"
)

// MaxLatency bounds an injected delay.
const MaxLatency = 5 * time.Minute

// Instruction is one armed fault.
type Instruction struct {
	// ID names the instruction; required.
	ID string `json:"id"`
	// Effect is what happens to an affected call.
	Effect Kind `json:"effect"`
	// Ratio is the share of calls affected, above 0 and up to 1.
	Ratio float64 `json:"ratio"`
	// Latency is the delay of a [Latency] fault in nanoseconds, up to
	// [MaxLatency]; other kinds ignore it.
	Latency time.Duration `json:"latency,omitempty"`
	// Status is the HTTP status of an [Error] fault, 400 to 599; zero means
	// 500. Other kinds ignore it.
	Status int `json:"status,omitempty"`
	// Route limits the fault to one route template; empty means all.
	Route string `json:"route,omitempty"`
	// Expires ends the lease. The zero time has expired.
	Expires time.Time `json:"expires"`
}

// Validate says what is wrong with the instruction, if anything.
func (i Instruction) Validate() error {
	switch {
	case i.ID == "":
		return fmt.Errorf("fault: an instruction needs an id")
	case !(i.Ratio > 0 && i.Ratio <= 1): // also refuses NaN
		return fmt.Errorf("fault %s: ratio is %v, want a share above 0 and up to 1", i.ID, i.Ratio)
	case i.Expires.IsZero():
		return fmt.Errorf("fault %s: no lease: set when it expires", i.ID)
	}
	switch i.Effect {
	case Latency:
		if i.Latency <= 0 || i.Latency > MaxLatency {
			return fmt.Errorf("fault %s: latency is %v, want more than 0 and at most %v", i.ID, i.Latency, MaxLatency)
		}
	case Error:
		if i.Status != 0 && (i.Status < 400 || i.Status > 599) {
			return fmt.Errorf("fault %s: status is %d, want 400 to 599", i.ID, i.Status)
		}
	case Abort:
	default:
		return fmt.Errorf("fault %s: effect is %q, want latency, error or abort", i.ID, i.Effect)
	}
	return nil
}

// Effect is what to do to one call.
type Effect struct {
	// ID is the instruction that decided.
	ID string
	// Kind is what to do.
	Kind Kind
	// Latency is how long to wait, for [Latency].
	Latency time.Duration
	// Status is the HTTP status to answer, for [Error].
	Status int
}

// Wait sleeps for the latency of the effect, or until ctx ends, whose error it
// then returns.
func (e Effect) Wait(ctx context.Context) error {
	if e.Latency <= 0 {
		return nil
	}
	t := time.NewTimer(e.Latency)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Injector decides which calls misbehave. The nil Injector decides none. It is
// safe for concurrent use.
type Injector struct {
	listener *backstay.Listener
	armed    atomic.Pointer[[]Instruction]
}

// New returns an injector with nothing armed. The listener may be nil.
func New(listener *backstay.Listener) *Injector { return &Injector{listener: listener} }

// Arm replaces all instructions. One that does not validate never acts: the
// sender was told by [Instruction.Validate], and a service must not misbehave on
// half an order.
func (in *Injector) Arm(instructions []Instruction) {
	var armed []Instruction
	for _, i := range instructions {
		if i.Validate() != nil {
			continue
		}
		if i.Effect == Error && i.Status == 0 {
			i.Status = 500
		}
		armed = append(armed, i)
	}
	if len(armed) == 0 {
		in.armed.Store(nil)
		return
	}
	in.armed.Store(&armed)
}

// Armed returns the instructions whose lease still runs.
func (in *Injector) Armed() []Instruction {
	if in == nil {
		return nil
	}
	armed := in.armed.Load()
	if armed == nil {
		return nil
	}
	now := time.Now()
	var live []Instruction
	for _, i := range *armed {
		if now.Before(i.Expires) {
			live = append(live, i)
		}
	}
	return live
}

// Decide says what happens to a call of the route; false means nothing. The
// first matching instruction whose dice fall decides.
func (in *Injector) Decide(route string) (Effect, bool) {
	if in == nil {
		return Effect{}, false
	}
	armed := in.armed.Load()
	if armed == nil {
		return Effect{}, false
	}
	now := time.Now()
	for n := range *armed {
		i := &(*armed)[n]
		if (i.Route != "" && i.Route != route) || !now.Before(i.Expires) {
			continue
		}
		if i.Ratio < 1 && rand.Float64() >= i.Ratio { //nolint:gosec // dice, not a secret
			continue
		}
		if l := in.listener; l != nil && l.FaultInjected != nil {
			l.FaultInjected(backstay.Injection{Effect: string(i.Effect)})
		}
		return Effect{ID: i.ID, Kind: i.Effect, Latency: i.Latency, Status: i.Status}, true
	}
	return Effect{}, false
}
