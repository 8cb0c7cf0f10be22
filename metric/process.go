package metric

import (
	"runtime/metrics"
	"time"
)

// Process declares the metrics every process has: go_goroutines, go_heap_bytes
// (live and not yet swept objects) and process_start_time_seconds (Unix time).
// Reading them does not stop the world.
func Process(r *Registry, started time.Time) {
	r.GaugeFunc("go_goroutines", "Goroutines that exist.", func() float64 {
		return readRuntime("/sched/goroutines:goroutines")
	})
	r.GaugeFunc("go_heap_bytes", "Bytes of heap objects, live or not yet swept.", func() float64 {
		return readRuntime("/memory/classes/heap/objects:bytes")
	})
	since := float64(started.UnixMilli()) / 1e3
	r.GaugeFunc("process_start_time_seconds", "When the process started, in seconds of Unix time.", func() float64 {
		return since
	})
}

func readRuntime(name string) float64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0 // this Go version does not measure it
	}
	return float64(sample[0].Value.Uint64())
}
