package slo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
)

// ErrState means that bytes given to [Engine.Restore] are not a state of an engine.
var ErrState = errors.New("slo: not a saved state")

// stateMagic begins a saved state and carries its version.
const stateMagic = "slo1"

// farthest bounds the seconds a state may speak of, in both directions.
const farthest = int64(1) << 40

// fingerprint tells indicators apart across restarts.
func (i Indicator) fingerprint() uint64 {
	h := fnv.New64a()
	for _, m := range []*Metric{i.Good, i.Bad, i.Total, i.Latency} {
		if m == nil {
			fmt.Fprint(h, "-;")
			continue
		}
		fmt.Fprintf(h, "%q;", []string{string(m.Type), m.Query, fmt.Sprint(m.Counter), m.Service, m.Route, string(m.Select)})
	}
	fmt.Fprint(h, i.Threshold)
	return h.Sum64()
}

// State returns everything counted, for [Engine.Restore] after a restart. Quiet
// seconds take no space.
func (e *Engine) State() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := []byte(stateMagic)
	for _, p := range e.promise {
		if !p.track.begun {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(p.objective.Name)))
		b = append(b, p.objective.Name...)
		b = binary.LittleEndian.AppendUint64(b, p.objective.Indicator.fingerprint())
		body := p.track.encode()
		b = binary.AppendUvarint(b, uint64(len(body)))
		b = append(b, body...)
	}
	return b
}

// Restore brings back what [Engine.State] returned for those objectives that are
// set and still count the same events; what was counted for them since is dropped.
// On an error nothing changes.
func (e *Engine) Restore(state []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := reader{b: state}
	if string(r.take(uint64(len(stateMagic)))) != stateMagic {
		return ErrState
	}
	found := map[*promise]*track{}
	for len(r.b) > 0 && !r.bad {
		name := string(r.take(r.uvarint()))
		mark := r.take(8)
		body := r.take(r.uvarint())
		if r.bad {
			break
		}
		p := e.find(name)
		if p == nil || binary.LittleEndian.Uint64(mark) != p.objective.Indicator.fingerprint() {
			continue
		}
		t := newTrack(p.objective.Window, p.track.tail)
		if !t.decode(body) {
			return ErrState
		}
		found[p] = t
	}
	if r.bad {
		return ErrState
	}
	for p, t := range found {
		p.track = t
		clear(p.held)
	}
	return nil
}

// encode writes the first and the last second known and every span with events.
func (t *track) encode() []byte {
	b := binary.AppendVarint(nil, t.since)
	b = binary.AppendVarint(b, t.latest)
	last := t.since
	t.slots(func(sec int64, good, total float64) {
		if good == 0 && total == 0 {
			return
		}
		b = binary.AppendUvarint(b, uint64(sec-last))
		last = sec
		if whole(good) && whole(total) {
			b = append(b, 0)
			b = binary.AppendUvarint(b, uint64(good))
			b = binary.AppendUvarint(b, uint64(total))
			return
		}
		b = append(b, 1)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(good))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(total))
	})
	return b
}

func whole(v float64) bool { return v >= 0 && v < 1<<53 && v == math.Trunc(v) }

// decode fills an empty track.
func (t *track) decode(body []byte) bool {
	r := reader{b: body}
	since, latest := r.varint(), r.varint()
	if r.bad || since > latest || since < -farthest || latest > farthest {
		return false
	}
	t.add(since, 0, 0)
	sec := since
	for len(r.b) > 0 {
		gap := r.uvarint()
		if r.bad || gap > uint64(latest-sec) {
			return false
		}
		sec += int64(gap)
		var good, total float64
		switch kind := r.take(1); {
		case r.bad:
			return false
		case kind[0] == 0:
			good, total = float64(r.uvarint()), float64(r.uvarint())
		case kind[0] == 1:
			good, total = r.float(), r.float()
		default:
			return false
		}
		if r.bad || math.IsNaN(good) || math.IsInf(good, 0) || math.IsNaN(total) || math.IsInf(total, 0) {
			return false
		}
		t.add(sec, good, total)
	}
	t.advance(latest)
	return true
}

// reader takes values off bytes; once one is missing, bad stays set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) float() float64 {
	b := r.take(8)
	if r.bad {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}
