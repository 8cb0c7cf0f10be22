package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how the users behave. Zero fields take the value named.
type Config struct {
	// Rate is how many requests are due each second; zero means 200.
	Rate float64
	// Patience is how long a user waits for an answer; zero means 1 s.
	Patience time.Duration
	// MaxInFlight bounds the requests under way; what would exceed it is
	// counted as unsent. Zero means 2000, ten seconds of load at the default rate.
	MaxInFlight int
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Send makes the n-th request and says how it ended. ctx ends with the user's patience.
type Send func(ctx context.Context, n uint64) Result

// Generator makes requests. Its methods are safe for concurrent use.
type Generator struct {
	cfg      Config
	send     Send
	inFlight atomic.Int64
	history  history
}

// New returns a generator that does nothing until [Generator.Run].
func New(send Send, cfg Config) *Generator {
	if cfg.Rate <= 0 {
		cfg.Rate = 200
	}
	if cfg.Patience <= 0 {
		cfg.Patience = time.Second
	}
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 2000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Generator{cfg: cfg, send: send}
}

// Run makes requests until ctx is done, then waits for those under way. Request
// n is due n/Rate seconds after the start, whatever became of the others; one
// that is due while the process was not running is sent late, and its latency
// still counts from when it was due (the user was there).
func (g *Generator) Run(ctx context.Context) {
	var users sync.WaitGroup
	defer users.Wait()
	start := g.cfg.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := uint64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := g.cfg.Now()
		due := g.due(start, n)
		for ; !due.After(now); due = g.due(start, n) {
			g.request(ctx, &users, n, due, now)
			n++
		}
		timer.Reset(due.Sub(now))
	}
}

func (g *Generator) due(start time.Time, n uint64) time.Time {
	return start.Add(time.Duration(float64(n) / g.cfg.Rate * float64(time.Second)))
}

func (g *Generator) request(ctx context.Context, users *sync.WaitGroup, n uint64, due, now time.Time) {
	// A request that is due for longer than anybody waits was lost by us.
	if now.Sub(due) >= g.cfg.Patience || g.inFlight.Load() >= int64(g.cfg.MaxInFlight) {
		g.history.unsent(due)
		return
	}
	g.inFlight.Add(1)
	users.Go(func() {
		defer g.inFlight.Add(-1)
		patience, cancel := context.WithDeadline(ctx, due.Add(g.cfg.Patience))
		defer cancel()
		result := g.send(patience, n)
		if ctx.Err() != nil {
			return // the end of the run says nothing about the shop
		}
		g.history.record(due, result, g.cfg.Now().Sub(due))
	})
}
