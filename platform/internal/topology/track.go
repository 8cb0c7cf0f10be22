package topology

// second is what happened within one second.
type second struct {
	at int64 // Unix seconds; tells a slot of this round from one of the last
	Stats
}

// track is a ring of seconds.
type track struct {
	slots []second
}

func newTrack(seconds int) *track { return &track{slots: make([]second, seconds)} }

// slot returns the counters of a second, emptied when the ring came round. It is
// nil when the second is older than what the slot holds by now.
func (t *track) slot(at int64) *Stats {
	s := &t.slots[at%int64(len(t.slots))]
	switch {
	case s.at == at:
	case s.at > at:
		return nil
	default:
		*s = second{at: at, Stats: Stats{times: s.times[:0]}}
	}
	return &s.Stats
}

// each calls f for every second of [from, to) that holds something, in order.
func (t *track) each(from, to int64, f func(at int64, s *Stats)) {
	if oldest := to - int64(len(t.slots)); from < oldest {
		from = oldest
	}
	for at := max(from, 0); at < to; at++ {
		if s := &t.slots[at%int64(len(t.slots))]; s.at == at && (s.Requests > 0 || s.Panics > 0) {
			f(at, &s.Stats)
		}
	}
}

// sum adds the seconds of [from, to).
func (t *track) sum(from, to int64) Stats {
	var total Stats
	t.each(from, to, func(_ int64, s *Stats) { total.Merge(*s) })
	return total
}

// absorb adds another track's seconds, as when two names turn out to be one.
func (t *track) absorb(other *track) {
	for i := range other.slots {
		o := &other.slots[i]
		if o.Requests == 0 {
			continue
		}
		if s := t.slot(o.at); s != nil {
			s.Merge(o.Stats)
		}
	}
}
