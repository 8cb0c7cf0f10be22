package tracestore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.at = t }

func open(t *testing.T, dir string, cfg Config) Store {
	t.Helper()
	s, err := Open(dir, cfg)
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

func add(t *testing.T, s Store, spans ...Span) {
	t.Helper()
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
}

// span makes a span of trace n that starts so many seconds after noon.
func span(n, id, parent byte, service string, second float64, lasts time.Duration, status Status) Span {
	s := Span{
		TraceID: TraceID{0: 0xaa, 15: n}, SpanID: SpanID{7: id}, Service: service, Name: "op" + fmt.Sprint(id),
		Start: noon.Add(time.Duration(second * float64(time.Second))), Duration: lasts, Status: status,
	}
	if parent > 0 {
		s.Parent = SpanID{7: parent}
	}
	return s
}

// found returns the last bytes of the trace ids that Find answers.
func found(t *testing.T, s Store, q Query) string {
	t.Helper()
	list, err := s.Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, one := range list {
		fmt.Fprintf(&out, "%d ", one.TraceID[15])
	}
	return strings.TrimSpace(out.String())
}

func TestTrace(t *testing.T) {
	t.Parallel()
	c := &clock{at: noon}
	s := open(t, t.TempDir(), Config{Now: c.now})
	root := span(1, 1, 0, "gateway", 0, time.Second, StatusUnset)
	child := span(1, 2, 1, "order", .1, time.Second/2, StatusError)
	child.Attrs, child.Message = []Attr{{"k", "v"}}, "no stock"
	late := span(1, 3, 2, "payment", .05, time.Second/4, StatusUnset)
	add(t, s, child, span(2, 9, 0, "gateway", 0, 1, StatusUnset))
	add(t, s, root)
	c.set(noon.Add(3 * time.Hour)) // other blocks, another hour
	add(t, s, late)
	add(t, s, child) // a sender repeated itself

	got, err := s.Trace(t.Context(), root.TraceID)
	if want := []Span{root, late, child}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("trace = %+v, %v; want %+v", got, err, want)
	}
	// The index knows eight bytes of an id; the first half must count too.
	other := root.TraceID
	other[0]++
	if got, err := s.Trace(t.Context(), other); err != nil || len(got) != 0 {
		t.Fatalf("unknown trace = %v, %v", got, err)
	}
	list, err := s.Find(t.Context(), Query{Service: "order"})
	want := []Summary{{TraceID: root.TraceID, Root: "gateway: op1", Start: noon, Duration: time.Second, Spans: 3, Errors: 1}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Fatalf("found = %+v, %v; want %+v", list, err, want)
	}
}

func TestSummaryWithoutRoot(t *testing.T) {
	t.Parallel()
	// The parent of the first is not there: it stands for the root.
	got := summarize([]Span{
		span(1, 3, 2, "payment", 0, time.Second, StatusUnset),
		span(1, 4, 3, "bank", .5, 2*time.Second, StatusUnset),
	})
	if got.Root != "payment: op3" || got.Duration != 2500*time.Millisecond {
		t.Errorf("summary = %+v", got)
	}
	// Nobody begins a circle.
	if got := summarize([]Span{span(1, 1, 2, "a", 0, 1, 0), span(1, 2, 1, "b", 0, 1, 0)}); got.Root != "a: op1" {
		t.Errorf("summary of a circle = %+v", got)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	c := &clock{at: noon.Add(time.Minute)}
	s := open(t, t.TempDir(), Config{Now: c.now})
	add(t, s, span(1, 1, 0, "gateway", 1, 10*time.Millisecond, StatusUnset), span(1, 2, 1, "order", 1, 5*time.Millisecond, StatusUnset))
	add(t, s, span(2, 1, 0, "gateway", 2, 900*time.Millisecond, StatusError), span(2, 2, 1, "order", 2, 800*time.Millisecond, StatusUnset))
	add(t, s, span(3, 1, 0, "gateway", 3, 20*time.Millisecond, StatusUnset), span(3, 2, 1, "order", 3, 15*time.Millisecond, StatusError))
	c.set(noon.Add(2 * time.Hour))
	add(t, s, span(4, 1, 0, "gateway", 7200, 300*time.Millisecond, StatusUnset))
	add(t, s, span(5, 1, 0, "gateway", 1.5, time.Second, StatusUnset)) // arrived two hours late
	second := func(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Second))) }
	for name, c := range map[string]struct {
		q    Query
		want string
	}{
		"all, newest first":        {Query{}, "4 3 2 5 1"},
		"limit":                    {Query{Limit: 2}, "4 3"},
		"service":                  {Query{Service: "order"}, "3 2 1"},
		"unknown service":          {Query{Service: "bank"}, ""},
		"errors":                   {Query{ErrorsOnly: true}, "3 2"},
		"errors of a service":      {Query{Service: "order", ErrorsOnly: true}, "3"},
		"slow":                     {Query{MinDuration: 300 * time.Millisecond}, "4 2 5"},
		"slow in a service":        {Query{Service: "order", MinDuration: 15 * time.Millisecond}, "3 2"},
		"slow and failed":          {Query{MinDuration: 100 * time.Millisecond, ErrorsOnly: true}, "2"},
		"range holds its ends":     {Query{From: second(1.5), To: second(3)}, "3 2 5"},
		"from":                     {Query{From: second(2.5)}, "4 3"},
		"to":                       {Query{To: second(1)}, "1"},
		"nothing before the first": {Query{To: second(.5)}, ""},
	} {
		if got := found(t, s, c.q); got != c.want {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}

func TestFindAmongMany(t *testing.T) {
	t.Parallel()
	c := &clock{at: noon}
	s := open(t, t.TempDir(), Config{Now: c.now})
	// A batch a second for ten minutes, each trace spread over two of them.
	for i := range 600 {
		c.set(noon.Add(time.Duration(i) * time.Second))
		id := TraceID{14: byte(i >> 8), 15: byte(i)}
		first := Span{TraceID: id, SpanID: SpanID{1}, Service: "gateway", Name: "root", Start: c.now().Add(-100 * time.Millisecond)}
		second := Span{TraceID: id, SpanID: SpanID{2}, Parent: SpanID{1}, Service: "order", Name: "child", Start: c.now()}
		if i%100 == 50 {
			second.Status = StatusError
		}
		add(t, s, first)
		add(t, s, second)
	}
	if got := found(t, s, Query{Limit: 3}); got != "87 86 85" { // 599, 598, 597
		t.Errorf("newest = %q", got)
	}
	list, err := s.Find(t.Context(), Query{ErrorsOnly: true, Limit: 1000})
	if err != nil || len(list) != 6 || list[0].Spans != 2 || list[0].Root != "gateway: root" {
		t.Errorf("failed traces = %+v, %v", list, err)
	}
	list, err = s.Find(t.Context(), Query{From: noon.Add(100 * time.Second), To: noon.Add(199500 * time.Millisecond), Limit: 1000})
	if err != nil || len(list) != 100 {
		t.Errorf("%d traces in 100 s, %v", len(list), err)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clock{at: noon}
	cfg := Config{Retention: 2 * time.Hour, Now: c.now}
	s := open(t, dir, cfg)
	add(t, s, span(1, 1, 0, "gateway", 0, 1, StatusUnset))
	c.set(noon.Add(90 * time.Minute))
	add(t, s, span(2, 1, 0, "gateway", 5400, 1, StatusUnset))
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{2 * time.Hour, "2 1"}, {3 * time.Hour, "2"}, {4 * time.Hour, ""}} {
		c.set(noon.Add(step.after))
		if err := s.(*disk).sweep(); err != nil {
			t.Fatal(err)
		}
		if got := found(t, s, Query{}); got != step.want {
			t.Errorf("after %v: %q, want %q", step.after, got, step.want)
		}
	}
	if got := s.Stats().Oldest; !got.IsZero() {
		t.Errorf("oldest = %v, want none", got)
	}
	if spans, err := s.Trace(t.Context(), TraceID{0: 0xaa, 15: 1}); err != nil || len(spans) != 0 {
		t.Errorf("dropped trace = %v, %v", spans, err)
	}
}

func TestSpaceBound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clock{at: noon}
	s := open(t, dir, Config{MaxBytes: 1 << 20, Now: c.now})
	for hour := range 6 {
		c.set(noon.Add(time.Duration(hour) * time.Hour))
		for i := range 5 {
			add(t, s, shopTraces(500, uint64(hour*100+i), c.now())...)
		}
		if err := s.(*disk).db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Stats()
	if err := s.(*disk).sweep(); err != nil {
		t.Fatal(err)
	}
	after := s.Stats()
	if before.Bytes < 1<<20 || !before.Oldest.Equal(noon) || !after.Oldest.After(noon) {
		t.Errorf("%d bytes since %v became since %v", before.Bytes, before.Oldest, after.Oldest)
	}
	if list, err := s.Find(t.Context(), Query{}); err != nil || len(list) != 20 {
		t.Errorf("newest are gone: %d, %v", len(list), err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clock{at: noon}
	s := open(t, dir, Config{Now: c.now})
	add(t, s, span(1, 1, 0, "gateway", 0, 1, StatusUnset))
	add(t, s, span(2, 1, 0, "gateway", 1, 1, StatusUnset))
	if _, err := Open(dir, Config{}); err == nil {
		t.Error("a second store opened the same directory")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
	if _, err := s.Find(t.Context(), Query{}); !errors.Is(err, ErrClosed) {
		t.Errorf("find after Close: %v", err)
	}
	s = open(t, dir, Config{Now: c.now})
	if got := s.(*disk).seq.Load(); got != 2 {
		t.Errorf("sequence goes on after %d, want 2", got)
	}
	add(t, s, span(3, 1, 0, "gateway", 2, 1, StatusUnset))
	if got := found(t, s, Query{}); got != "3 2 1" {
		t.Errorf("after reopening %q", got)
	}
}

func TestAppendUnderEndedContext(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ctx, []Span{span(1, 1, 0, "gateway", 0, 1, StatusUnset)}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if err := s.Append(t.Context(), nil); err != nil {
		t.Errorf("nothing to append: %v", err)
	}
	if got := found(t, s, Query{}); got != "" {
		t.Errorf("found %q", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Config{})
	const workers, rounds, each = 4, 10, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				spans := shopTraces(each, uint64(w*rounds+i), time.Now())
				if err := s.Append(t.Context(), spans); err != nil {
					t.Error(err)
				}
				got, err := s.Trace(t.Context(), spans[0].TraceID)
				if err != nil || len(got) != 4 {
					t.Errorf("a trace just stored has %d spans, %v", len(got), err)
				}
				if _, err := s.Find(t.Context(), Query{Service: "order"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := s.Stats(); got.Spans != workers*rounds*each*4 || got.Failed != 0 {
		t.Errorf("stats = %+v", got)
	}
}

// TestLargeAppendIsSplit stores more spans at once than one block takes.
func TestLargeAppendIsSplit(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Config{})
	spans := shopTraces(maxSpansPerBlock/4+1, 1, time.Now())
	add(t, s, spans...)
	if got := s.Stats(); got.Blocks != 2 {
		t.Errorf("%d blocks, want 2", got.Blocks)
	}
	if got, err := s.Trace(t.Context(), spans[len(spans)-1].TraceID); err != nil || len(got) != 4 {
		t.Errorf("last trace has %d spans, %v", len(got), err)
	}
}

// TestHeavySpans stores texts of more than one block's bytes, and refuses a span
// that no block can hold.
func TestHeavySpans(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Config{})
	heavy := make([]Span, 3)
	for i := range heavy {
		heavy[i] = span(1, byte(i+1), 0, "gateway", float64(i), 1, StatusUnset)
		heavy[i].Message = strings.Repeat(string(rune('a'+i)), maxBlockBytes/2)
	}
	add(t, s, heavy...)
	got, err := s.Trace(t.Context(), heavy[0].TraceID)
	if err != nil || !reflect.DeepEqual(got, heavy) || s.Stats().Blocks != 3 {
		t.Errorf("%d spans in %d blocks came back, %v", len(got), s.Stats().Blocks, err)
	}
	heavy[1].Message += heavy[1].Message
	if err := s.Append(t.Context(), heavy); !errors.Is(err, ErrTooLarge) || s.Stats().Failed != 3 {
		t.Errorf("err = %v, %d failed", err, s.Stats().Failed)
	}
}
