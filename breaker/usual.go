package breaker

import (
	"sync/atomic"
	"time"
)

const (
	// usualWeight is the share of the newest call in the average, as a divisor.
	usualWeight = 16
	// fairChance is how many times the usual a caller must have waited for its
	// deadline to say something about the dependency.
	fairChance = 4
)

// usual is how long good calls take, as an exponentially weighted average. It
// exists because deadlines are handed down: when one dependency of a request is
// slow, the next one gets the little time that is left, and must not be blamed
// for not making it.
type usual struct{ nanos atomic.Int64 }

// learn takes a good call. Two calls that end at the same time may count as one.
func (u *usual) learn(took time.Duration) {
	old := u.nanos.Load()
	if old == 0 {
		u.nanos.Store(max(int64(took), 1))
		return
	}
	u.nanos.Store(max(old+(int64(took)-old)/usualWeight, 1))
}

// fair reports whether a wait was long enough to expect an answer. While
// nothing is known, every wait is.
func (u *usual) fair(took time.Duration) bool {
	return int64(took) >= fairChance*u.nanos.Load()
}
