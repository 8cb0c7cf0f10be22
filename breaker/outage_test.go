package breaker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
)

// backend answers as the minute of the story wants it to.
type backend struct {
	latency atomic.Int64
	errors  atomic.Int64 // in percent
	hang    atomic.Bool  // until the caller's deadline
	asked   atomic.Int64
	busy    atomic.Int64
	peak    atomic.Int64
	served  atomic.Int64
}

func (s *backend) call(ctx context.Context) error {
	s.asked.Add(1)
	busy := s.busy.Add(1)
	defer s.busy.Add(-1)
	for peak := s.peak.Load(); busy > peak && !s.peak.CompareAndSwap(peak, busy); peak = s.peak.Load() {
	}
	latency := time.Duration(s.latency.Load())
	if s.hang.Load() {
		latency = time.Hour
	}
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return ctx.Err()
	}
	if rand.Int64N(100) < s.errors.Load() {
		return errDown
	}
	s.served.Add(1)
	return nil
}

// traffic is an open loop: calls start on time, whether or not others have ended.
type traffic struct {
	breaker  *Breaker
	backend  *backend
	rate     int           // calls a second
	patience time.Duration // limit of a call, counted as our own timeout; zero for none
	refused  atomic.Int64
	wg       sync.WaitGroup
}

func (l *traffic) run(t *testing.T, d time.Duration) {
	t.Helper()
	tick := time.NewTicker(time.Second / time.Duration(l.rate))
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); {
		<-tick.C
		l.wg.Go(l.call)
	}
}

func (l *traffic) call() {
	p, err := l.breaker.Acquire(context.Background())
	if err != nil {
		if !errors.Is(err, ErrOpen) || !errors.Is(err, backstay.ErrRejected) {
			panic(err)
		}
		l.refused.Add(1)
		return
	}
	ctx := context.Background()
	if l.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.patience)
		defer cancel()
	}
	p.Done(l.backend.call(ctx))
}

func (l *traffic) openedAfter(t *testing.T, limit time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for l.breaker.State() == Closed {
		if time.Since(began) > limit {
			t.Errorf("still closed after %v: %+v", limit, l.breaker.Snapshot())
			break
		}
		l.run(t, 10*time.Millisecond)
	}
	return time.Since(began)
}

// TestOutage is the acceptance scenario: 200 calls a second, 20 s healthy at
// 10 ms, 60 s dead with an error after 100 ms, then healthy again; mean over
// the phases of the probe interval.
func TestOutage(t *testing.T) {
	t.Parallel()
	const phases = 30
	var sent, refused, lag time.Duration
	for phase := range phases {
		synctest.Test(t, func(t *testing.T) {
			s := &backend{}
			s.latency.Store(int64(10 * time.Millisecond))
			l := &traffic{breaker: New("payment", Config{}), backend: s, rate: 200}
			l.run(t, 20*time.Second)
			if l.refused.Load() != 0 {
				t.Errorf("%d healthy calls refused before the outage", l.refused.Load())
			}
			s.asked.Store(0)
			s.latency.Store(int64(100 * time.Millisecond))
			s.errors.Store(100)
			l.run(t, time.Minute+time.Duration(phase)*51*time.Millisecond)
			sent += time.Duration(s.asked.Load())
			s.latency.Store(int64(10 * time.Millisecond))
			s.errors.Store(0)
			l.refused.Store(0)
			began := time.Now()
			for l.breaker.State() != Closed && time.Since(began) < time.Minute {
				l.run(t, 5*time.Millisecond)
			}
			lag += time.Since(began)
			l.run(t, 10*time.Second)
			refused += time.Duration(l.refused.Load())
			l.wg.Wait()
		})
	}
	t.Logf("mean: %d sent to the dead backend, %d healthy calls refused, closed after %v",
		sent/phases, refused/phases, lag/phases)
	if sent/phases > 80 || refused/phases > 220 || lag/phases > 1200*time.Millisecond {
		t.Error("want at most 80 sent, 220 refused, 1.2s")
	}
}

// TestHalfOfTheCallsFail: good history must not hide that every second call fails.
func TestHalfOfTheCallsFail(t *testing.T) {
	t.Parallel()
	const runs = 20
	var sum time.Duration
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			s := &backend{}
			s.latency.Store(int64(5 * time.Millisecond))
			l := &traffic{breaker: New("payment", Config{}), backend: s, rate: 100}
			l.run(t, 15*time.Second)
			s.errors.Store(50)
			sum += l.openedAfter(t, 10*time.Second)
			l.wg.Wait()
		})
	}
	t.Logf("mean time to open: %v", sum/runs)
	if sum/runs > 1500*time.Millisecond {
		t.Error("want at most 1.5s")
	}
}

// TestHang: calls that end in our own timeout of one second, and nothing else to see.
func TestHang(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]struct {
		cfg   Config
		limit time.Duration
		peak  int64
	}{
		"by timeouts":   {Config{}, 1200 * time.Millisecond, 230},
		"by slow calls": {Config{SlowCall: 300 * time.Millisecond}, time.Second, 190},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &backend{}
				s.latency.Store(int64(10 * time.Millisecond))
				l := &traffic{breaker: New("payment", cfg.cfg), backend: s, rate: 200, patience: time.Second}
				l.run(t, 15*time.Second)
				s.hang.Store(true)
				s.peak.Store(0)
				took := l.openedAfter(t, 5*time.Second)
				l.run(t, 30*time.Second)
				t.Logf("open after %v, at most %d calls in flight", took, s.peak.Load())
				if took > cfg.limit || s.peak.Load() > cfg.peak {
					t.Errorf("want at most %v and %d", cfg.limit, cfg.peak)
				}
				s.hang.Store(false)
				began := time.Now()
				for l.breaker.State() != Closed && time.Since(began) < time.Minute {
					l.run(t, 10*time.Millisecond)
				}
				if lag := time.Since(began); lag > 5*time.Second {
					t.Errorf("closed %v after recovery, want at most 5s", lag)
				}
				l.wg.Wait()
			})
		})
	}
}

// TestBrownOut: a steady third of errors is below the threshold, and refusing
// would only lose the calls that succeed.
func TestBrownOut(t *testing.T) {
	t.Parallel()
	const runs = 5
	var served int64
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			s := &backend{}
			s.latency.Store(int64(10 * time.Millisecond))
			l := &traffic{breaker: New("payment", Config{}), backend: s, rate: 200}
			l.run(t, 20*time.Second)
			s.errors.Store(30)
			s.served.Store(0)
			l.run(t, 30*time.Second)
			l.wg.Wait()
			served += s.served.Load()
		})
	}
	goodput := float64(served) / (runs * 30 * 200)
	t.Logf("goodput %.3f", goodput)
	if goodput < 0.67 {
		t.Error("want at least 0.67")
	}
}

// TestSeldomCalled: one call a second never fills a window.
func TestSeldomCalled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &backend{}
		s.errors.Store(100)
		l := &traffic{breaker: New("payment", Config{}), backend: s, rate: 1}
		l.run(t, 120*time.Second)
		l.wg.Wait()
		t.Logf("%d of 120 sent", s.asked.Load())
		if s.asked.Load() > 80 {
			t.Error("want at most 80")
		}
	})
}
