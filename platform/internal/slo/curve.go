package slo

import "time"

// maxPoints bounds a curve, so that no question can ask for unbounded memory.
const maxPoints = 11_000

// Point is one value of a curve; V is nil where there were no events.
type Point struct {
	T time.Time
	V *float64
}

// Budget returns what was left of the error budget of an objective from one time
// to another, each point looking back a whole window.
func (e *Engine) Budget(name string, from, to time.Time, step time.Duration) ([]Point, error) {
	return e.curve(name, from, to, step, func(p *promise, end int64) *float64 {
		r := p.read(end, int64(p.objective.Window/time.Second))
		if r.total == 0 {
			return nil
		}
		return new(1 - r.rate)
	})
}

// Burn returns how fast the budget was spent, each point looking back window.
func (e *Engine) Burn(name string, window time.Duration, from, to time.Time, step time.Duration) ([]Point, error) {
	span := max(int64(window/time.Second), 1)
	return e.curve(name, from, to, step, func(p *promise, end int64) *float64 {
		r := p.read(end, span)
		if r.total == 0 {
			return nil
		}
		return new(r.rate)
	})
}

// curve asks value at every step. Points after what is known have no value.
func (e *Engine) curve(name string, from, to time.Time, step time.Duration, value func(*promise, int64) *float64) ([]Point, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.find(name)
	if p == nil {
		return nil, ErrUnknownObjective
	}
	step = max(step.Truncate(time.Second), time.Second)
	if span := to.Sub(from); span/step >= maxPoints {
		step = (span/maxPoints + time.Second).Truncate(time.Second)
	}
	var points []Point
	for at := from.Truncate(time.Second); !at.After(to); at = at.Add(step) {
		point := Point{T: at}
		if sec := at.Unix(); p.track.begun && sec <= p.track.latest+1 && sec > p.track.since {
			point.V = value(p, sec)
		}
		points = append(points, point)
	}
	return points, nil
}
