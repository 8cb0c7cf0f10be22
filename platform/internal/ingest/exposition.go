package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
)

// read turns an answer into samples. Series keep their labels from round to
// round, because most answers hold the same ones as the answer before.
func (one *scrapee) read(body []byte, contentType string, t Target, at time.Time, limit int) ([]metricstore.Sample, error) {
	parser, err := textparse.New(body, contentType, labels.NewSymbolTable(),
		textparse.ParserOptions{IgnoreNativeHistograms: true, FallbackContentType: "text/plain"})
	if parser == nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	samples := make([]metricstore.Sample, 0, len(one.series)+1)
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return samples, nil
		}
		if err != nil {
			return nil, fmt.Errorf("scrape: not metrics: %w", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		if len(samples) >= limit {
			return nil, fmt.Errorf("scrape: more than %d samples", limit)
		}
		text, moment, v := parser.Series()
		line, ok := one.series[string(text)]
		if !ok {
			line = seriesOf(parser, t)
			one.series[string(text)] = line
		}
		line.round = one.round
		when := at
		if moment != nil {
			when = time.UnixMilli(*moment)
		}
		samples = append(samples, metricstore.Sample{Name: line.name, Labels: line.labels, T: when, V: v})
	}
}

// seriesOf reads the labels of the line at hand. Labels that would claim to be
// ours are kept under another name, as Prometheus does.
func seriesOf(parser textparse.Parser, t Target) *series {
	var set labels.Labels
	parser.Labels(&set)
	line := &series{labels: identity(t, true)}
	set.Range(func(l labels.Label) {
		switch l.Name {
		case model.MetricNameLabel:
			line.name = l.Value
		case "service", "instance", "version":
			line.labels = append(line.labels, metricstore.Label{Name: "exported_" + l.Name, Value: l.Value})
		default:
			line.labels = append(line.labels, metricstore.Label{Name: l.Name, Value: l.Value})
		}
	})
	return line
}

// ended forgets the series that were not in this round's answer and returns the
// marks that end them, so that a query does not show their last value for minutes.
func (one *scrapee) ended(at time.Time) []metricstore.Sample {
	var marks []metricstore.Sample
	for text, line := range one.series {
		if line.round != one.round {
			marks = append(marks, metricstore.Sample{Name: line.name, Labels: line.labels, T: at, V: math.Float64frombits(value.StaleNaN)})
			delete(one.series, text)
		}
	}
	return marks
}
