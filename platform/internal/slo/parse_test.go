package slo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocuments parses the documents in testdata. What follows the line "--" is the
// answer: the objectives, or every finding.
func TestDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/documents/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(text), "\n--\n")
			source = strings.TrimSuffix(source, "\n") + "\n"
			var got strings.Builder
			objectives, err := Parse(name+".yaml", []byte(source))
			var refused *ParseError
			switch {
			case errors.As(err, &refused):
				if objectives != nil {
					t.Error("objectives of a refused document")
				}
				for _, f := range refused.Findings {
					fmt.Fprintln(&got, f)
				}
			case err != nil:
				t.Fatal(err)
			}
			for _, o := range objectives {
				fmt.Fprintf(&got, "%s %q of %s: %.4g over %v\n", o.Name, o.DisplayName, o.Service, o.Target, o.Window)
				for _, m := range []struct {
					role   string
					metric *Metric
				}{{"good", o.Indicator.Good}, {"bad", o.Indicator.Bad}, {"total", o.Indicator.Total}, {"latency", o.Indicator.Latency}} {
					if m.metric != nil {
						fmt.Fprintf(&got, "  %s %+v\n", m.role, *m.metric)
					}
				}
				if o.Indicator.Threshold > 0 {
					fmt.Fprintf(&got, "  at most %v\n", o.Indicator.Threshold)
				}
				again, err := Parse("again.yaml", []byte(o.Source))
				if err != nil || len(again) != 1 || !again[0].Indicator.Equal(o.Indicator) {
					t.Errorf("the source of %s does not stand alone: %v\n%s", o.Name, err, o.Source)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(source+"--\n"+got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got.String() != want {
				t.Errorf("got:\n%swant:\n%s", got.String(), want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/documents/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		source, _, _ := strings.Cut(string(text), "\n--\n")
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objectives, err := Parse("fuzz.yaml", data)
		if err != nil {
			var refused *ParseError
			if !errors.As(err, &refused) || len(refused.Findings) == 0 {
				t.Fatalf("an error without findings: %v", err)
			}
			return
		}
		e := NewEngine(Config{})
		e.Set(objectives)
		for _, o := range objectives {
			e.Add(o.Name, 0, 1, 2)
		}
		e.Evaluate(zeroHour)
	})
}
