package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstay/backstay/platform/internal/client"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/policy/document"
)

// options are those of a server on free ports.
func options(t *testing.T) Options {
	t.Helper()
	c := config.Default()
	c.Listen, c.OTLP.GRPC, c.OTLP.HTTP = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.DataDir = t.TempDir()
	return Options{Config: c, Log: slog.New(slog.DiscardHandler)}
}

// bannerWriter tells when the banner was written.
type bannerWriter struct {
	text    string
	written chan struct{}
}

func (b *bannerWriter) Write(p []byte) (int, error) {
	defer close(b.written)
	b.text = string(p)
	return len(p), nil
}

func TestRunServesAndLeavesNothingBehind(t *testing.T) {
	o := options(t)
	t.Setenv("TMPDIR", t.TempDir())
	o.Config.DataDir = "" // temporary
	out := &bannerWriter{written: make(chan struct{})}
	o.Out = out
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	select {
	case <-out.written:
	case err := <-done:
		t.Fatal(err)
	}
	var address string
	for line := range strings.SplitSeq(out.text, "\n") {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "Console" {
			address = fields[1]
		}
	}
	c, err := client.New(address, client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(ctx); err != nil {
		t.Error(err)
	}
	if status, err := c.Status(ctx); err != nil || !status.Temporary || status.Counters["otlp_requests_stored"] != 0 {
		t.Errorf("status %+v, %v", status, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRunNamesTheBusyPort(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	f := func(name string, set func(*config.Config)) {
		o := options(t)
		set(&o.Config)
		err := Run(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one sentence that names %s", name, err, taken.Addr())
		}
	}
	f("console", func(c *config.Config) { c.Listen = taken.Addr().String() })
	f("OTLP over HTTP", func(c *config.Config) { c.OTLP.HTTP = taken.Addr().String() })
	f("OTLP over gRPC", func(c *config.Config) { c.OTLP.GRPC = taken.Addr().String() })
}

func TestRunRefusesMalformedFiles(t *testing.T) {
	t.Parallel()
	f := func(name, text string, set func(c *config.Config, file string)) {
		o := options(t)
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		set(&o.Config, file)
		var refused *document.Error
		o.Config.DataDir = filepath.Join(t.TempDir(), "data")
		if err := Run(t.Context(), o); !errors.As(err, &refused) || refused.Findings[0].File != file || refused.Findings[0].Line == 0 {
			t.Errorf("%s: got %v, want a finding with file and line", name, err)
		}
		if _, err := os.Stat(o.Config.DataDir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: data were written before the documents were judged", name)
		}
	}
	f("objective.yaml", "apiVersion: openslo/v1\nkind: SLOO\n", func(c *config.Config, file string) { c.SLOs = []string{file} })
	f("policy.yaml", "apiVersion: backstay.dev/v1\nkind: Breaker\n", func(c *config.Config, file string) { c.Policies = []string{file} })
}
