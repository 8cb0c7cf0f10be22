package metricstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, cfg metricstore.Config) metricstore.Store {
	t.Helper()
	s, err := metricstore.Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(name string, after time.Duration, v float64, labels ...string) metricstore.Sample {
	s := metricstore.Sample{Name: name, T: start.Add(after), V: v}
	for i := 0; i+1 < len(labels); i += 2 {
		s.Labels = append(s.Labels, metricstore.Label{Name: labels[i], Value: labels[i+1]})
	}
	return s
}

func shut(t *testing.T, s metricstore.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, metricstore.Config{})
	for i := range 61 {
		at := time.Duration(i) * time.Second
		err := s.Append(t.Context(), []metricstore.Sample{
			sample("requests_total", at, float64(10*i), "service", "order", "code", "200"),
			sample("requests_total", at, float64(i), "code", "500", "service", "order"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(s metricstore.Store) {
		t.Helper()
		points, err := s.Instant(t.Context(), `sum by (service) (rate(requests_total[30s]))`, start.Add(time.Minute))
		if err != nil || len(points) != 1 || fmt.Sprintf("%.3f", points[0].V) != "11.000" || points[0].Labels["service"] != "order" {
			t.Errorf("rate = %+v, %v", points, err)
		}
		series, err := s.Range(t.Context(), `requests_total{code="500"}`, start, start.Add(time.Minute), 30*time.Second)
		if err != nil || len(series) != 1 || fmt.Sprint(series[0].V) != "[0 30 60]" || series[0].T[2] != start.Add(time.Minute).UnixMilli() {
			t.Errorf("range = %+v, %v", series, err)
		}
		if points, err = s.Instant(t.Context(), "6 * 7", start); err != nil || len(points) != 1 || points[0].V != 42 {
			t.Errorf("scalar = %+v, %v", points, err)
		}
	}
	check(s)
	shut(t, s)
	s = open(t, dir, metricstore.Config{})
	check(s)
	shut(t, s)
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{})
	defer shut(t, s)
	for _, q := range []string{"sum(", `"text"`, "up[5m]", "up +"} {
		if _, err := s.Instant(t.Context(), q, start); !errors.Is(err, metricstore.ErrBadQuery) {
			t.Errorf("%s: %v, want ErrBadQuery", q, err)
		}
	}
	for _, r := range []struct {
		to   time.Duration
		step time.Duration
	}{{time.Hour, 0}, {-time.Second, time.Second}, {24 * time.Hour, time.Second}} {
		if _, err := s.Range(t.Context(), "up", start, start.Add(r.to), r.step); !errors.Is(err, metricstore.ErrBadQuery) {
			t.Errorf("%+v: %v, want ErrBadQuery", r, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Instant(ended, "up", start); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestQueryIsBounded(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{QuerySamples: 10})
	defer shut(t, s)
	for i := range 20 {
		if err := s.Append(t.Context(), []metricstore.Sample{sample("g", 0, 1, "n", fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Instant(t.Context(), "g", start); !errors.Is(err, metricstore.ErrBadQuery) {
		t.Errorf("20 samples where 10 are allowed: %v", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), metricstore.Config{MaxSeries: 2})
	defer shut(t, s)
	if err := s.Append(t.Context(), []metricstore.Sample{sample("a", time.Hour, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), []metricstore.Sample{sample("a", time.Hour-30*time.Second, 1)}); err != nil {
		t.Errorf("late within the window: %v", err)
	}
	err := s.Append(t.Context(), []metricstore.Sample{
		sample("a", 0, 1),                             // stale
		sample("", time.Hour, 1),                      // no name
		sample("a", time.Hour, 1, "x", "1", "x", "2"), // repeated label
		sample("b", time.Hour, 1),
		sample("c", time.Hour, 1), // third series
		sample("a", time.Hour+time.Second, 2, "empty", ""),
	})
	var refused *metricstore.RefusedError
	if !errors.As(err, &refused) || *refused != (metricstore.RefusedError{Stale: 1, Bounded: 1, Invalid: 2}) {
		t.Fatalf("err = %v", err)
	}
	points, err := s.Instant(t.Context(), "a or b", start.Add(time.Hour+time.Second))
	if err != nil || len(points) != 2 || points[0].V != 2 {
		t.Errorf("the rest was not stored: %+v, %v", points, err)
	}
	if st := s.Stats(); st.Series != 2 || st.Stale != 1 || st.Bounded != 1 || st.Invalid != 2 {
		t.Errorf("stats = %+v", st)
	}
}

func BenchmarkAppend(b *testing.B) {
	s, err := metricstore.Open(b.TempDir(), metricstore.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	batch := make([]metricstore.Sample, 1500)
	for i := range batch {
		batch[i] = sample("http_requests_total", 0, 1, "service", "order", "instance", "a", "n", fmt.Sprint(i))
	}
	for b.Loop() {
		for i := range batch {
			batch[i].T = batch[i].T.Add(time.Second)
			batch[i].V++
		}
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "samples/s")
}
