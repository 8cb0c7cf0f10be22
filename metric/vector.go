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

// vector finds the series of a family by label values. The index that readers
// look into without a lock is replaced, never changed. New series gather in fresh
// until enough lookups missed the index to pay for copying it, as in sync.Map.
type vector[C any] struct {
	shaped shape
	limit  int
	make   func() C

	index atomic.Pointer[map[string]*series[C]]
	list  atomic.Pointer[[]*series[C]] // in order of creation

	mu       sync.Mutex // guards what follows, and replacing what stands above
	fresh    map[string]*series[C]
	missed   int
	overflow *series[C]
	refused  atomic.Uint64
}

func newVector[C any](s shape, limit int, build func() C) *vector[C] {
	v := &vector[C]{shaped: s, limit: limit, make: build, fresh: make(map[string]*series[C])}
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
	return v.find(key, values)
}

// find looks where with does not, and creates the series when it is not there.
func (v *vector[C]) find(key []byte, values []string) C {
	v.mu.Lock()
	defer v.mu.Unlock()
	index := *v.index.Load()
	if s, ok := index[string(key)]; ok {
		return s.cell
	}
	s, ok := v.fresh[string(key)]
	if !ok {
		if len(index)+len(v.fresh) >= v.limit {
			v.refused.Add(1)
			return v.spill(len(values))
		}
		s = v.add(values)
		v.fresh[string(key)] = s
	}
	if v.missed++; v.missed > len(index)+len(v.fresh) {
		index = maps.Clone(index)
		maps.Copy(index, v.fresh)
		v.index.Store(&index)
		clear(v.fresh)
		v.missed = 0
	}
	return s.cell
}

// spill returns the cell of the overflow series. The caller holds mu.
func (v *vector[C]) spill(labels int) C {
	if v.overflow == nil {
		values := make([]string, labels)
		for i := range values {
			values[i] = overflowValue
		}
		v.overflow = v.add(values)
	}
	return v.overflow.cell
}

// add appends a series to the list that a scrape reads. The caller holds mu.
func (v *vector[C]) add(values []string) *series[C] {
	s := &series[C]{labels: appendLabels(nil, v.shaped.labels, values), cell: v.make()}
	// Appending may write past the length that readers hold, never before it.
	list := append(*v.list.Load(), s)
	v.list.Store(&list)
	return s
}
