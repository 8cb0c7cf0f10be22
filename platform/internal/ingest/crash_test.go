package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/backstay/backstay/platform/internal/ingest"
	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
)

// crashDir tells the test binary to be the server of TestKilled.
const crashDir = "BACKSTAY_TEST_INGEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveUntilKilled prints its address and serves; it returns only on failure.
func serveUntilKilled(dir string) error {
	traces, err := tracestore.Open(filepath.Join(dir, "traces"), tracestore.Config{})
	if err != nil {
		return err
	}
	metrics, err := metricstore.Open(filepath.Join(dir, "metrics"), metricstore.Config{})
	if err != nil {
		return err
	}
	s, err := ingest.Listen(context.Background(), ingest.Config{
		GRPCAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Traces: traces, Metrics: metrics,
		Graph: topology.New(topology.Config{}), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	fmt.Println(s.HTTPAddr())
	return s.Serve(context.Background())
}

// TestKilled holds the promise that acknowledged means stored against SIGKILL.
func TestKilled(t *testing.T) {
	t.Parallel()
	const senders, perBatch, enough = 4, 50, 200
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + strings.TrimSpace(addr) + "/v1/traces"

	var mu sync.Mutex
	var acknowledged []int // first id of each batch
	var sending sync.WaitGroup
	kill := sync.OnceValue(func() error { return child.Process.Kill() })
	for sender := range senders {
		sending.Go(func() {
			for n := 0; ; n++ {
				first := (n*senders + sender) * perBatch
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(encoded(t, first, perBatch))))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/x-protobuf")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					return // it has been killed
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					continue
				}
				mu.Lock()
				acknowledged = append(acknowledged, first)
				done := len(acknowledged) >= enough
				mu.Unlock()
				if done {
					_ = kill() // while the others are in the middle of theirs
				}
			}
		})
	}
	sending.Wait()
	_ = child.Wait() // killed

	traces, err := tracestore.Open(filepath.Join(dir, "traces"), tracestore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := traces.Close(); err != nil {
			t.Error(err)
		}
	}()
	missing := 0
	for _, first := range acknowledged {
		for id := first; id < first+perBatch; id++ {
			spans, err := traces.Trace(t.Context(), traceID(id))
			if err != nil {
				t.Fatal(err)
			}
			if len(spans) != 1 {
				missing++
			}
		}
	}
	if missing > 0 || len(acknowledged) < enough {
		t.Errorf("%d of %d acknowledged spans missing", missing, len(acknowledged)*perBatch)
	}
}
