package ingest

import (
	"math"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/prometheus/prometheus/model/value"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// sampler turns data points into samples.
type sampler struct {
	samples  []metricstore.Sample
	rejected rejection
	identity []metricstore.Label // service and instance of the resource at hand
}

// samplesOf turns OTLP metrics into samples as the OpenTelemetry–Prometheus
// compatibility specification lays down: cumulative sums and classic histograms.
// Deltas and exponential histograms are left out and counted.
func samplesOf(md pmetric.Metrics) ([]metricstore.Sample, rejection) {
	var s sampler
	for _, resource := range md.ResourceMetrics().All() {
		from := originOf(resource.Resource())
		s.identity = []metricstore.Label{{Name: "service", Value: from.service}, {Name: "instance", Value: from.instance}}
		for _, scope := range resource.ScopeMetrics().All() {
			for _, m := range scope.Metrics().All() {
				s.metric(m)
			}
		}
	}
	return s.samples, s.rejected
}

func (s *sampler) reject(points int, reason string) {
	s.rejected.count += int64(points)
	if s.rejected.reason == "" && points > 0 {
		s.rejected.reason = reason
	}
}

func (s *sampler) metric(m pmetric.Metric) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		s.numbers(metricName(m.Name(), m.Unit(), false), m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		sum := m.Sum()
		if sum.AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			s.reject(sum.DataPoints().Len(), m.Name()+" has delta temporality; send cumulative")
			return
		}
		s.numbers(metricName(m.Name(), m.Unit(), sum.IsMonotonic()), sum.DataPoints())
	case pmetric.MetricTypeHistogram:
		if m.Histogram().AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			s.reject(m.Histogram().DataPoints().Len(), m.Name()+" has delta temporality; send cumulative")
			return
		}
		name := metricName(m.Name(), m.Unit(), false)
		for _, p := range m.Histogram().DataPoints().All() {
			s.histogram(name, p)
		}
	case pmetric.MetricTypeSummary:
		name := metricName(m.Name(), m.Unit(), false)
		for _, p := range m.Summary().DataPoints().All() {
			s.summary(name, p)
		}
	case pmetric.MetricTypeExponentialHistogram:
		s.reject(m.ExponentialHistogram().DataPoints().Len(), m.Name()+" is an exponential histogram; send explicit buckets")
	case pmetric.MetricTypeEmpty:
	default:
		s.reject(1, m.Name()+" is of a kind that is not known")
	}
}

// add appends a sample; a point without a recorded value ends its series.
func (s *sampler) add(name string, labels []metricstore.Label, at pcommon.Timestamp, flags pmetric.DataPointFlags, v float64) {
	if flags.NoRecordedValue() {
		v = math.Float64frombits(value.StaleNaN)
	}
	s.samples = append(s.samples, metricstore.Sample{Name: name, Labels: labels, T: at.AsTime(), V: v})
}

func (s *sampler) numbers(name string, points pmetric.NumberDataPointSlice) {
	for _, p := range points.All() {
		v := p.DoubleValue()
		if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
			v = float64(p.IntValue())
		}
		s.add(name, s.labels(p.Attributes()), p.Timestamp(), p.Flags(), v)
	}
}

func (s *sampler) histogram(name string, p pmetric.HistogramDataPoint) {
	counts, bounds := p.BucketCounts(), p.ExplicitBounds()
	if counts.Len() > 0 && counts.Len() != bounds.Len()+1 {
		s.reject(1, name+" has bounds that do not fit its counts")
		return
	}
	labels := s.labels(p.Attributes())
	var cumulative uint64
	for i := range bounds.Len() {
		if counts.Len() == 0 {
			break
		}
		cumulative += counts.At(i)
		s.add(name+"_bucket", with(labels, "le", boundText(bounds.At(i))), p.Timestamp(), p.Flags(), float64(cumulative))
	}
	s.add(name+"_bucket", with(labels, "le", "+Inf"), p.Timestamp(), p.Flags(), float64(p.Count()))
	s.add(name+"_count", labels, p.Timestamp(), p.Flags(), float64(p.Count()))
	if p.HasSum() {
		s.add(name+"_sum", labels, p.Timestamp(), p.Flags(), p.Sum())
	}
}

func (s *sampler) summary(name string, p pmetric.SummaryDataPoint) {
	labels := s.labels(p.Attributes())
	for _, q := range p.QuantileValues().All() {
		s.add(name, with(labels, "quantile", boundText(q.Quantile())), p.Timestamp(), p.Flags(), q.Value())
	}
	s.add(name+"_count", labels, p.Timestamp(), p.Flags(), float64(p.Count()))
	s.add(name+"_sum", labels, p.Timestamp(), p.Flags(), p.Sum())
}

// labels are the identity of the resource and the attributes of a point. Two
// attributes that become the same name share it, joined by a semicolon, so that
// no point is lost.
func (s *sampler) labels(attrs pcommon.Map) []metricstore.Label {
	labels := make([]metricstore.Label, len(s.identity), len(s.identity)+attrs.Len())
	copy(labels, s.identity)
next:
	for key, v := range attrs.All() {
		name, text := labelName(key), v.AsString()
		for i := range labels {
			if labels[i].Name == name {
				if i >= len(s.identity) {
					labels[i].Value += ";" + text
					continue next
				}
				name = "exported_" + name // the resource's word counts
			}
		}
		labels = append(labels, metricstore.Label{Name: name, Value: text})
	}
	return labels
}

// with returns the labels and one more, without touching the ones given.
func with(labels []metricstore.Label, name, value string) []metricstore.Label {
	return append(labels[:len(labels):len(labels)], metricstore.Label{Name: name, Value: value})
}
