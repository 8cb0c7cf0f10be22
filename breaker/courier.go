package breaker

import "github.com/backstay/backstay"

// courierMax bounds the events that wait for a listener that does not return.
const courierMax = 64

// courier delivers state changes in their order and outside the lock. Whoever
// made the decision delivers, unless another is still at it, who then delivers
// this one too.
type courier struct {
	waiting []letter
	busy    bool
	missed  uint64
}

type letter struct {
	to     func(backstay.StateChange)
	change backstay.StateChange
}

func (c *courier) add(to func(backstay.StateChange), change backstay.StateChange) {
	if len(c.waiting) >= courierMax {
		c.waiting = append(c.waiting[:0], c.waiting[1:]...)
		c.missed++
	}
	c.waiting = append(c.waiting, letter{to, change})
}

// unlockAndTell releases mu and delivers what the transitions under it left.
func (b *Breaker) unlockAndTell() {
	if b.tell.busy || len(b.tell.waiting) == 0 {
		b.mu.Unlock()
		return
	}
	b.tell.busy = true
	defer func() { // also when a listener panics
		b.tell.busy = false
		b.mu.Unlock()
	}()
	for len(b.tell.waiting) > 0 {
		batch := b.tell.waiting
		b.tell.waiting = nil
		b.deliver(batch)
	}
}

func (b *Breaker) deliver(batch []letter) {
	b.mu.Unlock()
	defer b.mu.Lock()
	for _, l := range batch {
		l.to(l.change)
	}
}
