package metricstore

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// blockTime is the shortest block; the head, which is memory, holds up to one
// and a half of them.
const blockTime = 2 * time.Hour

// database is the store on the libraries of Prometheus.
type database struct {
	cfg    Config
	db     *tsdb.DB
	promql *promql.Engine

	use    sync.RWMutex // held for reading by calls in flight
	closed bool

	appended, stale, ahead, over, invalid atomic.Uint64
}

// Open opens the store in dir, which is created when missing. A directory
// belongs to one open store.
func Open(dir string, cfg Config) (Store, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("metricstore: %w", err)
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = cfg.Retention.Milliseconds()
	options.MinBlockDuration = blockTime.Milliseconds()
	options.MaxBlockDuration = max(cfg.Retention/10, blockTime).Milliseconds()
	options.OutOfOrderTimeWindow = cfg.Window.Milliseconds()
	options.WALCompression = compression.Snappy
	options.WALSegmentSize = 16 << 20
	options.StripeSize = 1 << 10                 // locks over series; the default is for millions of them
	options.HeadChunksWriteBufferSize = 64 << 10 // the least allowed
	db, err := tsdb.Open(dir, cfg.Log, nil, options, nil)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("metricstore: open %s: another process uses it; end that one, or choose another data directory", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("metricstore: open %s: %w", dir, err)
	}
	return &database{cfg: cfg, db: db, promql: promql.NewEngine(promql.EngineOpts{
		Logger: cfg.Log, MaxSamples: cfg.MaxQuerySamples, Timeout: cfg.QueryTimeout, LookbackDelta: cfg.Lookback,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Second.Milliseconds() },
	})}, nil
}

// enter keeps the store open until leave is called.
func (d *database) enter() (leave func(), err error) {
	d.use.RLock()
	if d.closed {
		d.use.RUnlock()
		return nil, ErrClosed
	}
	return d.use.RUnlock, nil
}

func (d *database) Stats() Stats {
	s := Stats{
		Appended: d.appended.Load(), Stale: d.stale.Load(), Ahead: d.ahead.Load(),
		Over: d.over.Load(), Invalid: d.invalid.Load(),
	}
	leave, err := d.enter()
	if err != nil {
		return s
	}
	defer leave()
	s.Series, s.Bytes = d.db.Head().NumSeries(), d.db.Head().Size()
	for _, b := range d.db.Blocks() {
		s.Bytes += b.Size()
	}
	return s
}

func (d *database) Close() error {
	d.use.Lock()
	defer d.use.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if err := errors.Join(d.promql.Close(), d.db.Close()); err != nil {
		return fmt.Errorf("metricstore: close: %w", err)
	}
	return nil
}
