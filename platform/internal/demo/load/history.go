package load

import (
	"sync"
	"time"
)

// keep is how many seconds are remembered: 15 minutes.
const keep = 15 * 60

// Total is what happened to all requests since the start.
type Total struct {
	OK       uint64 `json:"ok"`
	Degraded uint64 `json:"degraded"`
	Failed   uint64 `json:"failed"`
	Unsent   uint64 `json:"unsent"`
}

// history is a ring of seconds.
type history struct {
	mu    sync.Mutex
	ring  [keep]Second
	total Total
}

// at returns the slot of a second, emptied when an older one was in it. The
// caller holds the lock.
func (h *history) at(t time.Time) *Second {
	s := &h.ring[t.Unix()%keep]
	if s.T != t.Unix() {
		*s = Second{T: t.Unix()}
	}
	return s
}

func (h *history) record(due time.Time, r Result, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(due).add(r, took)
	switch r {
	case OK:
		h.total.OK++
	case Degraded:
		h.total.Degraded++
	case BadStatus, NoAnswer, Impatience:
		h.total.Failed++
	}
}

func (h *history) unsent(due time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at(due).Unsent++
	h.total.Unsent++
}

// seconds returns what is known of from ≤ t < to, oldest first. Seconds without
// any request are left out.
func (h *history) seconds(from, to, now time.Time) []Second {
	first, last := max(from.Unix(), now.Unix()-keep+1), min(to.Unix()-1, now.Unix())
	out := []Second{}
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := first; t <= last; t++ {
		if s := h.ring[t%keep]; s.T == t {
			out = append(out, s)
		}
	}
	return out
}

func (h *history) all() Total {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}
