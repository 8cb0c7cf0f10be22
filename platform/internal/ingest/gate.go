package ingest

import (
	"errors"
	"io"
	"sync/atomic"
)

// errBusy says that too much is under way already.
var errBusy = errors.New("too many requests at once; try again in a second")

// gate bounds what is worked on at once, in requests and in bytes, and so the
// memory that senders can make the server use.
type gate struct {
	turns chan struct{}
	held  atomic.Int64 // bytes of bodies in memory
	limit int64
}

func newGate(requests int, held int64) *gate {
	return &gate{turns: make(chan struct{}, requests), limit: held}
}

// enter takes a turn without waiting for one.
func (g *gate) enter() (*pass, error) {
	select {
	case g.turns <- struct{}{}:
		return &pass{gate: g}, nil
	default:
		return nil, errBusy
	}
}

// full reports whether enter would fail now.
func (g *gate) full() bool { return len(g.turns) == cap(g.turns) }

// pass is the right of one request to be worked on.
type pass struct {
	gate *gate
	held int64
}

// leave gives the turn and the bytes back.
func (p *pass) leave() {
	p.gate.held.Add(-p.held)
	<-p.gate.turns
}

// reader counts what is read through it against the gate's bytes.
func (p *pass) reader(r io.Reader) io.Reader { return &heldReader{pass: p, from: r} }

type heldReader struct {
	pass *pass
	from io.Reader
}

func (r *heldReader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.pass.held += int64(n)
	if r.pass.gate.held.Add(int64(n)) > r.pass.gate.limit {
		return n, errBusy
	}
	return n, err
}
