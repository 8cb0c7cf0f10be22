package load_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay/platform/internal/demo/load"
)

// whole returns everything the generator remembers.
func whole(g *load.Generator) load.Stats {
	return g.Stats(time.Unix(0, 0), time.Now().Add(time.Hour))
}

// run lets the generator work for d in a bubble and returns what it saw.
func run(t *testing.T, cfg load.Config, d time.Duration, send load.Send) (stats load.Stats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := load.New(send, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.Run(ctx) }()
		time.Sleep(d) // of the bubble's clock
		stats = whole(g)
		cancel()
		<-done
	})
	return stats
}

func TestRateDoesNotFollowTheAnswers(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context, _ uint64) load.Result {
		<-ctx.Done()
		return load.Impatience
	}
	stats := run(t, load.Config{}, 10*time.Second+time.Millisecond, hang)
	// Nine seconds' worth have lost patience, the last second's are under way.
	if stats.Total.Failed != 9*200+1 || stats.InFlight != 200 || stats.Total.Unsent != 0 {
		t.Errorf("total %+v, in flight %d; want 1801 failed, 200 in flight, none unsent", stats.Total, stats.InFlight)
	}
	for _, s := range stats.Seconds[1:9] {
		if s.Sent() != 200 || s.Impatience != 200 {
			t.Errorf("second %d: %+v, want 200 out of patience", s.T, s)
		}
	}
}

func TestBoundInFlight(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context, _ uint64) load.Result {
		<-ctx.Done()
		return load.Impatience
	}
	stats := run(t, load.Config{Rate: 100, MaxInFlight: 10, Patience: 2 * time.Second}, 1*time.Second-time.Millisecond, hang)
	if stats.InFlight != 10 || stats.Total.Unsent != 90 {
		t.Errorf("in flight %d, unsent %d; want 10 and 90", stats.InFlight, stats.Total.Unsent)
	}
}

func TestLatencyCountsFromWhenTheRequestWasDue(t *testing.T) {
	t.Parallel()
	slow := func(context.Context, uint64) load.Result {
		time.Sleep(260 * time.Millisecond)
		return load.OK
	}
	stats := run(t, load.Config{Rate: 10}, 5*time.Second, slow)
	s := stats.Seconds[1]
	if s.OK != 10 || s.Slower(250*time.Millisecond) != 10 || s.Slower(300*time.Millisecond) != 0 {
		t.Errorf("second: %+v, want ten answers between 0.25 s and 0.3 s", s)
	}
}

// A generator that gets no processor time must not blame the shop.
func TestLostTimeIsUnsent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stolen atomic.Int64
		g := load.New(func(context.Context, uint64) load.Result { return load.OK },
			load.Config{Rate: 10, Now: func() time.Time { return time.Now().Add(time.Duration(stolen.Load())) }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.Run(ctx) }()
		time.Sleep(950 * time.Millisecond)
		synctest.Wait()
		stolen.Store(int64(5 * time.Second))
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		got := whole(g)
		if got.Total.Unsent < 40 || got.Total.Unsent > 42 || got.Total.Failed != 0 {
			t.Errorf("total %+v, want about 41 unsent and none failed", got.Total)
		}
		cancel()
		<-done
	})
}

func TestFetch(t *testing.T) {
	t.Parallel()
	g := load.New(func(context.Context, uint64) load.Result { return load.OK }, load.Config{Rate: 500})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); g.Run(ctx) }()
	defer func() { cancel(); <-done }()
	server := httptest.NewServer(g.Handler())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	for {
		stats, err := load.Fetch(t.Context(), server.Client(), address, time.Unix(0, 0), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if stats.Total.OK > 20 && len(stats.Seconds) > 0 {
			break
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/stats?from=yesterday", nil)
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("from=yesterday: %s, want 400", resp.Status)
	}
}

func TestFetchRefusesWhatIsNoGenerator(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := load.Fetch(t.Context(), server.Client(), strings.TrimPrefix(server.URL, "http://"), time.Now(), time.Now())
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error %v, want the status in it", err)
	}
}
