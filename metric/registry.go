package metric

import (
	"fmt"
	"slices"
	"sync"
)

// DefaultSeriesLimit is how many series a family holds unless
// [Registry.LimitSeries] says otherwise.
const DefaultSeriesLimit = 2000

// Registry holds the metric families of a process. It is safe for concurrent use.
type Registry struct {
	mu       sync.RWMutex
	limit    int
	families map[string]family
	sorted   []family // by name
}

// family is what the registry needs to know of a metric to show it.
type family interface {
	shape() shape
	appendSeries(b []byte, f format) []byte
}

// shape is what a second declaration of a name must agree with.
type shape struct {
	name, help, kind string
	labels           []string
	buckets          []float64
}

func (s shape) equal(o shape) bool {
	return s.name == o.name && s.kind == o.kind && slices.Equal(s.labels, o.labels) && slices.Equal(s.buckets, o.buckets)
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{limit: DefaultSeriesLimit, families: make(map[string]family)}
}

// LimitSeries sets how many series each family declared from now on may hold,
// at least 1, and returns the registry.
func (r *Registry) LimitSeries(n int) *Registry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = max(n, 1)
	return r
}

// declare registers what build makes, or returns what was registered under the
// name before. It panics on a malformed name and on a name that is taken by a
// metric of another shape: both are programming errors.
func declare[F family](r *Registry, s shape, build func(limit int) F) F {
	if !validName(s.name, true) {
		panic(fmt.Sprintf("metric: %q is no metric name", s.name))
	}
	for i, l := range s.labels {
		if !validName(l, false) || slices.Contains(s.labels[:i], l) || s.kind == kindHistogram && l == "le" {
			panic(fmt.Sprintf("metric: %s: label name %q is malformed, reserved or given twice", s.name, l))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, taken := r.families[s.name]; taken {
		f, same := old.(F)
		if !same || !old.shape().equal(s) {
			panic(fmt.Sprintf("metric: %s is declared twice with different shapes", s.name))
		}
		return f
	}
	f := build(r.limit)
	r.families[s.name] = f
	at, _ := slices.BinarySearchFunc(r.sorted, s.name, func(f family, name string) int {
		switch have := f.shape().name; {
		case have < name:
			return -1
		case have > name:
			return 1
		default:
			return 0
		}
	})
	// A scrape may hold the old slice, so the new one gets its own memory.
	r.sorted = slices.Insert(slices.Clone(r.sorted), at, family(f))
	return f
}

// all returns the families by name.
func (r *Registry) all() []family {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.sorted
}

// validName checks a metric name (colons allowed) or a label name.
func validName(s string, metric bool) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == ':' && metric, '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return true
}
