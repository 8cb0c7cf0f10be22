package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/breaker"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/retry"
)

var errDown = errors.New("down")

func down(context.Context) (any, error) { return nil, errDown }

func call(ctx context.Context, live *Live, dependency string, fn func(context.Context) (any, error)) (any, error) {
	return backstay.Do(ctx, live.Outbound(dependency, ""), fn)
}

// trip opens the breaker of the dependency.
func trip(t *testing.T, live *Live, dependency string) {
	t.Helper()
	for range breaker.DefaultConsecutive {
		_, _ = call(t.Context(), live, dependency, down)
	}
	if got := stateOf(live, dependency); got != "open" {
		t.Fatalf("breaker of %s is %q, want open", dependency, got)
	}
}

func stateOf(live *Live, dependency string) string {
	for _, s := range live.States() {
		if s.Kind == "breaker" && s.Dependency == dependency {
			return s.State
		}
	}
	return ""
}

func apply(t *testing.T, live *Live, text string) {
	t.Helper()
	if err := live.Apply(mustParse(t, text)); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutDocuments(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	want := "breaker payment: opens at 50% errors of at least 20 calls in 10s, or 10 failures in a row\n  timeout payment: 10s an attempt"
	if got := live.Outbound("payment", "/pay").Explain(); got != want {
		t.Errorf("got %s", got)
	}
	if in := live.Inbound("/orders"); in.Timeout != 0 || in.Faults == nil {
		t.Errorf("inbound %+v", in)
	}
	if first, second := live.Outbound("payment", "/pay"), live.Outbound("payment", "/pay"); first != second {
		t.Error("the chain is made anew for each call")
	}
	if err := live.Apply(nil); err == nil {
		t.Error("no set was applied")
	}
}

// TestBreakerStateIsKept: other documents must not close a circuit that is open
// for a reason.
func TestBreakerStateIsKept(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	trip(t, live, "payment")
	apply(t, live, doc("Timeout", "a", "target: {dependency: payment}, limit: 1s"))
	if got := stateOf(live, "payment"); got != "open" {
		t.Errorf("an unrelated document made it %s", got)
	}
	apply(t, live, doc("CircuitBreaker", "a", "target: {dependency: payment}, errorRatio: 0.2"))
	if got := stateOf(live, "payment"); got != "open" {
		t.Errorf("other figures made it %s", got)
	}
	if got := live.Outbound("payment", "").Explain(); !strings.Contains(got, "20% errors") {
		t.Errorf("the figures are not in force: %s", got)
	}
	apply(t, live, "")
	if got := live.Outbound("payment", "").Explain(); stateOf(live, "payment") != "open" || !strings.Contains(got, "50% errors") {
		t.Errorf("after removal: %s, %s", stateOf(live, "payment"), got)
	}
}

// TestRoutes: a route with a document of its own has a breaker of its own, others share.
func TestRoutes(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	apply(t, live, doc("CircuitBreaker", "pay", "target: {dependency: payment, route: /pay}, consecutive: 2"))
	for range 2 {
		_, _ = backstay.Do(t.Context(), live.Outbound("payment", "/pay"), down)
	}
	if _, err := backstay.Do(t.Context(), live.Outbound("payment", "/pay"), down); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("/pay: %v, want an open circuit", err)
	}
	for _, route := range []string{"", "/refund", "/status"} {
		if _, err := backstay.Do(t.Context(), live.Outbound("payment", route), down); !errors.Is(err, errDown) {
			t.Errorf("%q: %v, want the dependency's error", route, err)
		}
	}
	breakers := 0
	for _, s := range live.States() {
		if s.Kind == "breaker" {
			breakers++
		}
	}
	if breakers != 2 {
		t.Errorf("%d breakers, want one for /pay and one for the rest", breakers)
	}
	// Without the document the route shares again, and nothing of it stays.
	apply(t, live, "")
	if got := len(live.breakers); got != 1 {
		t.Errorf("%d breakers are kept", got)
	}
}

func TestFallbackAnswers(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	apply(t, live, doc("Fallback", "a", `target: {dependency: payment}, status: 202, headers: {x-note: later}, body: '{"later": true}'`))
	ctx, degraded := backstay.WithDegradation(t.Context())
	value, err := call(ctx, live, "payment", down)
	a, ok := value.(*Answer)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", value, err)
	}
	if a.Status != 202 || a.Dependency != "payment" || a.Headers["X-Note"] != "later" || a.Headers["Content-Type"] != "application/json" {
		t.Errorf("got %+v", a)
	}
	if got := degraded.Names(); len(got) != 1 || got[0] != "payment" {
		t.Errorf("degraded %v", got)
	}
}

func TestRetryBudgetIsKept(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	text := doc("Retry", "a", "target: {dependency: payment}, attempts: 2, backoff: 0s, budgetRatio: 0, budgetPerSecond: 0.1")
	apply(t, live, text)
	ctx := retry.WithIdempotent(t.Context())
	calls := 0
	count := func(context.Context) (any, error) { calls++; return nil, errDown }
	_, _ = call(ctx, live, "payment", count)
	if calls != 2 {
		t.Fatalf("%d calls, want a retry", calls)
	}
	apply(t, live, text+doc("Timeout", "b", "target: {dependency: order}, limit: 1s"))
	_, _ = call(ctx, live, "payment", count)
	if calls != 3 {
		t.Errorf("%d calls, want no second retry: the budget of 0.1 a second holds one", calls)
	}
}

func TestProtectOff(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", nil)
	apply(t, live, doc("Timeout", "a", "target: {service: order}, limit: 1s"))
	live.Arm([]fault.Instruction{{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: time.Now().Add(time.Hour)}})
	trip(t, live, "payment")
	live.Protect(false)
	if live.Outbound("payment", "") != nil || live.States() != nil || live.Inbound("/x").Timeout != 0 {
		t.Error("something still guards")
	}
	if _, err := call(t.Context(), live, "payment", down); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	if _, hit := live.Inbound("/x").Faults.Decide("/x"); !hit {
		t.Error("the fault does not act")
	}
	live.Protect(true)
	if got := stateOf(live, "payment"); got != "open" {
		t.Errorf("breaker is %q after the break, want open", got)
	}
}

// TestOverrides: leases begin, are delivered again, and end by the clock alone.
func TestOverrides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		live := NewLive("order", "", nil)
		live.Outbound("payment", "")
		live.Outbound("stock", "")
		until := time.Now().Add(time.Minute)
		overrides := []Override{
			{ID: "o1", Kind: OverrideDowngrade, Dependency: "payment", Reason: "payment is down", Expires: until},
			{ID: "o2", Kind: OverrideDegrade, Level: 1, Expires: until},
			{ID: "o3", Kind: OverrideDegrade, Level: 3, Expires: time.Now().Add(10 * time.Second)},
			{ID: "late", Kind: OverrideDowngrade, Dependency: "new", Expires: until},
			{Kind: OverrideDegrade, Level: 9, Expires: until},                                   // no id
			{ID: "x", Kind: OverrideDegrade, Level: 99, Expires: until},                         // no such level
			{ID: "y", Kind: OverrideDowngrade, Dependency: Any, Expires: until},                 // too much at once
			{ID: "z", Kind: "other", Expires: until},                                            // no such kind
			{ID: "past", Kind: OverrideDegrade, Level: 9, Expires: until.Add(-2 * time.Minute)}, // over
		}
		live.SetOverrides(overrides)
		for _, want := range []struct{ dependency, state string }{{"payment", "downgrade"}, {"stock", "closed"}} {
			if got := stateOf(live, want.dependency); got != want.state {
				t.Errorf("%s is %s, want %s", want.dependency, got, want.state)
			}
		}
		for _, s := range live.States() {
			if s.Kind == "breaker" && s.Dependency == "payment" && (s.Override != "o1" || s.Reason != "payment is down") {
				t.Errorf("got %+v", s)
			}
		}
		live.Outbound("new", "") // first called while the override runs
		if got := stateOf(live, "new"); got != "downgrade" {
			t.Errorf("new is %s", got)
		}
		if got := live.DegradeLevel(); got != 3 {
			t.Errorf("level %d, want 3", got)
		}
		time.Sleep(11 * time.Second)
		if got := live.DegradeLevel(); got != 1 {
			t.Errorf("level %d after a lease ended, want 1", got)
		}
		live.SetOverrides(overrides[:2]) // delivered again, without the one of new
		if got := stateOf(live, "new"); got == "downgrade" {
			t.Error("new is downgraded though its override is gone")
		}
		time.Sleep(time.Minute)
		if got := stateOf(live, "payment"); got == "downgrade" || live.DegradeLevel() != 0 {
			t.Errorf("after all leases: %s, level %d", got, live.DegradeLevel())
		}
	})
}

// A listener may ask for the policies of a dependency that was not called before.
func TestListenerMayCallOtherDependencies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var live *Live
		var heard []string
		live = NewLive("order", "", &backstay.Listener{StateChanged: func(c backstay.StateChange) {
			heard = append(heard, c.Dependency+" "+c.To)
			if _, err := call(t.Context(), live, "pager", func(context.Context) (any, error) { return "paged", nil }); err != nil {
				t.Error(err)
			}
		}})
		live.Outbound("payment", "")
		live.SetOverrides([]Override{
			{ID: "o1", Kind: OverrideDowngrade, Dependency: "payment", Reason: "down", Expires: time.Now().Add(time.Minute)},
			{ID: "o2", Kind: OverrideDowngrade, Dependency: "stock", Reason: "down", Expires: time.Now().Add(time.Minute)},
		})
		live.Outbound("stock", "")
		live.SetOverrides(nil)
		want := []string{"payment downgrade", "stock downgrade", "payment open", "stock open"}
		slices.Sort(want)
		slices.Sort(heard)
		if !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
	})
}

// TestDowngradeEndsByProbes: three good probes end a downgrade before its lease,
// and delivering the same override again does not bring it back.
func TestDowngradeEndsByProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		live := NewLive("order", "", nil)
		overrides := []Override{{ID: "o", Kind: OverrideDowngrade, Dependency: "payment", Expires: time.Now().Add(time.Hour)}}
		live.SetOverrides(overrides)
		for range 400 {
			_, _ = call(t.Context(), live, "payment", func(context.Context) (any, error) { return 1, nil })
			time.Sleep(100 * time.Millisecond)
		}
		live.SetOverrides(overrides)
		if got := stateOf(live, "payment"); got != "closed" {
			t.Errorf("breaker is %s", got)
		}
	})
}

// TestBound: a program that names dependencies without end keeps bounded memory,
// and its calls still go through.
func TestBound(t *testing.T) {
	t.Parallel()
	live := NewLive("crawler", "", nil)
	for i := range MaxGuards + 10 {
		if live.Outbound(fmt.Sprintf("host-%d", i), "") == nil {
			t.Fatal("no chain")
		}
	}
	if got := len(live.view.Load().guards); got != MaxGuards {
		t.Errorf("%d guards, want %d", got, MaxGuards)
	}
	if got := live.Strangers(); got != 10 {
		t.Errorf("%d strangers, want 10", got)
	}
	apply(t, live, "")
}

// TestApplyWhileCalling: sixteen callers see one whole set at any moment, and the
// state of a breaker whose figures do not change survives every change.
func TestApplyWhileCalling(t *testing.T) {
	t.Parallel()
	live := NewLive("order", "", &backstay.Listener{
		StateChanged: func(backstay.StateChange) {}, Rejected: func(backstay.Rejection) {}, FellBack: func(backstay.Fallback) {},
	})
	// In each set limit and status agree; a call that saw half of each would not.
	sets := []*Set{
		mustParse(t, doc("Timeout", "a", "target: {dependency: payment}, limit: 10s")+doc("Fallback", "a", "target: {dependency: payment}, status: 201")),
		mustParse(t, doc("Timeout", "a", "target: {dependency: payment}, limit: 20s")+doc("Fallback", "a", "target: {dependency: payment}, status: 202")),
	}
	if err := live.Apply(sets[0]); err != nil {
		t.Fatal(err)
	}
	trip(t, live, "broken")
	var done atomic.Bool
	var calls atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for !done.Load() {
				var limit time.Duration
				value, err := call(context.Background(), live, "payment", func(ctx context.Context) (any, error) {
					if deadline, ok := ctx.Deadline(); ok {
						limit = time.Until(deadline).Round(5 * time.Second)
					}
					return nil, errDown
				})
				a, ok := value.(*Answer)
				if err != nil || !ok || limit != 0 && a.Status != 200+int(limit/(10*time.Second)) {
					t.Errorf("status %v with limit %v: %v", value, limit, err)
					return
				}
				live.Inbound("/x")
				calls.Add(1)
			}
		})
	}
	for i := 0; i < 300 || calls.Load() < 100 && !t.Failed(); i++ {
		if err := live.Apply(sets[i%2]); err != nil {
			t.Error(err)
		}
		live.SetOverrides(nil)
		if i%50 == 0 && stateOf(live, "broken") == "closed" {
			t.Error("a change of documents closed a circuit")
		}
	}
	done.Store(true)
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	live := NewLive("order", "", nil)
	live.Outbound("payment", "/pay")
	if n := testing.AllocsPerRun(1000, func() {
		live.Outbound("payment", "/pay")
		live.Inbound("/orders")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOutbound(b *testing.B) {
	live := NewLive("order", "", nil)
	for b.Loop() {
		live.Outbound("payment", "/pay")
	}
}
