package tracestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const (
	defaultFound  = 20     // traces without a limit
	maxFound      = 1_000  // traces at most
	maxTraceSpans = 50_000 // spans returned of one trace
	// clockSkew is how far a sender's clock may run ahead without a search
	// missing its newest spans.
	clockSkew = 10 * time.Second
)

func (d *disk) Trace(ctx context.Context, id TraceID) ([]Span, error) {
	leave, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	return d.trace(ctx, id, d.block)
}

// place is where a block is.
type place struct {
	hour uint32
	seq  uint64
}

// trace collects a trace with the block reader given, which may remember.
func (d *disk) trace(ctx context.Context, id TraceID, block func(hour uint32, seq uint64) ([]Span, error)) ([]Span, error) {
	places, err := d.places(ctx, fingerprint(id))
	if err != nil {
		return nil, err
	}
	var out []Span
	seen := make(map[SpanID]bool)
	for _, p := range places {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		spans, err := block(p.hour, p.seq)
		if err != nil {
			return nil, err
		}
		for i := range spans {
			if s := &spans[i]; s.TraceID == id && !seen[s.SpanID] && len(out) < maxTraceSpans {
				seen[s.SpanID] = true
				out = append(out, *s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return out, nil
}

// places lists the blocks that hold spans of a trace with the fingerprint.
func (d *disk) places(ctx context.Context, fp uint64) ([]place, error) {
	var out []place
	err := d.iterate(func(iter *pebble.Iterator) error {
		return hours(iter, func(hour uint32) error {
			p := tracePrefix(hour, fp)
			for ok := iter.SeekGE(p); ok && bytes.HasPrefix(iter.Key(), p); ok = iter.Next() {
				if len(iter.Key()) == traceLength {
					out = append(out, place{hour, binary.BigEndian.Uint64(iter.Key()[len(p):])})
				}
			}
			return ctx.Err()
		})
	})
	return out, err
}

// search is one Find under way.
type search struct {
	d      *disk
	q      Query
	blocks map[place][]Span // opened so far: neighbouring traces share blocks
	seen   map[TraceID]bool
	found  []Summary // newest first, at most q.Limit
}

// maxOpenBlocks bounds the decoded blocks a search keeps.
const maxOpenBlocks = 32

func (d *disk) Find(ctx context.Context, q Query) ([]Summary, error) {
	leave, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if q.Limit <= 0 {
		q.Limit = defaultFound
	}
	q.Limit = min(q.Limit, maxFound)
	s := search{d: d, q: q, blocks: make(map[place][]Span), seen: make(map[TraceID]bool)}
	if err := d.iterate(func(iter *pebble.Iterator) error { return s.run(ctx, iter) }); err != nil {
		return nil, err
	}
	return s.found, nil
}

var errEnough = errors.New("enough found")

// run walks the headers from the newest arrival to the oldest.
func (s *search) run(ctx context.Context, iter *pebble.Iterator) error {
	for ok := iter.Last(); ok; {
		hour := binary.BigEndian.Uint32(iter.Key())
		p := prefix(hour, sectionHeader)
		for ok = iter.SeekLT(next(p)); ok && bytes.HasPrefix(iter.Key(), p); ok = iter.Prev() {
			err := s.header(ctx, hour, iter)
			if errors.Is(err, errEnough) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		ok = iter.SeekLT(hourKey(hour))
	}
	return iter.Error()
}

// header looks into the block of the header under the iterator when it may hold
// a match, or returns errEnough when neither it nor an earlier one can add any.
func (s *search) header(ctx context.Context, hour uint32, iter *pebble.Iterator) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	value, err := iter.ValueAndErr()
	if err != nil {
		return err
	}
	h, err := decodeHeader(value)
	if err != nil {
		return err
	}
	// A span arrives after it started: what arrived before a moment started before it.
	arrived := time.Unix(0, h.arrived).Add(clockSkew)
	if arrived.Before(s.q.From) || s.tooOld(arrived) {
		return errEnough
	}
	if !h.may(&s.q) || s.tooOld(time.Unix(0, h.max)) {
		return nil
	}
	seq := binary.BigEndian.Uint64(iter.Key()[prefixLength:])
	spans, err := s.open(hour, seq)
	if err != nil {
		return err
	}
	for i := len(spans) - 1; i >= 0; i-- {
		if span := &spans[i]; s.q.meets(span) && !s.seen[span.TraceID] && !s.tooOld(span.Start) {
			s.seen[span.TraceID] = true
			if err := s.add(ctx, span.TraceID); err != nil {
				return err
			}
		}
	}
	return nil
}

// tooOld reports whether a trace with a span that started then, and so began no
// later, comes after enough newer ones.
func (s *search) tooOld(started time.Time) bool {
	return len(s.found) == s.q.Limit && started.Before(s.found[s.q.Limit-1].Start)
}

// add summarizes a matching trace and keeps it when it is among the newest.
func (s *search) add(ctx context.Context, id TraceID) error {
	spans, err := s.d.trace(ctx, id, s.open)
	if err != nil || len(spans) == 0 {
		return err
	}
	one := summarize(spans)
	at, _ := slices.BinarySearchFunc(s.found, one, newestFirst)
	if s.found = slices.Insert(s.found, at, one); len(s.found) > s.q.Limit {
		s.found = s.found[:s.q.Limit]
	}
	return nil
}

func newestFirst(a, b Summary) int {
	if c := b.Start.Compare(a.Start); c != 0 {
		return c
	}
	return bytes.Compare(b.TraceID[:], a.TraceID[:])
}

// open loads a block once.
func (s *search) open(hour uint32, seq uint64) ([]Span, error) {
	at := place{hour, seq}
	if spans, ok := s.blocks[at]; ok {
		return spans, nil
	}
	spans, err := s.d.block(hour, seq)
	if err != nil {
		return nil, err
	}
	if len(s.blocks) >= maxOpenBlocks {
		clear(s.blocks)
	}
	s.blocks[at] = spans
	return spans, nil
}

// summarize condenses a trace of at least one span, in order of start.
func summarize(spans []Span) Summary {
	s := Summary{TraceID: spans[0].TraceID, Start: spans[0].Start, Spans: len(spans)}
	present := make(map[SpanID]bool, len(spans))
	for i := range spans {
		present[spans[i].SpanID] = true
	}
	root, orphan := -1, -1
	for i := range spans {
		one := &spans[i]
		if one.Status == StatusError {
			s.Errors++
		}
		s.Duration = max(s.Duration, one.Start.Add(one.Duration).Sub(s.Start))
		if root < 0 && one.Parent.IsZero() {
			root = i
		}
		if orphan < 0 && !present[one.Parent] {
			orphan = i
		}
	}
	for _, candidate := range []int{root, orphan, 0} {
		if candidate >= 0 {
			s.Root = spans[candidate].Service + ": " + spans[candidate].Name
			break
		}
	}
	return s
}
