package breaker

import "time"

// Info is a breaker at one moment.
type Info struct {
	// State is where the breaker stands.
	State State
	// Since is when it entered the state.
	Since time.Time
	// Calls, Bad and Slow are what the window counted. A call in flight for
	// longer than [Config.SlowCall] counts in Calls and Slow already.
	Calls, Bad, Slow uint64
	// Reason says why the state was entered, with the figures that decided.
	Reason string
	// Until is when the lease of a downgrade ends; zero otherwise.
	Until time.Time
	// Missed is how many state changes a listener that did not return in time
	// was not told.
	Missed uint64
}

// State returns where the breaker stands. An open breaker stays open until a
// call comes along to be the probe.
func (b *Breaker) State() State {
	s := b.load().state()
	if s != Downgrade {
		return s
	}
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(b.now())
	return b.load().state()
}

// Snapshot returns the breaker at this moment.
func (b *Breaker) Snapshot() Info {
	now := b.now()
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(now)
	c := b.count.Load()
	i := Info{State: b.load().state(), Since: b.since, Reason: b.reason, Until: b.lease.until, Missed: b.tell.missed}
	c.sweep(now)
	i.Calls, i.Bad, i.Slow = c.totals(now)
	return i
}
