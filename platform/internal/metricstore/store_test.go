package metricstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, cfg metricstore.Config) metricstore.Store {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return start.Add(time.Hour) }
	}
	s, err := metricstore.Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sample(name string, at time.Time, v float64, labels ...string) metricstore.Sample {
	s := metricstore.Sample{Name: name, T: at, V: v}
	for i := 0; i+1 < len(labels); i += 2 {
		s.Labels = append(s.Labels, metricstore.Label{Name: labels[i], Value: labels[i+1]})
	}
	return s
}

func add(t *testing.T, s metricstore.Store, samples ...metricstore.Sample) {
	t.Helper()
	if err := s.Append(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
}

// count writes a counter that grows by step each second from start.
func count(t *testing.T, s metricstore.Store, seconds int, step float64, labels ...string) {
	t.Helper()
	var batch []metricstore.Sample
	for i := range seconds {
		batch = append(batch, sample("requests_total", start.Add(time.Duration(i)*time.Second), float64(i)*step, labels...))
	}
	add(t, s, batch...)
}

// instant returns the answer as text, one "labels value" per series.
func instant(t *testing.T, s metricstore.Store, query string, at time.Time) map[string]float64 {
	t.Helper()
	points, err := s.Instant(t.Context(), query, at)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, p := range points {
		out[fmt.Sprint(p.Labels)] = p.V
	}
	return out
}

func TestInstant(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{})
	count(t, s, 60, 10, "service", "order", "code", "200")
	count(t, s, 60, 1, "code", "500", "service", "order")
	add(t, s, sample("odd", start, math.NaN()), sample("odd", start, math.Inf(1), "empty", "", "a", "ü"))
	at := start.Add(59 * time.Second)
	for query, want := range map[string]map[string]float64{
		`requests_total{code="500"}`:                                                      {"map[__name__:requests_total code:500 service:order]": 59},
		`sum by (service) (rate(requests_total[30s]))`:                                    {"map[service:order]": 11},
		`sum(rate(requests_total{code="500"}[30s])) / sum(rate(requests_total[30s])) < 1`: {"map[]": 1. / 11},
		`absent_metric`: {},
		`1 + 2`:         {"map[]": 3},
	} {
		if got := instant(t, s, query, at); !maps.Equal(got, want) {
			t.Errorf("%s = %v, want %v", query, got, want)
		}
	}
	got := instant(t, s, "odd", at)
	if len(got) != 2 || !math.IsNaN(got["map[__name__:odd]"]) || !math.IsInf(got["map[__name__:odd a:ü]"], 1) {
		t.Errorf("odd values = %v", got)
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{Lookback: 2 * time.Second})
	count(t, s, 10, 2, "service", "order")
	series, err := s.Range(t.Context(), "requests_total", start.Add(-2*time.Second), start.Add(20*time.Second), 2*time.Second)
	if err != nil || len(series) != 1 {
		t.Fatalf("%v, %v", series, err)
	}
	var got strings.Builder
	for i, at := range series[0].T {
		fmt.Fprintf(&got, "%d:%v ", (at-start.UnixMilli())/1000, series[0].V[i])
	}
	// Seconds -2 and 12 and later lie beyond what the lookback covers.
	if want := "0:0 2:4 4:8 6:12 8:16 10:18 "; got.String() != want {
		t.Errorf("got %s, want %s", got.String(), want)
	}
}

func TestRefusesButKeepsTheRest(t *testing.T) {
	t.Parallel()
	now := start.Add(10 * time.Minute)
	s := open(t, t.TempDir(), metricstore.Config{Window: time.Minute, MaxSeries: 3, Now: func() time.Time { return now }})
	add(t, s, sample("m", now, 1), sample("n", now, 1))
	err := s.Append(t.Context(), []metricstore.Sample{
		sample("m", now.Add(-30*time.Second), 2), // late, within the window
		sample("m", now.Add(-2*time.Minute), 3),  // too late
		sample("m", now, 9),                      // another value for the same instant
		sample("m", now, 1),                      // the same again: harmless
		sample("m", now.Add(2*time.Minute), 4),   // from the future
		sample("o", now, 5),                      // the third series
		sample("p", now, 6),                      // one too many
		sample("n", now.Add(time.Second), 7),     // known series go on
		sample("9", now, 8),
		sample("m", now, 8, "bad-name", "x"),
		sample("m", now, 8, "a", "1", "a", "2"),
		sample("m", now, 8, "__name__", "x"),
		sample("m", now, 8, "a", "\xff"),
		sample("m", now, 8, "a", strings.Repeat("x", 4096)),
	})
	var refused *metricstore.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("err = %v, want a RefusedError", err)
	}
	if refused.Refused != 10 || refused.Stored != 4 {
		t.Errorf("refused %d, stored %d; want 10 and 4", refused.Refused, refused.Stored)
	}
	got := s.Stats()
	got.Bytes = 0
	if want := (metricstore.Stats{Series: 3, Appended: 6, Stale: 2, Ahead: 1, Over: 1, Invalid: 6}); got != want {
		t.Errorf("stats = %+v, want %+v", got, want)
	}
	if v := instant(t, s, "sum(count_over_time(m[1m])) + scalar(n) * 10 + scalar(o) * 100", now.Add(time.Second)); v["map[]"] != 2+70+500 {
		t.Errorf("stored values add up to %v", v)
	}
}

func TestRefusesBadQueries(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{MaxQuerySamples: 50})
	count(t, s, 100, 1, "service", "order")
	end := start.Add(99 * time.Second)
	ask := func(query string) error { _, err := s.Instant(t.Context(), query, end); return err }
	span := func(from, to time.Time, step time.Duration) error {
		_, err := s.Range(t.Context(), "requests_total", from, to, step)
		return err
	}
	for name, err := range map[string]error{
		"syntax":         ask(`sum(`),
		"matrix":         ask(`requests_total[5s]`),
		"string":         ask(`"text"`),
		"too many":       ask(`sum_over_time(requests_total[90s])`),
		"step":           span(start, end, 0),
		"backwards":      span(end, start, time.Second),
		"too many steps": span(start, end, time.Millisecond),
	} {
		var bad *metricstore.QueryError
		if !errors.As(err, &bad) || bad.Error() == "" {
			t.Errorf("%s: %v, want a QueryError", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Instant(ctx, "requests_total", end); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if err := s.Append(ctx, []metricstore.Sample{sample("m", end, 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("append under an ended context: %v", err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, metricstore.Config{})
	count(t, s, 60, 10, "service", "order")
	if _, err := metricstore.Open(dir, metricstore.Config{}); err == nil {
		t.Error("a second store opened the same directory")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), nil); !errors.Is(err, metricstore.ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
	if _, err := s.Instant(t.Context(), "1", start); !errors.Is(err, metricstore.ErrClosed) {
		t.Errorf("query after Close: %v", err)
	}
	s = open(t, dir, metricstore.Config{})
	if got := instant(t, s, "sum(requests_total)", start.Add(time.Minute)); got["map[]"] != 590 {
		t.Errorf("after reopening = %v", got)
	}
	if st := s.Stats(); st.Series != 1 || st.Bytes == 0 {
		t.Errorf("stats after reopening = %+v", st)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{})
	const workers, rounds = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				at := start.Add(time.Duration(i) * time.Second)
				if err := s.Append(t.Context(), []metricstore.Sample{sample("m", at, float64(i), "w", fmt.Sprint(w))}); err != nil {
					t.Error(err)
				}
				if _, err := s.Instant(t.Context(), "sum(m)", at); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := instant(t, s, "sum(m)", start.Add(rounds*time.Second)); got["map[]"] != workers*(rounds-1) {
		t.Errorf("sum = %v", got)
	}
}

// TestOneProcess: a second server on the same data says who is in the way.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := metricstore.Open(dir, metricstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := metricstore.Open(dir, metricstore.Config{}); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("got %v", err)
	}
}
