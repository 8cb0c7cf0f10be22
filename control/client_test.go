package control_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/policy"
)

func TestSnapshotComesIntoForce(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(func(c *control.Config) { c.MetricsURL, c.Token = "http://127.0.0.1:1/metrics", "s3cret" })
	s := snapshot(7, "3s")
	s.Overrides = []policy.Override{{ID: "o", Kind: policy.OverrideDegrade, Level: 2, Expires: time.Now().Add(time.Hour)}}
	s.Faults = []fault.Instruction{{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: time.Now().Add(time.Hour)}}
	f.pushSnapshot(s)
	eventually(t, "snapshot in force", func() bool { return f.client.PolicyVersion() == 7 })
	if !inForce(f.live, "3s") || f.live.DegradeLevel() != 2 || len(f.live.Inbound("").Faults.Armed()) != 1 {
		t.Error("something of the snapshot is not in force")
	}
	eventually(t, "report", func() bool {
		for _, r := range f.all() {
			if r.PolicyVersion == 7 && r.DegradeLevel == 2 && r.Service == "order" && r.Instance == "order-1" && len(r.States) > 0 && r.Problem == "" {
				return true
			}
		}
		return false
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if q, err := url.ParseQuery(f.queries[0]); err != nil || q.Get("service") != "order" || q.Get("version") != "1.0" ||
		q.Get("instance") != "order-1" || q.Get("metrics") != "http://127.0.0.1:1/metrics" {
		t.Errorf("query %s", f.queries[0])
	}
	if f.tokens[0] != "Bearer s3cret" {
		t.Errorf("authorization %q", f.tokens[0])
	}
}

// TestRefusals: what is refused changes nothing, and the server learns why.
func TestRefusals(t *testing.T) {
	t.Parallel()
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, problem string, forge func(s *server) control.Envelope) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newServer(t).connect(nil)
			f.pushSnapshot(snapshot(5, "3s"))
			eventually(t, "first snapshot", func() bool { return f.client.PolicyVersion() == 5 })
			f.pushEnvelope(forge(f.server))
			eventually(t, "refusal in a report", func() bool {
				r := f.all()
				return len(r) > 0 && strings.Contains(r[len(r)-1].Problem, problem)
			})
			if f.client.PolicyVersion() != 5 || !inForce(f.live, "3s") || f.live.DegradeLevel() != 0 {
				t.Error("the refused snapshot had an effect")
			}
			f.pushSnapshot(snapshot(6, "4s"))
			eventually(t, "next good snapshot", func() bool {
				return f.client.PolicyVersion() == 6 && f.client.Problem() == "" && inForce(f.live, "4s")
			})
		})
	}
	degrade := []policy.Override{{ID: "o", Kind: policy.OverrideDegrade, Level: 2, Expires: time.Now().Add(time.Hour)}}
	f("another key", "not signed", func(s *server) control.Envelope {
		e, err := control.Sign(snapshot(6, "9s"), stranger)
		if err != nil {
			t.Error(err)
		}
		return e
	})
	f("another key under our key's name", "not signed", func(s *server) control.Envelope {
		e, err := control.Sign(snapshot(6, "9s"), stranger)
		if err != nil {
			t.Error(err)
		}
		e.KeyID = control.KeyID(s.public)
		return e
	})
	f("tampered payload", "not signed", func(s *server) control.Envelope {
		e := s.sign(snapshot(6, "9s"))
		e.Payload = []byte(strings.Replace(string(e.Payload), "9s", "8s", 1))
		return e
	})
	f("signature of the payload alone", "not signed", func(s *server) control.Envelope {
		e := s.sign(snapshot(6, "9s"))
		e.Signature = ed25519.Sign(s.key, e.Payload)
		return e
	})
	f("no signature", "not signed", func(s *server) control.Envelope {
		e := s.sign(snapshot(6, "9s"))
		e.Signature = nil
		return e
	})
	f("older", "older", func(s *server) control.Envelope { return s.sign(snapshot(4, "9s")) })
	f("no version", "no version", func(s *server) control.Envelope { return s.sign(snapshot(0, "9s")) })
	f("another service", "another service", func(s *server) control.Envelope {
		n := snapshot(6, "9s")
		n.Service = "payment"
		return s.sign(n)
	})
	f("bad document", ": limit must be from 1ms", func(s *server) control.Envelope {
		n := snapshot(6, "9s")
		n.Documents = append(n.Documents, control.Document{Name: "payment", YAML: timeout("-1s")})
		n.Overrides = degrade
		return s.sign(n)
	})
	f("documents that clash", "same target", func(s *server) control.Envelope {
		n := snapshot(6, "9s")
		n.Documents = append(n.Documents, control.Document{Name: "b", YAML: strings.Replace(timeout("2s"), "name: payment", "name: b", 1)})
		n.Overrides = degrade
		return s.sign(n)
	})
	f("signed, but no snapshot", "no snapshot", func(s *server) control.Envelope {
		payload := []byte(`[1]`)
		return control.Envelope{Payload: payload, KeyID: control.KeyID(s.public), Signature: ed25519.Sign(s.key, append([]byte("backstay control snapshot v1\n"), payload...))}
	})
}

// TestNonsenseOnTheStream: bytes that are no event do not end the client.
func TestNonsenseOnTheStream(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(nil)
	f.push("nonsense\n\x00\xff\n\n: comment\r\n\r\nevent: snapshot\ndata: {\n\nevent: other\ndata: 1\n\ndata\n\n")
	f.pushSnapshot(snapshot(1, "3s"))
	eventually(t, "snapshot after nonsense", func() bool { return f.client.PolicyVersion() == 1 && f.client.Problem() == "" })
}

func TestEventTooLarge(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(nil)
	f.push("data: " + strings.Repeat("x", control.MaxEvent+64<<10))
	eventually(t, "refusal", func() bool { return strings.Contains(f.client.Problem(), "larger than 8 MiB") })
}

// TestLocalDocumentsStay where the server says nothing about the same call.
func TestLocalDocumentsStay(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	local, err := policy.Parse("local.yaml", []byte(timeout("7s")+"---\n"+strings.ReplaceAll(timeout("8s"), "payment", "stock")))
	if err != nil {
		t.Fatal(err)
	}
	f := s.connect(func(c *control.Config) {
		if err := c.Live.Apply(local); err != nil {
			t.Fatal(err)
		}
	})
	f.pushSnapshot(snapshot(1, "3s"))
	eventually(t, "snapshot", func() bool { return f.client.PolicyVersion() == 1 })
	if stock := f.live.Outbound("stock", "").Explain(); !inForce(f.live, "3s") || !strings.Contains(stock, "8s") {
		t.Errorf("got %s and %s", f.live.Outbound("payment", "").Explain(), stock)
	}
	f.pushSnapshot(control.Snapshot{Version: 2, Service: "order"})
	eventually(t, "empty snapshot", func() bool { return f.client.PolicyVersion() == 2 })
	if !inForce(f.live, "7s") {
		t.Error("the local document does not come back")
	}
}

// TestServerDiesAndReturns: policies stay meanwhile, events wait, and the client
// comes back by itself.
func TestServerDiesAndReturns(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(nil)
	f.pushSnapshot(snapshot(1, "3s"))
	eventually(t, "snapshot", func() bool { return f.client.PolicyVersion() == 1 && f.client.Connected() })
	f.kill()
	eventually(t, "loss", func() bool { return !f.client.Connected() && f.client.Problem() != "" })
	if !inForce(f.live, "3s") {
		t.Error("the policies left with the server")
	}
	f.client.Add(control.Event{At: time.Now(), Kind: control.EventState, Dependency: "payment", From: "closed", To: "open"})
	for range 100 {
		f.client.Add(control.Event{At: time.Now(), Kind: control.EventRejected, Dependency: "payment"})
	}
	f.start(f.address)
	f.pushSnapshot(snapshot(2, "4s"))
	eventually(t, "next snapshot", func() bool { return f.client.PolicyVersion() == 2 && f.client.Problem() == "" })
	eventually(t, "events from the time without server", func() bool {
		rejected, changed := uint64(0), false
		for _, r := range f.all() {
			for _, e := range r.Events {
				if e.Kind == control.EventRejected {
					rejected += e.Count
				}
				changed = changed || e.Kind == control.EventState && e.To == "open"
			}
		}
		return rejected == 100 && changed
	})
	if n := f.log.count("connection refused"); n > 3 {
		t.Errorf("the same loss was logged %d times", n)
	}
}

// TestStartWithoutServer: nothing waits for a server that is not there.
func TestStartWithoutServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.kill()
	f := s.connect(nil)
	if f.live.Outbound("payment", "") == nil {
		t.Error("no policies")
	}
	eventually(t, "problem", func() bool { return f.client.Problem() != "" })
}

// TestSilentServer: a server that accepts and says nothing is left for a new connection.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.hang = true
	f := s.connect(func(c *control.Config) { c.Silence = 50 * time.Millisecond })
	eventually(t, "second connection", func() bool { streams, _ := f.count(); return streams >= 2 })
	eventually(t, "problem", func() bool { return strings.Contains(f.client.Problem(), "silent") })
}

// TestServerThatNeverAnswers: a listener that accepts and never sends a header.
func TestServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 16)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	s := newServer(t)
	s.connect(func(c *control.Config) { c.URL, c.Silence = "http://"+listener.Addr().String(), 50*time.Millisecond })
	for range 3 { // one stream, reports, and the next stream
		(<-accepted).Close()
	}
}

func TestRefusedByServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.status = http.StatusUnauthorized
	f := s.connect(nil)
	eventually(t, "problem", func() bool { return strings.Contains(f.client.Problem(), "401 Unauthorized: not now") })
	if f.client.Connected() {
		t.Error("says that it is connected")
	}
}

// TestRedirect: the token goes to the server that was configured and no other.
func TestRedirect(t *testing.T) {
	t.Parallel()
	other := newServer(t)
	s := newServer(t)
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.url()+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})
	f := s.connect(func(c *control.Config) { c.Token = "s3cret" })
	eventually(t, "problem", func() bool { return strings.Contains(f.client.Problem(), "307") })
	if streams, _ := other.count(); streams != 0 || len(other.all()) != 0 {
		t.Error("the redirect was followed")
	}
}

// TestLastGood: a process starts with what was in force when it ended, without a
// server, but leases that ran out meanwhile are over.
func TestLastGood(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "order")
	s := newServer(t)
	first := s.connect(func(c *control.Config) { c.StateDir = dir })
	n := snapshot(5, "3s")
	n.Overrides = []policy.Override{
		{ID: "long", Kind: policy.OverrideDegrade, Level: 1, Expires: time.Now().Add(time.Hour)},
		{ID: "over", Kind: policy.OverrideDegrade, Level: 5, Expires: time.Now().Add(-time.Second)},
		{ID: "down", Kind: policy.OverrideDowngrade, Dependency: "payment", Expires: time.Now().Add(-time.Second)},
	}
	n.Faults = []fault.Instruction{{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: time.Now().Add(-time.Second)}}
	s.pushSnapshot(n)
	file := filepath.Join(dir, "last-good.json")
	eventually(t, "file", func() bool { _, err := os.Stat(file); return err == nil && first.client.PolicyVersion() == 5 })
	if err := first.client.Close(); err != nil {
		t.Fatal(err)
	}
	s.kill()
	again := s.connect(func(c *control.Config) { c.StateDir = dir })
	if again.client.PolicyVersion() != 5 || !inForce(again.live, "3s") || again.live.DegradeLevel() != 1 || len(again.live.Inbound("").Faults.Armed()) != 0 {
		t.Errorf("version %d, level %d, %s", again.client.PolicyVersion(), again.live.DegradeLevel(), again.live.Outbound("payment", "").Explain())
	}
	for _, state := range again.live.States() {
		if state.State == "downgrade" {
			t.Error("a downgrade whose lease is over came back")
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read the file: %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(file + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLastGoodDamaged: whatever is on disk, the process starts, says so, and the
// next snapshot mends it.
func TestLastGoodDamaged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	good, err := json.Marshal(s.sign(snapshot(5, "3s")))
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := control.Sign(snapshot(5, "3s"), stranger)
	if err != nil {
		t.Fatal(err)
	}
	foreignData, err := json.Marshal(foreign)
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(strings.Replace(string(good), `"signature":"`, `"signature":"AAAA`, 1))
	s.kill() // so that only the file counts
	for name, data := range map[string][]byte{
		"empty": {}, "truncated": good[:len(good)/2], "last byte missing": good[:len(good)-1], "nonsense": []byte("\x00\x01"),
		"another key": foreignData, "damaged signature": flipped, "another kind": []byte(`[]`),
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "last-good.json")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f := s.connect(func(c *control.Config) { c.StateDir = dir })
		if f.client.PolicyVersion() != 0 || inForce(f.live, "3s") {
			t.Errorf("%s: the file had an effect", name)
		}
		if f.log.count("cannot be used") != 1 {
			t.Errorf("%s: nothing was said", name)
		}
		if err := f.client.Close(); err != nil {
			t.Error(err)
		}
	}

	live := newServer(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "last-good.json")
	if err := os.WriteFile(file, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := live.connect(func(c *control.Config) { c.StateDir = dir })
	live.pushSnapshot(snapshot(6, "4s"))
	eventually(t, "mended file", func() bool {
		data, err := os.ReadFile(file)
		return err == nil && json.Valid(data) && f.client.Problem() == ""
	})
}

// TestStateDirCannotBeWritten: the snapshot is in force all the same.
func TestStateDirCannotBeWritten(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := newServer(t).connect(func(c *control.Config) { c.StateDir = filepath.Join(blocked, "state") })
	f.pushSnapshot(snapshot(5, "3s"))
	eventually(t, "snapshot and problem", func() bool {
		return inForce(f.live, "3s") && f.client.PolicyVersion() == 5 && strings.Contains(f.client.Problem(), "not kept")
	})
}

// TestStateChangeIsReportedAtOnce, not at the end of the interval.
func TestStateChangeIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(func(c *control.Config) { c.Every = time.Hour })
	eventually(t, "first report", func() bool { return len(f.all()) > 0 })
	for i := range 3 {
		f.client.Add(control.Event{At: time.Now(), Kind: control.EventState, Dependency: "payment", From: "closed", To: "open", Detail: "10 failures in a row"})
		eventually(t, "report of the change", func() bool {
			n := 0
			for _, r := range f.all() {
				for _, e := range r.Events {
					if e.Kind == control.EventState {
						n++
					}
				}
			}
			return n == i+1
		})
	}
}

// TestReportsBreakers: a report made by a change of state shows the new state.
func TestReportsBreakers(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(nil)
	chain := f.live.Outbound("payment", "")
	for range 10 {
		_, _ = backstay.Do(t.Context(), chain, func(context.Context) (int, error) { return 0, errors.New("down") })
	}
	eventually(t, "open breaker in a report", func() bool {
		for _, r := range f.all() {
			for _, state := range r.States {
				if state.Kind == "breaker" && state.Dependency == "payment" && state.State == "open" {
					return true
				}
			}
		}
		return false
	})
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := func(want string, change func(*control.Config)) {
		t.Helper()
		cfg := control.Config{URL: "http://127.0.0.1:1", Key: public, Service: "order", Live: policy.NewLive("order", "", nil)}
		change(&cfg)
		client, err := control.Start(t.Context(), cfg)
		if err == nil {
			t.Errorf("want an error about %s", want)
			_ = client.Close()
			return
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	f("not an http", func(c *control.Config) { c.URL = "127.0.0.1:4400" })
	f("not an http", func(c *control.Config) { c.URL = "ftp://127.0.0.1" })
	f("not an http", func(c *control.Config) { c.URL = "http://a b" })
	f("public key", func(c *control.Config) { c.Key = public[:5] })
	f("Service", func(c *control.Config) { c.Service = "" })
	f("Live", func(c *control.Config) { c.Live = nil })
}

// TestCloseEndsEverything: no goroutine of the client outlives Close.
func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	f := newServer(t).connect(nil)
	eventually(t, "stream", func() bool { return f.client.Connected() })
	if err := f.client.Close(); err != nil {
		t.Fatal(err)
	}
	reports := len(f.all())
	eventually(t, "end of the stream", func() bool { streams, ended := f.count(); return streams == ended })
	f.client.Add(control.Event{Kind: control.EventState})
	if got := len(f.all()); got != reports {
		t.Errorf("%d reports after Close", got-reports)
	}
	if err := f.client.Close(); err != nil {
		t.Error(err)
	}
}
