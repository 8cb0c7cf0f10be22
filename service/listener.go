package service

import (
	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/metric"
)

// decisions are the metrics of what policies decide.
type decisions struct {
	state       *metric.GaugeFamily
	transitions *metric.CounterFamily
	rejected    *metric.CounterFamily
	retries     *metric.CounterFamily
	fallbacks   *metric.CounterFamily
	timeouts    *metric.CounterFamily
	faults      *metric.CounterFamily
}

func newDecisions(r *metric.Registry) decisions {
	return decisions{
		state: r.Gauge("backstay_breaker_state",
			"State of the dependency's circuit breaker: 0 closed, 1 half-open, 2 open, 3 downgrade.", "dependency"),
		transitions: r.Counter("backstay_breaker_transitions_total", "Changes of state of the dependency's circuit breaker.", "dependency", "to"),
		rejected:    r.Counter("backstay_rejected_total", "Calls refused before they reached the dependency.", "dependency", "policy"),
		retries:     r.Counter("backstay_retries_total", "Attempts after the first.", "dependency"),
		fallbacks:   r.Counter("backstay_fallbacks_total", "Answers given in place of the dependency's.", "dependency"),
		timeouts:    r.Counter("backstay_timeouts_total", "Attempts that ran out of the time a policy gave them.", "dependency"),
		faults:      r.Counter("backstay_faults_injected_total", "Requests changed by an armed fault.", "effect"),
	}
}

// listener writes the metrics.
func (d decisions) listener() *backstay.Listener {
	return &backstay.Listener{
		StateChanged: func(e backstay.StateChange) {
			d.state.With(e.Dependency).Set(stateNumber(e.To))
			d.transitions.With(e.Dependency, e.To).Inc()
		},
		Rejected:      func(e backstay.Rejection) { d.rejected.With(e.Dependency, e.Policy).Inc() },
		Retried:       func(e backstay.Retry) { d.retries.With(e.Dependency).Inc() },
		FellBack:      func(e backstay.Fallback) { d.fallbacks.With(e.Dependency).Inc() },
		TimedOut:      func(e backstay.Expiry) { d.timeouts.With(e.Dependency).Inc() },
		FaultInjected: func(e backstay.Injection) { d.faults.With(e.Effect).Inc() },
	}
}

// stateNumber is the value of the state gauge.
func stateNumber(state string) float64 {
	switch state {
	case breaker.HalfOpen.String():
		return 1
	case breaker.Open.String():
		return 2
	case breaker.Downgrade.String():
		return 3
	default:
		return 0
	}
}

// join makes one listener that tells all of them in order. Nil ones are left out.
func join(listeners ...*backstay.Listener) *backstay.Listener {
	return &backstay.Listener{
		StateChanged:  fan(listeners, func(l *backstay.Listener) func(backstay.StateChange) { return l.StateChanged }),
		Rejected:      fan(listeners, func(l *backstay.Listener) func(backstay.Rejection) { return l.Rejected }),
		Retried:       fan(listeners, func(l *backstay.Listener) func(backstay.Retry) { return l.Retried }),
		FellBack:      fan(listeners, func(l *backstay.Listener) func(backstay.Fallback) { return l.FellBack }),
		TimedOut:      fan(listeners, func(l *backstay.Listener) func(backstay.Expiry) { return l.TimedOut }),
		FaultInjected: fan(listeners, func(l *backstay.Listener) func(backstay.Injection) { return l.FaultInjected }),
	}
}

// fan calls the callbacks that pick finds, in order; nil when it finds none.
func fan[E any](listeners []*backstay.Listener, pick func(*backstay.Listener) func(E)) func(E) {
	var callbacks []func(E)
	for _, l := range listeners {
		if l == nil {
			continue
		}
		if f := pick(l); f != nil {
			callbacks = append(callbacks, f)
		}
	}
	switch len(callbacks) {
	case 0:
		return nil
	case 1:
		return callbacks[0]
	default:
		return func(e E) {
			for _, f := range callbacks {
				f(e)
			}
		}
	}
}
