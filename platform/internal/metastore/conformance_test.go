package metastore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/metastore"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// conformance holds every implementation of Store to the interface's words.
// open opens the store in dir; opening again after Close must find the same.
func conformance(t *testing.T, open func(dir string) (metastore.Store, error)) {
	t.Helper()
	cases := map[string]func(t *testing.T, s metastore.Store, reopen func() metastore.Store){
		"get of nothing":          getOfNothing,
		"put replaces":            putReplaces,
		"list order and filters":  listOrderAndFilters,
		"delete":                  deleteTwice,
		"audit log":               auditLog,
		"survives reopening":      survivesReopening,
		"refuses invalid records": refusesInvalid,
		"concurrent use":          concurrentUse,
		"ended context":           endedContext,
		"closed":                  closed,
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := must(t)(open(dir))
			reopen := func() metastore.Store {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = must(t)(open(dir))
				return s
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			run(t, s, reopen)
		})
	}
}

func must(t *testing.T) func(metastore.Store, error) metastore.Store {
	return func(s metastore.Store, err error) metastore.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func put(t *testing.T, s metastore.Store, kind, id, state string, at time.Time) {
	t.Helper()
	body := json.RawMessage(fmt.Sprintf(`{"id":%q}`, id))
	if err := s.Put(t.Context(), metastore.Record{Kind: kind, ID: id, State: state, At: at, Body: body}); err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, s metastore.Store, kind string, f metastore.Filter) string {
	t.Helper()
	records, err := s.List(t.Context(), kind, f)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, r := range records {
		out.WriteString(r.ID)
	}
	return out.String()
}

func getOfNothing(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	put(t, s, "incident", "a", "", start)
	if _, err := s.Get(t.Context(), "action", "a"); !errors.Is(err, metastore.ErrNotFound) {
		t.Fatalf("err = %v, want ErrNotFound", err)
	}
	if got := ids(t, s, "action", metastore.Filter{}); got != "" {
		t.Fatalf("list of an unused kind = %q", got)
	}
}

func putReplaces(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	put(t, s, "incident", "a", "open", start)
	local := start.Add(time.Second).In(time.FixedZone("far", 7*3600))
	want := metastore.Record{Kind: "incident", ID: "a", State: "resolved", At: local, Body: json.RawMessage(`[1, "ü"]`)}
	if err := s.Put(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), "incident", "a")
	if err != nil {
		t.Fatal(err)
	}
	if !got.At.Equal(want.At) || got.At.Location() != time.UTC || got.State != want.State || string(got.Body) != string(want.Body) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if got := ids(t, s, "incident", metastore.Filter{}); got != "a" {
		t.Fatalf("list = %q, want one record", got)
	}
	if err := s.Put(t.Context(), metastore.Record{Kind: "incident", ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Get(t.Context(), "incident", "a"); err != nil || !got.At.IsZero() || string(got.Body) != "null" {
		t.Fatalf("empty record came back as %+v, %v", got, err)
	}
}

func listOrderAndFilters(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	put(t, s, "incident", "b", "open", start.Add(2*time.Second))
	put(t, s, "incident", "a", "resolved", start.Add(time.Second))
	put(t, s, "incident", "d", "open", start.Add(4*time.Second))
	put(t, s, "incident", "c", "open", start.Add(4*time.Second))
	put(t, s, "incident", "e", "resolved", time.Time{})
	put(t, s, "other", "x", "open", start)
	for _, c := range []struct {
		filter metastore.Filter
		want   string
	}{
		{metastore.Filter{}, "dcbae"},
		{metastore.Filter{State: "open"}, "dcb"},
		{metastore.Filter{State: "absent"}, ""},
		{metastore.Filter{Limit: 2}, "dc"},
		{metastore.Filter{Limit: -1}, "dcbae"},
		{metastore.Filter{Before: start.Add(4 * time.Second)}, "bae"},
		{metastore.Filter{State: "resolved", Before: start.Add(4 * time.Second), Limit: 1}, "a"},
	} {
		if got := ids(t, s, "incident", c.filter); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.filter, got, c.want)
		}
	}
}

func deleteTwice(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	put(t, s, "incident", "a", "", start)
	put(t, s, "incident", "b", "", start)
	for range 2 {
		if err := s.Delete(t.Context(), "incident", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, s, "incident", metastore.Filter{}); got != "b" {
		t.Fatalf("left = %q, want b", got)
	}
}

func auditLog(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	// Written order counts, not the time claimed.
	entries := []metastore.Entry{
		{At: start.Add(time.Hour), By: "ladder", Verb: "restart", Object: "service/payment", Detail: "rung 1"},
		{At: start, By: "anna", Verb: "apply", Object: "policy/checkout"},
		{At: start, By: "anna", Verb: "apply", Object: "policy/checkout"},
	}
	for _, e := range entries {
		if err := s.Audit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.AuditLog(t.Context(), 0)
	if err != nil || len(got) != 3 || got[2] != entries[0] || got[0] != entries[2] {
		t.Fatalf("log = %+v, %v", got, err)
	}
	if got, err = s.AuditLog(t.Context(), 1); err != nil || len(got) != 1 || got[0] != entries[2] {
		t.Fatalf("last entry = %+v, %v", got, err)
	}
}

func survivesReopening(t *testing.T, s metastore.Store, reopen func() metastore.Store) {
	put(t, s, "incident", "a", "open", start)
	if err := s.Audit(t.Context(), metastore.Entry{At: start, Verb: "open"}); err != nil {
		t.Fatal(err)
	}
	s = reopen()
	if got := ids(t, s, "incident", metastore.Filter{State: "open"}); got != "a" {
		t.Fatalf("records after reopening = %q", got)
	}
	if log, err := s.AuditLog(t.Context(), 0); err != nil || len(log) != 1 {
		t.Fatalf("audit log after reopening = %v, %v", log, err)
	}
}

func refusesInvalid(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	for _, r := range []metastore.Record{
		{ID: "a"},
		{Kind: "incident"},
		{Kind: "incident", ID: "a", Body: json.RawMessage(`{"open`)},
	} {
		if err := s.Put(t.Context(), r); !errors.Is(err, metastore.ErrInvalid) {
			t.Errorf("put %+v: %v, want ErrInvalid", r, err)
		}
	}
	if err := s.Audit(t.Context(), metastore.Entry{By: "anna"}); !errors.Is(err, metastore.ErrInvalid) {
		t.Errorf("audit without verb: %v, want ErrInvalid", err)
	}
}

func concurrentUse(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				r := metastore.Record{Kind: "n", ID: fmt.Sprintf("%d-%d", w, i), At: start, Body: json.RawMessage("{}")}
				if err := s.Put(t.Context(), r); err != nil {
					t.Error(err)
				}
				if _, err := s.Get(t.Context(), "n", r.ID); err != nil {
					t.Errorf("a record just put: %v", err)
				}
				if _, err := s.List(t.Context(), "n", metastore.Filter{Limit: 5}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if all, err := s.List(t.Context(), "n", metastore.Filter{}); err != nil || len(all) != workers*each {
		t.Fatalf("%d records, %v; want %d", len(all), err, workers*each)
	}
}

func endedContext(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, metastore.Record{Kind: "n", ID: "a"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("put: %v, want context.Canceled", err)
	}
	if _, err := s.Get(t.Context(), "n", "a"); !errors.Is(err, metastore.ErrNotFound) {
		t.Fatalf("get: %v, want ErrNotFound", err)
	}
}

func closed(t *testing.T, s metastore.Store, _ func() metastore.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), metastore.Record{Kind: "n", ID: "a"}); err == nil {
		t.Error("put after Close succeeded")
	}
	if _, err := s.Get(t.Context(), "n", "a"); err == nil || errors.Is(err, metastore.ErrNotFound) {
		t.Errorf("get after Close: %v", err)
	}
}
