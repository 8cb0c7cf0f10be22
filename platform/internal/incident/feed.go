package incident

import (
	"slices"
	"sync"
)

// feed hands events to subscribers in order, outside the book's lock, so that a
// subscriber may call the book. Events raised meanwhile are delivered by whoever is
// already delivering.
type feed struct {
	mu         sync.Mutex
	next       int
	subscriber []subscriber
	pending    []Event
	delivering bool
}

type subscriber struct {
	id int
	f  func(Event)
}

func (f *feed) subscribe(call func(Event)) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	id := f.next
	f.subscriber = append(f.subscriber, subscriber{id, call})
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.subscriber = slices.DeleteFunc(slices.Clone(f.subscriber), func(s subscriber) bool { return s.id == id })
	}
}

func (f *feed) push(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.subscriber) > 0 {
		f.pending = append(f.pending, e)
	}
}

// deliver empties the queue; a call from within a subscriber returns at once.
func (f *feed) deliver() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.delivering {
		return
	}
	f.delivering = true
	defer func() { f.delivering = false }()
	for len(f.pending) > 0 {
		e, to := f.pending[0], f.subscriber
		f.pending = f.pending[1:]
		f.mu.Unlock()
		for _, s := range to {
			s.f(e)
		}
		f.mu.Lock()
	}
}
