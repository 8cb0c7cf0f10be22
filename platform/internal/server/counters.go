package server

import (
	"net/http"

	"github.com/backstay/backstay/metric"
)

// counters are the server's own figures: what came in, what is stored, and what
// was refused, by reason.
func (s *server) counters() map[string]float64 {
	in, scraped, metrics, traces := s.ingest.Stats(), s.scrape.Stats(), s.metrics.Stats(), s.traces.Stats()
	return map[string]float64{
		"otlp_requests_stored":       float64(in.Requests),
		"otlp_requests_refused_busy": float64(in.Busy),
		"otlp_requests_refused_bad":  float64(in.Bad),
		"otlp_requests_failed":       float64(in.Failed),
		"otlp_items_left_out":        float64(in.Rejected),
		"scrapes_stored":             float64(scraped.Scrapes),
		"scrapes_failed":             float64(scraped.Failed),
		"scrapes_refused_address":    float64(scraped.Refused),
		"scrapes_left_out_late":      float64(scraped.Late),
		"spans_stored":               float64(traces.Spans),
		"spans_bytes":                float64(traces.Bytes),
		"spans_off_the_map":          float64(s.graph.Refused()),
		"samples_stored":             float64(metrics.Appended),
		"samples_refused_late":       float64(metrics.Stale),
		"samples_refused_ahead":      float64(metrics.Ahead),
		"samples_refused_over_limit": float64(metrics.Over),
		"samples_refused_invalid":    float64(metrics.Invalid),
		"series":                     float64(metrics.Series),
		"samples_bytes":              float64(metrics.Bytes),
		"slo_events_refused_late":    float64(s.judge.engine.Refused()),
		"live_events_dropped":        float64(s.feed.Dropped()),
		"live_streams_refused":       float64(s.feed.Refused()),
	}
}

// ownMetrics shows a scraper what the server says about itself. The stores are
// asked once for each scrape, not once for each figure.
func (s *server) ownMetrics() http.Handler {
	registry := metric.NewRegistry()
	metric.Process(registry, s.startedAt)
	gauges := map[string]*metric.Gauge{}
	for name := range s.counters() {
		gauges[name] = registry.Gauge("backstay_server_"+name, "As the status of the API tells it.").With()
	}
	registry.GaugeFunc("backstay_server_live_streams", "Open live streams of consoles.", func() float64 { return float64(s.feed.Readers()) })
	shown := registry.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range s.counters() {
			gauges[name].Set(value)
		}
		shown.ServeHTTP(w, r)
	})
}
