package tracestore

import (
	"encoding/binary"
	"errors"
	"math"
)

// errCorrupt says that stored bytes do not decode.
var errCorrupt = errors.New("tracestore: stored block is corrupt")

// reader takes values off the front of bytes. The first mistake sticks: every
// later read returns zero, and the caller checks err once at the end.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail() {
	r.err, r.data = errCorrupt, nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

// take returns the next n bytes; they share memory with the input.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.fail()
		return nil
	}
	out := r.data[:n:n]
	r.data = r.data[n:]
	return out
}

// count reads how many items follow, each of at least size bytes: a count that
// the rest cannot hold is refused before anything is allocated for it.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > math.MaxInt32 || int(n)*size > len(r.data) {
		r.fail()
		return 0
	}
	return int(n)
}

// index reads a number below limit.
func (r *reader) index(limit int) int {
	n := r.uvarint()
	if n >= uint64(limit) {
		r.fail()
		return 0
	}
	return int(n)
}
