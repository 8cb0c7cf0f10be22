package breaker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
)

var rewrite = flag.Bool("rewrite", false, "write what happened into testdata instead of comparing")

// TestTranscripts plays testdata/*.txt: commands, "----", and what they said.
// Pauses are not spread, and time is that of a bubble.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = play(t, string(want)) })
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: the breaker behaves otherwise; run with -rewrite and read the diff\n--- got\n%s", file, got)
			}
		})
	}
}

// play runs the commands of a transcript and returns it with what they said.
func play(t *testing.T, transcript string) string {
	t.Helper()
	// Callers have a deadline, however far away.
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	s := &stage{t: t, ctx: ctx, began: time.Now(), held: map[string]Permit{}}
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(transcript), "\n\n") {
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		commands, _, played := strings.Cut(block+"\n", "\n----\n")
		for line := range strings.Lines(strings.TrimSuffix(commands, "\n") + "\n") {
			out.WriteString(line)
			if played && !strings.HasPrefix(line, "#") {
				s.run(strings.TrimSpace(line))
			}
		}
		if played {
			fmt.Fprintf(&out, "----\n%s", s.heard.String())
			s.heard.Reset()
		}
	}
	return out.String()
}

// stage is a breaker and the calls that are under way.
type stage struct {
	t       *testing.T
	ctx     context.Context
	began   time.Time
	breaker *Breaker
	held    map[string]Permit
	heard   strings.Builder
}

func (s *stage) sayf(format string, args ...any) {
	fmt.Fprintf(&s.heard, "%v ", time.Since(s.began).Round(time.Millisecond))
	fmt.Fprintf(&s.heard, format+"\n", args...)
}

func (s *stage) run(command string) {
	f := strings.Fields(command)
	switch f[0] {
	case "new":
		s.breaker = New("payment", s.config(f[1:]))
		s.breaker.spread = func(d time.Duration) time.Duration { return d }
	case "reconfigure":
		s.breaker.Reconfigure(s.config(f[1:]))
	case "sleep":
		time.Sleep(s.duration(f[1]))
	case "begin": // begin NAME...
		for _, name := range f[1:] {
			p, err := s.breaker.Acquire(s.ctx)
			if err != nil {
				s.sayf("%s: %v", name, err)
				continue
			}
			s.held[name] = p
		}
	case "end": // end OUTCOME NAME...
		for _, name := range f[2:] {
			s.held[name].Record(outcome(s.t, f[1]))
			delete(s.held, name)
		}
	case "call": // call OUTCOME TIMES [each DURATION]: one after the other
		s.calls(f[1:])
	case "downgrade": // downgrade DURATION REASON
		s.breaker.Downgrade(time.Now().Add(s.duration(f[1])), strings.Join(f[2:], " "))
	case "downgrade-at": // downgrade-at OFFSET REASON
		s.breaker.Downgrade(s.began.Add(s.duration(f[1])), strings.Join(f[2:], " "))
	case "show":
		i := s.breaker.Snapshot()
		s.sayf("%v: %d calls, %d bad, %d slow; %s", i.State, i.Calls, i.Bad, i.Slow, i.Reason)
	case "held":
		s.sayf("held: %v", slices.Sorted(maps.Keys(s.held)))
	case "explain":
		s.sayf("%s", s.breaker.Explain())
	default:
		s.t.Fatalf("unknown command %q", command)
	}
}

func (s *stage) calls(f []string) {
	times, err := strconv.Atoi(f[1])
	if err != nil {
		s.t.Fatal(err)
	}
	var each time.Duration
	if len(f) == 4 && f[2] == "each" {
		each = s.duration(f[3])
	}
	var refused int
	var at []string
	for range times {
		p, err := s.breaker.Acquire(s.ctx)
		if err != nil {
			refused++
		} else if s.breaker.State() != Closed {
			at = append(at, time.Since(s.began).String())
		}
		time.Sleep(each)
		p.Record(outcome(s.t, f[0]))
	}
	if refused > 0 {
		s.sayf("%d of %d refused", refused, times)
	}
	if len(at) > 0 {
		s.sayf("probes at %s", strings.Join(at, " "))
	}
}

func (s *stage) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *stage) config(settings []string) Config {
	cfg := Config{Listener: &backstay.Listener{StateChanged: func(c backstay.StateChange) {
		s.sayf("%s -> %s: %s", c.From, c.To, c.Reason)
	}}}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		number, _ := strconv.Atoi(value)
		switch name {
		case "calls":
			cfg.MinCalls = number
		case "window":
			cfg.Window = s.duration(value)
		case "row":
			cfg.Consecutive = number
		case "slow":
			cfg.SlowCall = s.duration(value)
		case "cooldown":
			cfg.Cooldown = s.duration(value)
		case "max":
			cfg.MaxCooldown = s.duration(value)
		case "probes":
			cfg.ProbeMax = number
		case "successes":
			cfg.ProbeSuccesses = number
		case "lease":
			cfg.ProbeLease = s.duration(value)
		case "observe":
			cfg.Mode = Observe
		default:
			s.t.Fatalf("unknown setting %q", setting)
		}
	}
	return cfg
}

var errDown = errors.New("down")

func outcome(t *testing.T, name string) backstay.Outcome {
	switch name {
	case "ok":
		return backstay.Outcome{}
	case "fail":
		return backstay.Outcome{Class: backstay.Failure, Err: errDown}
	case "late": // a deadline of the caller
		return backstay.Outcome{Class: backstay.Timeout, Err: context.DeadlineExceeded}
	case "timeout":
		return backstay.Outcome{Class: backstay.Timeout, Err: backstay.ErrTimeout}
	case "cancel":
		return backstay.Outcome{Class: backstay.Canceled, Err: context.Canceled}
	case "reject":
		return backstay.Outcome{Class: backstay.Rejected, Err: backstay.ErrRejected}
	case "invalid":
		return backstay.Outcome{Class: backstay.Invalid}
	default:
		t.Fatalf("unknown outcome %q", name)
		return backstay.Outcome{}
	}
}
