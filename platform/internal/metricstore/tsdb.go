package metricstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// engine is the store on the libraries of Prometheus.
type engine struct {
	db        *tsdb.DB
	promql    *promql.Engine
	parser    parser.Parser
	slots     chan struct{} // one token for each query that runs
	timeout   time.Duration
	maxSeries uint64

	appended, stale, bounded, invalid, queries, busy atomic.Uint64
}

// Open opens the store in dir, which is created when missing.
func Open(dir string, cfg Config) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("metricstore: %w", err)
	}
	retention := max(cmp.Or(cfg.Retention, 24*time.Hour), time.Hour)
	options := tsdb.DefaultOptions()
	options.RetentionDuration = retention.Milliseconds()
	// The head, which is memory, holds one and a half of the shortest block.
	options.MinBlockDuration = (20 * time.Minute).Milliseconds()
	options.MaxBlockDuration = max(retention/10, 20*time.Minute).Milliseconds()
	options.OutOfOrderTimeWindow = max(cmp.Or(cfg.OutOfOrder, time.Minute), 0).Milliseconds()
	options.WALCompression = compression.Snappy
	options.WALSegmentSize = 16 << 20
	options.StripeSize = 1 << 10                 // locks over series: made for millions of them by default
	options.HeadChunksWriteBufferSize = 64 << 10 // the least allowed
	options.MaxBlockChunkSegmentSize = 64 << 20
	log := slog.New(slog.DiscardHandler) // every failure that matters comes back as an error
	db, err := tsdb.Open(dir, log, nil, options, nil)
	if err != nil {
		return nil, fmt.Errorf("metricstore: open %s: %w", dir, err)
	}
	timeout := cmp.Or(cfg.QueryTimeout, 10*time.Second)
	language := parser.NewParser(parser.Options{})
	return &engine{
		db: db, parser: language, timeout: timeout,
		slots:     make(chan struct{}, max(cmp.Or(cfg.Queries, 4), 1)),
		maxSeries: cmp.Or(cfg.MaxSeries, 50_000),
		promql: promql.NewEngine(promql.EngineOpts{
			Logger: log, MaxSamples: cmp.Or(cfg.QuerySamples, 2_000_000), Timeout: timeout, Parser: language,
			EnableAtModifier: true, EnableNegativeOffset: true,
			NoStepSubqueryIntervalFn: func(int64) int64 { return 1000 },
		}),
	}, nil
}

func (e *engine) Append(ctx context.Context, samples []Sample) (err error) {
	appender := e.db.Appender(ctx)
	refs, ok := appender.(storage.GetRef)
	if !ok {
		return errors.Join(errors.New("metricstore: the engine does not tell known series"), appender.Rollback())
	}
	var refused RefusedError
	var appended uint64
	builder := labels.NewScratchBuilder(16)
	// Series are counted when the batch begins; those it adds count on top.
	series := e.db.Head().NumSeries()
	for i := range samples {
		set, valid := seriesOf(&builder, &samples[i])
		if !valid {
			refused.Invalid++
			continue
		}
		ref, known := refs.GetRef(set, set.Hash())
		if ref == 0 {
			if series >= e.maxSeries {
				refused.Bounded++
				continue
			}
			series++
		} else {
			set = known
		}
		_, err := appender.Append(ref, set, samples[i].T.UnixMilli(), samples[i].V)
		switch {
		case err == nil:
			appended++
		case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrTooOldSample),
			errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
			refused.Stale++
		default:
			return errors.Join(fmt.Errorf("metricstore: append: %w", err), appender.Rollback())
		}
	}
	if err := appender.Commit(); err != nil {
		return fmt.Errorf("metricstore: append: %w", err)
	}
	e.appended.Add(appended)
	if refused.Total() == 0 {
		return nil
	}
	e.stale.Add(uint64(refused.Stale))     //nolint:gosec // a count
	e.bounded.Add(uint64(refused.Bounded)) //nolint:gosec // a count
	e.invalid.Add(uint64(refused.Invalid)) //nolint:gosec // a count
	return &refused
}

// seriesOf makes the engine's label set. It is invalid without a name, with a
// repeated label or with one that claims to be the name.
func seriesOf(b *labels.ScratchBuilder, s *Sample) (labels.Labels, bool) {
	if s.Name == "" {
		return labels.EmptyLabels(), false
	}
	b.Reset()
	b.Add(labels.MetricName, s.Name)
	for _, l := range s.Labels {
		if l.Name == "" || l.Name == labels.MetricName {
			return labels.EmptyLabels(), false
		}
		if l.Value != "" {
			b.Add(l.Name, l.Value)
		}
	}
	b.Sort()
	set := b.Labels()
	_, repeated := set.HasDuplicateLabelNames()
	return set, !repeated
}

func (e *engine) Stats() Stats {
	return Stats{
		Series: e.db.Head().NumSeries(), Appended: e.appended.Load(),
		Stale: e.stale.Load(), Bounded: e.bounded.Load(), Invalid: e.invalid.Load(),
		Queries: e.queries.Load(), Busy: e.busy.Load(),
	}
}

func (e *engine) Close() error {
	if err := errors.Join(e.promql.Close(), e.db.Close()); err != nil {
		return fmt.Errorf("metricstore: close: %w", err)
	}
	return nil
}
