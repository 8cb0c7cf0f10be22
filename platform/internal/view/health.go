package view

import "github.com/backstay/backstay/platform/internal/api"

// Bounds of attainment for the colours of the map.
const (
	goodFrom = 0.995
	badUpTo  = 0.982
)

// healthOf colours an attainment.
func healthOf(attainment float64) api.Health {
	switch {
	case attainment >= goodFrom:
		return api.HealthGood
	case attainment <= badUpTo:
		return api.HealthBad
	default:
		return api.HealthWarn
	}
}

// worse returns the worse of two healths; unknown loses to everything known.
func worse(a, b api.Health) api.Health {
	rank := map[api.Health]int{api.HealthUnknown: 0, api.HealthGood: 1, api.HealthWarn: 2, api.HealthBad: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}
