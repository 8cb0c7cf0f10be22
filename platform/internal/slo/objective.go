package slo

import (
	"strings"
	"time"
)

// Objective is one promise about one service.
type Objective struct {
	Name        string // unique; RFC 1123 label
	DisplayName string
	Description string
	Service     string
	Target      float64       // promised share of good events, 0 < Target < 1
	Window      time.Duration // rolling period of the promise
	Indicator   Indicator
	Source      string // the document it was read from, as written
}

// SourceType says where a metric comes from.
type SourceType string

const (
	// Prometheus metrics are PromQL over the metric store.
	Prometheus SourceType = "Prometheus"
	// Native metrics come from the service graph, so they need nothing but spans.
	Native SourceType = "backstay"
)

// Select says which requests of a service a native metric counts.
type Select string

// What a native metric counts.
const (
	SelectTotal Select = "total" // all of them
	SelectGood  Select = "good"  // answered without an error
	SelectBad   Select = "bad"   // answered with an error
)

// Metric is a source of event counts.
type Metric struct {
	Type    SourceType
	Query   string // of Prometheus: PromQL
	Counter bool   // of Prometheus: the values are counters; else events per second
	Service string // of Native
	Route   string // of Native: route template; empty for all routes
	Select  Select // of Native in a ratio
}

// Indicator says which events count as good. Either Latency and Threshold are
// set, or Total with one of Good and Bad.
type Indicator struct {
	Good, Bad, Total *Metric
	Latency          *Metric       // requests of a service, good when fast enough
	Threshold        time.Duration // a request of Latency is good when it took at most this long
}

// Equal reports whether both count the same events.
func (i Indicator) Equal(other Indicator) bool {
	same := func(a, b *Metric) bool {
		if a == nil || b == nil {
			return a == b
		}
		return *a == *b
	}
	return same(i.Good, other.Good) && same(i.Bad, other.Bad) && same(i.Total, other.Total) &&
		same(i.Latency, other.Latency) && i.Threshold == other.Threshold
}

// formatSpan writes a duration the way people say it: 5s, 2m30s, 1h, 3d, 30d.
func formatSpan(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return formatCount(int64(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
