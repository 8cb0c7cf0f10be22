package tracestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// disk is the store on Pebble.
type disk struct {
	cfg   Config
	db    *pebble.DB
	codec *codec
	seq   atomic.Uint64 // of the last block; unique over the life of the directory

	mu     sync.RWMutex // held for reading by every call, so that Close waits for them
	closed bool

	stop    context.CancelFunc // ends the sweeper
	swept   chan struct{}      // closed when it has ended
	spans   atomic.Uint64
	blocks  atomic.Uint64
	refused atomic.Uint64
}

// Open opens the store in dir, which is created when missing. A directory is
// open in at most one process at a time.
func Open(dir string, cfg Config) (Store, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("tracestore: %w", err)
	}
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	db, err := pebble.Open(dir, options(cfg.Log))
	if err != nil {
		codec.close()
		return nil, fmt.Errorf("tracestore: open %s: %w", dir, err)
	}
	d := &disk{cfg: cfg, db: db, codec: codec, swept: make(chan struct{})}
	last, err := d.lastSequence()
	if err == nil {
		err = d.sweep()
	}
	if err != nil {
		codec.close()
		return nil, errors.Join(err, db.Close())
	}
	d.seq.Store(last)
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go d.sweeper(ctx)
	return d, nil
}

// options keep Pebble within about 30 MB: small memtables and cache. Blocks are
// compressed before they come here, so tables are not compressed again.
func options(log *slog.Logger) *pebble.Options {
	o := &pebble.Options{
		CacheSize:                   8 << 20,
		MemTableSize:                4 << 20,
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                256,
		FlushDelayDeleteRange:       10 * time.Second,
		Logger:                      engineLog{log},
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	return o
}

// engineLog passes Pebble's messages to slog.
type engineLog struct{ log *slog.Logger }

func (l engineLog) Infof(format string, args ...any) {
	l.log.Debug("tracestore engine", "message", fmt.Sprintf(format, args...))
}

func (l engineLog) Errorf(format string, args ...any) {
	l.log.Error("tracestore engine", "message", fmt.Sprintf(format, args...))
}

// Fatalf must not return: the log on disk cannot be trusted any more, and to go
// on would acknowledge what is not stored.
func (l engineLog) Fatalf(format string, args ...any) {
	panic("tracestore engine: " + fmt.Sprintf(format, args...))
}

// enter begins a call; the caller runs leave when done.
func (d *disk) enter() (leave func(), err error) {
	d.mu.RLock()
	if d.closed {
		d.mu.RUnlock()
		return nil, ErrClosed
	}
	return d.mu.RUnlock, nil
}

func (d *disk) Append(ctx context.Context, spans []Span) error {
	leave, err := d.enter()
	if err != nil {
		return err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(spans) == 0 {
		return nil
	}
	batch := d.db.NewBatch()
	blocks, err := d.fill(batch, spans)
	if err == nil {
		err = batch.Commit(pebble.Sync)
	}
	if err = errors.Join(err, batch.Close()); err != nil {
		d.refused.Add(uint64(len(spans)))
		return fmt.Errorf("tracestore: append: %w", err)
	}
	d.spans.Add(uint64(len(spans)))
	d.blocks.Add(blocks)
	return nil
}

// fill writes the blocks of spans into batch.
func (d *disk) fill(batch *pebble.Batch, spans []Span) (blocks uint64, err error) {
	now := d.cfg.Now()
	for part := range slices.Chunk(spans, maxSpansPerBlock) {
		n, err := d.fillPart(batch, now, part)
		if err != nil {
			return 0, err
		}
		blocks += n
	}
	return blocks, nil
}

// fillPart writes one block, its header and its index keys, or the blocks of
// two halves when it would exceed what a block may hold.
func (d *disk) fillPart(batch *pebble.Batch, now time.Time, spans []Span) (blocks uint64, err error) {
	data, ok := d.codec.pack(spans)
	if !ok && len(spans) == 1 {
		return 0, ErrTooLarge
	}
	if !ok {
		half := len(spans) / 2
		first, err := d.fillPart(batch, now, spans[:half])
		if err != nil {
			return 0, err
		}
		second, err := d.fillPart(batch, now, spans[half:])
		return first + second, err
	}
	hour, seq := hourOf(now), d.seq.Add(1)
	h := headerOf(spans, now.UnixNano())
	if err := batch.Set(plainKey(hour, sectionBlock, seq), data, nil); err != nil {
		return 0, err
	}
	if err := batch.Set(plainKey(hour, sectionHeader, seq), h.encode(), nil); err != nil {
		return 0, err
	}
	seen := make(map[uint64]bool, len(spans))
	for i := range spans {
		fp := fingerprint(spans[i].TraceID)
		if seen[fp] {
			continue
		}
		seen[fp] = true
		if err := batch.Set(traceKey(hour, fp, seq), nil, nil); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// block loads the spans of one block; a block that retention has just dropped
// has none.
func (d *disk) block(hour uint32, seq uint64) ([]Span, error) {
	data, closer, err := d.db.Get(plainKey(hour, sectionBlock, seq))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tracestore: read block: %w", err)
	}
	spans, err := d.codec.unpack(data)
	return spans, errors.Join(err, closer.Close())
}

// hours calls visit with every hour that has keys, in ascending order. visit
// may move the iterator.
func hours(iter *pebble.Iterator, visit func(hour uint32) error) error {
	for ok := iter.First(); ok; {
		hour := binary.BigEndian.Uint32(iter.Key())
		if err := visit(hour); err != nil {
			return err
		}
		ok = iter.SeekGE(hourKey(hour + 1))
	}
	return iter.Error()
}

// lastSequence finds the largest sequence in use.
func (d *disk) lastSequence() (last uint64, err error) {
	err = d.iterate(func(iter *pebble.Iterator) error {
		return hours(iter, func(hour uint32) error {
			if iter.SeekLT(next(prefix(hour, sectionBlock))) && len(iter.Key()) == plainLength {
				last = max(last, binary.BigEndian.Uint64(iter.Key()[prefixLength:]))
			}
			return nil
		})
	})
	return last, err
}

// iterate lends an iterator over all keys as they are now.
func (d *disk) iterate(use func(*pebble.Iterator) error) error {
	iter, err := d.db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("tracestore: %w", err)
	}
	return errors.Join(use(iter), iter.Close())
}

func (d *disk) Stats() Stats {
	s := Stats{Spans: d.spans.Load(), Blocks: d.blocks.Load(), Failed: d.refused.Load()}
	leave, err := d.enter()
	if err != nil {
		return s // closed: the counters remain, the rest is gone
	}
	defer leave()
	s.Bytes = d.db.Metrics().DiskSpaceUsage()
	err = d.iterate(func(iter *pebble.Iterator) error {
		if iter.First() {
			s.Oldest = time.Unix(int64(binary.BigEndian.Uint32(iter.Key()))*3600, 0).UTC()
		}
		return iter.Error()
	})
	if err != nil {
		d.cfg.Log.Error("tracestore: oldest hour", "error", err)
	}
	return s
}

func (d *disk) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	d.mu.Unlock()
	// Calls under way held the lock until now; the sweeper may still run.
	d.stop()
	<-d.swept
	d.codec.close()
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("tracestore: close: %w", err)
	}
	return nil
}
