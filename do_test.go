package backstay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
)

var errDown = errors.New("down")

type levelKey struct{}

// probe is a policy that writes down what happens to it and answers from a list.
type probe struct {
	name    string
	log     *[]string
	refuse  error
	answers []backstay.Directive
	left    int
}

func (p *probe) Explain() string { return "probe " + p.name }

func (p *probe) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	*p.log = append(*p.log, fmt.Sprintf("enter %s in %q", p.name, path(ctx)))
	if p.refuse != nil {
		return ctx, backstay.Ticket{}, p.refuse
	}
	return context.WithValue(ctx, levelKey{}, path(ctx)+p.name), backstay.Ticket{Word: 7, Attempt: 99}, nil
}

func (p *probe) Leave(ctx context.Context, t backstay.Ticket, o backstay.Outcome) backstay.Directive {
	*p.log = append(*p.log, fmt.Sprintf("leave %s in %q attempt %d word %d: %s", p.name, path(ctx), t.Attempt, t.Word, o.Class))
	if p.left >= len(p.answers) {
		return backstay.Directive{}
	}
	p.left++
	return p.answers[p.left-1]
}

func path(ctx context.Context) string {
	s, _ := ctx.Value(levelKey{}).(string)
	return s
}

func expect(t *testing.T, got []string, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(want)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if !slices.Equal(got, lines) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestDoWithoutPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []*backstay.Chain{nil, backstay.NewChain()} {
		got, err := backstay.Do(t.Context(), c, func(context.Context) (int, error) { return 3, errDown })
		if got != 3 || !errors.Is(err, errDown) {
			t.Errorf("got %d, %v", got, err)
		}
	}
}

// TestRepetition: another attempt runs with the context that the asking policy
// had returned, and the levels below it are left and entered again.
func TestRepetition(t *testing.T) {
	t.Parallel()
	var log []string
	again := backstay.Directive{Step: backstay.Again}
	c := backstay.NewChain(
		&probe{name: "a", log: &log},
		&probe{name: "b", log: &log, answers: []backstay.Directive{again, again}},
		&probe{name: "c", log: &log},
	)
	runs := 0
	got, err := backstay.Do(t.Context(), c, func(ctx context.Context) (string, error) {
		log = append(log, fmt.Sprintf("run in %q", path(ctx)))
		if runs++; runs < 3 {
			return "", errDown
		}
		return "well", nil
	})
	if got != "well" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	expect(t, log, `
		enter a in ""
		enter b in "a"
		enter c in "ab"
		run in "abc"
		leave c in "abc" attempt 0 word 7: failure
		leave b in "ab" attempt 0 word 7: failure
		enter c in "ab"
		run in "abc"
		leave c in "abc" attempt 0 word 7: failure
		leave b in "ab" attempt 1 word 7: failure
		enter c in "ab"
		run in "abc"
		leave c in "abc" attempt 0 word 7: success
		leave b in "ab" attempt 2 word 7: success
		leave a in "a" attempt 0 word 7: success
	`)
}

// TestNestedRepetition: an outer repetition starts the inner one's count anew.
func TestNestedRepetition(t *testing.T) {
	t.Parallel()
	var log []string
	again := backstay.Directive{Step: backstay.Again}
	c := backstay.NewChain(
		&probe{name: "a", log: &log, answers: []backstay.Directive{again}},
		&probe{name: "b", log: &log, answers: []backstay.Directive{again, {}, again}},
	)
	_, err := backstay.Do(t.Context(), c, func(context.Context) (int, error) { return 0, errDown })
	if !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	expect(t, log, `
		enter a in ""
		enter b in "a"
		leave b in "ab" attempt 0 word 7: failure
		leave b in "ab" attempt 1 word 7: failure
		leave a in "a" attempt 0 word 7: failure
		enter b in "a"
		leave b in "ab" attempt 0 word 7: failure
		leave b in "ab" attempt 1 word 7: failure
		leave a in "a" attempt 1 word 7: failure
	`)
}

// TestRefusal: a refusal leaves only the policies outside it, also when it
// comes on a repetition.
func TestRefusal(t *testing.T) {
	t.Parallel()
	var log []string
	gate := &probe{name: "c", log: &log}
	c := backstay.NewChain(
		&probe{name: "a", log: &log},
		&probe{name: "b", log: &log, answers: []backstay.Directive{{Step: backstay.Again}}},
		gate,
	)
	_, err := backstay.Do(t.Context(), c, func(context.Context) (int, error) {
		gate.refuse = errors.New("full")
		return 0, errDown
	})
	if !errors.Is(err, gate.refuse) {
		t.Errorf("got %v", err)
	}
	expect(t, log, `
		enter a in ""
		enter b in "a"
		enter c in "ab"
		leave c in "abc" attempt 0 word 7: failure
		leave b in "ab" attempt 0 word 7: failure
		enter c in "ab"
		leave b in "ab" attempt 1 word 7: rejected
		leave a in "a" attempt 0 word 7: rejected
	`)
}

func TestReplacement(t *testing.T) {
	t.Parallel()
	f := func(d backstay.Directive, value string, want error) {
		t.Helper()
		var log []string
		c := backstay.NewChain(&probe{name: "a", log: &log, answers: []backstay.Directive{d}})
		got, err := backstay.Do(t.Context(), c, func(context.Context) (string, error) { return "half", errDown })
		if got != value || !errors.Is(err, want) {
			t.Errorf("%+v: got %q, %v", d, got, err)
		}
	}
	f(backstay.Directive{}, "half", errDown)
	f(backstay.Directive{Step: backstay.Replace, Value: "spare"}, "spare", nil)
	f(backstay.Directive{Step: backstay.Replace}, "", nil)
	f(backstay.Directive{Step: backstay.Replace, Value: 3}, "", backstay.ErrFallbackType)
	f(backstay.Directive{Step: backstay.Replace, Outcome: backstay.Outcome{Class: backstay.Timeout, Err: backstay.ErrTimeout}},
		"", backstay.ErrTimeout)
}

// TestPanic: a panic reaches the caller with every policy left and none asked
// to go on.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log []string
	c := backstay.NewChain(
		&probe{name: "a", log: &log, answers: []backstay.Directive{{Step: backstay.Replace, Value: 1}}},
		&probe{name: "b", log: &log, answers: []backstay.Directive{{Step: backstay.Again}}},
	)
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v", r)
			}
		}()
		_, _ = backstay.Do(t.Context(), c, func(context.Context) (int, error) { panic("boom") })
	}()
	expect(t, log, `
		enter a in ""
		enter b in "a"
		leave b in "ab" attempt 0 word 7: failure
		leave a in "a" attempt 0 word 7: failure
	`)
}

// TestPause: a repetition waits, and a wait that the context will not outlive
// ends the call with the outcome so far.
func TestPause(t *testing.T) {
	t.Parallel()
	f := func(limit, cancel, want time.Duration, runs int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			var log []string
			c := backstay.NewChain(&probe{name: "a", log: &log, answers: []backstay.Directive{{Step: backstay.Again, After: time.Second}}})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if limit > 0 {
				ctx, stop = context.WithTimeout(ctx, limit)
				defer stop()
			}
			if cancel > 0 {
				time.AfterFunc(cancel, stop)
			}
			began, ran := time.Now(), 0
			_, err := backstay.Do(ctx, c, func(context.Context) (int, error) { ran++; return 0, errDown })
			if took := time.Since(began); took != want || ran != runs || !errors.Is(err, errDown) {
				t.Errorf("limit %v, cancel %v: %d runs in %v, %v", limit, cancel, ran, took, err)
			}
		})
	}
	f(0, 0, time.Second, 2)
	f(900*time.Millisecond, 0, 0, 1)
	f(0, 300*time.Millisecond, 300*time.Millisecond, 1)
}

// TestEndedBefore: a caller that is gone asks nothing of anyone.
func TestEndedBefore(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	f := func(ctx context.Context, want error) {
		t.Helper()
		var log []string
		c := backstay.NewChain(&probe{name: "a", log: &log})
		_, err := backstay.Do(ctx, c, func(context.Context) (int, error) {
			t.Error("ran")
			return 0, nil
		})
		if !errors.Is(err, want) || len(log) != 0 {
			t.Errorf("got %v, %q", err, log)
		}
	}
	f(gone, context.Canceled)
	f(late, context.DeadlineExceeded)
}

func TestClassify(t *testing.T) {
	t.Parallel()
	live := t.Context()
	gone, cancel := context.WithCancel(live)
	cancel()
	late, stop := context.WithDeadline(live, time.Unix(0, 0))
	defer stop()
	f := func(ctx context.Context, err error, want backstay.Class) {
		t.Helper()
		if got := backstay.Classify(ctx, err); got.Class != want || !errors.Is(got.Err, err) {
			t.Errorf("%v: got %v %v, want %v", err, got.Class, got.Err, want)
		}
	}
	f(live, nil, backstay.Success)
	f(gone, nil, backstay.Success)
	f(live, errDown, backstay.Failure)
	f(live, fmt.Errorf("call: %w", context.DeadlineExceeded), backstay.Timeout)
	f(live, fmt.Errorf("call: %w", backstay.ErrTimeout), backstay.Timeout)
	f(late, context.Canceled, backstay.Timeout)
	f(late, errDown, backstay.Failure)
	f(live, context.Canceled, backstay.Failure) // somebody's cancellation, but not the caller's
	f(gone, context.Canceled, backstay.Canceled)
	f(gone, errDown, backstay.Canceled)
	f(gone, context.DeadlineExceeded, backstay.Canceled)
	f(live, &backstay.RejectedError{Policy: "bulkhead x", Reason: errDown}, backstay.Rejected)
	f(gone, &backstay.RejectedError{Policy: "bulkhead x", Reason: errDown}, backstay.Rejected)
}

func TestChain(t *testing.T) {
	t.Parallel()
	var log []string
	c := backstay.NewChain(&probe{name: "a", log: &log}, &probe{name: "b", log: &log})
	if got, want := c.Explain(), "probe a\n  probe b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var none *backstay.Chain
	if got := none.Explain(); got != "no policies" {
		t.Errorf("got %q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a chain past MaxDepth was accepted")
		}
	}()
	backstay.NewChain(make([]backstay.Policy, backstay.MaxDepth+1)...)
}
