package server

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/platform/internal/api"
)

// signals hands what instances report to the incident book and the live feed. An
// event of a kind that does not tell a person anything by itself, as a single
// refused call, is left to the metrics.
func (s *server) signals(ctx context.Context) func(control.Report) {
	return func(r control.Report) {
		for _, e := range r.Events {
			text := ""
			switch e.Kind {
			case control.EventState:
				if probing(e.From, e.To) {
					s.feed.Publish(api.Event{Name: "service", ID: r.Service, At: e.At})
					continue
				}
				text = fmt.Sprintf("%s: circuit breaker to %s: %s → %s", r.Service, e.Dependency, e.From, e.To)
				if e.Detail != "" {
					text += " (" + e.Detail + ")"
				}
			case control.EventPanic:
				text = fmt.Sprintf("%s: handler panicked: %s", r.Service, e.Detail)
			default:
				continue
			}
			if err := s.book.Signal(ctx, e.At, r.Service, text); err != nil {
				s.opts.Log.Error("signal not kept", "service", r.Service, "error", err)
			}
			s.feed.Publish(api.Event{Name: "service", ID: r.Service, At: e.At})
		}
	}
}

// probing reports whether a breaker that stays open merely tried its dependency. It
// does so every second or so; an incident that listed each try would show little else.
func probing(from, to string) bool {
	return from == "open" && to == "half-open" || from == "half-open" && to == "open"
}
