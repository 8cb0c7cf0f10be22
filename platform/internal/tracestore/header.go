package tracestore

import (
	"encoding/binary"
	"time"
)

// headerForm is the first byte of an encoded header.
const headerForm = 1

// header says what a search may find in a block, so that it opens few in vain.
type header struct {
	arrived  int64 // Unix nanoseconds: when the block was written
	min, max int64 // Unix nanoseconds: earliest and latest start of a span
	services []serviceRange
}

// serviceRange is what a block holds of one service.
type serviceRange struct {
	name     string
	longest  time.Duration
	failures bool          // at least one span with status error
	failed   time.Duration // the longest of those
}

func headerOf(spans []Span, arrived int64) header {
	h := header{arrived: arrived, min: spans[0].Start.UnixNano(), max: spans[0].Start.UnixNano()}
	places := make(map[string]int, 4)
	for i := range spans {
		s := &spans[i]
		start := s.Start.UnixNano()
		h.min, h.max = min(h.min, start), max(h.max, start)
		at, ok := places[s.Service]
		if !ok {
			at = len(h.services)
			places[s.Service] = at
			h.services = append(h.services, serviceRange{name: s.Service})
		}
		r := &h.services[at]
		r.longest = max(r.longest, s.Duration)
		if s.Status == StatusError {
			r.failures, r.failed = true, max(r.failed, s.Duration)
		}
	}
	return h
}

func (h *header) encode() []byte {
	b := []byte{headerForm}
	b = binary.AppendVarint(b, h.arrived)
	b = binary.AppendVarint(b, h.arrived-h.min)
	b = binary.AppendVarint(b, h.arrived-h.max)
	b = binary.AppendUvarint(b, uint64(len(h.services)))
	for _, s := range h.services {
		b = binary.AppendUvarint(b, uint64(len(s.name)))
		b = append(b, s.name...)
		b = binary.AppendVarint(b, int64(s.longest))
		failures := byte(0)
		if s.failures {
			failures = 1
		}
		b = append(b, failures)
		b = binary.AppendVarint(b, int64(s.failed))
	}
	return b
}

func decodeHeader(data []byte) (header, error) {
	r := &reader{data: data}
	if form := r.take(1); r.err != nil || form[0] != headerForm {
		return header{}, errCorrupt
	}
	h := header{arrived: r.varint()}
	h.min, h.max = h.arrived-r.varint(), h.arrived-r.varint()
	h.services = make([]serviceRange, r.count(4))
	for i := range h.services {
		s := &h.services[i]
		s.name = string(r.take(r.index(len(r.data) + 1)))
		s.longest = time.Duration(r.varint())
		if b := r.take(1); b != nil {
			s.failures = b[0] == 1
		}
		s.failed = time.Duration(r.varint())
	}
	if r.err != nil || len(r.data) > 0 {
		return header{}, errCorrupt
	}
	return h, nil
}

// may reports whether a span that meets the query can be in the block.
func (h *header) may(q *Query) bool {
	if !q.From.IsZero() && h.max < q.From.UnixNano() || !q.To.IsZero() && h.min > q.To.UnixNano() {
		return false
	}
	for _, s := range h.services {
		if q.Service != "" && s.name != q.Service {
			continue
		}
		if q.ErrorsOnly && s.failures && s.failed >= q.MinDuration || !q.ErrorsOnly && s.longest >= q.MinDuration {
			return true
		}
	}
	return false
}

// meets reports whether a span alone satisfies the query.
func (q *Query) meets(s *Span) bool {
	return (q.Service == "" || s.Service == q.Service) &&
		(q.From.IsZero() || !s.Start.Before(q.From)) &&
		(q.To.IsZero() || !s.Start.After(q.To)) &&
		s.Duration >= q.MinDuration &&
		(!q.ErrorsOnly || s.Status == StatusError)
}
