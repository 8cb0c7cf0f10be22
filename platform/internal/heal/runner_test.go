package heal

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// fakeExecutor takes three seconds for a restart.
type fakeExecutor struct {
	mu   sync.Mutex
	did  []string
	from time.Time
	next int
}

func (e *fakeExecutor) note(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, fmt.Sprintf("%s %s", time.Since(e.from), text))
}

func (e *fakeExecutor) Do(_ context.Context, a action.Action) (action.Action, error) {
	if a.Kind == action.Restart {
		time.Sleep(3 * time.Second) // of the bubble's clock
	}
	e.note(string(a.Kind))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next++
	a.ID = fmt.Sprint("a", e.next)
	return a, nil
}

func (e *fakeExecutor) Undo(_ context.Context, id, by string) (action.Action, error) {
	e.note("undo " + id + " by " + by)
	return action.Action{}, nil
}

func TestRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ladder, err := New(Config{
			Callers: func(string) []string { return []string{"order"} },
			Can:     func(action.Kind, string) error { return nil },
			Rungs:   []action.Kind{action.Restart},
		})
		if err != nil {
			t.Fatal(err)
		}
		exec := &fakeExecutor{from: time.Now()}
		r := NewRunner(ladder, exec, nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()

		down := Situation{
			Incident: "inc-1", Service: "gateway", Open: true, Burning: true,
			Cause: &verdict.Cause{Service: "payment", Class: verdict.Down},
		}
		time.Sleep(time.Second)
		r.Observe(down)
		// Told again while the restart runs, it must not begin another one.
		time.Sleep(time.Second)
		r.Observe(down)
		time.Sleep(5 * time.Second)
		down.Burning = false
		r.Observe(down)
		time.Sleep(10 * time.Second)
		cancel()
		<-done
		want := []string{"1s degrade", "1s override", "4s restart", "12s undo a1 by ladder", "12s undo a2 by ladder"}
		if !slices.Equal(exec.did, want) {
			t.Errorf("did %q, want %q", exec.did, want)
		}
	})
}

func TestLadderNeedsItsSurroundings(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("a ladder without Callers and Can was made")
	}
}
