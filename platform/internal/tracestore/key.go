package tracestore

import (
	"encoding/binary"
	"time"
)

// A key is the hour of arrival, what the value is, and what tells it from the
// others of its sort. The hour comes first so that retention is one range.
type section byte

const (
	sectionBlock  section = 'b' // sequence → compressed block
	sectionHeader section = 'h' // sequence → header of that block
	sectionTrace  section = 't' // fingerprint of a trace, sequence → nothing
)

const (
	prefixLength = 5 // hour and section
	plainLength  = prefixLength + 8
	traceLength  = prefixLength + 16
)

// hourOf is the key's hour: whole hours since 1970.
func hourOf(t time.Time) uint32 {
	return uint32(max(0, t.Unix()/3600))
}

func hourKey(hour uint32) []byte { return binary.BigEndian.AppendUint32(nil, hour) }

func prefix(hour uint32, s section) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, traceLength), hour), byte(s))
}

func plainKey(hour uint32, s section, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(prefix(hour, s), seq)
}

// fingerprint is what the index keeps of a trace id: its last eight bytes,
// which W3C Trace Context wants random. Readers compare whole ids.
func fingerprint(id TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

func tracePrefix(hour uint32, fp uint64) []byte {
	return binary.BigEndian.AppendUint64(prefix(hour, sectionTrace), fp)
}

func traceKey(hour uint32, fp, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(tracePrefix(hour, fp), seq)
}

// next returns the smallest key above all that begin with p, which never
// consists of 0xff alone.
func next(p []byte) []byte {
	out := append([]byte(nil), p...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			return out[:i+1]
		}
	}
	return nil
}
