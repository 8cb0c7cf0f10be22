package tracestore

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkAppend stores synced batches from four writers. It reports the
// processor time of the whole process, Pebble's background work included, and
// what lies on disk in the end.
func BenchmarkAppend(b *testing.B) {
	for _, traces := range []int{50, 250} { // four spans each
		b.Run(fmt.Sprintf("%d spans", traces*4), func(b *testing.B) {
			dir := b.TempDir()
			s, err := Open(dir, Config{})
			if err != nil {
				b.Fatal(err)
			}
			batches := make([][]Span, b.N)
			for i := range batches {
				batches[i] = shopTraces(traces, uint64(i), time.Now())
			}
			var taken atomic.Int64
			var wg sync.WaitGroup
			before := processorTime(b)
			b.ResetTimer()
			for range 4 {
				wg.Go(func() {
					for i := taken.Add(1) - 1; i < int64(b.N); i = taken.Add(1) - 1 {
						if err := s.Append(b.Context(), batches[i]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if err := s.(*disk).db.Flush(); err != nil {
				b.Fatal(err)
			}
			used := processorTime(b) - before
			b.StopTimer()
			spans := float64(b.N * traces * 4)
			b.ReportMetric(spans/used.Seconds(), "spans/cpu-s")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(sizeOf(b, dir))/spans, "B/span")
		})
	}
}

// processorTime is what the process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sizeOf sums the tables on disk; logs of a fixed size are left out.
func sizeOf(b *testing.B, dir string) (total int64) {
	b.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range tables {
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		total += info.Size()
	}
	return total
}
