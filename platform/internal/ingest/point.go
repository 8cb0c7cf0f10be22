package ingest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

// pointConverter turns OTLP metric points into samples. Delta temporality and
// exponential histograms are refused: the store counts since a process began.
type pointConverter struct {
	namer   *namer
	now     time.Time // for points without a time
	refused refusal
	out     []metricstore.Sample
}

func (c *pointConverter) convert(metrics pmetric.Metrics) []metricstore.Sample {
	c.out = make([]metricstore.Sample, 0, metrics.DataPointCount())
	for _, rm := range metrics.ResourceMetrics().All() {
		origin := originLabels(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				c.metric(origin, m)
			}
		}
	}
	return c.out
}

func originLabels(resource pcommon.Resource) []metricstore.Label {
	text := func(key, otherwise string) string {
		if v, ok := resource.Attributes().Get(key); ok && v.AsString() != "" {
			return cut(v.AsString(), maxLabelText)
		}
		return otherwise
	}
	labels := []metricstore.Label{{Name: labelService, Value: text("service.name", unknownService)}}
	if v := text("service.instance.id", ""); v != "" {
		labels = append(labels, metricstore.Label{Name: labelInstance, Value: v})
	}
	if v := text("service.version", ""); v != "" {
		labels = append(labels, metricstore.Label{Name: labelVersion, Value: v})
	}
	return labels
}

func (c *pointConverter) metric(origin []metricstore.Label, m pmetric.Metric) {
	name, err := c.namer.name(m)
	if err != nil {
		c.refused.add(points(m), err.Error())
		return
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		c.numbers(name, origin, m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		if c.cumulative(m, m.Sum().AggregationTemporality()) {
			c.numbers(name, origin, m.Sum().DataPoints())
		}
	case pmetric.MetricTypeHistogram:
		if c.cumulative(m, m.Histogram().AggregationTemporality()) {
			c.histograms(name, origin, m.Histogram().DataPoints())
		}
	case pmetric.MetricTypeSummary:
		c.summaries(name, origin, m.Summary().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		c.refused.add(points(m), m.Name()+" is an exponential histogram; send explicit buckets")
	case pmetric.MetricTypeEmpty:
		c.refused.add(1, m.Name()+" has no data")
	}
}

// cumulative refuses the points of a metric that does not count since a start.
func (c *pointConverter) cumulative(m pmetric.Metric, t pmetric.AggregationTemporality) bool {
	if t == pmetric.AggregationTemporalityCumulative {
		return true
	}
	c.refused.add(points(m), fmt.Sprintf("%s has temporality %s; configure the exporter for cumulative", m.Name(), t))
	return false
}

func points(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	case pmetric.MetricTypeEmpty:
	}
	return 1
}

// point begins a point: its labels, its time, and how its values are written.
func (c *pointConverter) point(origin []metricstore.Label, attrs pcommon.Map, at pcommon.Timestamp, flags pmetric.DataPointFlags) (series, bool) {
	labels, err := c.namer.labels(origin, attrs)
	if err != nil {
		c.refused.add(1, err.Error())
		return series{}, false
	}
	s := series{c: c, labels: labels, at: c.now, ended: flags.NoRecordedValue()}
	if at > 0 && at <= math.MaxInt64 {
		s.at = at.AsTime()
	}
	return s, true
}

// series writes the samples of one point.
type series struct {
	c      *pointConverter
	labels []metricstore.Label
	at     time.Time
	ended  bool // the sender says that the series has no value any more
}

func (s *series) add(name string, v float64, more ...metricstore.Label) {
	if s.ended {
		v = math.Float64frombits(value.StaleNaN)
	}
	labels := s.labels
	if len(more) > 0 {
		labels = append(slices.Clip(labels), more...)
	}
	s.c.out = append(s.c.out, metricstore.Sample{Name: name, Labels: labels, T: s.at, V: v})
}

func (c *pointConverter) numbers(name string, origin []metricstore.Label, points pmetric.NumberDataPointSlice) {
	for _, p := range points.All() {
		s, ok := c.point(origin, p.Attributes(), p.Timestamp(), p.Flags())
		if !ok {
			continue
		}
		v := p.DoubleValue()
		if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
			v = float64(p.IntValue())
		}
		s.add(name, v)
	}
}

func (c *pointConverter) histograms(name string, origin []metricstore.Label, points pmetric.HistogramDataPointSlice) {
	for _, p := range points.All() {
		counts, bounds := p.BucketCounts(), p.ExplicitBounds()
		if counts.Len() != 0 && counts.Len() != bounds.Len()+1 {
			c.refused.add(1, fmt.Sprintf("%s has %d buckets for %d bounds", name, counts.Len(), bounds.Len()))
			continue
		}
		s, ok := c.point(origin, p.Attributes(), p.Timestamp(), p.Flags())
		if !ok {
			continue
		}
		var below uint64
		for i, le := range bounds.All() {
			if counts.Len() == 0 {
				break
			}
			below += counts.At(i)
			s.add(name+"_bucket", float64(below), metricstore.Label{Name: "le", Value: bound(le)})
		}
		s.add(name+"_bucket", float64(p.Count()), metricstore.Label{Name: "le", Value: "+Inf"})
		s.add(name+"_count", float64(p.Count()))
		if p.HasSum() {
			s.add(name+"_sum", p.Sum())
		}
	}
}

func (c *pointConverter) summaries(name string, origin []metricstore.Label, points pmetric.SummaryDataPointSlice) {
	for _, p := range points.All() {
		s, ok := c.point(origin, p.Attributes(), p.Timestamp(), p.Flags())
		if !ok {
			continue
		}
		for _, q := range p.QuantileValues().All() {
			s.add(name, q.Value(), metricstore.Label{Name: "quantile", Value: bound(q.Quantile())})
		}
		s.add(name+"_count", float64(p.Count()))
		s.add(name+"_sum", p.Sum())
	}
}
