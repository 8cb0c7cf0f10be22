package breaker

import (
	"fmt"
	"time"

	"github.com/backstay/backstay"
)

// The transitions. All of them run under mu and end in one store of the word.

func (b *Breaker) trip(generation uint32, now int64, reason string) {
	b.mu.Lock()
	w := b.load()
	if w.state() == Closed && w.generation() == generation {
		b.cooldown = b.count.Load().cfg.Cooldown
		b.good, b.probes = 0, b.probes[:0]
		b.move(Open, generation+1, now+int64(spread(b.cooldown)), now, reason)
	}
	b.unlockAndTell()
}

// permit admits a call while the circuit is not closed: a probe, when one is due.
func (b *Breaker) permit(now int64) (backstay.Ticket, bool) {
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(now)
	w := b.load()
	if w.state() == Closed {
		c := b.count.Load()
		t := backstay.Ticket{Start: now, Word: pass(w.generation(), 0, 0)}
		if c.flight != nil {
			c.flight.start(now)
			t.Word = pass(w.generation(), 0, c.flight.serial)
		}
		return t, true
	}
	if now < w.deadline() {
		return backstay.Ticket{}, false
	}
	cfg := b.count.Load().cfg
	b.reclaim(now, cfg)
	if len(b.probes) >= b.places(w.state(), cfg) {
		b.pace(now)
		return backstay.Ticket{}, false
	}
	b.probeID++
	if b.probeID == 0 {
		b.probeID = 1
	}
	b.probes = append(b.probes, probe{id: b.probeID, expires: now + int64(max(cfg.ProbeLease, b.cooldown))})
	if w.state() == Open {
		b.move(HalfOpen, w.generation(), 0, now, "probing after "+b.reason)
	}
	b.pace(now)
	return backstay.Ticket{Start: now, Word: pass(w.generation(), b.probeID, 0)}, true
}

// places is how many probes may be in flight: one, and one more for each that
// succeeded, so that a dependency that is still down is asked once.
func (b *Breaker) places(s State, cfg Config) int {
	if s == Downgrade {
		return 1
	}
	return min(cfg.ProbeMax, 1+b.good)
}

// reclaim takes back the places of probes whose lease is over. No answer within
// the lease is no success, so it ends a row of them.
func (b *Breaker) reclaim(now int64, cfg Config) {
	live := b.probes[:0]
	for _, p := range b.probes {
		if now < p.expires {
			live = append(live, p)
		}
	}
	if len(live) < len(b.probes) {
		b.good = 0
		b.grow(cfg)
	}
	b.probes = live
}

func (b *Breaker) grow(cfg Config) { b.cooldown = min(b.cooldown*3/2, cfg.MaxCooldown) }

// pace publishes when the next probe may go, given those in flight.
func (b *Breaker) pace(now int64) {
	w := b.load()
	var next int64
	switch w.state() {
	case Downgrade:
		next = min(now+int64(DowngradeCooldown), b.lease.ends)
	case HalfOpen:
		if len(b.probes) >= b.places(HalfOpen, b.count.Load().cfg) {
			next = b.probes[0].expires
			for _, p := range b.probes {
				next = min(next, p.expires)
			}
		}
	default:
		return
	}
	b.word.Store(uint64(newWord(w.state(), w.generation(), next)))
}

// probed takes the end of a probe.
func (b *Breaker) probed(generation uint32, id uint16, v verdict, now int64) {
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(now)
	w := b.load()
	if w.generation() != generation || w.state() == Closed {
		return
	}
	held := false
	for i, p := range b.probes {
		if p.id == id {
			b.probes = append(b.probes[:i], b.probes[i+1:]...)
			held = true
			break
		}
	}
	cfg := b.count.Load().cfg
	switch {
	case v == well && w.state() != Open:
		// Counts even when the lease is over: slow, but an answer.
		b.good++
		if b.good >= cfg.ProbeSuccesses {
			b.close(w, now)
			return
		}
		b.pace(now)
	case !held:
	case v == ill:
		b.good, b.probes = 0, b.probes[:0]
		if w.state() == Downgrade {
			b.pace(now)
			return
		}
		b.grow(cfg)
		b.move(Open, generation, now+int64(spread(b.cooldown)), now, "probe failed")
	case v == silent:
		// Neither good nor bad: ask again, but not in the next instant.
		if w.state() == Downgrade {
			b.pace(now)
			return
		}
		b.word.Store(uint64(newWord(w.state(), generation, now+int64(spread(cfg.Cooldown)))))
	}
}

// close forgets what was counted before the outage, calls still hanging from
// then included.
func (b *Breaker) close(w word, now int64) {
	if w.state() == Downgrade {
		b.answered = b.lease
	}
	b.lease = lease{}
	b.probes = b.probes[:0]
	b.streak.Store(0)
	b.serial++
	b.count.Store(newCount(b.count.Load().cfg, b.serial))
	b.move(Closed, w.generation()+1, 0, now, fmt.Sprintf("%d probes succeeded", b.good))
	b.good = 0
}

// expire returns to local rules when the lease of a downgrade is over.
func (b *Breaker) expire(now int64) {
	if b.load().state() == Downgrade && now >= b.lease.ends {
		b.lift(now, "lease over")
	}
}

// lift ends a downgrade. What the dependency is worth now, probes will say, and
// the first is due at once.
func (b *Breaker) lift(now int64, reason string) {
	b.lease = lease{}
	b.cooldown = b.count.Load().cfg.Cooldown
	b.move(Open, b.load().generation(), now, now, reason)
}

// move enters a state.
func (b *Breaker) move(to State, generation uint32, deadline, now int64, reason string) {
	from := b.load().state()
	at := b.base.Add(time.Duration(now))
	if from != to {
		b.since = at
		if l := b.count.Load().cfg.Listener; l != nil && l.StateChanged != nil {
			b.tell.add(l.StateChanged, backstay.StateChange{
				Dependency: b.dependency, From: from.String(), To: to.String(), Reason: reason, At: at,
			})
		}
	}
	b.reason = reason
	if to == Open || to == Downgrade {
		b.refusal.Store(&backstay.RejectedError{
			Policy: "breaker " + b.dependency, Reason: ErrOpen, Hint: to.String() + " since " + reason,
		})
	}
	b.word.Store(uint64(newWord(to, generation, deadline)))
}
