package breaker

import (
	"fmt"
	"time"

	"github.com/backstay/backstay"
)

// The transitions. All of them run under mu, and each ends in one store of the
// word.

// set publishes a state with the time before which no call may go.
func (b *Breaker) set(s State, generation uint32, deadline int64) {
	b.word.Store(uint64(newWord(s, generation, deadline)))
}

// move enters a state and notes why, for people and for the listener.
func (b *Breaker) move(to State, generation uint32, deadline, now int64, reason string) {
	from := b.load().state()
	at := b.base.Add(time.Duration(now))
	b.since, b.reason = at, reason
	if l := b.count.Load().cfg.Listener; l != nil && l.StateChanged != nil {
		b.tell.add(l.StateChanged, backstay.StateChange{
			Dependency: b.dependency, From: from.String(), To: to.String(), Reason: reason, At: at,
		})
	}
	b.set(to, generation, deadline)
}

// refuse prepares the error that refused calls get, so that refusing is free.
func (b *Breaker) refuse(hint string) {
	b.cause = hint
	b.refusal.Store(&backstay.RejectedError{Policy: "breaker " + b.dependency, Reason: ErrOpen, Hint: hint})
}

// trip opens the circuit, unless another call did so since the generation.
func (b *Breaker) trip(generation uint32, now int64, reason string) {
	b.mu.Lock()
	defer b.unlockAndTell()
	if w := b.load(); w.state() != Closed || w.generation() != generation {
		return
	}
	b.cooldown = b.count.Load().cfg.Cooldown
	b.refuse(reason)
	b.good, b.probes = 0, b.probes[:0]
	b.move(Open, generation+1, now+int64(b.spread(b.cooldown)), now, reason)
}

// permit admits a call when the word says that one may go: a probe, if there is
// a place.
func (b *Breaker) permit(now int64) (backstay.Ticket, bool) {
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(now)
	w, c := b.load(), b.count.Load()
	if w.state() == Closed {
		return c.pass(w.generation(), now), true
	}
	if now < w.deadline() {
		return backstay.Ticket{}, false
	}
	b.reclaim(now, c.cfg)
	if len(b.probes) >= b.places(w.state(), c.cfg) {
		b.pace(now)
		return backstay.Ticket{}, false
	}
	b.probeID = max(b.probeID+1, 1) // zero means no probe
	lease := max(c.cfg.ProbeLease, b.spread(b.cooldown))
	b.probes = append(b.probes, probe{id: b.probeID, expires: now + int64(lease)})
	b.pace(now)
	return backstay.Ticket{Start: now, Word: pack(w.generation(), b.probeID, 0)}, true
}

// places is how many probes may be in flight: one while none has succeeded, so
// that a dependency that is still down is asked once, then one more for each
// success.
func (b *Breaker) places(s State, cfg Config) int {
	if s == Downgrade {
		return 1
	}
	return min(cfg.ProbeMax, 1+b.good)
}

// reclaim takes back the places of probes whose lease is over.
func (b *Breaker) reclaim(now int64, cfg Config) {
	live := b.probes[:0]
	for _, p := range b.probes {
		if now < p.expires {
			live = append(live, p)
		}
	}
	if len(live) < len(b.probes) {
		b.grow(cfg)
	}
	b.probes = live
}

func (b *Breaker) grow(cfg Config) { b.cooldown = min(b.cooldown*3/2, cfg.MaxCooldown) }

// pace publishes when the next probe may go, given those in flight.
func (b *Breaker) pace(now int64) {
	w := b.load()
	if w.state() == Downgrade {
		b.set(Downgrade, w.generation(), b.slowly(now))
		return
	}
	var next int64
	if len(b.probes) >= b.places(w.state(), b.count.Load().cfg) {
		next = b.probes[0].expires
		for _, p := range b.probes {
			next = min(next, p.expires)
		}
	}
	b.set(w.state(), w.generation(), next)
}

// slowly is when the next probe of a downgraded dependency may go. The pace
// is a floor, so it spreads upward only.
func (b *Breaker) slowly(now int64) int64 {
	return min(now+int64(max(b.spread(DowngradeCooldown), DowngradeCooldown)), b.lease.ends)
}

// probed takes the end of a probe.
func (b *Breaker) probed(generation uint32, id uint16, v verdict, now int64) {
	b.mu.Lock()
	defer b.unlockAndTell()
	b.expire(now)
	w, cfg := b.load(), b.count.Load().cfg
	if w.generation() != generation || w.state() == Closed {
		return
	}
	held := b.release(id)
	switch {
	case v == well:
		// An answer after the lease counts as well: late, but it works.
		b.succeed(w, cfg, now)
	case !held:
		// Bad or no news of a probe that was already given up.
	case w.state() == Downgrade:
		if v == ill {
			b.good = 0
		}
		b.pace(now)
	case v == silent:
		// Neither good nor bad: ask again, but not in the next instant.
		b.set(w.state(), generation, now+int64(b.spread(cfg.Cooldown)))
	default:
		b.good, b.probes = 0, b.probes[:0]
		b.grow(cfg)
		next := now + int64(b.spread(b.cooldown))
		if w.state() == Open {
			b.set(Open, generation, next)
			return
		}
		// Probes that went out beside this one are of the old generation: should
		// one of them end well now, the pause holds all the same.
		b.move(Open, generation+1, next, now, "probe failed; before: "+b.cause)
	}
}

// release gives back the place of a probe, if it still holds one.
func (b *Breaker) release(id uint16) bool {
	for i, p := range b.probes {
		if p.id == id {
			b.probes = append(b.probes[:i], b.probes[i+1:]...)
			return true
		}
	}
	return false
}

func (b *Breaker) succeed(w word, cfg Config, now int64) {
	b.good++
	switch {
	case b.good >= cfg.ProbeSuccesses:
		b.close(w, cfg, now)
	case w.state() == Open:
		b.move(HalfOpen, w.generation(), 0, now, "probe succeeded")
		b.pace(now)
	default:
		b.pace(now)
	}
}

// close forgets what was counted before the outage, including the calls that
// still hang from then.
func (b *Breaker) close(w word, cfg Config, now int64) {
	if w.state() == Downgrade {
		b.answered = b.lease
	}
	reason := fmt.Sprintf("%d probes succeeded", b.good)
	b.lease, b.good, b.probes = lease{}, 0, b.probes[:0]
	b.streak.Store(0)
	b.serial++
	b.count.Store(newCount(cfg, now, b.serial))
	b.move(Closed, w.generation()+1, 0, now, reason)
}

// expire returns to local rules when the lease of a downgrade is over.
func (b *Breaker) expire(now int64) {
	if b.load().state() == Downgrade && now >= b.lease.ends {
		b.lift(now, "lease over")
	}
}

// lift ends a downgrade. What the dependency is worth now, probes will say, and
// the first is due at once. Probes in flight keep their places.
func (b *Breaker) lift(now int64, reason string) {
	b.cooldown = b.count.Load().cfg.Cooldown
	b.refuse(reason + "; before: " + b.lease.reason)
	b.lease = lease{}
	to := Open
	if b.good > 0 {
		to = HalfOpen
	}
	b.move(to, b.load().generation(), 0, now, reason)
}
