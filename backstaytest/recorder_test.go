package backstaytest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay"
)

func TestRecorder(t *testing.T) {
	t.Parallel()
	var r Recorder
	l := r.Listener()
	l.StateChanged(backstay.StateChange{Dependency: "payment", From: "closed", To: "open", Reason: "10 failures in a row"})
	l.Rejected(backstay.Rejection{Dependency: "payment", Policy: "breaker"})
	l.Retried(backstay.Retry{Dependency: "payment", Attempt: 1, Cause: backstay.Outcome{Class: backstay.Timeout}})
	l.FellBack(backstay.Fallback{Dependency: "payment", Cause: backstay.Outcome{Class: backstay.Rejected}})
	l.TimedOut(backstay.Expiry{Dependency: "payment", Limit: time.Second})
	l.FaultInjected(backstay.Injection{Effect: "abort"})
	want := []string{
		"payment: closed -> open (10 failures in a row)",
		"payment: rejected by breaker",
		"payment: retry 1 after timeout",
		"payment: fallback for rejected",
		"payment: timed out after 1s",
		"fault: abort",
	}
	if got := r.Lines(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := Heard[backstay.StateChange](&r); len(got) != 1 || got[0].To != "open" {
		t.Errorf("got %+v", got)
	}
	r.Reset()
	if len(r.Events()) != 0 || len(Heard[backstay.Retry](&r)) != 0 {
		t.Error("not forgotten")
	}
}

func TestRecorderConcurrently(t *testing.T) {
	t.Parallel()
	var r Recorder
	l := r.Listener()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l.Rejected(backstay.Rejection{})
				r.Lines()
			}
		})
	}
	wg.Wait()
	if got := len(r.Events()); got != 800 {
		t.Errorf("heard %d of 800", got)
	}
}
