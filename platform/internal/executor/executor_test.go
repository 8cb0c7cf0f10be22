package executor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/platform/internal/verdict"
	"github.com/backstay/backstay/policy"
)

// fakeOverrides stands in for the control plane.
type fakeOverrides struct {
	mu    sync.Mutex
	held  map[string]policy.Override
	fails error
}

func (o *fakeOverrides) AddOverride(_ context.Context, service string, v policy.Override) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails != nil {
		return o.fails
	}
	v.Reason = service
	o.held[v.ID] = v
	return nil
}

func (o *fakeOverrides) RemoveOverride(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails != nil {
		return o.fails
	}
	delete(o.held, id)
	return nil
}

// fakeRestarter supervises payment.
type fakeRestarter struct {
	fails error
	hang  bool
	calls int
}

func (r *fakeRestarter) Supervises(service string) bool { return service == "payment" }

func (r *fakeRestarter) Restart(ctx context.Context, _, _ string) error {
	r.calls++
	if r.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return r.fails
}

// bench is an executor on a real store with a clock of its own.
type bench struct {
	*executor.Executor

	t         *testing.T
	now       time.Time
	store     metastore.Store
	overrides *fakeOverrides
	restarter *fakeRestarter
	heard     []string
}

func open(t *testing.T, change func(*executor.Config)) *bench {
	t.Helper()
	store, err := metastore.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := &bench{
		t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), store: store,
		overrides: &fakeOverrides{held: map[string]policy.Override{}}, restarter: &fakeRestarter{},
	}
	b.reopen(change)
	return b
}

// reopen is a restart of the server on the same store.
func (b *bench) reopen(change func(*executor.Config)) {
	b.t.Helper()
	cfg := executor.Config{
		Meta: b.store, Overrides: b.overrides, Restarter: b.restarter,
		Now: func() time.Time { return b.now },
	}
	if change != nil {
		change(&cfg)
	}
	e, err := executor.New(b.t.Context(), cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Executor = e
	e.Subscribe(func(a action.Action) { b.heard = append(b.heard, fmt.Sprintf("%s %s", a.Kind, a.State)) })
}

func (b *bench) audit() []string {
	b.t.Helper()
	log, err := b.store.AuditLog(b.t.Context(), 100)
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, e := range log {
		lines = append(lines, e.Verb+" by "+e.By)
	}
	slices.Sort(lines)
	return lines
}

func (b *bench) get(id string) action.Action {
	b.t.Helper()
	a, err := b.Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func override() action.Action {
	return action.Action{
		Kind: action.Override, By: "ladder", Reason: "payment fails",
		Target: verdict.Subject{Service: "order", Dependency: "payment"},
	}
}

func of(kind action.Kind, service string) action.Action {
	return action.Action{Kind: kind, By: "ladder", Reason: "it fails", Target: verdict.Subject{Service: service}}
}

func TestOverrideIsAppliedAndUndone(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	a, err := b.Do(t.Context(), override())
	if err != nil {
		t.Fatal(err)
	}
	o, ok := b.overrides.held[a.ID]
	if !ok || o.Kind != "downgrade" || o.Dependency != "payment" || o.Reason != "order" || !o.Expires.Equal(b.now.Add(2*time.Minute)) {
		t.Errorf("the control plane holds %+v", b.overrides.held)
	}
	if a.State != action.Applied || a.Undo == "" || !a.Expires.Equal(o.Expires) {
		t.Errorf("action %+v, want it applied with a lease and a way back", a)
	}
	if a, err = b.Undo(t.Context(), a.ID, "user"); err != nil || a.State != action.Undone || len(b.overrides.held) != 0 {
		t.Errorf("undo: %+v, %v; still held: %v", a, err, b.overrides.held)
	}
	if _, err = b.Undo(t.Context(), a.ID, "user"); !errors.Is(err, executor.ErrState) {
		t.Errorf("second undo: %v, want ErrState", err)
	}
	if got := b.get(a.ID); got.State != action.Undone || got.EndedAt.IsZero() {
		t.Errorf("stored %+v", got)
	}
	if want := []string{"applied by ladder", "apply by ladder", "plan by ladder", "undo by user"}; !slices.Equal(b.audit(), want) {
		t.Errorf("audit %v, want %v", b.audit(), want)
	}
	if want := []string{"override planned", "override applied", "override undone"}; !slices.Equal(b.heard, want) {
		t.Errorf("heard %v, want %v", b.heard, want)
	}
}

func TestLeaseEnds(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	want := of(action.Degrade, "gateway")
	want.Params = map[string]string{"level": "2"}
	want.Expires = b.now.Add(48 * time.Hour)
	a, err := b.Do(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Expires.Equal(b.now.Add(time.Hour)) || b.overrides.held[a.ID].Level != 2 {
		t.Errorf("lease until %v at level %d, want the longest lease, one hour, at level 2", a.Expires, b.overrides.held[a.ID].Level)
	}
	b.now = b.now.Add(time.Hour - time.Second)
	if err := b.Tick(t.Context()); err != nil || b.get(a.ID).State != action.Applied {
		t.Errorf("before its end the lease is %s, %v", b.get(a.ID).State, err)
	}
	b.now = b.now.Add(time.Second)
	b.overrides.fails = errors.New("store is full")
	if err := b.Tick(t.Context()); err == nil || b.get(a.ID).State != action.Applied {
		t.Errorf("an end that could not be carried out: %s, %v", b.get(a.ID).State, err)
	}
	b.overrides.fails = nil
	if err := b.Tick(t.Context()); err != nil || b.get(a.ID).State != action.Done || len(b.overrides.held) != 0 {
		t.Errorf("after its end the action is %s, %v; held %v", b.get(a.ID).State, err, b.overrides.held)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *executor.Config) { c.RestartTimeout = time.Millisecond })
	a, err := b.Do(t.Context(), of(action.Restart, "payment"))
	if err != nil || a.State != action.Done || a.Undo != "" || !a.Expires.IsZero() {
		t.Errorf("restart: %+v, %v", a, err)
	}
	if _, err := b.Undo(t.Context(), a.ID, "user"); !errors.Is(err, executor.ErrNotUndoable) {
		t.Errorf("undo of a restart: %v, want ErrNotUndoable", err)
	}
	b.restarter.fails = errors.New("port is taken")
	if a, err = b.Do(t.Context(), of(action.Restart, "payment")); err == nil || a.State != action.Failed || a.Error != "port is taken" {
		t.Errorf("failed restart: %+v, %v", a, err)
	}
	b.restarter.hang = true
	if a, err = b.Do(t.Context(), of(action.Restart, "payment")); !errors.Is(err, context.DeadlineExceeded) || a.State != action.Failed {
		t.Errorf("restart that hangs: %+v, %v", a, err)
	}
	var refused *executor.RefusedError
	a, err = b.Do(t.Context(), of(action.Restart, "stranger"))
	if !errors.As(err, &refused) || !errors.Is(err, executor.ErrRefused) || a.State != action.Refused || refused.Hint == "" {
		t.Errorf("restart of what nobody supervises: %+v, %v", a, err)
	}
	if b.restarter.calls != 3 {
		t.Errorf("restarted %d times, want 3", b.restarter.calls)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *executor.Config) {
		c.Limits = executor.Limits{Restarts: 2, Pages: -1}
		c.Webhook = "http://127.0.0.1:1"
	})
	for i := range 4 {
		a, err := b.Do(t.Context(), of(action.Restart, "payment"))
		if refused := errors.Is(err, executor.ErrRefused); refused != (i >= 2) || refused != (a.State == action.Refused) {
			t.Errorf("restart %d: %s, %v", i+1, a.State, err)
		}
		b.now = b.now.Add(time.Minute)
	}
	// A restart of the server forgets no limit.
	b.reopen(func(c *executor.Config) { c.Limits = executor.Limits{Restarts: 2} })
	if _, err := b.Do(t.Context(), of(action.Restart, "payment")); !errors.Is(err, executor.ErrRefused) {
		t.Errorf("after a restart of the server: %v, want it refused", err)
	}
	b.now = b.now.Add(7 * time.Minute)
	if _, err := b.Do(t.Context(), of(action.Restart, "payment")); err != nil {
		t.Errorf("after the window: %v", err)
	}
	b.reopen(func(c *executor.Config) { c.Limits = executor.Limits{Pages: -1}; c.Webhook = "http://127.0.0.1:1" })
	if _, err := b.Do(t.Context(), of(action.PageOut, "payment")); !errors.Is(err, executor.ErrRefused) {
		t.Errorf("page where pages are forbidden: %v", err)
	}
}

func TestRestartOfTheServer(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	long := override()
	long.Expires = b.now.Add(10 * time.Minute)
	kept, err := b.Do(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	ended, err := b.Do(t.Context(), override())
	if err != nil {
		t.Fatal(err)
	}
	lost, err := b.Plan(t.Context(), of(action.Restart, "payment"))
	if err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(5 * time.Minute)
	b.reopen(nil)
	for id, want := range map[string]action.State{kept.ID: action.Applied, ended.ID: action.Done, lost.ID: action.Failed} {
		if got := b.get(id); got.State != want {
			t.Errorf("%s is %s after the restart, want %s", got.Kind, got.State, want)
		}
	}
	if _, err := b.Apply(t.Context(), lost.ID); err == nil {
		t.Error("an action whose outcome is unknown can be applied again")
	}
	if _, err := b.Undo(t.Context(), kept.ID, "user"); err != nil {
		t.Errorf("undo after the restart: %v", err)
	}
	list, err := b.List(t.Context(), executor.Filter{Service: "payment"})
	if err != nil || len(list) != 1 || list[0].ID != lost.ID {
		t.Errorf("list of payment: %v, %v", list, err)
	}
	if _, err := b.Get(t.Context(), "act-0"); !errors.Is(err, executor.ErrNotFound) {
		t.Errorf("unknown id: %v, want ErrNotFound", err)
	}
}

func TestIncompleteActionsAreErrors(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	for name, a := range map[string]action.Action{
		"no service":    {Kind: action.Restart, By: "user"},
		"no dependency": {Kind: action.Override, By: "user", Target: verdict.Subject{Service: "order"}},
		"no author":     {Kind: action.Restart, Target: verdict.Subject{Service: "payment"}},
		"no number":     {Kind: action.Degrade, By: "user", Target: verdict.Subject{Service: "order"}, Params: map[string]string{"level": "much"}},
	} {
		if got, err := b.Plan(t.Context(), a); err == nil || got.ID != "" {
			t.Errorf("%s: planned as %+v", name, got)
		}
	}
	if _, err := executor.New(t.Context(), executor.Config{Meta: b.store, Webhook: "example"}); err == nil || strings.Contains(err.Error(), "example") {
		t.Errorf("webhook that is no address, or its secret told: %v", err)
	}
}
