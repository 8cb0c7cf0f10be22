// Package backstaytest holds what tests of services that use Backstay need.
package backstaytest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/backstay/backstay"
)

// Recorder is a listener that remembers. The zero value is ready for use, by
// any number of goroutines.
type Recorder struct {
	mu     sync.Mutex
	events []any
}

// Listener returns the listener to give to policies.
func (r *Recorder) Listener() *backstay.Listener {
	return &backstay.Listener{
		StateChanged:  func(e backstay.StateChange) { r.add(e) },
		Rejected:      func(e backstay.Rejection) { r.add(e) },
		Retried:       func(e backstay.Retry) { r.add(e) },
		FellBack:      func(e backstay.Fallback) { r.add(e) },
		TimedOut:      func(e backstay.Expiry) { r.add(e) },
		FaultInjected: func(e backstay.Injection) { r.add(e) },
	}
}

func (r *Recorder) add(e any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Events returns what was heard so far, in order: values of the event types of
// package backstay.
func (r *Recorder) Events() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Reset forgets what was heard.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

// Lines returns what was heard as text, one event a line, without times, made
// for comparison in a test.
func (r *Recorder) Lines() []string {
	events := r.Events()
	lines := make([]string, 0, len(events))
	for _, e := range events {
		lines = append(lines, line(e))
	}
	return lines
}

func line(e any) string {
	switch e := e.(type) {
	case backstay.StateChange:
		return fmt.Sprintf("%s: %s -> %s (%s)", e.Dependency, e.From, e.To, e.Reason)
	case backstay.Rejection:
		return fmt.Sprintf("%s: rejected by %s", e.Dependency, e.Policy)
	case backstay.Retry:
		return fmt.Sprintf("%s: retry %d after %s", e.Dependency, e.Attempt, e.Cause.Class)
	case backstay.Fallback:
		return fmt.Sprintf("%s: fallback for %s", e.Dependency, e.Cause.Class)
	case backstay.Expiry:
		return fmt.Sprintf("%s: timed out after %v", e.Dependency, e.Limit)
	case backstay.Injection:
		return fmt.Sprintf("fault: %s", e.Effect)
	default:
		return fmt.Sprint(e)
	}
}

// Heard returns the events of one type.
func Heard[E any](r *Recorder) []E {
	var of []E
	for _, e := range r.Events() {
		if e, ok := e.(E); ok {
			of = append(of, e)
		}
	}
	return of
}
