//go:build unix

package ingest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkTraces measures OTLP bytes to durable spans, the graph included.
func BenchmarkTraces(b *testing.B) {
	const spans = 500
	s := begin(b, b.TempDir(), nil)
	handler := s.Handler()
	bodies := make([][]byte, 64)
	for i := range bodies {
		bodies[i] = encoded(b, i*spans, spans)
	}
	before, n := cpu(b), 0
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/traces", bytes.NewReader(bodies[n%len(bodies)]))
		req.Header.Set("Content-Type", "application/x-protobuf")
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, req); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		n++
	}
	b.ReportMetric(float64(n*spans)/(cpu(b)-before).Seconds(), "spans/cpu-s")
	b.ReportMetric(float64(s.traces.Stats().Bytes)/float64(n*spans), "B/span")
}
