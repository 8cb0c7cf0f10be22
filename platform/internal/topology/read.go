package topology

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Graph is the map over one span of time.
type Graph struct {
	From, To time.Time
	Nodes    []Node // by name
	Edges    []Edge // by caller, then callee
}

// Node is one service.
type Node struct {
	Service  string
	External bool // seen only as a callee
	Version  string
	Stats    Stats // requests that it answered
	SelfTime Stats // the same, with the time of its own calls taken off
	Panics   uint64
	LastSeen time.Time
}

// Edge is calls from one service to another, as the caller saw them.
type Edge struct {
	From, To string
	Stats    Stats
}

// Window sums the whole seconds of [from, to).
func (m *Map) Window(from, to time.Time) Graph {
	a, b := from.Unix(), to.Unix()
	m.mu.Lock()
	defer m.mu.Unlock()
	g := Graph{From: from, To: to}
	for name, svc := range m.services {
		stats := svc.requests.sum(a, b)
		g.Nodes = append(g.Nodes, Node{
			Service: name, External: !svc.own, Version: svc.version,
			Stats: stats, SelfTime: svc.self.sum(a, b), Panics: stats.Panics, LastSeen: svc.last,
		})
	}
	for key, e := range m.edges {
		g.Edges = append(g.Edges, Edge{From: key.from, To: key.to, Stats: e.calls.sum(a, b)})
	}
	slices.SortFunc(g.Nodes, func(a, b Node) int { return strings.Compare(a.Service, b.Service) })
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return g
}

// Second is what a service answered within one second.
type Second struct {
	T int64 // Unix seconds
	Stats
}

// Seconds lists the seconds of [from, to) in which the service answered requests,
// of one route or, when it is empty, of all. The counts of the last seconds still
// grow while spans arrive.
func (m *Map) Seconds(name, route string, from, to time.Time) []Second {
	m.mu.Lock()
	defer m.mu.Unlock()
	svc, ok := m.services[name]
	if !ok {
		return nil
	}
	t := svc.requests
	if route != "" {
		if t, ok = svc.routes[route]; !ok {
			return nil
		}
	}
	var seconds []Second
	t.each(from.Unix(), to.Unix(), func(at int64, s *Stats) {
		copied := Second{T: at}
		copied.Merge(*s)
		seconds = append(seconds, copied)
	})
	return seconds
}

// Route is one route template of a service.
type Route struct {
	Name  string
	Stats Stats
}

// Routes lists the routes of a service over whole seconds, by name.
func (m *Map) Routes(name string, from, to time.Time) []Route {
	m.mu.Lock()
	defer m.mu.Unlock()
	svc, ok := m.services[name]
	if !ok {
		return nil
	}
	var routes []Route
	for route, t := range svc.routes {
		if stats := t.sum(from.Unix(), to.Unix()); stats.Requests > 0 {
			routes = append(routes, Route{Name: route, Stats: stats})
		}
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Name, b.Name) })
	return routes
}

// Service is a name on the map.
type Service struct {
	Name                string
	Version             string
	External            bool
	FirstSeen, LastSeen time.Time
}

// Services lists all names on the map.
func (m *Map) Services() []Service {
	m.mu.Lock()
	defer m.mu.Unlock()
	services := make([]Service, 0, len(m.services))
	for name, svc := range m.services {
		services = append(services, Service{
			Name: name, Version: svc.version, External: !svc.own, FirstSeen: svc.firstSeen, LastSeen: svc.last,
		})
	}
	slices.SortFunc(services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	return services
}
