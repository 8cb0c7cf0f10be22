package backstayhttp

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// lead is the context of an attempt on the wire. A policy's limit ends the
// attempt's context as soon as the policy has the answer's header, while the
// caller still reads the body. So base gets a context of its own that follows the
// attempt until the header is there, and then lives until the body is closed, the
// caller's context ends, or the body makes no progress for the attempt's limit.
type lead struct {
	ctx    context.Context
	cancel context.CancelCauseFunc // nil when the attempt runs in the caller's own time
	stop   func() bool             // ends following the attempt
	caller context.Context
	limit  time.Duration // what the policies left to the attempt; 0 is no limit
}

// follow prepares the context of an attempt.
func follow(attempt, caller context.Context) lead {
	if attempt.Done() == caller.Done() {
		return lead{ctx: attempt} // no policy narrowed it
	}
	l := lead{caller: caller}
	if deadline, ok := attempt.Deadline(); ok {
		if own, has := caller.Deadline(); !has || deadline.Before(own) {
			l.limit = time.Until(deadline)
		}
	}
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(attempt))
	l.stop = context.AfterFunc(attempt, func() { l.cancel(context.Cause(attempt)) })
	return l
}

// release ends an attempt that has no body to read.
func (l lead) release() {
	if l.cancel != nil {
		l.stop()
		l.cancel(context.Canceled)
	}
}

// hold hands the context from the attempt over to the body of its answer.
func (l lead) hold(res *http.Response) {
	if l.cancel == nil {
		return
	}
	l.stop()
	if res.Body == nil || res.Body == http.NoBody {
		l.cancel(context.Canceled)
		return
	}
	b := &body{ReadCloser: res.Body, lead: l}
	b.lead.stop = context.AfterFunc(l.caller, func() { l.cancel(context.Cause(l.caller)) })
	if l.limit > 0 {
		b.idle = time.AfterFunc(l.limit, func() { l.cancel(context.DeadlineExceeded) })
		b.idle.Stop() // runs while somebody reads
	}
	if w, ok := res.Body.(io.Writer); ok {
		res.Body = &duplex{body: b, Writer: w} // an upgraded connection
		return
	}
	res.Body = b
}

// body is the body of an answer; closing it ends the attempt's context.
type body struct {
	io.ReadCloser

	lead lead
	idle *time.Timer // nil without a limit
	once sync.Once
}

// Read reads on. The limit is for the dependency: time that the reader takes
// between two pieces does not count.
func (b *body) Read(p []byte) (int, error) {
	if b.idle != nil {
		b.idle.Reset(b.lead.limit)
		defer b.idle.Stop()
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end()
	}
	return n, err
}

// Close closes the body and ends the attempt's context.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}

func (b *body) end() {
	b.once.Do(func() {
		if b.idle != nil {
			b.idle.Stop()
		}
		b.lead.release()
	})
}

// duplex is the body of an answer 101, which can be written to.
type duplex struct {
	*body
	io.Writer
}

const (
	maxDrain  = 64 << 10              // bytes worth reading to keep a connection
	drainTime = 50 * time.Millisecond // and time worth spending on it
)

// discard throws an answer away, and reads what little of it is left so that its
// connection can be used again.
func discard(res *http.Response) {
	if res.Body == nil {
		return
	}
	if res.ContentLength <= maxDrain {
		// Closing the body ends a read that takes too long.
		overdue := time.AfterFunc(drainTime, func() { _ = res.Body.Close() })
		// What cannot be read costs a connection and nothing else.
		_, _ = io.CopyN(io.Discard, res.Body, maxDrain)
		overdue.Stop()
	}
	_ = res.Body.Close()
}
