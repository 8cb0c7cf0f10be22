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

func TestWord(t *testing.T) {
	t.Parallel()
	f := func(s State, generation uint32, deadline, want int64) {
		t.Helper()
		w := newWord(s, generation, deadline)
		if w.state() != s || w.generation() != generation&generationMask || w.deadline() != want {
			t.Errorf("got %v %d %d", w.state(), w.generation(), w.deadline())
		}
	}
	f(Closed, 0, 0, 0)
	f(Open, 1, 5*millisecond, 5*millisecond)
	f(Downgrade, generationMask, 1, millisecond) // never earlier than asked
	f(HalfOpen, generationMask+2, -7, 0)
	f(Open, 3, 1<<62, deadlineMask*millisecond)
}

func TestTicket(t *testing.T) {
	t.Parallel()
	for range 1000 {
		g, p, s := rand.Uint32()&generationMask, uint16(rand.Uint32()), rand.Uint32()&serialMask
		if g2, p2, s2 := unpack(pack(g, p, s)); g2 != g || p2 != p || s2 != s {
			t.Fatalf("%d %d %d came back as %d %d %d", g, p, s, g2, p2, s2)
		}
	}
}

// TestRefusal: an operator learns who refused and why, and code can branch.
func TestRefusal(t *testing.T) {
	t.Parallel()
	b := New("payment", Config{})
	for range DefaultConsecutive {
		p, err := b.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.Done(errDown)
	}
	_, err := b.Acquire(t.Context())
	if !errors.Is(err, ErrOpen) || !errors.Is(err, backstay.ErrRejected) {
		t.Errorf("got %v", err)
	}
	if want := "breaker payment: circuit open; 10 failures in a row"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// TestListenerOrder: changes arrive in order, outside the lock, and a listener
// may ask the breaker about itself.
func TestListenerOrder(t *testing.T) {
	t.Parallel()
	var b *Breaker
	var mu sync.Mutex
	last := "closed"
	l := &backstay.Listener{StateChanged: func(c backstay.StateChange) {
		mu.Lock()
		defer mu.Unlock()
		if c.From != last {
			t.Errorf("%s -> %s follows %s", c.From, c.To, last)
		}
		last = c.To
		b.Snapshot()
	}}
	b = New("payment", Config{Consecutive: 1, Cooldown: 1, MaxCooldown: 1, ProbeSuccesses: 1, Listener: l})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				if p, err := b.Acquire(context.Background()); err == nil {
					if i%2 == 0 {
						p.Done(errDown)
					} else {
						p.Done(nil)
					}
				}
			}
		})
	}
	wg.Wait()
	if got := b.Snapshot(); got.Missed == 0 && got.State.String() != last {
		t.Errorf("last heard of %s, stands at %v", last, got.State)
	}
}

// TestListenerStalls: a listener that does not return holds up nobody, and what
// it misses is counted.
func TestListenerStalls(t *testing.T) {
	t.Parallel()
	var once sync.Once
	entered, leave := make(chan struct{}), make(chan struct{})
	var heard atomic.Int64
	b := New("payment", Config{Listener: &backstay.Listener{StateChanged: func(backstay.StateChange) {
		heard.Add(1)
		once.Do(func() {
			close(entered)
			<-leave
		})
	}}})
	var wg sync.WaitGroup
	wg.Go(func() { b.Downgrade(time.Now().Add(time.Hour), "first") })
	<-entered
	const rounds = 100
	for range rounds {
		b.Downgrade(time.Time{}, "") // to open, and its probes close it
		for range DefaultProbeSuccesses {
			p, err := b.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p.Done(nil)
		}
		b.Downgrade(time.Now().Add(time.Hour), "again")
	}
	missed := b.Snapshot().Missed
	close(leave)
	wg.Wait()
	if all := uint64(1 + 4*rounds); missed != all-1-courierMax || uint64(heard.Load()) != all-missed {
		t.Errorf("of %d changes heard %d, missed %d", all, heard.Load(), missed)
	}
}

// TestListenerPanic: a listener that panics does not take the breaker along.
func TestListenerPanic(t *testing.T) {
	t.Parallel()
	b := New("payment", Config{Consecutive: 1, Listener: &backstay.Listener{
		StateChanged: func(backstay.StateChange) { panic("listener") },
	}})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		p, _ := b.Acquire(t.Context())
		p.Done(errDown)
	}()
	if b.State() != Open {
		t.Errorf("stands at %v", b.State())
	}
	b.Snapshot() // would hang on a lock left behind
}

// TestProbesAreBounded: however many ask at once, no more probes are in flight
// than there are places, in any history of answers.
func TestProbesAreBounded(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			cfg := Config{ProbeMax: 1 + dice.IntN(4), ProbeSuccesses: 1 + dice.IntN(5), ProbeLease: time.Hour}
			b := New("payment", cfg)
			trip(t, b)
			var busy, most atomic.Int64
			for range 200 {
				time.Sleep(time.Duration(dice.Int64N(int64(time.Second))))
				fail := dice.IntN(3) == 0
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() {
						if b.State() == Closed {
							return
						}
						p, err := b.Acquire(context.Background())
						if err != nil {
							return
						}
						_, id, _ := unpack(p.ticket.Word)
						if id == 0 {
							p.Done(nil) // closed meanwhile
							return
						}
						n := busy.Add(1)
						for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
						}
						time.Sleep(10 * time.Millisecond)
						busy.Add(-1)
						if fail {
							p.Done(errDown)
						} else {
							p.Done(nil)
						}
					})
				}
				wg.Wait()
				if b.State() == Closed {
					trip(t, b)
				}
			}
			if most.Load() > int64(cfg.ProbeMax) {
				t.Errorf("seed %d: %d probes in flight, places for %d", seed, most.Load(), cfg.ProbeMax)
			}
			if most.Load() == 0 {
				t.Errorf("seed %d: no probe", seed)
			}
		})
	}
}

func trip(t *testing.T, b *Breaker) {
	t.Helper()
	for range 1000 {
		if b.State() != Closed {
			return
		}
		p, err := b.Acquire(context.Background())
		if err != nil {
			return
		}
		p.Done(errDown)
	}
	t.Fatalf("does not trip: %+v", b.Snapshot())
}

// TestFellowProbe: when one of two probes fails, the other one's success cannot cut
// the pause short. Otherwise a dependency that fails every second call would be
// probed without any pause.
func TestFellowProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New("payment", Config{Consecutive: 1})
		probe := func() Permit {
			t.Helper()
			p, err := b.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		probe().Done(errDown) // opens the circuit
		time.Sleep(2 * DefaultCooldown)
		probe().Done(nil)
		one, two := probe(), probe()
		one.Done(errDown)
		two.Done(nil)
		if _, err := b.Acquire(t.Context()); err == nil {
			t.Error("a call went through in the pause")
		}
		if got := b.Snapshot().State; got != Open {
			t.Errorf("stands at %v, want open", got)
		}
		time.Sleep(2 * DefaultCooldown)
		for range DefaultProbeSuccesses {
			probe().Done(nil)
		}
		if got := b.Snapshot().State; got != Closed {
			t.Errorf("stands at %v after good probes, want closed", got)
		}
	})
}

// TestAlwaysRecovers: after any history, with permits lost, results stale,
// downgrades and new configurations in it, a healthy dependency is used again.
func TestAlwaysRecovers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 2))
			b := New("payment", Config{SlowCall: 200 * time.Millisecond})
			var held []Permit
			for range 300 {
				time.Sleep(time.Duration(dice.Int64N(int64(200 * time.Millisecond))))
				switch dice.IntN(12) {
				case 0: // lost: the permit is never ended
					_, _ = b.Acquire(context.Background())
				case 1:
					b.Downgrade(time.Now().Add(time.Duration(dice.Int64N(int64(5*time.Second)))), "dice")
				case 2:
					b.Reconfigure(Config{
						SlowCall:   time.Duration(dice.IntN(3)) * 200 * time.Millisecond,
						Buckets:    10 + dice.IntN(3)*10,
						ProbeLease: time.Duration(dice.IntN(2000)) * time.Millisecond,
					})
				case 3, 4, 5, 6:
					for range dice.IntN(15) {
						if p, err := b.Acquire(context.Background()); err == nil {
							held = append(held, p)
						}
					}
				default:
					if len(held) > 0 {
						i := dice.IntN(len(held))
						held[i].Record(backstay.Outcome{Class: backstay.Class(dice.IntN(6))})
						held = append(held[:i], held[i+1:]...)
					}
				}
			}
			began := time.Now()
			for good := 0; good < 100; {
				if time.Since(began) > 15*time.Second {
					t.Fatalf("seed %d: not recovered: %+v", seed, b.Snapshot())
				}
				p, err := b.Acquire(context.Background())
				time.Sleep(5 * time.Millisecond)
				p.Done(nil)
				if good++; err != nil {
					good = 0
				}
			}
		})
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	b := New("payment", Config{Cooldown: time.Microsecond, MaxCooldown: time.Microsecond, SlowCall: time.Millisecond, Listener: &backstay.Listener{
		StateChanged: func(backstay.StateChange) {},
		Rejected:     func(backstay.Rejection) {},
	}})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				switch {
				case worker == 0 && i%500 == 0:
					b.Reconfigure(Config{Cooldown: 1, SlowCall: time.Duration(i%3) * time.Millisecond})
				case worker == 1 && i%500 == 0:
					b.Downgrade(time.Now().Add(time.Duration(i)*time.Microsecond), "race")
				case i%100 == 0:
					b.Snapshot()
				}
				if p, err := b.Acquire(context.Background()); err == nil {
					p.Record(backstay.Outcome{Class: backstay.Class(i / 50 % 3)})
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	ctx := t.Context()
	closed := New("payment", Config{SlowCall: time.Second})
	open := New("payment", Config{Cooldown: time.Hour})
	trip(t, open)
	if n := testing.AllocsPerRun(1000, func() {
		p, _ := closed.Acquire(ctx)
		p.Done(nil)
	}); n != 0 {
		t.Errorf("closed: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := open.Acquire(ctx); err == nil {
			t.Error("admitted")
		}
	}); n != 0 {
		t.Errorf("open: %v allocations", n)
	}
	failing := New("payment", Config{Mode: Observe})
	if n := testing.AllocsPerRun(1000, func() {
		p, _ := failing.Acquire(ctx)
		p.Done(errDown)
	}); n != 0 {
		t.Errorf("failing: %v allocations", n)
	}
}

func BenchmarkClosed(b *testing.B) {
	for name, cfg := range map[string]Config{"plain": {}, "slow": {SlowCall: time.Second}} {
		b.Run(name, func(b *testing.B) {
			c := New("payment", cfg)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				p, _ := c.Acquire(ctx)
				p.Done(nil)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	c := New("payment", Config{Consecutive: 1, Cooldown: time.Hour})
	p, _ := c.Acquire(b.Context())
	p.Done(errDown)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = c.Acquire(ctx)
	}
}
