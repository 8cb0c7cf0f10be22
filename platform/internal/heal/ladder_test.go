package heal

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/verdict"
)

var rewrite = flag.Bool("rewrite", false, "write what the ladder does into the transcripts")

// TestTranscripts plays testdata/*.txt. Lines that begin with ">" are what the
// ladder answered to the line above; -rewrite replaces them.
//
//	can restart payment script           services whose processes are supervised; kinds open to all
//	callers payment order                services with a fallback for payment
//	at 3s burning inc-1 gateway          the incident burns, no cause
//	at 3s burning inc-1 gateway payment errors
//	at 9s calm inc-1 gateway             open, nothing burns
//	at 20s resolved inc-1 gateway
//	at 12s tick
//	done 1 | fail 1 | refuse 1           the executor's answer to the n-th command
//	by-hand 1                            a person takes back the action of the n-th command
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
			got := play(t, want)
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the ladder did otherwise; run with -rewrite and read the diff. It did:\n%s", got)
			}
		})
	}
}

// stage is the world of one transcript.
type stage struct {
	t       *testing.T
	ladder  *Ladder
	start   time.Time
	now     time.Time
	out     bytes.Buffer
	sent    []Command
	kinds   map[action.Kind]bool
	restart map[string]bool
	callers map[string][]string
}

func play(t *testing.T, script []byte) []byte {
	t.Helper()
	s := &stage{
		t: t, start: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC),
		kinds:   map[action.Kind]bool{action.Override: true, action.Degrade: true},
		restart: map[string]bool{},
		callers: map[string][]string{},
	}
	s.now = s.start
	ladder, err := New(Config{
		Verify: 10 * time.Second, Lease: 40 * time.Second, Quiet: 5 * time.Second, Settle: 3 * time.Second, CoolDown: 30 * time.Second,
		Callers: func(dependency string) []string { return s.callers[dependency] },
		Can: func(kind action.Kind, service string) error {
			if s.kinds[kind] || kind == action.Restart && s.restart[service] {
				return nil
			}
			return errors.New("not here")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ladder = ladder
	for scanner := bufio.NewScanner(bytes.NewReader(script)); scanner.Scan(); {
		line := scanner.Text()
		if strings.HasPrefix(line, ">") {
			continue
		}
		fmt.Fprintln(&s.out, line)
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(line, "#") {
			s.line(words)
		}
	}
	return s.out.Bytes()
}

func (s *stage) line(words []string) {
	switch words[0] {
	case "can":
		for _, w := range words[1:] {
			switch k := action.Kind(w); k {
			case action.Script, action.PageOut:
				s.kinds[k] = true
			default:
				s.restart[w] = true
			}
		}
	case "callers":
		s.callers[words[1]] = words[2:]
	case "at":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.start.Add(d)
		if words[2] != "tick" {
			situation := Situation{
				Incident: words[3], Service: words[4],
				Open: words[2] != "resolved", Burning: words[2] == "burning",
			}
			if len(words) > 6 {
				situation.Cause = &verdict.Cause{Service: words[5], Class: verdict.Class(words[6])}
			}
			s.ladder.Observe(situation)
		}
		s.tick()
	case "done", "fail", "refuse":
		c, n := s.command(words[1])
		a, err := action.Action{ID: fmt.Sprint("a", n)}, error(nil)
		if c.Do != nil {
			a.Expires, a.Kind, a.Target = c.Do.Expires, c.Do.Kind, c.Do.Target
		}
		switch words[0] {
		case "fail":
			err = errors.New("it broke")
		case "refuse":
			err = &executor.RefusedError{}
		}
		s.ladder.Done(c.Key, a, err, s.now)
		s.tick()
	case "by-hand":
		_, n := s.command(words[1])
		s.ladder.Heard(action.Action{ID: fmt.Sprint("a", n), State: action.Undone, By: "user"})
		s.tick()
	default:
		s.t.Fatalf("unknown line: %v", words)
	}
}

func (s *stage) command(word string) (Command, int) {
	var n int
	if _, err := fmt.Sscan(word, &n); err != nil || n < 1 || n > len(s.sent) {
		s.t.Fatalf("no command %q", word)
	}
	return s.sent[n-1], n
}

func (s *stage) tick() {
	for _, c := range s.ladder.Tick(s.now) {
		s.sent = append(s.sent, c)
		n := len(s.sent)
		switch {
		case c.Do == nil:
			fmt.Fprintf(&s.out, "> %d undo %s\n", n, c.Undo)
		case c.Do.Expires.IsZero():
			fmt.Fprintf(&s.out, "> %d %s %s for %s\n", n, c.Do.Kind, c.Do.Target.Service, c.Do.Incident)
		default:
			target := c.Do.Target.Service
			if c.Do.Target.Dependency != "" {
				target += " → " + c.Do.Target.Dependency
			}
			fmt.Fprintf(&s.out, "> %d %s %s for %s until %s\n", n, c.Do.Kind, target, c.Do.Incident, c.Do.Expires.Sub(s.start))
		}
	}
}
