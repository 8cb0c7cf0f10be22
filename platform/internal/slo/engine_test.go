package slo

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

var update = flag.Bool("rewrite", false, "rewrite the expected answers in testdata")

// TestTranscripts runs the scripts in testdata. A line that begins with "> " is an
// answer of the engine; everything else is a command:
//
//	slo NAME target=99.9 window=1h     promise something of service "web"
//	config min-events=20 min-bad=3 tail=60s lag=15s
//	run FROM..TO RATE bad=PERCENT      add RATE events a second, part of them bad
//	zero FROM..TO                      add quiet seconds
//	add AT GOOD/TOTAL                  add events of one second, perhaps late
//	judge AT                           evaluate, one line per objective and reason
//	watch FROM..TO                     evaluate every second, print when an answer changes
//	windows AT                         print every pair
//	budget AT, burn AT WINDOW          one point of a curve
//	restart                            save, forget, restore
//
// Times are durations since the start of the script.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("answers differ, run with -rewrite and read the difference\n%s", firstDifference(string(text), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant %q\ngot  %q", i+1, a, b)
		}
	}
	return ""
}

// zeroHour is when scripts begin.
var zeroHour = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// script is the state of a running script.
type script struct {
	t          *testing.T
	out        strings.Builder
	engine     *Engine
	cfg        Config
	objectives []Objective
	shown      map[string]string
}

func runScript(t *testing.T, text string) string {
	t.Helper()
	s := &script{t: t, engine: NewEngine(Config{}), shown: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "> ") {
			continue
		}
		s.out.WriteString(line + "\n")
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		s.command(fields[0], fields[1:])
	}
	return s.out.String()
}

func (s *script) answerf(format string, args ...any) {
	fmt.Fprintf(&s.out, "> "+format+"\n", args...)
}

func (s *script) command(verb string, args []string) {
	s.t.Helper()
	switch verb {
	case "config":
		for _, a := range args {
			key, value, _ := strings.Cut(a, "=")
			switch key {
			case "min-events":
				s.cfg.MinEvents = s.number(value)
			case "min-bad":
				s.cfg.MinBad = s.number(value)
			case "tail":
				s.cfg.Tail = s.span(value)
			case "lag":
				s.cfg.MaxLag = s.span(value)
			case "resolution":
				s.cfg.Resolution = s.span(value)
			default:
				s.t.Fatalf("unknown setting %q", key)
			}
		}
		s.engine = NewEngine(s.cfg)
	case "slo":
		o := Objective{Name: args[0], Service: "web", Target: 0.99, Window: time.Hour}
		o.Indicator.Latency = &Metric{Type: Native, Service: "web"}
		for _, a := range args[1:] {
			key, value, _ := strings.Cut(a, "=")
			switch key {
			case "target":
				o.Target = s.number(value) / 100
			case "window":
				o.Window = s.span(value)
			case "threshold":
				o.Indicator.Threshold = s.span(value)
			default:
				s.t.Fatalf("unknown property %q", key)
			}
		}
		replaced := false
		for i := range s.objectives {
			if s.objectives[i].Name == o.Name {
				s.objectives[i], replaced = o, true
			}
		}
		if !replaced {
			s.objectives = append(s.objectives, o)
		}
		s.engine.Set(s.objectives)
	case "run":
		from, to := s.spans(args[0])
		rate := s.number(args[1])
		bad := s.number(strings.TrimPrefix(args[2], "bad=")) / 100
		// Whole events: the fraction is carried on, so long spans are exact.
		events, wrong := 0.0, 0.0
		for sec := from; sec < to; sec++ {
			n := float64(int(events+rate)) - float64(int(events))
			events += rate
			b := float64(int(wrong+n*bad+1e-9)) - float64(int(wrong+1e-9))
			wrong += n * bad
			for _, o := range s.objectives {
				s.engine.Add(o.Name, zeroHour.Unix()+sec, n-b, n)
			}
		}
	case "zero":
		from, to := s.spans(args[0])
		for sec := from; sec < to; sec++ {
			for _, o := range s.objectives {
				s.engine.Add(o.Name, zeroHour.Unix()+sec, 0, 0)
			}
		}
	case "add":
		good, total, _ := strings.Cut(args[1], "/")
		for _, o := range s.objectives {
			ok := s.engine.Add(o.Name, zeroHour.Unix()+int64(s.span(args[0])/time.Second), s.number(good), s.number(total))
			if !ok {
				s.answerf("%s refuses it, %d so far", o.Name, s.engine.Refused())
			}
		}
	case "judge":
		for _, status := range s.engine.Evaluate(zeroHour.Add(s.span(args[0]))) {
			s.answerf("%s", describe(status))
			s.answerf("  %s", status.Verdict.Reason)
			for _, e := range status.Verdict.Evidence {
				s.answerf("  evidence: %s", e.Detail)
			}
			s.answerf("  recovered %s: %s", status.Recovered.Answer, status.Recovered.Reason)
		}
	case "watch":
		from, to := s.spans(args[0])
		for sec := from; sec <= to; sec++ {
			for _, status := range s.engine.Evaluate(zeroHour.Add(time.Duration(sec) * time.Second)) {
				now := fmt.Sprintf("burning %s %s, recovered %s", status.Verdict.Answer, status.Verdict.Severity, status.Recovered.Answer)
				if s.shown[status.Objective.Name] != now {
					s.shown[status.Objective.Name] = now
					s.answerf("%v %s %s: %s", time.Duration(sec)*time.Second, status.Objective.Name, now, status.Verdict.Reason)
				}
			}
		}
	case "windows":
		for _, status := range s.engine.Evaluate(zeroHour.Add(s.span(args[0]))) {
			for _, w := range status.Windows {
				s.answerf("%s %s %v/%v limit %.4gx: %s and %s: %s", status.Objective.Name, w.Severity, w.Long, w.Short,
					w.Factor, optional(w.LongRate), optional(w.ShortRate), w.Answer)
			}
		}
	case "budget", "burn":
		at := zeroHour.Add(s.span(args[0]))
		for _, o := range s.objectives {
			var points []Point
			var err error
			if verb == "budget" {
				points, err = s.engine.Budget(o.Name, at, at, time.Second)
			} else {
				points, err = s.engine.Burn(o.Name, s.span(args[1]), at, at, time.Second)
			}
			if err != nil || len(points) != 1 {
				s.t.Fatalf("%d points, %v", len(points), err)
			}
			s.answerf("%s %s", o.Name, optional(points[0].V))
		}
	case "lint":
		for _, o := range s.objectives {
			for _, text := range Lint(o, s.span(args[0])) {
				s.answerf("%s", text)
			}
		}
	case "restart":
		state := s.engine.State()
		s.engine = NewEngine(s.cfg)
		s.engine.Set(s.objectives)
		if err := s.engine.Restore(state); err != nil {
			s.t.Fatal(err)
		}
	default:
		s.t.Fatalf("unknown command %q", verb)
	}
}

func describe(status Status) string {
	severity := ""
	if status.Verdict.Answer == verdict.Yes {
		severity = " " + string(status.Verdict.Severity)
	}
	return fmt.Sprintf("%s burning %s%s, attainment %s, budget %s, %g of %g good", status.Objective.Name,
		status.Verdict.Answer, severity, optional(status.Attainment), optional(status.Budget), status.Good, status.Total)
}

func optional(v *float64) string {
	if v == nil {
		return "none"
	}
	return strconv.FormatFloat(*v, 'g', 5, 64)
}

func (s *script) number(text string) float64 {
	s.t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *script) span(text string) time.Duration {
	s.t.Helper()
	if days, ok := strings.CutSuffix(text, "d"); ok {
		return time.Duration(s.number(days) * 24 * float64(time.Hour))
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *script) spans(text string) (from, to int64) {
	s.t.Helper()
	a, b, ok := strings.Cut(text, "..")
	if !ok {
		s.t.Fatalf("%q is not FROM..TO", text)
	}
	return int64(s.span(a) / time.Second), int64(s.span(b) / time.Second)
}
