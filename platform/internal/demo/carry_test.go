package demo_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/demo"
	"github.com/backstay/backstay/platform/internal/demo/load"
)

// suffer breaks a shop for some seconds and returns what the users saw of it.
func suffer(t *testing.T, s *demo.Shop, fault string) (failed, degraded uint32) {
	t.Helper()
	await(t, s, "answers", flowingSince(time.Now()))
	if err := s.Break(t.Context(), fault); err != nil {
		t.Fatal(err)
	}
	since := status(t, s).Since
	from := since.Truncate(time.Second)
	to := from.Add(4 * time.Second)
	await(t, s, "the end of the fault", func(st load.Stats) bool { return st.Settled() >= to.Unix() })
	stats, err := load.Fetch(t.Context(), http.DefaultClient, process(t, s, "users").Address, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, sec := range stats.Seconds {
		failed += sec.Failed()
		degraded += sec.Degraded
	}
	if err := s.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return failed, degraded
}

// The same fault hurts the users of a shop without policies, and hardly those of
// a shop with them. No server is needed for that.
func TestPoliciesCarryTheUsers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("breaks a shop twice for some seconds")
	}
	s := open(t, func(c *demo.Config) { c.Rate = 100 })
	with, degraded := suffer(t, s, "order-panic")
	if err := s.Protect(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	without, _ := suffer(t, s, "order-panic")
	t.Logf("%d users failed with policies (%d degraded), %d without", with, degraded, without)
	if degraded == 0 || without == 0 || with*10 > without {
		t.Errorf("%d users failed with policies (%d degraded) and %d without, want ten times fewer", with, degraded, without)
	}
}
