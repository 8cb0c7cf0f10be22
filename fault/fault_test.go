package fault

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay/backstaytest"
)

func latency(id string, lease time.Duration) Instruction {
	return Instruction{ID: id, Effect: Latency, Ratio: 1, Latency: 2 * time.Second, Expires: time.Now().Add(lease)}
}

func TestOffUnlessArmed(t *testing.T) {
	t.Parallel()
	var none *Injector
	for _, in := range []*Injector{none, New(nil)} {
		if e, on := in.Decide("GET /"); on {
			t.Errorf("decided %+v", e)
		}
		if got := in.Armed(); got != nil {
			t.Errorf("armed with %v", got)
		}
	}
}

// TestLease: a fault that nobody renews ends by itself.
func TestLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard backstaytest.Recorder
		in := New(heard.Listener())
		in.Arm([]Instruction{latency("slow", time.Minute)})
		time.Sleep(time.Minute - 1)
		if e, on := in.Decide("GET /"); !on || e != (Effect{ID: "slow", Kind: Latency, Latency: 2 * time.Second}) {
			t.Errorf("within the lease: %+v, %v", e, on)
		}
		time.Sleep(time.Nanosecond)
		if e, on := in.Decide("GET /"); on {
			t.Errorf("past the lease: %+v", e)
		}
		if got := in.Armed(); len(got) != 0 {
			t.Errorf("past the lease: armed with %v", got)
		}
		if got := heard.Lines(); len(got) != 1 || got[0] != "fault: latency" {
			t.Errorf("heard %q", got)
		}
	})
}

func TestArmReplacesAll(t *testing.T) {
	t.Parallel()
	in := New(nil)
	in.Arm([]Instruction{latency("a", time.Hour), latency("b", time.Hour)})
	in.Arm([]Instruction{{ID: "c", Effect: Error, Ratio: 1, Expires: time.Now().Add(time.Hour)}})
	if e, on := in.Decide(""); !on || e.ID != "c" || e.Status != 500 {
		t.Errorf("decided %+v, %v", e, on)
	}
	if got := in.Armed(); len(got) != 1 || got[0].ID != "c" {
		t.Errorf("armed with %v", got)
	}
	in.Arm(nil)
	if _, on := in.Decide(""); on {
		t.Error("still armed")
	}
}

func TestRoute(t *testing.T) {
	t.Parallel()
	in := New(nil)
	i := latency("a", time.Hour)
	i.Route = "POST /pay"
	in.Arm([]Instruction{i})
	if _, on := in.Decide("GET /health"); on {
		t.Error("acts on another route")
	}
	if _, on := in.Decide("POST /pay"); !on {
		t.Error("does not act on its route")
	}
}

func TestRatio(t *testing.T) {
	t.Parallel()
	in := New(nil)
	i := latency("a", time.Hour)
	i.Ratio = 0.5
	in.Arm([]Instruction{i})
	var hit int
	for range 10_000 {
		if _, on := in.Decide(""); on {
			hit++
		}
	}
	if hit < 4700 || hit > 5300 { // six standard deviations
		t.Errorf("%d of 10000 calls hit, want about half", hit)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(want string, change func(*Instruction)) {
		t.Helper()
		i := latency("a", time.Hour)
		change(&i)
		err := i.Validate()
		if want == "" {
			if err != nil {
				t.Errorf("%+v: %v", i, err)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		in := New(nil)
		in.Arm([]Instruction{i})
		if e, on := in.Decide(""); on {
			t.Errorf("acts on half an order: %+v", e)
		}
	}
	f("", func(*Instruction) {})
	f("", func(i *Instruction) { i.Effect, i.Latency = Abort, 0 })
	f("", func(i *Instruction) { i.Effect, i.Status = Error, 503 })
	f("needs an id", func(i *Instruction) { i.ID = "" })
	f("ratio is 0", func(i *Instruction) { i.Ratio = 0 })
	f("ratio is 1.5", func(i *Instruction) { i.Ratio = 1.5 })
	f("ratio is NaN", func(i *Instruction) { i.Ratio = math.NaN() })
	f("no lease", func(i *Instruction) { i.Expires = time.Time{} })
	f("latency is 0s", func(i *Instruction) { i.Latency = 0 })
	f("latency is 1h0m0s", func(i *Instruction) { i.Latency = time.Hour })
	f("status is 200", func(i *Instruction) { i.Effect, i.Status = Error, 200 })
	f(`effect is "chaos"`, func(i *Instruction) { i.Effect = "chaos" })
}

func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := (Effect{Latency: 2 * time.Second}).Wait(t.Context()); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := (Effect{Latency: 2 * time.Second}).Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := (Effect{Kind: Abort}).Wait(ctx); err != nil {
			t.Errorf("no latency: %v", err)
		}
	})
}

// TestWire: instructions travel as JSON under the names of the control stream.
func TestWire(t *testing.T) {
	t.Parallel()
	want := Instruction{
		ID: "f1", Effect: Error, Ratio: 0.5, Status: 503, Route: "POST /pay",
		Expires: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if wire := `{"id":"f1","effect":"error","ratio":0.5,"status":503,"route":"POST /pay","expires":"2026-11-21T12:00:00Z"}`; string(text) != wire {
		t.Errorf("got %s", text)
	}
	var got Instruction
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	in := New(nil)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for range 1000 {
				if worker == 0 {
					in.Arm([]Instruction{latency("a", time.Hour)})
				}
				in.Decide("")
				in.Armed()
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	off, on := New(nil), New(nil)
	on.Arm([]Instruction{latency("a", time.Hour)})
	if n := testing.AllocsPerRun(1000, func() {
		off.Decide("GET /")
		on.Decide("GET /")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
