package policy

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests found to testdata")

// TestBadDocuments: each file of the corpus gives the findings written beside it.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set, err := Parse(filepath.Base(file), data)
		var refused *ParseError
		if !errors.As(err, &refused) || set != nil {
			t.Errorf("%s: got %v and %v, want findings and no set", file, set, err)
			continue
		}
		got := refused.Error() + "\n"
		golden := strings.TrimSuffix(file, ".yaml") + ".txt"
		if *rewrite {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n got %s\nwant %s", file, got, want)
		}
	}
}

func mustParse(t testing.TB, text string) *Set {
	t.Helper()
	set, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// doc writes a document; the rest is its spec in flow style.
func doc(kind, name, spec string) string {
	return "---\napiVersion: backstay.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n"
}

func TestStability(t *testing.T) {
	t.Parallel()
	set := mustParse(t, `apiVersion: stability.k8s.io/v1
kind: CircuitBreaker
metadata:
  name: payment
  namespace: shop
spec:
  targetService: payment
  failureThreshold: 0.4
  recoveryTimeout: 2
  adaptiveWindow: false
  fallback:
    httpStatus: 503
    body: try later
`)
	docs := set.Documents()
	if len(docs) != 2 || docs[0].Kind != KindCircuitBreaker || docs[1].Kind != KindFallback || docs[0].Target != (Target{Dependency: "payment"}) {
		t.Fatalf("got %+v", docs)
	}
	b, ok := docs[0].spec.(*breakerSpec)
	if !ok || b.ErrorRatio != 0.4 || b.Cooldown != 2*time.Second || b.Window != fixedWindow {
		t.Errorf("breaker: %+v", b)
	}
	f, ok := docs[1].spec.(*fallbackSpec)
	if !ok || f.answer("payment").Status != 503 || f.answer("payment").Headers["Content-Type"] != "text/plain; charset=utf-8" {
		t.Errorf("fallback: %+v", f)
	}
}

// TestZeroMeansOff: a zero that is written down is not a zero that was left out.
func TestZeroMeansOff(t *testing.T) {
	t.Parallel()
	set := mustParse(t, doc("CircuitBreaker", "a", "target: {dependency: x}, consecutive: 0, mode: observe")+
		doc("Retry", "a", "target: {dependency: x}, backoff: 0s, budgetRatio: 0, budgetPerSecond: 0"))
	b, _ := set.documents[0].spec.(*breakerSpec)
	if cfg := b.config(nil); cfg.Consecutive >= 0 {
		t.Errorf("consecutive 0 became %d", cfg.Consecutive)
	}
	r, _ := set.documents[1].spec.(*retrySpec)
	if cfg := r.config(nil); cfg.Backoff >= 0 || cfg.BudgetRatio >= 0 || cfg.BudgetPerSec >= 0 {
		t.Errorf("got %+v", cfg)
	}
	var none *breakerSpec
	if cfg := none.config(&backstay.Listener{}); cfg.Listener == nil || cfg.Consecutive != 0 {
		t.Errorf("got %+v", cfg)
	}
}

// TestMostSpecificWins, whatever the order in which documents are read.
func TestMostSpecificWins(t *testing.T) {
	t.Parallel()
	texts := []string{
		doc("Timeout", "all", `target: {dependency: "*"}, limit: 1s`),
		doc("Timeout", "service", `target: {service: order, dependency: "*"}, limit: 2s`),
		doc("Timeout", "version", `target: {service: order, version: v2, dependency: "*"}, limit: 3s`),
		doc("Timeout", "dependency", "target: {dependency: payment}, limit: 4s"),
		doc("Timeout", "both", "target: {service: order, dependency: payment}, limit: 5s"),
		doc("Timeout", "route", "target: {dependency: payment, route: /pay}, limit: 6s"),
		doc("Timeout", "inbound", "target: {service: order}, limit: 7s"),
		doc("Timeout", "inbound-route", "target: {service: order, route: /orders}, limit: 8s"),
	}
	f := func(service, version, dependency, route, want string) {
		t.Helper()
		for _, reverse := range []bool{false, true} {
			var all strings.Builder
			for i := range texts {
				if reverse {
					i = len(texts) - 1 - i
				}
				all.WriteString(texts[i])
			}
			live := NewLive(service, version, nil)
			if err := live.Apply(mustParse(t, all.String())); err != nil {
				t.Fatal(err)
			}
			if got := live.Outbound(dependency, route).Explain(); !strings.Contains(got, "timeout "+dependency+": "+want+" an attempt") {
				t.Errorf("%s@%s to %s %s: got %s, want %s", service, version, dependency, route, got, want)
			}
		}
	}
	f("gateway", "v1", "order", "", "1s")
	f("order", "v1", "stock", "", "2s")
	f("order", "v2", "stock", "/a", "3s")
	f("gateway", "v1", "payment", "", "4s")
	f("order", "v2", "payment", "/other", "5s")
	f("order", "v2", "payment", "/pay", "6s")

	live := NewLive("order", "v1", nil)
	if err := live.Apply(mustParse(t, strings.Join(texts, ""))); err != nil {
		t.Fatal(err)
	}
	if a, b := live.Inbound("/other").Timeout, live.Inbound("/orders").Timeout; a != 7*time.Second || b != 8*time.Second {
		t.Errorf("inbound %v and %v, want 7s and 8s", a, b)
	}
	if other := NewLive("gateway", "", nil); other.Inbound("/orders").Timeout != 0 {
		t.Error("no document limits the gateway")
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", doc("Timeout", "a", "target: {dependency: payment}, limit: 1s"))
	write("deep/b.yml", doc("Timeout", "b", "target: {dependency: order}, limit: 1s"))
	write("c.json", `{"apiVersion": "backstay.dev/v1", "kind": "Timeout", "metadata": {"name": "c"}, "spec": {"target": {"dependency": "stock"}, "limit": "1s"}}`)
	write("notes.txt", "not a document")
	write(".hidden/d.yaml", "not a document")
	set, err := Load(dir)
	if err != nil || len(set.Documents()) != 3 {
		t.Fatalf("got %v, %v", set.Documents(), err)
	}
	if set, err := Load(filepath.Join(dir, "a.yaml")); err != nil || len(set.Documents()) != 1 {
		t.Errorf("one file: %v, %v", set.Documents(), err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	// Mistakes in several files are told together.
	write("e.yaml", doc("Timeout", "e", "target: {dependency: e}"))
	write("f.yaml", "kind: x")
	var refused *ParseError
	if _, err := Load(dir); !errors.As(err, &refused) || len(refused.Findings) != 2 {
		t.Errorf("two bad files: %v", err)
	}
	// So are two files with one target.
	write("e.yaml", doc("Timeout", "e", "target: {dependency: payment}, limit: 2s"))
	write("f.yaml", "")
	if _, err := Load(dir); !errors.As(err, &refused) || len(refused.Findings) != 1 || !strings.Contains(err.Error(), "a.yaml:2:1") {
		t.Errorf("same target in two files: %v", err)
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	local := mustParse(t, doc("Timeout", "a", "target: {dependency: payment}, limit: 1s")+doc("Timeout", "b", "target: {dependency: order}, limit: 1s")+
		doc("Retry", "a", "target: {dependency: payment}"))
	remote := mustParse(t, doc("Timeout", "z", "target: {dependency: payment}, limit: 2s"))
	var names []string
	for _, d := range remote.Over(local).Documents() {
		names = append(names, d.Kind+"/"+d.Name)
	}
	if got := strings.Join(names, " "); got != "Timeout/z Timeout/b Retry/a" {
		t.Errorf("got %s", got)
	}
	if got := (&Set{}).Over(nil).Documents(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(doc("Fallback", "a", "target: {dependency: payment}, status: 202, body: x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse("fuzz.yaml", data)
		var refused *ParseError
		switch {
		case err == nil:
			live := NewLive("order", "", nil)
			if err := live.Apply(set); err != nil {
				t.Fatal(err)
			}
			for _, d := range set.Documents() {
				if again, err := Parse("again.yaml", []byte(d.Source)); err != nil || len(again.Documents()) == 0 {
					t.Errorf("the source of %s %s does not read again: %v\n%q", d.Kind, d.Name, err, d.Source)
				}
				live.Outbound(d.Target.Dependency, d.Target.Route)
			}
			live.States()
		case !errors.As(err, &refused) || len(refused.Findings) == 0:
			t.Errorf("refused without findings: %v", err)
		default:
			for _, f := range refused.Findings {
				if f.Line < 1 || f.Column < 1 || f.Message == "" {
					t.Errorf("finding without place or words: %+v", f)
				}
			}
		}
	})
}
