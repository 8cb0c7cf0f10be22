package api

import (
	"context"
	"sync"
	"sync/atomic"
)

// feedDepth is how many distinct events wait for a slow reader. Events of equal
// name and id merge, so that only a burst of many objects can overflow it.
const feedDepth = 256

// maxReaders bounds the open event streams; a console holds one.
const maxReaders = 256

// Feed hands live events to all readers of the event stream. Publishing never
// waits: what a slow reader has not taken yet is merged by name and id, and past
// a bound its oldest event is dropped and counted. The zero value is ready, and
// safe for concurrent use.
type Feed struct {
	mu      sync.Mutex
	readers map[*feedReader]struct{}
	dropped atomic.Uint64
	refused atomic.Uint64
}

type feedReader struct {
	mu      sync.Mutex
	pending []Event
	wake    chan struct{} // holds one token when pending is not empty
}

// Publish hands e to every reader.
func (f *Feed) Publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		if r.put(e) {
			f.dropped.Add(1)
		}
	}
}

// Dropped counts the events that slow readers lost.
func (f *Feed) Dropped() uint64 { return f.dropped.Load() }

// Refused counts the readers that were one too many.
func (f *Feed) Refused() uint64 { return f.refused.Load() }

// Readers counts the open event streams.
func (f *Feed) Readers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.readers)
}

// subscribe returns nil when there are too many readers.
func (f *Feed) subscribe() *feedReader {
	r := &feedReader{wake: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.readers) >= maxReaders {
		f.refused.Add(1)
		return nil
	}
	if f.readers == nil {
		f.readers = make(map[*feedReader]struct{})
	}
	f.readers[r] = struct{}{}
	return r
}

func (f *Feed) unsubscribe(r *feedReader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.readers, r)
}

func (r *feedReader) put(e Event) (dropped bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.pending {
		if r.pending[i].Name == e.Name && r.pending[i].ID == e.ID {
			r.pending[i] = e
			return false
		}
	}
	if len(r.pending) == feedDepth {
		r.pending = append(r.pending[:0], r.pending[1:]...)
		dropped = true
	}
	r.pending = append(r.pending, e)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return dropped
}

// next waits for events; none means that ctx ended.
func (r *feedReader) next(ctx context.Context) []Event {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		}
		r.mu.Lock()
		events := r.pending
		r.pending = nil
		r.mu.Unlock()
		// An event that came while the last ones were taken leaves its token behind.
		if len(events) > 0 {
			return events
		}
	}
}
