package retry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/backstaytest"
)

var errDown = errors.New("down")

// attempts runs a call that always ends with the outcome.
func attempts(ctx context.Context, p *Policy, o backstay.Outcome) (n int) {
	_, _ = backstay.DoClassified(ctx, backstay.NewChain(p),
		func(context.Context) (int, error) { n++; return 0, o.Err },
		func(context.Context, int, error) backstay.Outcome { return o })
	return n
}

var failure = backstay.Outcome{Class: backstay.Failure, Err: errDown}

func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	f := func(o backstay.Outcome, want int) {
		t.Helper()
		p := New("payment", Config{Backoff: -1, BudgetPerSec: 100})
		if got := attempts(WithIdempotent(t.Context()), p, o); got != want {
			t.Errorf("%v: %d attempts, want %d", o.Class, got, want)
		}
		if got := attempts(t.Context(), p, o); got != 1 {
			t.Errorf("%v, not idempotent: %d attempts", o.Class, got)
		}
	}
	f(backstay.Outcome{}, 1)
	f(failure, 3)
	f(backstay.Outcome{Class: backstay.Failure}, 3) // a 503
	f(backstay.Outcome{Class: backstay.Timeout, Err: backstay.ErrTimeout}, 3)
	f(backstay.Outcome{Class: backstay.Rejected, Err: backstay.ErrRejected}, 1)
	f(backstay.Outcome{Class: backstay.Canceled, Err: context.Canceled}, 1)
	f(backstay.Outcome{Class: backstay.Invalid}, 1)
}

// TestRejectedIsNeverRepeated, whatever the configuration says.
func TestRejectedIsNeverRepeated(t *testing.T) {
	t.Parallel()
	p := New("payment", Config{Retryable: func(backstay.Outcome) bool { return true }, BudgetPerSec: 100})
	o := backstay.Outcome{Class: backstay.Rejected, Err: backstay.ErrRejected}
	if got := attempts(WithIdempotent(t.Context()), p, o); got != 1 {
		t.Errorf("%d attempts", got)
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	f := func(configured, want int) {
		t.Helper()
		var heard backstaytest.Recorder
		p := New("payment", Config{Attempts: configured, Backoff: -1, BudgetPerSec: 100, Listener: heard.Listener()})
		if got := attempts(WithIdempotent(t.Context()), p, failure); got != want {
			t.Errorf("Attempts %d: ran %d times, want %d", configured, got, want)
		}
		for i, e := range backstaytest.Heard[backstay.Retry](&heard) {
			if e.Attempt != i+1 || e.Dependency != "payment" || !errors.Is(e.Cause.Err, errDown) {
				t.Errorf("heard %+v", e)
			}
		}
		if got := len(heard.Events()); got != want-1 {
			t.Errorf("heard of %d retries, want %d", got, want-1)
		}
	}
	f(0, DefaultAttempts)
	f(1, 1)
	f(5, 5)
}

// TestPause: the wait is below a bound that doubles up to a limit, and spread.
func TestPause(t *testing.T) {
	t.Parallel()
	p := New("payment", Config{Backoff: 100 * time.Millisecond, MaxBackoff: 300 * time.Millisecond})
	for n, ms := range []int{100, 200, 300, 300} {
		bound := time.Duration(ms) * time.Millisecond
		var longest, shortest time.Duration = 0, time.Hour
		for range 1000 {
			d, ok := p.pause(n, 0)
			if !ok {
				t.Fatal("refused")
			}
			longest, shortest = max(longest, d), min(shortest, d)
		}
		if longest >= bound || longest < bound*9/10 || shortest > bound/10 {
			t.Errorf("attempt %d: between %v and %v, want all of 0 to %v", n, shortest, longest, bound)
		}
	}
	if d, ok := p.pause(0, 250*time.Millisecond); !ok || d < 250*time.Millisecond {
		t.Errorf("comes back after %v, though the dependency asked for 250ms", d)
	}
	if _, ok := p.pause(0, 301*time.Millisecond); ok {
		t.Error("waits for longer than the limit")
	}
}

// TestTime: a wait that the caller will not live to see is neither begun nor
// paid for.
func TestTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard backstaytest.Recorder
		p := New("payment", Config{MaxBackoff: time.Minute, BudgetRatio: -1, Listener: heard.Listener()})
		ctx, cancel := context.WithTimeout(WithIdempotent(t.Context()), time.Second)
		defer cancel()
		began := time.Now()
		o := failure
		o.RetryAfter = 2 * time.Second
		if got := attempts(ctx, p, o); got != 1 || time.Since(began) != 0 || len(heard.Events()) != 0 {
			t.Errorf("%d attempts in %v, heard %q", got, time.Since(began), heard.Lines())
		}
		if !p.budget.withdraw() {
			t.Error("the budget paid for a retry that did not run")
		}
		runs := 0
		_, _ = backstay.Do(ctx, backstay.NewChain(p), func(context.Context) (int, error) {
			runs++
			cancel()
			return 0, errDown
		})
		if runs != 1 {
			t.Errorf("%d attempts for a caller that gave up", runs)
		}
	})
}

// TestBudget: in an outage the retries of all calls together are a share of
// the calls, and a trickle.
func TestBudget(t *testing.T) {
	t.Parallel()
	f := func(cfg Config, calls int, every time.Duration, low, high int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			cfg.Backoff, cfg.Attempts = -1, 4
			p := New("payment", cfg)
			var n int
			for range calls {
				n += attempts(WithIdempotent(t.Context()), p, failure)
				time.Sleep(every)
			}
			if retries := n - calls; retries < low || retries > high {
				t.Errorf("%+v: %d retries for %d calls, want %d to %d", cfg, retries, calls, low, high)
			}
		})
	}
	f(Config{BudgetRatio: 0.1, BudgetPerSec: -1}, 1000, time.Millisecond, 99, 101)
	f(Config{BudgetRatio: -1, BudgetPerSec: 2}, 1000, 10*time.Millisecond, 39, 42)
	f(Config{BudgetRatio: -1, BudgetPerSec: -1}, 1000, time.Millisecond, 0, 0)
	f(Config{}, 1000, time.Millisecond, 209, 213)
	f(Config{}, 100, time.Second, 125, 130) // little traffic: a fifth, one a second, and the savings of ten
}

// TestSavings: a quiet time pays for no more than its bound.
func TestSavings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New("payment", Config{BudgetRatio: 0.1, BudgetPerSec: 1})
		for range 50_000 {
			p.budget.deposit()
		}
		time.Sleep(time.Hour)
		n := 0
		for p.budget.withdraw() {
			n++
		}
		if want := 0.1*savedCalls + savedSeconds; n != int(want) {
			t.Errorf("%d retries saved up, want %v", n, want)
		}
	})
}

// TestBudgetConcurrently: what is saved is spent once.
func TestBudgetConcurrently(t *testing.T) {
	t.Parallel()
	p := New("payment", Config{BudgetRatio: 0.5, BudgetPerSec: -1})
	for range 200 {
		p.budget.deposit()
	}
	var wg sync.WaitGroup
	spent := make([]int, 8)
	for i := range spent {
		wg.Go(func() {
			for range 100 {
				if p.budget.withdraw() {
					spent[i]++
				}
			}
		})
	}
	wg.Wait()
	var sum int
	for _, n := range spent {
		sum += n
	}
	if sum != 100 {
		t.Errorf("spent %d of 100", sum)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	got := []string{New("payment", Config{}).Explain(), New("payment", Config{BudgetRatio: -1, BudgetPerSec: -1}).Explain()}
	want := []string{
		"retry payment: up to 3 attempts of idempotent calls, retries at most 20% of calls or 1 a second",
		"retry payment: up to 3 attempts of idempotent calls, retries at most 0% of calls or 0 a second",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
