package ingest_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"context"

	"github.com/backstay/backstay/platform/internal/ingest"
	"github.com/backstay/backstay/platform/internal/metricstore"
)

// rounds is a metric store that tells when a scrape has been stored.
type rounds struct {
	metricstore.Store
	stored chan []metricstore.Sample
}

func (r *rounds) Append(ctx context.Context, samples []metricstore.Sample) error {
	err := r.Store.Append(ctx, samples)
	r.stored <- samples
	return err
}

// scraping runs a scraper until the test ends.
func scraping(t *testing.T, targets func() []ingest.Target) *rounds {
	t.Helper()
	store, err := metricstore.Open(t.TempDir(), metricstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rounds{Store: store, stored: make(chan []metricstore.Sample)}
	scraper := ingest.NewScraper(ingest.ScrapeConfig{
		Targets: targets, Store: r, Interval: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler), MaxSamples: 100,
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { scraper.Run(ctx) })
	t.Cleanup(func() {
		stop()
		ended := make(chan struct{})
		go func() { running.Wait(); close(ended) }()
		for {
			select {
			case <-r.stored:
				continue
			case <-ended:
			}
			break
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rounds) value(t *testing.T, query string) string {
	t.Helper()
	points, err := r.Instant(context.WithoutCancel(t.Context()), query, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, p := range points {
		fmt.Fprint(&text, p.V, " ", p.Labels["version"], ";")
	}
	return text.String()
}

func TestScrape(t *testing.T) {
	t.Parallel()
	var mode atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		switch mode.Load() {
		case 0:
			fmt.Fprint(w, "# TYPE requests_total counter\nrequests_total{service=\"x\",code=\"200\"} 5\ngone 1\n# TYPE took histogram\ntook_bucket{le=\"1\"} 3\n")
		case 1:
			fmt.Fprint(w, "requests_total{service=\"x\",code=\"200\"} 6\n")
		default:
			fmt.Fprint(w, "requests_total{code=\"200\"} 7\n{{{ not metrics")
		}
	}))
	defer web.Close()
	target := ingest.Target{Service: "order", Instance: "b", Version: "2", URL: web.URL}
	var gone atomic.Bool
	r := scraping(t, func() []ingest.Target {
		if gone.Load() {
			return nil
		}
		return []ingest.Target{target}
	})
	await := func(query, want string) {
		t.Helper()
		got := ""
		for range 50 {
			<-r.stored
			if got = r.value(t, query); got == want {
				return
			}
		}
		t.Errorf("%s = %q, want %q", query, got, want)
	}
	await(`requests_total{service="order",instance="b",exported_service="x"}`, "5 2;")
	await(`up{service="order",instance="b"}`, "1 ;")
	await(`gone`, "1 2;")
	await(`took_bucket{le="1.0"}`, "3 2;") // as OTLP's
	mode.Store(1)
	await(`requests_total`, "6 2;")
	await(`gone`, "")
	mode.Store(2)
	await(`up`, "0 ;")
	await(`requests_total`, "")
	mode.Store(0)
	await(`up`, "1 ;")
	gone.Store(true)
	await(`up`, "")
}

func TestScrapeRefusesAddresses(t *testing.T) {
	t.Parallel()
	r := scraping(t, func() []ingest.Target {
		return []ingest.Target{{Service: "cloud", URL: "http://169.254.169.254/latest/meta-data"}}
	})
	<-r.stored
	if got := r.value(t, `up{service="cloud"}`); got != "0 ;" {
		t.Errorf("up = %q", got)
	}
}
