package tracestore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// crashDir names, in the environment of a child, the directory to append to.
const crashDir = "BACKSTAY_TEST_CRASH_DIR"

// TestMain lets the test binary be the process that gets killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, appendForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForever appends from four goroutines and says on standard output, after
// each acknowledgement, which batch it was. It returns only on an error.
func appendForever(dir string) error {
	s, err := Open(dir, Config{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				if err := s.Append(context.Background(), crashBatch(w, i)); err != nil {
					failed <- err
					return
				}
				out.Lock()
				_, err := fmt.Println(w, i)
				out.Unlock()
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

func crashBatch(worker, i int) []Span {
	return shopTraces(25, uint64(worker)<<32|uint64(i), time.Unix(1e9, 0))
}

// TestAcknowledgedSurvivesKill kills a process in mid-append, several times over
// the same directory, and looks for every span it acknowledged.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "traces")
	for _, acknowledgements := range []int{1, 20, 120} {
		acknowledged := killAfter(t, dir, acknowledgements)
		s := open(t, dir, Config{})
		spans := 0
		for _, batch := range acknowledged {
			for i, want := range batch {
				if i%4 != 0 { // four spans to a trace
					continue
				}
				got, err := s.Trace(t.Context(), want.TraceID)
				if err != nil || len(got) != 4 {
					t.Fatalf("acknowledged trace %v has %d spans, %v", want.TraceID, len(got), err)
				}
				spans += len(got)
			}
		}
		t.Logf("%d acknowledged spans, all there", spans)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs a child until it has acknowledged n batches, kills it without
// warning and returns all that it acknowledged.
func killAfter(t *testing.T, dir string, n int) [][]Span {
	t.Helper()
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
	var batches [][]Span
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var worker, i int
		if _, err := fmt.Sscan(lines.Text(), &worker, &i); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		if batches = append(batches, crashBatch(worker, i)); len(batches) == n {
			if err := child.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(batches) < n {
		t.Fatalf("the child ended after %d batches with %v, not by the kill", len(batches), err)
	}
	return batches
}
