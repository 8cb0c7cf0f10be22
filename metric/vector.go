package metric

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
)

// overflowValue is the value of every label of the series that takes what does
// not fit into a family.
const overflowValue = "overflow"

// series is one combination of label values with its cell.
type series[C any] struct {
	labels []byte // rendered once: a="b",c="d"
	cell   C
}

// vector finds the series of a family by label values. Readers take no lock: the
// index is replaced, never changed.
type vector[C any] struct {
	shaped shape
	limit  int
	make   func() C

	index atomic.Pointer[map[string]*series[C]]
	list  atomic.Pointer[[]*series[C]] // in order of creation

	mu       sync.Mutex // serialises creation
	overflow *series[C]
	refused  atomic.Uint64
}

func newVector[C any](s shape, limit int, build func() C) *vector[C] {
	v := &vector[C]{shaped: s, limit: limit, make: build}
	v.index.Store(&map[string]*series[C]{})
	v.list.Store(&[]*series[C]{})
	return v
}

func (v *vector[C]) shape() shape { return v.shaped }

// with returns the cell of the values. It panics when their number differs from
// that of the label names, which is a programming error.
func (v *vector[C]) with(values []string) C {
	if len(values) != len(v.shaped.labels) {
		panic(fmt.Sprintf("metric: %s has %d labels, got %d values", v.shaped.name, len(v.shaped.labels), len(values)))
	}
	var room [192]byte
	key := room[:0]
	for _, value := range values {
		key = append(key, value...)
		key = append(key, 0xff) // never part of UTF-8 text
	}
	if s, ok := (*v.index.Load())[string(key)]; ok {
		return s.cell
	}
	return v.create(string(key), values)
}

func (v *vector[C]) create(key string, values []string) C {
	v.mu.Lock()
	defer v.mu.Unlock()
	old := *v.index.Load()
	if s, ok := old[key]; ok {
		return s.cell
	}
	if len(old) >= v.limit {
		v.refused.Add(1)
		if v.overflow == nil {
			spill := make([]string, len(values))
			for i := range spill {
				spill[i] = overflowValue
			}
			v.overflow = v.add(spill)
		}
		return v.overflow.cell
	}
	s := v.add(values)
	index := maps.Clone(old)
	index[key] = s
	v.index.Store(&index)
	return s.cell
}

// add appends a series to the list that a scrape reads. The caller holds mu.
func (v *vector[C]) add(values []string) *series[C] {
	s := &series[C]{labels: appendLabels(nil, v.shaped.labels, values), cell: v.make()}
	// Appending may write past the length that readers hold, never before it.
	list := append(*v.list.Load(), s)
	v.list.Store(&list)
	return s
}
