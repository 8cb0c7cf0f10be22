package ingest

import (
	"strconv"
	"strings"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

// Labels that say where a sample comes from; a sender's own label of the same
// name is kept under an "exported_" one, as Prometheus does.
const (
	labelService  = "service"
	labelInstance = "instance"
	labelVersion  = "version"
	exported      = "exported_"
)

// namer gives OTLP metrics their Prometheus names: dots to underscores, the
// unit as suffix, _total on counters.
type namer struct {
	metric otlptranslator.MetricNamer
	label  otlptranslator.LabelNamer
}

func newNamer() namer {
	return namer{metric: otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)}
}

// name returns a metric's Prometheus name.
func (n *namer) name(m pmetric.Metric) (string, error) {
	kind := otlptranslator.MetricType(otlptranslator.MetricTypeUnknown)
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		kind = otlptranslator.MetricTypeGauge
	case pmetric.MetricTypeSum:
		kind = otlptranslator.MetricTypeNonMonotonicCounter
		if m.Sum().IsMonotonic() {
			kind = otlptranslator.MetricTypeMonotonicCounter
		}
	case pmetric.MetricTypeHistogram:
		kind = otlptranslator.MetricTypeHistogram
	case pmetric.MetricTypeExponentialHistogram:
		kind = otlptranslator.MetricTypeExponentialHistogram
	case pmetric.MetricTypeSummary:
		kind = otlptranslator.MetricTypeSummary
	case pmetric.MetricTypeEmpty:
	}
	return n.metric.Build(otlptranslator.Metric{Name: m.Name(), Unit: m.Unit(), Type: kind})
}

// labels returns the labels of a point: those of its origin and its attributes.
// Attributes whose names become equal have their values joined by ";".
func (n *namer) labels(origin []metricstore.Label, attrs pcommon.Map) ([]metricstore.Label, error) {
	out := make([]metricstore.Label, len(origin), len(origin)+attrs.Len()+1)
	copy(out, origin)
	for key, value := range attrs.All() {
		name, err := n.label.Build(key)
		if err != nil {
			return nil, err
		}
		out = addLabel(out, len(origin), name, cut(value.AsString(), maxLabelText))
	}
	return out, nil
}

// maxLabelText is what is kept of a label's value, in bytes: what the store takes.
const maxLabelText = 2 << 10

// addLabel adds a label after the first fixed ones, which keep their names.
func addLabel(labels []metricstore.Label, fixed int, name, value string) []metricstore.Label {
	for i := range labels {
		if labels[i].Name != name {
			continue
		}
		if i < fixed {
			return addLabel(labels, fixed, exported+name, value)
		}
		labels[i].Value = cut(labels[i].Value+";"+value, maxLabelText)
		return labels
	}
	return append(labels, metricstore.Label{Name: name, Value: value})
}

// bound writes a bucket's bound or a quantile the way the scraper finds it in
// the text format: always with a point or an exponent.
func bound(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if strings.ContainsAny(s, ".eIN") { // also +Inf and NaN
		return s
	}
	return s + ".0"
}
