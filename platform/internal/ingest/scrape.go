package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/prometheus/prometheus/model/value"
)

// ScrapeStats counts since NewScraper.
type ScrapeStats struct {
	Scrapes uint64 // that were stored
	Failed  uint64 // that had no usable answer
	Refused uint64 // of those, because of the address
	Late    uint64 // left out because the one before was not done
	Samples uint64 // stored
}

// Scraper asks targets for their metrics, round by round.
type Scraper struct {
	cfg    ScrapeConfig
	client *http.Client
	slots  chan struct{} // one token for each scrape at once

	mu    sync.Mutex
	known map[Target]*scrapee

	scrapes, failed, refused, late, samples atomic.Uint64
}

// scrapee is what a scraper remembers of a target. It is used by one scrape at a time.
type scrapee struct {
	busy   atomic.Bool
	series map[string]*series // by their text in the answer
	round  uint64
}

// series is one line of the answers of a target.
type series struct {
	name   string
	labels []metricstore.Label
	round  uint64 // in which it was seen last
}

// NewScraper returns a scraper; Run makes it work.
func NewScraper(cfg ScrapeConfig) *Scraper {
	cfg = cfg.withDefaults()
	return &Scraper{
		cfg: cfg, client: newClient(cfg.Allow, min(cfg.Interval, 10*time.Second)),
		slots: make(chan struct{}, max(cfg.Parallel, 1)), known: map[Target]*scrapee{},
	}
}

// Stats returns the counters.
func (s *Scraper) Stats() ScrapeStats {
	return ScrapeStats{
		Scrapes: s.scrapes.Load(), Failed: s.failed.Load(), Refused: s.refused.Load(), Late: s.late.Load(), Samples: s.samples.Load(),
	}
}

// Run scrapes until the context ends.
func (s *Scraper) Run(ctx context.Context) {
	defer s.client.CloseIdleConnections()
	var running sync.WaitGroup
	defer running.Wait()
	ticker := time.NewTicker(s.cfg.Interval)
	defer ticker.Stop()
	for {
		s.round(ctx, &running)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// round starts a scrape of every target and ends the series of those that are gone.
func (s *Scraper) round(ctx context.Context, running *sync.WaitGroup) {
	targets := s.cfg.Targets()
	wanted := make(map[Target]bool, len(targets))
	for _, t := range targets {
		wanted[t] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, old := range s.known {
		if !wanted[t] && old.busy.CompareAndSwap(false, true) {
			delete(s.known, t)
			running.Go(func() { s.end(ctx, t, old) })
		}
	}
	for t := range wanted {
		one, ok := s.known[t]
		if !ok {
			one = &scrapee{series: map[string]*series{}}
			s.known[t] = one
		}
		if !one.busy.CompareAndSwap(false, true) {
			s.late.Add(1)
			continue
		}
		running.Go(func() {
			defer one.busy.Store(false)
			select {
			case s.slots <- struct{}{}:
				defer func() { <-s.slots }()
				s.scrape(ctx, t, one)
			case <-ctx.Done():
			}
		})
	}
}

// scrape asks one target and stores the answer, with up as 1 or 0.
func (s *Scraper) scrape(ctx context.Context, t Target, one *scrapee) {
	at := time.Now()
	body, contentType, err := s.get(ctx, t.URL)
	if ctx.Err() != nil {
		return
	}
	one.round++
	var samples []metricstore.Sample
	if err == nil {
		samples, err = one.read(body, contentType, t, at, s.cfg.MaxSamples)
	}
	up := 1.0
	if err != nil {
		// Half an answer is none: otherwise sums over it would dip.
		samples, up = nil, 0
		one.round++
		s.failed.Add(1)
		var address *RefusedAddressError
		if errors.As(err, &address) {
			s.refused.Add(1)
		}
		s.cfg.Log.Debug("scrape", "service", t.Service, "instance", t.Instance, "error", err)
	} else {
		s.scrapes.Add(1)
	}
	samples = append(samples, one.ended(at)...)
	samples = append(samples, metricstore.Sample{Name: "up", Labels: identity(t, false), T: at, V: up})
	s.store(ctx, samples)
}

// end marks all series of a target that is gone.
func (s *Scraper) end(ctx context.Context, t Target, one *scrapee) {
	at := time.Now()
	one.round++
	stale := metricstore.Sample{Name: "up", Labels: identity(t, false), T: at, V: math.Float64frombits(value.StaleNaN)}
	s.store(ctx, append(one.ended(at), stale))
}

func (s *Scraper) store(ctx context.Context, samples []metricstore.Sample) {
	err := s.cfg.Store.Append(ctx, samples)
	var refused *metricstore.RefusedError
	switch {
	case errors.As(err, &refused):
		s.samples.Add(uint64(refused.Stored))
	case err != nil && ctx.Err() == nil:
		s.cfg.Log.Error("scrape: store samples", "error", err)
	case err == nil:
		s.samples.Add(uint64(len(samples)))
	}
}

// get reads the metrics of a target.
func (s *Scraper) get(ctx context.Context, url string) (body []byte, contentType string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", fmt.Errorf("scrape: %w", err)
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("scrape: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("scrape: %s answered %s", url, resp.Status)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, s.cfg.MaxBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("scrape: %w", err)
	}
	if int64(len(body)) > s.cfg.MaxBytes {
		return nil, "", fmt.Errorf("scrape: the answer is larger than %d bytes", s.cfg.MaxBytes)
	}
	return body, resp.Header.Get("Content-Type"), nil
}

// identity are the labels that say whose sample it is.
func identity(t Target, version bool) []metricstore.Label {
	labels := []metricstore.Label{{Name: "service", Value: t.Service}, {Name: "instance", Value: t.Instance}}
	if version && t.Version != "" {
		labels = append(labels, metricstore.Label{Name: "version", Value: t.Version})
	}
	return labels
}
