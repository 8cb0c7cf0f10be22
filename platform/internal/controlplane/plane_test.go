package controlplane_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/policy"
)

// eventually waits until ok, which other goroutines make true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// plant is a control plane on a real listener with a real store.
type plant struct {
	*controlplane.Plane

	t       *testing.T
	dir     string
	address string
	store   metastore.Store
	http    *http.Server
	stop    func()
}

func newPlant(t *testing.T, change func(*controlplane.Config)) *plant {
	t.Helper()
	p := &plant{t: t, dir: t.TempDir()}
	p.start("127.0.0.1:0", change)
	return p
}

// start opens the data directory and serves, as the server does at its start.
func (p *plant) start(address string, change func(*controlplane.Config)) {
	p.t.Helper()
	store, err := metastore.Open(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := controlplane.LoadOrCreateKey(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	cfg := controlplane.Config{Key: key, Meta: store, Heartbeat: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	if p.Plane, err = controlplane.New(p.t.Context(), cfg); err != nil {
		p.t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(p.t.Context(), "tcp", address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.address, p.store = listener.Addr().String(), store
	p.http = &http.Server{Handler: p.Handler(), ReadHeaderTimeout: time.Minute}
	served, plane := p.http, p.Plane
	done := make(chan struct{})
	go func() { defer close(done); _ = served.Serve(listener) }()
	var once sync.Once
	p.stop = func() {
		once.Do(func() {
			_ = served.Close()
			<-done
			_ = plane.Close()
			_ = store.Close()
		})
	}
	p.t.Cleanup(p.stop)
}

func (p *plant) url() string { return "http://" + p.address }

// process is an SDK client as a service has it.
type process struct {
	*control.Client

	live *policy.Live
}

func (p *plant) process(service, id string, change func(*control.Config)) *process {
	p.t.Helper()
	key, err := base64.StdEncoding.DecodeString(p.PublicKey())
	if err != nil {
		p.t.Fatal(err)
	}
	live := policy.NewLive(service, "1.0", nil)
	cfg := control.Config{
		URL: p.url(), Key: key, Service: service, Version: "1.0", Instance: id, Live: live,
		Logger: slog.New(slog.DiscardHandler), Every: 10 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	client, err := control.Start(p.t.Context(), cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = client.Close() })
	return &process{Client: client, live: live}
}

// settled waits until the process runs what the plane wants of it.
func (p *plant) settled(processes ...*process) {
	p.t.Helper()
	for _, process := range processes {
		eventually(p.t, "first snapshot", func() bool { return process.PolicyVersion() > 0 })
	}
}

func (p *plant) apply(yaml string) {
	p.t.Helper()
	if _, err := p.ApplyPolicies(p.t.Context(), "test.yaml", []byte(yaml), "test"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *plant) instance(service, id string) (controlplane.Instance, bool) {
	for _, in := range p.Instances() {
		if in.Service == service && in.ID == id {
			return in, true
		}
	}
	return controlplane.Instance{}, false
}

func timeout(name, target, limit string) string {
	return "---\napiVersion: backstay.dev/v1\nkind: Timeout\nmetadata: {name: " + name + "}\nspec: {target: {" + target + "}, limit: " + limit + "}\n"
}

func limited(p *process, dependency, limit string) bool {
	return strings.Contains(p.live.Outbound(dependency, "").Explain(), "timeout "+dependency+": "+limit+" an attempt")
}

// TestPoliciesReachWhomTheyConcern and nobody else.
func TestPoliciesReachWhomTheyConcern(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	order, second, gateway := p.process("order", "o1", nil), p.process("order", "o2", nil), p.process("gateway", "g1", nil)
	p.settled(order, second, gateway)
	before := gateway.PolicyVersion()

	p.apply(timeout("a", "service: order, dependency: payment", "3s"))
	eventually(t, "both instances of order", func() bool { return limited(order, "payment", "3s") && limited(second, "payment", "3s") })
	if gateway.PolicyVersion() != before || limited(gateway, "payment", "3s") {
		t.Error("the document of order reached gateway")
	}
	p.apply(timeout("b", `dependency: "*"`, "4s"))
	eventually(t, "everybody", func() bool { return limited(gateway, "payment", "4s") && limited(order, "stock", "4s") })
	// A document that moves to another service leaves the first.
	p.apply(timeout("a", "service: gateway, dependency: payment", "5s"))
	eventually(t, "the move", func() bool { return limited(gateway, "payment", "5s") && limited(order, "payment", "4s") })

	eventually(t, "reports", func() bool {
		in, ok := p.instance("gateway", "g1")
		return ok && in.Connected && in.PolicyVersion == gateway.PolicyVersion() && len(in.States) > 0 && in.Version == "1.0"
	})
	// Applied again as it is, nothing changes.
	before = order.PolicyVersion()
	p.apply(timeout("b", `dependency: "*"`, "4s"))
	p.apply(timeout("c", "service: nobody, dependency: x", "5s"))
	eventually(t, "another report", func() bool {
		in, _ := p.instance("order", "o1")
		return in.LastReport.After(p.Policies()[2].At)
	})
	if order.PolicyVersion() != before {
		t.Error("a new version without a change")
	}
}

func TestBadPoliciesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	p.apply(timeout("a", "service: order, dependency: payment", "3s"))
	f := func(want, yaml string) {
		t.Helper()
		for _, do := range []func() error{
			func() error { _, err := p.CheckPolicies("new.yaml", []byte(yaml)); return err },
			func() error {
				_, err := p.ApplyPolicies(t.Context(), "new.yaml", []byte(yaml), "test")
				return err
			},
		} {
			err := do()
			var refused *policy.ParseError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if got := p.Policies(); len(got) != 1 || !strings.Contains(got[0].YAML, "3s") {
			t.Errorf("half applied: %v", got)
		}
	}
	f("new.yaml:5:62: limit must be", timeout("a", "service: order, dependency: payment", "0s"))
	f("limit must be", timeout("b", "service: order, dependency: stock", "3s")+timeout("c", "service: order, dependency: x", "-1s"))
	f(`same target (order → payment) as "a" at stored Timeout a`, timeout("b", "service: order, dependency: payment", "3s"))
	f("exists already", timeout("b", "dependency: x", "3s")+timeout("b", "dependency: y", "3s"))

	got, err := p.CheckPolicies("new.yaml", []byte(timeout("b", "service: order, dependency: stock", "3s")))
	if err != nil || len(got) != 1 || got[0].Target != "order → stock" || len(p.Policies()) != 1 {
		t.Errorf("check: %v, %v", got, err)
	}
	if log, err := p.store.AuditLog(t.Context(), 0); err != nil || len(log) != 1 || log[0].By != "test" || log[0].Detail != "Timeout/a" {
		t.Errorf("audit: %v, %v", log, err)
	}
}

// TestOverridesAndFaults: added, replaced, removed, and over by their lease.
func TestOverridesAndFaults(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	order, gateway := p.process("order", "o1", nil), p.process("gateway", "g1", nil)
	p.settled(order, gateway)
	order.live.Outbound("payment", "")
	downgraded := func() bool {
		for _, s := range order.live.States() {
			if s.Kind == "breaker" && s.Dependency == "payment" {
				return s.State == "downgrade" && s.Override == "o"
			}
		}
		return false
	}
	hour := time.Now().Add(time.Hour)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(p.AddOverride(t.Context(), "order", policy.Override{ID: "o", Kind: policy.OverrideDowngrade, Dependency: "payment", Reason: "test", Expires: hour}))
	do(p.AddOverride(t.Context(), "order", policy.Override{ID: "d", Kind: policy.OverrideDegrade, Level: 2, Expires: hour}))
	eventually(t, "overrides", func() bool { return downgraded() && order.live.DegradeLevel() == 2 })
	eventually(t, "overrides in a report", func() bool {
		in, _ := p.instance("order", "o1")
		return in.DegradeLevel == 2
	})
	if gateway.live.DegradeLevel() != 0 {
		t.Error("gateway was degraded too")
	}
	// The same id for another service moves the override.
	do(p.AddOverride(t.Context(), "gateway", policy.Override{ID: "d", Kind: policy.OverrideDegrade, Level: 1, Expires: hour}))
	eventually(t, "move", func() bool { return gateway.live.DegradeLevel() == 1 && order.live.DegradeLevel() == 0 })
	do(p.RemoveOverride(t.Context(), "o"))
	do(p.RemoveOverride(t.Context(), "d"))
	do(p.RemoveOverride(t.Context(), "never was"))
	eventually(t, "removal", func() bool { return !downgraded() && gateway.live.DegradeLevel() == 0 })

	armed := func(x *process) int { return len(x.live.Inbound("").Faults.Armed()) }
	do(p.ArmFault(t.Context(), "order", fault.Instruction{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: hour}))
	eventually(t, "fault", func() bool { return armed(order) == 1 && armed(gateway) == 0 })
	do(p.ArmFault(t.Context(), "gateway", fault.Instruction{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: hour}))
	eventually(t, "move of the fault", func() bool { return armed(order) == 0 && armed(gateway) == 1 })
	do(p.DisarmFault(t.Context(), "f"))
	do(p.DisarmFault(t.Context(), "never was"))
	eventually(t, "disarmed", func() bool { return armed(gateway) == 0 })

	// A lease ends without the server saying anything.
	do(p.AddOverride(t.Context(), "order", policy.Override{ID: "short", Kind: policy.OverrideDegrade, Level: 1, Expires: time.Now().Add(300 * time.Millisecond)}))
	eventually(t, "short lease", func() bool { return order.live.DegradeLevel() == 1 })
	version := order.PolicyVersion()
	eventually(t, "its end", func() bool { return order.live.DegradeLevel() == 0 })
	if order.PolicyVersion() != version {
		t.Error("the end of a lease was a change")
	}

	for what, err := range map[string]error{
		"no service":     p.AddOverride(t.Context(), "", policy.Override{ID: "x", Kind: policy.OverrideDegrade, Level: 1, Expires: hour}),
		"no lease":       p.AddOverride(t.Context(), "order", policy.Override{ID: "x", Kind: policy.OverrideDegrade, Level: 1}),
		"expired":        p.AddOverride(t.Context(), "order", policy.Override{ID: "x", Kind: policy.OverrideDegrade, Level: 1, Expires: time.Now().Add(-1)}),
		"fault, service": p.ArmFault(t.Context(), "", fault.Instruction{ID: "x", Effect: fault.Abort, Ratio: 1, Expires: hour}),
		"fault, ratio":   p.ArmFault(t.Context(), "order", fault.Instruction{ID: "x", Effect: fault.Abort, Ratio: 2, Expires: hour}),
		"fault, expired": p.ArmFault(t.Context(), "order", fault.Instruction{ID: "x", Effect: fault.Abort, Ratio: 1, Expires: time.Now().Add(-1)}),
	} {
		if err == nil {
			t.Errorf("%s: was accepted", what)
		}
	}
}

// TestRestart: policies, overrides and the order of versions survive; faults do not.
func TestRestart(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	order := p.process("order", "o1", nil)
	p.settled(order)
	p.apply(timeout("a", "service: order, dependency: payment", "3s"))
	hour := time.Now().Add(time.Hour)
	if err := p.AddOverride(t.Context(), "order", policy.Override{ID: "d", Kind: policy.OverrideDegrade, Level: 2, Expires: hour}); err != nil {
		t.Fatal(err)
	}
	if err := p.ArmFault(t.Context(), "order", fault.Instruction{ID: "f", Effect: fault.Abort, Ratio: 1, Expires: hour}); err != nil {
		t.Fatal(err)
	}
	armed := func() int { return len(order.live.Inbound("").Faults.Armed()) }
	eventually(t, "all of it", func() bool { return limited(order, "payment", "3s") && order.live.DegradeLevel() == 2 && armed() == 1 })
	version, public := order.PolicyVersion(), p.PublicKey()

	p.stop()
	eventually(t, "loss", func() bool { return !order.Connected() })
	if !limited(order, "payment", "3s") || order.live.DegradeLevel() != 2 {
		t.Error("something left with the server")
	}
	// A clock that was set back must not make a version that is refused as older.
	p.start(p.address, func(c *controlplane.Config) {
		c.Now = func() time.Time { return time.Now().Add(-30 * time.Minute) }
	})
	if p.PublicKey() != public {
		t.Fatal("the key changed")
	}
	eventually(t, "snapshot of the restarted server", func() bool { return order.PolicyVersion() > version && armed() == 0 })
	if !limited(order, "payment", "3s") || order.live.DegradeLevel() != 2 || order.Problem() != "" {
		t.Errorf("after the restart: %s, level %d, %q", order.live.Outbound("payment", "").Explain(), order.live.DegradeLevel(), order.Problem())
	}
	if err := p.RemoveOverride(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "removal after the restart", func() bool { return order.live.DegradeLevel() == 0 })
}

// TestLostData: with the key and without the rest, versions still grow.
func TestLostData(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	order := p.process("order", "o1", nil)
	p.settled(order)
	version := order.PolicyVersion()
	p.stop()
	files, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) != "control.key" {
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.start(p.address, nil)
	eventually(t, "newer snapshot", func() bool { return order.PolicyVersion() > version && order.Problem() == "" })
}

// TestReportsAreHeard, in order and until the subscription ends.
func TestReportsAreHeard(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	var mu sync.Mutex
	var heard []control.Event
	cancel := p.Subscribe(func(r control.Report) {
		mu.Lock()
		defer mu.Unlock()
		if r.Service == "order" {
			heard = append(heard, r.Events...)
		}
		p.Instances() // a subscriber may ask
	})
	order := p.process("order", "o1", func(c *control.Config) { c.MetricsURL = "http://127.0.0.1:9/metrics" })
	p.settled(order)
	chain := order.live.Outbound("payment", "")
	for range 10 {
		_, _ = backstay.Do(t.Context(), chain, func(context.Context) (int, error) { return 0, errors.New("down") })
	}
	order.Add(control.Event{At: time.Now(), Kind: control.EventState, Dependency: "payment", From: "closed", To: "open"})
	eventually(t, "event", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range heard {
			if e.Kind == control.EventState && e.To == "open" {
				return true
			}
		}
		return false
	})
	eventually(t, "open breaker", func() bool {
		in, _ := p.instance("order", "o1")
		for _, s := range in.States {
			if s.Kind == "breaker" && s.State == "open" && s.Reason != "" {
				return in.MetricsURL == "http://127.0.0.1:9/metrics"
			}
		}
		return false
	})
	cancel()
	mu.Lock()
	before := len(heard)
	mu.Unlock()
	order.Add(control.Event{At: time.Now(), Kind: control.EventPanic, Detail: "/x"})
	in, _ := p.instance("order", "o1")
	eventually(t, "two more reports", func() bool {
		now, _ := p.instance("order", "o1")
		return now.LastReport.After(in.LastReport.Add(15 * time.Millisecond))
	})
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != before {
		t.Error("heard after the end")
	}
}

// TestGoneIsNoticed when the process ends, and forgotten some time later.
func TestGoneIsNoticed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ahead := time.Duration(0)
	p := newPlant(t, func(c *controlplane.Config) {
		c.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(ahead)
		}
	})
	order := p.process("order", "o1", nil)
	p.settled(order)
	eventually(t, "connected", func() bool { in, ok := p.instance("order", "o1"); return ok && in.Connected })
	if err := order.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gone", func() bool { in, ok := p.instance("order", "o1"); return ok && !in.Connected })
	mu.Lock()
	ahead = 10 * time.Minute
	mu.Unlock()
	if _, ok := p.instance("order", "o1"); ok {
		t.Error("still remembered")
	}
}

// TestSilenceIsNoticed: the machine of an instance vanished, so nobody ends its stream.
func TestSilenceIsNoticed(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p := newPlant(t, func(c *controlplane.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s?service=order&instance=o1 HTTP/1.1\r\nHost: %s\r\n\r\n", control.StreamPath, p.address)
	connected := func() bool { in, ok := p.instance("order", "o1"); return ok && in.Connected }
	eventually(t, "connected", connected)
	ahead.Add(int64(time.Minute))
	if !connected() {
		t.Error("gone before it ever reported")
	}
	report := func() {
		t.Helper()
		body := strings.NewReader(`{"service":"order","instance":"o1","policyVersion":1}`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url()+control.ReportPath, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != http.StatusNoContent {
			t.Fatal(res.Status)
		}
	}
	report()
	ahead.Add(int64(20 * time.Second))
	if in, _ := p.instance("order", "o1"); in.Connected || !in.Since.Equal(in.LastReport) {
		t.Errorf("after 20 s of silence: %+v", in)
	}
	if report(); !connected() {
		t.Error("not back after another report")
	}
}

// TestSlowReader: an instance that does not read holds nobody up and is cut off.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s?service=order&instance=slow HTTP/1.1\r\nHost: %s\r\n\r\n", control.StreamPath, p.address)
	line, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
	if err != nil || !strings.Contains(line, "200") {
		t.Fatal(line, err)
	}
	order := p.process("order", "o1", nil)
	p.settled(order)
	// Documents of a size that no socket buffer holds, again and again.
	for i := range 12 {
		p.apply(timeout("a", "service: order, dependency: payment", fmt.Sprintf("%ds", i+1)) + "#" + strings.Repeat("x", 1<<20) + "\n")
	}
	eventually(t, "the last change at the instance that reads", func() bool { return limited(order, "payment", "12s") })
	eventually(t, "the slow one cut off", func() bool { in, ok := p.instance("order", "slow"); return ok && !in.Connected })
}

func TestDoor(t *testing.T) {
	t.Parallel()
	open := newPlant(t, nil)
	locked := newPlant(t, func(c *controlplane.Config) { c.Token = "s3cret" })
	f := func(p *plant, want int, method, path, body string, headers ...string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, p.url()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				req.Host = headers[i+1]
			}
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != want {
			text, _ := io.ReadAll(io.LimitReader(res.Body, 200))
			t.Errorf("%s %s %v: got %d %s, want %d", method, path, headers, res.StatusCode, text, want)
		}
	}
	good, kind := `{"service":"order","instance":"o1"}`, []string{"Content-Type", "application/json"}
	f(open, 204, "POST", control.ReportPath, good, kind...)
	f(open, 200, "GET", control.StreamPath+"?service=order&instance=o1", "")
	f(open, 204, "POST", control.ReportPath, good, "Content-Type", "application/json; charset=utf-8", "Host", "localhost:4400")
	f(open, 421, "POST", control.ReportPath, good, append(kind, "Host", "evil.example")...)
	f(open, 421, "GET", control.StreamPath+"?service=order&instance=o1", "", "Host", "evil.example")
	f(open, 403, "POST", control.ReportPath, good, append(kind, "Origin", "http://evil.example")...)
	f(open, 415, "POST", control.ReportPath, good, "Content-Type", "text/plain")
	f(open, 400, "POST", control.ReportPath, `{"service":"order"}`, kind...)
	f(open, 400, "POST", control.ReportPath, `[`, kind...)
	f(open, 400, "POST", control.ReportPath, `{"service":"or\nder","instance":"o1"}`, kind...)
	f(open, 413, "POST", control.ReportPath, `"`+strings.Repeat("x", 2<<20)+`"`, kind...)
	f(open, 400, "GET", control.StreamPath+"?service=order", "")
	f(open, 400, "GET", control.StreamPath+"?service=order&instance=o1&metrics=file:///etc/passwd", "")
	f(open, 400, "GET", control.StreamPath+"?instance=o1&service="+strings.Repeat("x", 300), "")
	f(open, 404, "GET", "/control/v1/other", "")
	f(locked, 401, "POST", control.ReportPath, good, kind...)
	f(locked, 401, "POST", control.ReportPath, good, append(kind, "Authorization", "Bearer wrong")...)
	f(locked, 401, "GET", control.StreamPath+"?service=order&instance=o1", "")
	f(locked, 204, "POST", control.ReportPath, good, append(kind, "Authorization", "Bearer s3cret", "Host", "backstay.example")...)
	order := locked.process("order", "o2", func(c *control.Config) { c.Token = "s3cret" })
	locked.settled(order)
}

// TestCrowd: more instances than fit are told to come back later.
func TestCrowd(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	handler := p.Handler()
	post := func(id int) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+control.ReportPath,
			strings.NewReader(fmt.Sprintf(`{"service":"order","instance":"o%d"}`, id)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	for id := range 2000 {
		if code := post(id); code != http.StatusNoContent {
			t.Fatalf("instance %d: %d", id, code)
		}
	}
	if code := post(2000); code != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", code)
	}
	if code := post(0); code != http.StatusNoContent {
		t.Errorf("a known one: %d", code)
	}
}

// TestCloseEndsStreams, so that the server can end in order.
func TestCloseEndsStreams(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	order := p.process("order", "o1", nil)
	p.settled(order)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "end", func() bool { return !order.Connected() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.http.Shutdown(ctx); err != nil {
		t.Errorf("a stream still stands: %v", err)
	}
}

// TestManyInstances: every one of many gets every change, while they come and go.
func TestManyInstances(t *testing.T) {
	t.Parallel()
	p := newPlant(t, nil)
	var processes []*process
	for i := range 40 {
		processes = append(processes, p.process("order", fmt.Sprintf("o%d", i), nil))
	}
	for i := range 10 {
		p.apply(timeout("a", "service: order, dependency: payment", fmt.Sprintf("%ds", i+1)))
		if err := processes[i].Close(); err != nil {
			t.Error(err)
		}
	}
	for i, process := range processes[10:] {
		eventually(t, fmt.Sprintf("the last change at instance %d", i), func() bool { return limited(process, "payment", "10s") })
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	keys := make([]ed25519.PrivateKey, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = controlplane.LoadOrCreateKey(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if !bytes.Equal(key, keys[0]) {
			t.Fatal("two servers that started at once have two keys")
		}
	}
	file := filepath.Join(dir, "control.key")
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	f := func(want string, data []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file, data, 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := controlplane.LoadOrCreateKey(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f("can be read by others", good, 0o644)
	f("no PEM block", []byte("damaged"), 0o600)
	f("control.key", bytes.Replace(good, []byte("M"), []byte("N"), 1), 0o600)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := controlplane.New(t.Context(), controlplane.Config{}); err == nil {
		t.Error("a plane without key and store")
	}
}
