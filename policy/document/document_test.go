package document_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/policy/document"
)

type target struct {
	Service    string `yaml:"service"`
	Dependency string `yaml:"dependency"`
}

type sample struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec struct {
		Target   target        `yaml:"target"`
		Window   time.Duration `yaml:"window"`
		Ratio    *float64      `yaml:"ratio"`
		Attempts int           `yaml:"attempts"`
		Enabled  bool          `yaml:"enabled"`
		Codes    []int         `yaml:"codes"`
		Free     any           `yaml:"free"`
	} `yaml:"spec"`
}

const good = `# a comment
apiVersion: backstay.dev/v1
kind: CircuitBreaker
metadata:
  name: payment
  labels: {team: "checkout"}
spec:
  target: {service: order, dependency: payment}
  window: 10s
  ratio: 0.5
  attempts: 3
  enabled: true
  codes: [500, 503]
  free: {a: [1, x]}
---
kind: Second
`

func TestDecode(t *testing.T) {
	t.Parallel()
	docs, findings := document.Parse("p.yaml", []byte(good))
	if len(findings) > 0 || len(docs) != 2 {
		t.Fatalf("got %d documents and %v, want 2 and none", len(docs), findings)
	}
	var s sample
	if findings := docs[0].Decode(&s); len(findings) > 0 {
		t.Fatal(findings)
	}
	if s.Spec.Window != 10*time.Second || *s.Spec.Ratio != 0.5 || s.Spec.Attempts != 3 || !s.Spec.Enabled ||
		!slices.Equal(s.Spec.Codes, []int{500, 503}) || s.Metadata.Labels["team"] != "checkout" || s.Spec.Target.Dependency != "payment" {
		t.Errorf("got %+v", s)
	}
	if kind, ok := docs[1].Text("kind"); !ok || kind != "Second" {
		t.Errorf("kind of the second document is %q", kind)
	}
	if !strings.Contains(docs[0].Source, "payment") || strings.Contains(docs[0].Source, "Second") || docs[1].Source != "kind: Second\n" {
		t.Errorf("sources %q and %q", docs[0].Source, docs[1].Source)
	}
	if at := docs[0].At("spec", "target", "dependency"); at.Line != 8 || at.Column != 40 {
		t.Errorf("dependency is said to be at %d:%d, want 8:40", at.Line, at.Column)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	f := func(source string, want ...string) {
		t.Helper()
		docs, findings := document.Parse("p.yaml", []byte(source))
		for _, d := range docs {
			findings = append(findings, d.Decode(new(sample))...)
		}
		var got []string
		for _, finding := range findings {
			got = append(got, finding.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", source, got, want)
		}
	}
	f("knd: x", `p.yaml:1:1: the document has no field "knd" (did you mean "kind"?)`)
	f("spec:\n  window: 10", `p.yaml:2:11: window must be a duration, not "10" (did you mean "10s" or "10ms"?)`)
	f("spec:\n  ratio: 50%", `p.yaml:2:10: ratio must be a number, not "50%" (did you mean 0.5?)`)
	f("spec:\n  attempts: many\n  enabled: ja",
		`p.yaml:2:13: attempts must be a whole number, not "many"`,
		`p.yaml:3:12: enabled must be true or false, not "ja" (write true or false)`)
	f("spec:\n  codes: 500", `p.yaml:2:10: codes must be a list, not "500" (begin each item with "- ")`)
	f("spec: [1]", `p.yaml:1:7: spec must be a mapping, not a list`)
	f("- 1", `p.yaml:1:1: the document must be a mapping, not a list`)
	f("")
	f("---\n---\n")
}

func TestSyntax(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"a: [", "a: b: c", "\tkind: x", "a: 'x", "kind: x\nkind: y\n"} {
		docs, findings := document.Parse("p.yaml", []byte(source))
		for _, d := range docs {
			findings = append(findings, d.Decode(new(sample))...)
		}
		if len(findings) == 0 || findings[0].Line == 0 {
			t.Errorf("%q: got %v, want a finding with a line", source, findings)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("spec:\n  window: !!str 10s\n  <<: {a: b}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, findings := document.Parse("fuzz.yaml", data)
		for _, d := range docs {
			findings = append(findings, d.Decode(new(sample))...)
			d.At("spec", "target")
		}
		for _, finding := range findings {
			if finding.Message == "" || finding.Line < 1 || finding.Column < 1 {
				t.Errorf("finding without words or place: %+v", finding)
			}
		}
	})
}
