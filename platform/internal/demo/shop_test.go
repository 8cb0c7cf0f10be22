package demo_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo"
	"github.com/backstay/backstay/platform/internal/demo/load"
)

var _ api.Shop = (*demo.Shop)(nil)

// shops counts those that were opened.
var shops atomic.Int64

// open starts a shop without a server: what its processes do on their own.
func open(t *testing.T, change func(*demo.Config)) *demo.Shop {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := demo.Config{
		Command: []string{exe}, StateDir: t.TempDir(), Rate: 50, OTLP: "http://127.0.0.1:1",
		// Shops side by side keep out of each other's way.
		BasePort: 20000 + os.Getpid()%200*50 + 5*int(shops.Add(1)),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := demo.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			logs, _ := filepath.Glob(filepath.Join(cfg.StateDir, "*.log"))
			for _, file := range logs {
				text, _ := os.ReadFile(file)
				t.Logf("%s:\n%s", filepath.Base(file), text[max(0, len(text)-2000):])
			}
		}
	})
	return s
}

func status(t *testing.T, s *demo.Shop) api.Demo {
	t.Helper()
	d, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func process(t *testing.T, s *demo.Shop, name string) api.DemoProcess {
	t.Helper()
	for _, p := range status(t, s).Processes {
		if p.Service == name {
			return p
		}
	}
	t.Fatalf("no process %s", name)
	return api.DemoProcess{}
}

// await reads the users' seconds until they satisfy want.
func await(t *testing.T, s *demo.Shop, what string, want func(load.Stats) bool) load.Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		now := time.Now()
		stats, err := load.Fetch(ctx, http.DefaultClient, process(t, s, "users").Address, now.Add(-4*time.Second), now.Add(time.Second))
		if err == nil && want(stats) {
			return stats
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not seen within a minute; last: %+v, error %v", what, stats, err)
		case <-ticker.C:
		}
	}
}

// flowing means that every user of the last settled seconds got a full answer.
func flowing(stats load.Stats) bool { return flowingSince(time.Time{})(stats) }

// flowingSince is flowing that looks at no second that began before a moment.
func flowingSince(begin time.Time) func(load.Stats) bool {
	return func(stats load.Stats) bool {
		good := 0
		for _, sec := range stats.Seconds {
			if sec.T <= begin.Unix() || sec.T > stats.Settled() {
				continue
			}
			if sec.Failed() > 0 || sec.Degraded > 0 || sec.OK == 0 {
				return false
			}
			good++
		}
		return good >= 2
	}
}

func TestShopServesAndBreaks(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	await(t, s, "answers", flowing)

	if err := s.Break(t.Context(), "no-such-fault"); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("unknown fault: %v, want ErrNotFound", err)
	}
	if err := s.Break(t.Context(), "payment-errors"); err == nil || !strings.Contains(err.Error(), "control plane") {
		t.Errorf("fault that must be armed, without a control plane: %v", err)
	}
	if d := status(t, s); d.Fault != "" || len(d.Faults) != 5 || !d.Protected {
		t.Errorf("status %+v, want no fault, five to choose from", d)
	}

	if err := s.Break(t.Context(), "order-panic"); err != nil {
		t.Fatal(err)
	}
	await(t, s, "harm by panics", func(st load.Stats) bool {
		return len(st.Seconds) > 2 && st.Seconds[1].OK+st.Seconds[1].Degraded < st.Seconds[1].Sent() || st.Total.Degraded > 0
	})
	if got := status(t, s).Fault; got != "order-panic" {
		t.Errorf("fault in status is %q", got)
	}
	if err := s.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, s, "answers after healing", flowing)
}

func TestKilledPaymentStaysDeadUntilRestarted(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	before := process(t, s, "payment")
	if err := s.Break(t.Context(), "payment-kill"); err != nil {
		t.Fatal(err)
	}
	dead := process(t, s, "payment")
	if dead.PID != 0 || status(t, s).Fault != "payment-kill" {
		t.Errorf("payment is %+v and the fault %q, want it dead", dead, status(t, s).Fault)
	}
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", before.Address); err == nil {
		conn.Close()
		t.Error("something listens in place of the dead payment")
	}
	if !s.Supervises("payment") || s.Supervises("users") || s.Supervises("gatewa") {
		t.Error("it supervises the four services and nothing else")
	}
	if err := s.Restart(t.Context(), "payment", ""); err != nil {
		t.Fatal(err)
	}
	after := process(t, s, "payment")
	if after.PID == 0 || after.PID == before.PID || after.Address != before.Address || after.Restarts != 1 {
		t.Errorf("payment was %+v and is %+v, want another process at the same address", before, after)
	}
	if got := status(t, s).Fault; got != "" {
		t.Errorf("the restart repaired the fault, but status says %q", got)
	}
	await(t, s, "answers", flowing)
}

// The leak is real: its goroutines hold connections until nobody gets one.
func TestLeakTakesAllConnections(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *demo.Config) { c.Rate = 400; c.Unprotected = true })
	await(t, s, "answers", flowing)
	if err := s.Break(t.Context(), "inventory-leak"); err != nil {
		t.Fatal(err)
	}
	stock := "http://" + process(t, s, "inventory").Address + "/stock/sku-01"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for stuck := false; !stuck; {
		ask, done := context.WithTimeout(ctx, time.Second)
		req, err := http.NewRequestWithContext(ask, http.MethodGet, stock, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		stuck = err != nil
		if err == nil {
			resp.Body.Close()
		}
		done()
		if ctx.Err() != nil {
			t.Fatal("inventory still answers after a minute of leaking")
		}
	}
	if err := s.Restart(t.Context(), "inventory", ""); err != nil {
		t.Fatal(err)
	}
	await(t, s, "answers after the restart", flowing)
}

func TestProtectRestartsTheServicesOnly(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	before := map[string]int{}
	for _, p := range status(t, s).Processes {
		before[p.Service] = p.PID
	}
	if err := s.Protect(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	d := status(t, s)
	for _, p := range d.Processes {
		if same := before[p.Service] == p.PID; same != (p.Service == "users") || p.PID == 0 {
			t.Errorf("%s was process %d and is %d", p.Service, before[p.Service], p.PID)
		}
	}
	if d.Protected {
		t.Error("status says protected")
	}
	await(t, s, "answers", flowing)
}

// A process that the supervisor leaves behind, however that happens, ends.
func TestProcessEndsWithItsInput(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "users")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

func TestStartSaysWhyAProcessDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := demo.Start(t.Context(), demo.Config{Command: []string{"/bin/sh", "-c", "exit 3"}, StateDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), ".log") {
		t.Errorf("error %v, want the exit status and where the log is", err)
	}
}

func TestRunProcessRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	err := demo.RunProcess(t.Context(), "cellar")
	if err == nil || !strings.Contains(err.Error(), "inventory, order, payment, users") {
		t.Errorf("error %v, want the names there are", err)
	}
}
