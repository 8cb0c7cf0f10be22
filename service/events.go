package service

import (
	"sync/atomic"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/control"
)

// events passes what policies decide on to the control client. Policies exist
// before the client, so what happens until then goes nowhere; the client reports
// the states that came of it.
type events struct {
	client atomic.Pointer[control.Client]
}

// to names the client that gets the events from now on.
func (e *events) to(c *control.Client) { e.client.Store(c) }

// add hands one event over. It never blocks.
func (e *events) add(event control.Event) {
	if c := e.client.Load(); c != nil {
		c.Add(event)
	}
}

func (e *events) listener() *backstay.Listener {
	return &backstay.Listener{
		StateChanged: func(s backstay.StateChange) {
			e.add(control.Event{At: s.At, Kind: control.EventState, Dependency: s.Dependency, From: s.From, To: s.To, Count: 1, Detail: s.Reason})
		},
		Rejected: func(r backstay.Rejection) {
			e.add(control.Event{At: time.Now(), Kind: control.EventRejected, Dependency: r.Dependency, Count: 1, Detail: r.Policy})
		},
		FellBack: func(f backstay.Fallback) {
			e.add(control.Event{At: time.Now(), Kind: control.EventFallback, Dependency: f.Dependency, Count: 1, Detail: f.Cause.Class.String()})
		},
	}
}

// panicked reports a panic of a handler.
func (s *Service) panicked(route string) {
	if s.control != nil {
		s.control.Add(control.Event{At: time.Now(), Kind: control.EventPanic, Count: 1, Detail: route})
	}
}
