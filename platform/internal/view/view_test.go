package view

import (
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

func TestHealthOf(t *testing.T) {
	t.Parallel()
	for attainment, want := range map[float64]api.Health{
		1: api.HealthGood, 0.995: api.HealthGood, 0.9949: api.HealthWarn,
		0.9821: api.HealthWarn, 0.982: api.HealthBad, 0: api.HealthBad,
	} {
		if got := healthOf(attainment); got != want {
			t.Errorf("attainment %v: got %s, want %s", attainment, got, want)
		}
	}
}

func TestParentsFirst(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	span := func(id, parent byte, after time.Duration) tracestore.Span {
		s := tracestore.Span{SpanID: tracestore.SpanID{id}, Start: start.Add(after)}
		if parent != 0 {
			s.Parent = tracestore.SpanID{parent}
		}
		return s
	}
	f := func(want string, spans ...tracestore.Span) {
		t.Helper()
		var got strings.Builder
		for _, s := range parentsFirst(spans) {
			got.WriteRune('a' + rune(s.SpanID[0]) - 1)
		}
		if got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
	}
	f("abcd", span(4, 1, 3), span(3, 2, 2), span(2, 1, 1), span(1, 0, 0))
	f("cab", span(1, 9, 1), span(2, 1, 2), span(3, 0, 0)) // a parent that is missing makes a root
	f("ab", span(1, 2, 0), span(2, 1, 1))                 // a cycle is cut at its earliest span
	f("a", span(1, 1, 0))
	f("")
}

func TestRateOfAServiceThatJustAppeared(t *testing.T) {
	t.Parallel()
	to := time.Unix(1060, 0)
	from := to.Add(-time.Minute)
	var stats topology.Stats
	for range 30 {
		stats.Add(20*time.Millisecond, false)
	}
	if got := redOf(stats, seen(to.Add(-2500*time.Millisecond), from, to)).Rate; got != 10 {
		t.Errorf("30 requests in the 3 seconds since it appeared: %v/s, want 10", got)
	}
	if got := redOf(stats, seen(from.Add(-time.Hour), from, to)).Rate; got != 0.5 {
		t.Errorf("30 requests in a minute: %v/s, want 0.5", got)
	}
	if got := redOf(topology.Stats{}, time.Minute); got != (api.RED{}) {
		t.Errorf("no requests: %+v, want nothing", got)
	}
}

func TestUnknownIsTheMildestHealth(t *testing.T) {
	t.Parallel()
	if got := worse(api.HealthUnknown, api.HealthGood); got != api.HealthGood {
		t.Errorf("got %s", got)
	}
	if got := edgeRow(topology.Edge{From: "a", To: "b"}, api.RED{}, map[[2]string]string{{"a", "b"}: "open"}); got.Health != api.HealthBad {
		t.Errorf("a silent edge behind an open breaker is %s, want bad", got.Health)
	}
}
