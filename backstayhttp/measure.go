package backstayhttp

import (
	"strconv"
	"time"

	"github.com/backstay/backstay/metric"
)

// Buckets are the upper bounds, in seconds, of the duration histograms. Objectives
// on latency are exact at these bounds.
func Buckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .2, .25, .3, .5, .75, 1, 2.5, 5, 10}
}

// serverMetrics are what Handler writes.
type serverMetrics struct {
	duration *metric.HistogramFamily
	panics   *metric.CounterFamily
}

func newServerMetrics(r *metric.Registry) serverMetrics {
	return serverMetrics{
		duration: r.Histogram("http_server_request_duration_seconds",
			"Time from the request's arrival to the end of its handler.", Buckets(),
			"http_request_method", "http_route", "http_response_status_code", "backstay_degraded"),
		panics: r.Counter("backstay_panics_total", "Panics of handlers that were turned into an answer.", "http_route"),
	}
}

// clientMetrics are what Transport writes.
type clientMetrics struct{ duration *metric.HistogramFamily }

func newClientMetrics(r *metric.Registry) clientMetrics {
	return clientMetrics{duration: r.Histogram("http_client_request_duration_seconds",
		"Time from an attempt's start to the header of its answer; calls refused by a policy have the outcome rejected.", Buckets(),
		"backstay_dependency", "http_request_method", "http_response_status_code", "backstay_outcome")}
}

func (m clientMetrics) observe(dependency, method string, status int, outcome string, took time.Duration) {
	m.duration.With(dependency, method, statusLabel(status), outcome).Observe(took.Seconds())
}

// statusLabel is the status code as text; empty when there was no answer.
func statusLabel(status int) string {
	if status <= 0 {
		return ""
	}
	return strconv.Itoa(status)
}
