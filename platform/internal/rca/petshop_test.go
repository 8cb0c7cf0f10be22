package rca

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// column is one recorded metric.
type column struct{ node, metric, statistic string }

// recording is a table of the PetShop data set: rows of five minutes.
type recording struct {
	times  []float64
	values map[column][]float64
}

// balancers names the services behind the load balancers of the recordings.
var balancers = map[string]string{
	"Servi-searc.us-west-2.elb.amazonaws.com_remote": "PetSearch_AWS::ECS::Fargate",
	"servi-searc.us-west-2.elb.amazonaws.com_remote": "PetSearch_AWS::ECS::Fargate",
	"servi-lista.us-west-2.elb.amazonaws.com_remote": "petlistadoptions_AWS::ECS::Fargate",
	"servi-petsi.us-west-2.elb.amazonaws.com_remote": "PetSite",
}

func readTable(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readRecording(t *testing.T, path string) recording {
	t.Helper()
	rows := readTable(t, path)
	r := recording{values: map[column][]float64{}}
	for _, row := range rows[4:] {
		at, err := strconv.ParseFloat(row[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		r.times = append(r.times, at)
	}
	for i := 1; i < len(rows[0]); i++ {
		key := column{rows[0][i], rows[1][i], rows[2][i]}
		for _, row := range rows[4:] {
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil {
				v = math.NaN()
			}
			r.values[key] = append(r.values[key], v)
		}
	}
	return r
}

// flow sums up a node over the rows that keep picks.
func (r recording) flow(node string, keep func(at float64) bool) flow {
	var f flow
	rows := 0.0
	for i, at := range r.times {
		value := func(metric, statistic string) float64 {
			column := r.values[column{node, metric, statistic}]
			if column == nil || math.IsNaN(column[i]) {
				return 0
			}
			return column[i]
		}
		n := value("requests", "Sum")
		if !keep(at) || n == 0 {
			continue
		}
		rows++
		f.requests += n
		if available := r.values[column{node, "availability", "Average"}]; available != nil && !math.IsNaN(available[i]) {
			f.errors += n * (1 - available[i]/100)
		}
		f.p50 += value("latency", "p50")
		f.p95 += value("latency", "p95")
		f.p99 += value("latency", "p99")
	}
	if rows > 0 {
		f.p50, f.p95, f.p99 = f.p50/rows, f.p95/rows, f.p99/rows
	}
	f.errors = math.Round(f.errors)
	return f
}

// scaled gives a sampled view the size of the service's own traffic.
func (f flow) scaled(own flow) flow {
	if f.requests > 0 && own.requests > f.requests {
		f.errors, f.requests = math.Round(f.errors*own.requests/f.requests), own.requests
	}
	return f
}

// TestPetShop asks for the cause in recordings of another shop, which knows neither
// edges nor self times: edges take the callee's figures, and a service's own time is
// what it takes beyond its slowest dependency. Set BACKSTAY_PETSHOP to the directory of
// the unpacked data set (Hardt et al. 2024, "The PetShop Dataset").
func TestPetShop(t *testing.T) {
	t.Parallel()
	root := os.Getenv("BACKSTAY_PETSHOP")
	if root == "" {
		t.Skip("BACKSTAY_PETSHOP is not set")
	}
	issues, err := filepath.Glob(filepath.Join(root, "*", "train", "issue_*"))
	if err != nil || len(issues) == 0 {
		t.Fatalf("no recordings in %s: %v", root, err)
	}
	asked, right, abstained := 0, 0, 0
	for _, dir := range issues {
		scenario := filepath.Dir(filepath.Dir(dir))
		var truth struct {
			Target struct {
				Node      string  `json:"node"`
				Metric    string  `json:"metric"`
				Timestamp float64 `json:"timestamp"`
			} `json:"target"`
			RootCause struct {
				Node string `json:"node"`
			} `json:"root_cause"`
		}
		text, err := os.ReadFile(filepath.Join(dir, "target.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &truth); err != nil {
			t.Fatal(err)
		}
		table := readTable(t, filepath.Join(scenario, "graph.csv"))
		now := readRecording(t, filepath.Join(dir, "metrics.csv"))
		healthy := filepath.Join(scenario, "noissue", "metrics.csv")
		if _, err := os.Stat(healthy); err != nil {
			continue
		}
		asked++
		before := readRecording(t, healthy)
		w := emptyWorld()
		w.span = 300
		atTarget := func(at float64) bool { return math.Abs(at-truth.Target.Timestamp) <= 300 }
		always := func(float64) bool { return true }
		for _, name := range table[0][1:] {
			if balancers[name] != "" {
				continue
			}
			s := w.service(name)
			s.base, s.now = before.flow(name, always), now.flow(name, atTarget)
		}
		for _, row := range table[1:] {
			for i, cell := range row[1:] {
				if linked, err := strconv.ParseFloat(cell, 64); err != nil || linked == 0 {
					continue
				}
				// A balancer's figures are what the caller sees of the service behind it.
				to := table[0][i+1]
				callee := cmp.Or(balancers[to], to)
				if callee == row[0] || balancers[row[0]] != "" {
					continue
				}
				e := w.edge(row[0], callee)
				if base := before.flow(to, always); e.base.requests == 0 || (callee != to && base.requests > 0) {
					e.base, e.now = base.scaled(w.services[callee].base), now.flow(to, atTarget).scaled(w.services[callee].now)
				}
			}
		}
		for name, s := range w.services {
			s.self0, s.self1 = s.base, s.now
			for _, e := range w.out[name] {
				for _, pair := range [][3]*float64{
					{&s.self0.p50, &s.base.p50, &e.base.p50}, {&s.self0.p95, &s.base.p95, &e.base.p95}, {&s.self0.p99, &s.base.p99, &e.base.p99},
					{&s.self1.p50, &s.now.p50, &e.now.p50}, {&s.self1.p95, &s.now.p95, &e.now.p95}, {&s.self1.p99, &s.now.p99, &e.now.p99},
				} {
					*pair[0] = math.Min(*pair[0], math.Max(*pair[1]-*pair[2], 0))
				}
			}
		}
		w.sort()
		v := w.find(Input{At: onset, Onset: onset, Objective: verdict.Subject{Service: truth.Target.Node}})
		switch {
		case v.Cause == nil:
			abstained++
			t.Logf("%s (%s): abstained", dir, truth.Target.Metric)
		case v.Cause.Service == truth.RootCause.Node:
			right++
		default:
			t.Logf("%s (%s): named %s, is %s: %s", dir, truth.Target.Metric, v.Cause.Service, truth.RootCause.Node, v.Reason)
		}
	}
	t.Logf("%d right, %d abstained of %d", right, abstained, asked)
	if 4*right < 3*asked {
		t.Errorf("only %d of %d right", right, asked)
	}
}
