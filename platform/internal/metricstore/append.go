package metricstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

const (
	maxLabels      = 64      // labels of one sample
	maxLabelLength = 2 << 10 // bytes of one label's value
)

// refusal is why one sample was left out, and where that is counted.
type refusal struct {
	counter *atomic.Uint64
	reason  string
}

func (d *database) Append(ctx context.Context, samples []Sample) error {
	leave, err := d.enter()
	if err != nil {
		return err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return err
	}
	app := d.db.Appender(ctx)
	limit := d.cfg.Now().Add(d.cfg.Window).UnixMilli()
	builder := labels.NewScratchBuilder(16)
	var refusals []refusal
	for i := range samples {
		refused, err := d.add(app, &builder, &samples[i], limit)
		if err != nil {
			return errors.Join(fmt.Errorf("metricstore: append: %w", err), app.Rollback())
		}
		if refused.counter != nil {
			refusals = append(refusals, refused)
		}
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("metricstore: commit: %w", err)
	}
	stored := len(samples) - len(refusals)
	d.appended.Add(uint64(stored))
	if len(refusals) == 0 {
		return nil
	}
	for _, r := range refusals {
		r.counter.Add(1)
	}
	return &RefusedError{Refused: len(refusals), Stored: stored, First: refusals[0].reason}
}

// add hands one sample to the appender. The refusal is empty when it took it;
// an error is one of the storage, after which nothing of the batch may stay.
func (d *database) add(app storage.Appender, b *labels.ScratchBuilder, s *Sample, limit int64) (refusal, error) {
	set, reason := seriesOf(b, s)
	if reason != "" {
		return refusal{&d.invalid, reason}, nil
	}
	t := s.T.UnixMilli()
	if t > limit {
		// One sample from the future would make all present ones out of order.
		return refusal{&d.ahead, s.Name + " is dated " + s.T.UTC().Format("15:04:05.000") + ", ahead of the server's clock"}, nil
	}
	ref, full := storage.SeriesRef(0), d.db.Head().NumSeries() >= uint64(d.cfg.MaxSeries)
	if full {
		if known, ok := app.(storage.GetRef); ok {
			ref, _ = known.GetRef(set, set.Hash())
		}
		if ref == 0 {
			return refusal{&d.over, fmt.Sprintf("%s would be a series beyond the %d kept", s.Name, d.cfg.MaxSeries)}, nil
		}
	}
	_, err := app.Append(ref, set, t, s.V)
	switch {
	case err == nil:
		return refusal{}, nil
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrTooOldSample),
		errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return refusal{&d.stale, s.Name + ": " + err.Error()}, nil
	default:
		return refusal{}, err
	}
}

// seriesOf builds the label set of a sample, or says what is wrong with it.
func seriesOf(b *labels.ScratchBuilder, s *Sample) (labels.Labels, string) {
	if !model.LegacyValidation.IsValidMetricName(s.Name) {
		return labels.Labels{}, fmt.Sprintf("%q is not a metric name", s.Name)
	}
	if len(s.Labels) > maxLabels {
		return labels.Labels{}, fmt.Sprintf("%s has %d labels, at most %d are kept", s.Name, len(s.Labels), maxLabels)
	}
	b.Reset()
	b.Add(model.MetricNameLabel, s.Name)
	for _, l := range s.Labels {
		switch {
		case l.Value == "":
			continue
		case l.Name == model.MetricNameLabel || !model.LegacyValidation.IsValidLabelName(l.Name):
			return labels.Labels{}, fmt.Sprintf("%s: %q is not a label name", s.Name, l.Name)
		case len(l.Value) > maxLabelLength || !utf8.ValidString(l.Value):
			return labels.Labels{}, fmt.Sprintf("%s: the value of %s is not UTF-8 or exceeds %d bytes", s.Name, l.Name, maxLabelLength)
		}
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	set := b.Labels()
	if name, twice := set.HasDuplicateLabelNames(); twice {
		return labels.Labels{}, fmt.Sprintf("%s has label %s twice", s.Name, name)
	}
	return set, ""
}
