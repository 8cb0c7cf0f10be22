package retry

import (
	"sync"
	"sync/atomic"
	"time"
)

// Tokens are counted in thousandths of a retry, in integers, so that deposits
// are one atomic operation.
const token = 1000

// What can be saved up is bounded: a quiet hour must not pay for a storm.
const (
	savedCalls   = 1000 // calls whose payments are kept
	savedSeconds = 10   // seconds whose trickle is kept
)

// budget is a token bucket that calls fill and retries empty, with a trickle
// for services with few calls. Safe for concurrent use.
type budget struct {
	perCall int64 // thousandths a call pays in
	limit   int64 // most that calls can save up
	saved   atomic.Int64

	mu      sync.Mutex // guards the trickle, which only retries touch
	perSec  float64    // thousandths a second
	trickle float64
	at      time.Time
}

func newBudget(ratio, perSec float64) *budget {
	ratio, perSec = min(max(ratio, 0), 1), max(perSec, 0)
	b := &budget{
		perCall: int64(ratio * token),
		limit:   int64(ratio * token * savedCalls),
		perSec:  perSec * token,
		at:      time.Now(),
	}
	b.trickle = b.perSec * savedSeconds // a new service begins with savings
	return b
}

func (b *budget) deposit() {
	if b.perCall > 0 && b.saved.Load() < b.limit {
		b.saved.Add(b.perCall) // a race past the limit is worth a call's share, no more
	}
}

// withdraw takes one retry, of the calls' savings first.
func (b *budget) withdraw() bool {
	for {
		saved := b.saved.Load()
		if saved < token {
			break
		}
		if b.saved.CompareAndSwap(saved, saved-token) {
			return true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.trickle = min(b.trickle+now.Sub(b.at).Seconds()*b.perSec, max(token, b.perSec*savedSeconds))
	b.at = now
	if b.perSec <= 0 || b.trickle < token {
		return false
	}
	b.trickle -= token
	return true
}
