package tracestore

import (
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// sweepEvery is how often retention is looked after.
const sweepEvery = time.Minute

// sweeper drops what retention no longer keeps until ctx ends. A sweep that
// fails is tried again with the next.
func (d *disk) sweeper(ctx context.Context) {
	defer close(d.swept)
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := d.sweep(); err != nil {
				d.cfg.Log.Error("tracestore: retention", "error", err)
			}
		}
	}
}

// sweep drops the hours past retention, and the oldest of the rest while the
// disk holds more than it may. Space comes back when Pebble compacts.
func (d *disk) sweep() error {
	now := d.cfg.Now()
	cut := hourOf(now.Add(-d.cfg.Retention))
	if used := d.db.Metrics().DiskSpaceUsage(); used > uint64(d.cfg.MaxBytes) {
		over, err := d.hoursOver(used - uint64(d.cfg.MaxBytes))
		if err != nil {
			return err
		}
		cut = max(cut, min(over, hourOf(now)))
	}
	var found bool
	err := d.iterate(func(iter *pebble.Iterator) error {
		found = iter.SeekLT(hourKey(cut))
		return iter.Error()
	})
	if err != nil || !found {
		return err
	}
	if err := d.db.DeleteRange(hourKey(0), hourKey(cut), pebble.Sync); err != nil {
		return fmt.Errorf("tracestore: drop old hours: %w", err)
	}
	return nil
}

// hoursOver returns the first hour to keep so that about excess bytes go.
func (d *disk) hoursOver(excess uint64) (cut uint32, err error) {
	err = d.iterate(func(iter *pebble.Iterator) error {
		var freed uint64
		return hours(iter, func(hour uint32) error {
			if freed >= excess {
				return nil
			}
			size, err := d.db.EstimateDiskUsage(hourKey(hour), hourKey(hour+1))
			freed, cut = freed+size, hour+1
			return err
		})
	})
	return cut, err
}
