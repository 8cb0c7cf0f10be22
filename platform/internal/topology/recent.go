package topology

import "github.com/backstay/backstay/platform/internal/tracestore"

// recent is a map that remembers the latest entries only: spans of one trace
// arrive within seconds of each other, and what never finds its partner must not
// stay.
type recent[V any] struct {
	values map[tracestore.SpanID]V
	order  []tracestore.SpanID // ring of keys, oldest overwritten
	next   int
}

func newRecent[V any](limit int) *recent[V] {
	return &recent[V]{values: make(map[tracestore.SpanID]V, limit), order: make([]tracestore.SpanID, limit)}
}

func (r *recent[V]) get(id tracestore.SpanID) (V, bool) {
	v, ok := r.values[id]
	return v, ok
}

func (r *recent[V]) put(id tracestore.SpanID, v V) {
	if _, known := r.values[id]; !known {
		delete(r.values, r.order[r.next])
		r.order[r.next] = id
		r.next = (r.next + 1) % len(r.order)
	}
	r.values[id] = v
}
