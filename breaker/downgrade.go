package breaker

import "time"

// Downgrade refuses calls until the lease ends, so that the fallback answers,
// because someone who sees more than this process asked for it. Probes go on at
// the pace of [DowngradeCooldown]: as many successes as [Config.ProbeSuccesses]
// close the circuit even while the lease runs. When the lease ends, the
// breaker's own rules return, beginning with a probe.
//
// Calling it again moves the end of the lease. A lease that probes have already
// ended is not taken up again, so an instruction may be delivered repeatedly. A
// time that is not in the future ends the downgrade.
func (b *Breaker) Downgrade(until time.Time, reason string) {
	b.mu.Lock()
	defer b.unlockAndTell()
	now := b.now()
	b.expire(now)
	w := b.load()
	ends := now + int64(time.Until(until))
	if ends <= now {
		if w.state() == Downgrade {
			b.lift(now, "downgrade ended")
		}
		return
	}
	if until.Equal(b.answered.until) && reason == b.answered.reason {
		return
	}
	b.lease = lease{until: until, ends: ends, reason: reason}
	if w.state() == Downgrade {
		b.reason = reason
		b.refuse(reason)
		b.set(Downgrade, w.generation(), min(w.deadline(), ends))
		return
	}
	b.refuse(reason)
	b.good, b.probes = 0, b.probes[:0]
	b.move(Downgrade, w.generation()+1, b.slowly(now), now, reason)
}

// Reconfigure replaces the configuration and keeps state and window. It takes
// effect with the next call.
func (b *Breaker) Reconfigure(cfg Config) {
	b.mu.Lock()
	defer b.unlockAndTell()
	cfg = cfg.withDefaults()
	b.cooldown = min(max(b.cooldown, cfg.Cooldown), cfg.MaxCooldown)
	b.serial++
	b.count.Store(b.count.Load().reshape(cfg, b.now(), b.serial))
}
