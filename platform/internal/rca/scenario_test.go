package rca

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

var update = flag.Bool("rewrite", false, "rewrite the verdicts in testdata")

// TestScenarios runs the scripts in testdata. Every script is one system in one
// trouble. Lines:
//
//	burning SERVICE
//	node S base=REQ/ERR@P50/P95[/P99] now=… self0=P50/P95 self1=P50/P95 external
//	edge A B base=REQ/ERR@P50/P95 now=…
//	breaker A B STATE SINCE            since the onset, negative before it
//	process S INSTANCE up|down SINCE goroutines=BEFORE>NOW heap=BEFORE>NOW
//	panics S N, rejected A B N, change S WHEN TEXT
//	expect SERVICE CLASS               or: expect nothing
//
// Lines that begin with "> " are the verdict; -rewrite rewrites them, never "expect".
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScenario(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("verdict differs, run with -rewrite and read the difference; got:\n%s", got)
			}
		})
	}
}

var onset = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

func runScenario(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	w := emptyWorld()
	w.span = 10
	in := Input{Onset: onset, At: onset.Add(10 * time.Second)}
	var expected []string
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "> ") {
			continue
		}
		out.WriteString(line + "\n")
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		switch f[0] {
		case "burning":
			in.Objective = verdict.Subject{Service: f[1], SLO: f[1] + "-available"}
		case "node":
			s := w.service(f[1])
			for _, property := range f[2:] {
				key, value, _ := strings.Cut(property, "=")
				switch key {
				case "base":
					s.base = parseFlow(t, value)
				case "now":
					s.now = parseFlow(t, value)
				case "self0":
					s.self0 = parseFlow(t, "0/0@"+value)
				case "self1":
					s.self1 = parseFlow(t, "0/0@"+value)
				case "external":
					s.external = true
				default:
					t.Fatalf("unknown property %q", key)
				}
			}
			s.self0.requests, s.self1.requests = s.base.requests, s.now.requests
		case "edge":
			e := w.edge(f[1], f[2])
			for _, property := range f[3:] {
				key, value, _ := strings.Cut(property, "=")
				if key == "base" {
					e.base = parseFlow(t, value)
				} else {
					e.now = parseFlow(t, value)
				}
			}
		case "breaker":
			in.Breakers = append(in.Breakers, Breaker{Service: f[1], Dependency: f[2], State: f[3], Since: onset.Add(parseSpan(t, f[4]))})
		case "process":
			p := Process{Service: f[1], Instance: f[2], Up: f[3] == "up", Since: onset.Add(parseSpan(t, f[4]))}
			for _, property := range f[5:] {
				key, value, _ := strings.Cut(property, "=")
				before, now, _ := strings.Cut(value, ">")
				if key == "goroutines" {
					p.GoroutinesBefore, p.Goroutines = parseNumber(t, before), parseNumber(t, now)
				} else {
					p.HeapBytesBefore, p.HeapBytes = parseNumber(t, before), parseNumber(t, now)
				}
			}
			in.Processes = append(in.Processes, p)
		case "panics":
			if in.Panics == nil {
				in.Panics = map[string]float64{}
			}
			in.Panics[f[1]] = parseNumber(t, f[2])
		case "rejected":
			in.Rejections = append(in.Rejections, Rejection{Service: f[1], Dependency: f[2], Count: parseNumber(t, f[3])})
		case "change":
			in.Changes = append(in.Changes, Change{Service: f[1], At: onset.Add(parseSpan(t, f[2])), Text: strings.Join(f[3:], " ")})
		case "expect":
			expected = f[1:]
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	w.observe(in)
	w.sort()
	v := w.find(in)
	got := "nothing"
	if v.Cause != nil {
		got = v.Cause.Service + " " + string(v.Cause.Class)
	}
	if want := strings.Join(expected, " "); got != want {
		t.Errorf("named %q, want %q: %s", got, want, v.Reason)
	}
	fmt.Fprintf(&out, "> %s: %s\n", v.Answer, v.Reason)
	if v.Cause != nil {
		fmt.Fprintf(&out, "> score %.2f, path %s", v.Cause.Score, strings.Join(v.Cause.Path, " "))
		for _, s := range v.Cause.Also {
			fmt.Fprintf(&out, ", also %s %.2f", s.Service, s.Score)
		}
		out.WriteString("\n")
	}
	for _, e := range v.Evidence {
		fmt.Fprintf(&out, "> %s: %s\n", e.Kind, e.Detail)
	}
	return out.String()
}

// parseFlow reads "1000/5@10ms/40ms"; latencies may be left out.
func parseFlow(t *testing.T, text string) flow {
	t.Helper()
	counts, latency, _ := strings.Cut(text, "@")
	requests, errors, _ := strings.Cut(counts, "/")
	f := flow{requests: parseNumber(t, requests), errors: parseNumber(t, errors)}
	if latency != "" {
		for i, text := range strings.Split(latency, "/") {
			*[]*float64{&f.p50, &f.p95, &f.p99}[i] = parseSpan(t, text).Seconds()
		}
	}
	return f
}

func parseNumber(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseSpan(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
