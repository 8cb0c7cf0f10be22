package control

import "sync"

// maxEvents bounds the events that wait for a report.
const maxEvents = 256

// queue holds events until they are reported. It is safe for concurrent use and
// never blocks longer than it takes to count.
type queue struct {
	wake chan struct{} // holds a token when there is something that cannot wait

	mu      sync.Mutex
	events  []Event
	index   map[Event]int // alike events, by what tells them apart
	dropped uint64
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), index: map[Event]int{}}
}

// alike is the event without what differs between alike ones.
func alike(e Event) Event {
	return Event{Kind: e.Kind, Dependency: e.Dependency, From: e.From, To: e.To, Detail: e.Detail}
}

// add takes an event in.
func (q *queue) add(e Event) {
	if e.Count == 0 {
		e.Count = 1
	}
	q.mu.Lock()
	q.put(e)
	q.mu.Unlock()
	if e.Kind == EventState {
		q.urge()
	}
}

// put appends the event or counts it with an alike one. The caller holds the lock.
func (q *queue) put(e Event) {
	key := alike(e)
	if e.Kind != EventState {
		if i, ok := q.index[key]; ok {
			q.events[i].Count += e.Count
			return
		}
	}
	if len(q.events) >= maxEvents {
		q.dropped += e.Count
		return
	}
	if e.Kind != EventState {
		q.index[key] = len(q.events)
	}
	q.events = append(q.events, e)
}

// urge asks for a report now.
func (q *queue) urge() {
	select {
	case q.wake <- struct{}{}:
	default: // asked already
	}
}

// take hands out all events.
func (q *queue) take() (events []Event, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events = q.events
	q.events = nil
	clear(q.index)
	return events, q.dropped
}

// giveBack puts events that could not be reported before those that came since.
func (q *queue) giveBack(events []Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	since := q.events
	q.events = nil
	clear(q.index)
	for _, e := range events {
		q.put(e)
	}
	for _, e := range since {
		q.put(e)
	}
}
