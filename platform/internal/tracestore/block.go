package tracestore

import (
	"encoding/binary"
	"time"
)

// blockForm is the first byte of an encoded block.
const blockForm = 1

// maxSpansPerBlock bounds what one look-up has to decode.
const maxSpansPerBlock = 4096

// blockEncoder writes spans column by column, because equal things next to each
// other compress well: texts, trace ids and resources once each in tables,
// and columns of indices into them.
type blockEncoder struct {
	texts     map[string]int
	textList  []string
	traces    map[TraceID]int
	traceList []TraceID
	places    map[SpanID]int // where in the block a span is, for its children
	resources map[string]int
	resource  [][]byte
	scratch   []byte
}

// encodeBlock returns the uncompressed form of spans.
func encodeBlock(spans []Span) []byte {
	e := blockEncoder{
		texts:     make(map[string]int, 64),
		traces:    make(map[TraceID]int, len(spans)),
		places:    make(map[SpanID]int, len(spans)),
		resources: make(map[string]int, 4),
	}
	for i := range spans {
		e.places[spans[i].SpanID] = i
	}
	var columns [9][]byte
	for c := range columns {
		columns[c] = make([]byte, 0, 2*len(spans))
	}
	var previous int64
	for i := range spans {
		s := &spans[i]
		start := s.Start.UnixNano()
		columns[0] = binary.AppendUvarint(columns[0], uint64(e.trace(s.TraceID)))
		columns[1] = append(columns[1], s.SpanID[:]...)
		columns[2] = e.parent(columns[2], i, s.Parent)
		columns[3] = append(columns[3], byte(s.Kind), byte(s.Status))
		columns[4] = binary.AppendVarint(columns[4], start-previous)
		columns[5] = binary.AppendVarint(columns[5], int64(s.Duration))
		columns[6] = e.text(e.text(columns[6], s.Name), s.Message)
		columns[7] = binary.AppendUvarint(columns[7], uint64(e.origin(s)))
		columns[8] = e.attrs(columns[8], s.Attrs)
		previous = start
	}
	dst := []byte{blockForm}
	dst = binary.AppendUvarint(dst, uint64(len(e.textList)))
	for _, t := range e.textList {
		dst = binary.AppendUvarint(dst, uint64(len(t)))
	}
	for _, t := range e.textList {
		dst = append(dst, t...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.traceList)))
	for i := range e.traceList {
		dst = append(dst, e.traceList[i][:]...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.resource)))
	for _, r := range e.resource {
		dst = append(dst, r...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(spans)))
	for _, c := range columns {
		dst = append(dst, c...)
	}
	return dst
}

func (e *blockEncoder) text(dst []byte, s string) []byte {
	i, ok := e.texts[s]
	if !ok {
		i = len(e.textList)
		e.texts[s] = i
		e.textList = append(e.textList, s)
	}
	return binary.AppendUvarint(dst, uint64(i))
}

func (e *blockEncoder) trace(id TraceID) int {
	i, ok := e.traces[id]
	if !ok {
		i = len(e.traceList)
		e.traces[id] = i
		e.traceList = append(e.traceList, id)
	}
	return i
}

// parent writes 0 for none, 1 and the id for one outside the block, or else the
// distance to the parent's place within it.
func (e *blockEncoder) parent(dst []byte, i int, id SpanID) []byte {
	if id.IsZero() {
		return binary.AppendVarint(dst, 0)
	}
	if place, ok := e.places[id]; ok && place != i {
		distance := int64(place - i)
		if distance > 0 {
			distance++ // 1 is taken
		}
		return binary.AppendVarint(dst, distance)
	}
	return append(binary.AppendVarint(dst, 1), id[:]...)
}

func (e *blockEncoder) attrs(dst []byte, attrs []Attr) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(attrs)))
	for _, a := range attrs {
		dst = e.text(e.text(dst, a.Key), a.Value)
	}
	return dst
}

// origin returns the index of the span's resource, which most spans share.
func (e *blockEncoder) origin(s *Span) int {
	e.scratch = e.text(e.text(e.text(e.scratch[:0], s.Service), s.Instance), s.Version)
	e.scratch = e.attrs(e.scratch, s.Resource)
	i, ok := e.resources[string(e.scratch)]
	if !ok {
		i = len(e.resource)
		kept := append([]byte(nil), e.scratch...)
		e.resources[string(kept)] = i
		e.resource = append(e.resource, kept)
	}
	return i
}

// decodeBlock reads the form encodeBlock writes. Spans of one resource share it.
func decodeBlock(data []byte) ([]Span, error) {
	r := &reader{data: data}
	if form := r.take(1); r.err != nil || form[0] != blockForm {
		return nil, errCorrupt
	}
	texts := readTexts(r)
	traces := make([]TraceID, r.count(len(TraceID{})))
	for i := range traces {
		copy(traces[i][:], r.take(len(TraceID{})))
	}
	origins := make([]Span, r.count(4))
	for i := range origins {
		o := &origins[i]
		o.Service, o.Instance, o.Version = readText(r, texts), readText(r, texts), readText(r, texts)
		o.Resource = readAttrs(r, texts)
	}
	// The ids alone are 8 bytes each.
	spans := make([]Span, r.count(len(SpanID{})))
	for i := range spans {
		if at := r.index(len(traces)); r.err == nil {
			spans[i].TraceID = traces[at]
		}
	}
	for i := range spans {
		copy(spans[i].SpanID[:], r.take(len(SpanID{})))
	}
	for i := range spans {
		spans[i].Parent = readParent(r, spans, i)
	}
	for i := range spans {
		if b := r.take(2); b != nil {
			spans[i].Kind, spans[i].Status = Kind(b[0]), Status(b[1])
		}
	}
	var start int64
	for i := range spans {
		start += r.varint()
		spans[i].Start = time.Unix(0, start).UTC()
	}
	for i := range spans {
		spans[i].Duration = time.Duration(r.varint())
	}
	for i := range spans {
		spans[i].Name, spans[i].Message = readText(r, texts), readText(r, texts)
	}
	for i := range spans {
		if at := r.index(len(origins)); r.err == nil {
			o := &origins[at]
			spans[i].Service, spans[i].Instance, spans[i].Version, spans[i].Resource = o.Service, o.Instance, o.Version, o.Resource
		}
	}
	for i := range spans {
		spans[i].Attrs = readAttrs(r, texts)
	}
	if r.err != nil || len(r.data) > 0 {
		return nil, errCorrupt
	}
	return spans, nil
}

// readTexts reads the table of texts as parts of one allocation.
func readTexts(r *reader) []string {
	lengths := make([]int, r.count(1))
	total := 0
	for i := range lengths {
		lengths[i] = r.index(len(r.data) + 1)
		if total += lengths[i]; total > len(r.data) {
			r.fail()
			return nil
		}
	}
	all := string(r.take(total))
	texts := make([]string, len(lengths))
	for i, n := range lengths {
		if n > len(all) {
			r.fail()
			return nil
		}
		texts[i], all = all[:n], all[n:]
	}
	return texts
}

func readText(r *reader, texts []string) string {
	if i := r.index(len(texts)); r.err == nil {
		return texts[i]
	}
	return ""
}

func readAttrs(r *reader, texts []string) []Attr {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	attrs := make([]Attr, n)
	for i := range attrs {
		attrs[i] = Attr{Key: readText(r, texts), Value: readText(r, texts)}
	}
	return attrs
}

func readParent(r *reader, spans []Span, i int) SpanID {
	distance := r.varint()
	switch {
	case distance == 0:
		return SpanID{}
	case distance == 1:
		var id SpanID
		copy(id[:], r.take(len(id)))
		return id
	case distance > 1:
		distance--
	}
	place := int64(i) + distance
	if place < 0 || place >= int64(len(spans)) {
		r.fail()
		return SpanID{}
	}
	return spans[place].SpanID
}
