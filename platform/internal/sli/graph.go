package sli

import (
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
)

// selection returns how a native ratio counts the good ones among the requests.
func selection(i slo.Indicator) func(*topology.Second) float64 {
	count := func(s *topology.Second, m *slo.Metric) float64 {
		switch m.Select {
		case slo.SelectGood:
			return float64(s.Requests - min(s.Errors, s.Requests))
		case slo.SelectBad:
			return float64(s.Errors)
		default:
			return float64(s.Requests)
		}
	}
	return func(s *topology.Second) float64 {
		if i.Good != nil {
			return count(s, i.Good)
		}
		return count(s, i.Total) - count(s, i.Bad)
	}
}

// fromGraph adds what the graph has learned since the last look. Spans come late, so
// the latest seconds are looked at again and only the difference is added.
func (f *Feeder) fromGraph(o slo.Objective, s *source, now time.Time, m slo.Metric, good func(*topology.Second) float64) {
	from := now.Add(-f.cfg.Recall)
	newest := int64(0)
	seconds := f.graph.Seconds(m.Service, m.Route, from, now)
	for i := range seconds {
		second := &seconds[i]
		is := counted{good: good(second), total: float64(second.Requests)}
		was := s.seconds[second.T]
		newest = max(newest, second.T)
		if is == was {
			continue
		}
		if f.engine.Add(o.Name, second.T, max(is.good-was.good, 0), max(is.total-was.total, 0)) {
			s.seconds[second.T] = is
		}
	}
	for t := range s.seconds {
		if t < from.Unix() {
			delete(s.seconds, t)
		}
	}
	// Seconds old enough for every exporter were quiet when nothing came.
	if quiet := now.Add(-f.cfg.Quiet).Unix(); newest < quiet && f.seen(m) {
		f.engine.Add(o.Name, quiet, 0, 0)
	}
	s.problem = ""
	if len(seconds) == 0 {
		s.problem = f.silence(m, now)
	}
}

// seen reports whether the service has ever answered a request.
func (f *Feeder) seen(m slo.Metric) bool {
	for _, known := range f.graph.Services() {
		if known.Name == m.Service && !known.External {
			return true
		}
	}
	return false
}

// silence says why the graph has nothing.
func (f *Feeder) silence(m slo.Metric, now time.Time) string {
	if !f.seen(m) {
		return "no spans of a service named " + m.Service + " have been received; send them by OTLP to port 4317 or 4318"
	}
	if m.Route == "" {
		return m.Service + " has answered no request in the last " + f.cfg.Recall.String()
	}
	routes := f.graph.Routes(m.Service, now.Add(-time.Minute), now)
	names := make([]string, len(routes))
	for i, r := range routes {
		names[i] = r.Name
	}
	text := m.Service + " has answered no request to route " + m.Route + " in the last " + f.cfg.Recall.String()
	if len(names) > 0 {
		text += "; its routes are " + strings.Join(names, ", ")
	}
	return text
}
