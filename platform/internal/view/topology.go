package view

import (
	"context"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/topology"
)

// Topology is the service map over the last minute.
func (v *View) Topology(context.Context) (api.Graph, error) {
	from, to := v.window()
	window := v.Map.Window(from, to)
	first := map[string]topology.Service{}
	for _, s := range v.Map.Services() {
		first[s.Name] = s
	}
	attained := v.attainments()
	blamed := map[string]bool{}
	for _, in := range v.Book.Current() {
		if in.Cause != nil {
			blamed[in.Cause.Service] = true
		}
	}
	graph := api.Graph{At: to, Nodes: []api.Node{}, Edges: []api.Edge{}}
	for _, n := range window.Nodes {
		node := v.node(n, redOf(n.Stats, seen(first[n.Service].FirstSeen, from, to)), attained)
		if blamed[n.Service] {
			node.Health = api.HealthBad
		}
		graph.Nodes = append(graph.Nodes, node)
	}
	breakers := v.breakers()
	for _, e := range window.Edges {
		graph.Edges = append(graph.Edges, edgeRow(e, redOf(e.Stats, seen(first[e.From].FirstSeen, from, to)), breakers))
	}
	return graph, nil
}

// node colours a service by the attainment of its worst objective over the last
// minute's burn, or by its success ratio where it has promised nothing.
func (v *View) node(n topology.Node, red api.RED, attained map[string]float64) api.Node {
	row := api.Node{Name: n.Service, RED: red, External: n.External, Health: api.HealthUnknown}
	attainment, promised := attained[n.Service]
	if !promised {
		if n.Stats.Requests == 0 {
			return row
		}
		attainment = 1 - n.Stats.ErrorRatio()
	}
	row.Attainment, row.Health = &attainment, healthOf(attainment)
	return row
}

// edgeRow colours an edge by its success ratio; a breaker that is not closed is
// never good news.
func edgeRow(e topology.Edge, red api.RED, breakers map[[2]string]string) api.Edge {
	row := api.Edge{From: e.From, To: e.To, RED: red, Health: api.HealthUnknown, Breaker: breakers[[2]string{e.From, e.To}]}
	if e.Stats.Requests > 0 {
		row.Health = healthOf(1 - e.Stats.ErrorRatio())
	}
	switch row.Breaker {
	case "", "closed":
	case "half-open":
		row.Health = worse(row.Health, api.HealthWarn)
	default:
		row.Health = worse(row.Health, api.HealthBad)
	}
	return row
}

// breakers is the worst breaker state of every edge among the caller's instances.
func (v *View) breakers() map[[2]string]string {
	worst := map[[2]string]string{}
	for _, in := range v.Plane.Instances() {
		if !in.Connected {
			continue
		}
		for _, s := range in.States {
			key := [2]string{in.Service, s.Dependency}
			if s.Kind == "breaker" && (worst[key] == "" || severity(s.State) > severity(worst[key])) {
				worst[key] = s.State
			}
		}
	}
	return worst
}

// severity ranks breaker states by how much they refuse.
func severity(state string) int {
	switch state {
	case "closed":
		return 0
	case "half-open":
		return 1
	case "downgrade":
		return 2
	default:
		return 3
	}
}

// attainments is the attainment of each service's worst objective.
func (v *View) attainments() map[string]float64 {
	worst := map[string]float64{}
	for _, s := range v.Judged() {
		attained, ok := recentAttainment(s)
		if !ok {
			continue
		}
		if known, seen := worst[s.Objective.Service]; !seen || attained < known {
			worst[s.Objective.Service] = attained
		}
	}
	return worst
}
