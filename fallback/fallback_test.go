package fallback

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/backstaytest"
)

var errDown = errors.New("down")

func spare(context.Context, backstay.Outcome) (any, error) { return "spare", nil }

func TestWhatIsAnswered(t *testing.T) {
	t.Parallel()
	f := func(o backstay.Outcome, answered bool) {
		t.Helper()
		var heard backstaytest.Recorder
		c := backstay.NewChain(New("payment", Config{Value: spare, Listener: heard.Listener()}))
		ctx, degraded := backstay.WithDegradation(t.Context())
		got, err := backstay.DoClassified(ctx, c,
			func(context.Context) (string, error) { return "own", o.Err },
			func(context.Context, string, error) backstay.Outcome { return o })
		if !answered {
			if got != "own" || !errors.Is(err, o.Err) || len(heard.Events()) != 0 || len(degraded.Names()) != 0 {
				t.Errorf("%v: got %q, %v, heard %q, degraded %q", o.Class, got, err, heard.Lines(), degraded.Names())
			}
			return
		}
		if got != "spare" || err != nil {
			t.Errorf("%v: got %q, %v", o.Class, got, err)
		}
		if want := []string{"payment: fallback for " + o.Class.String()}; !slices.Equal(heard.Lines(), want) {
			t.Errorf("heard %q, want %q", heard.Lines(), want)
		}
		if !slices.Equal(degraded.Names(), []string{"payment"}) {
			t.Errorf("%v: degraded %q", o.Class, degraded.Names())
		}
	}
	f(backstay.Outcome{}, false)
	f(backstay.Outcome{Class: backstay.Failure, Err: errDown}, true)
	f(backstay.Outcome{Class: backstay.Failure}, true) // a 503: the result tells the story
	f(backstay.Outcome{Class: backstay.Timeout, Err: backstay.ErrTimeout}, true)
	f(backstay.Outcome{Class: backstay.Rejected, Err: backstay.ErrRejected}, true)
	f(backstay.Outcome{Class: backstay.Canceled, Err: context.Canceled}, false)
	f(backstay.Outcome{Class: backstay.Invalid}, false)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := backstay.NewChain(New("payment", Config{
		Value: spare,
		Match: func(o backstay.Outcome) bool { return o.Class == backstay.Rejected },
	}))
	if _, err := backstay.Do(t.Context(), c, func(context.Context) (string, error) { return "", errDown }); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}

// TestFallbackFails: the caller learns of both errors.
func TestFallbackFails(t *testing.T) {
	t.Parallel()
	errCold := errors.New("cache is cold")
	var heard backstaytest.Recorder
	p := New("payment", Config{
		Value:    func(context.Context, backstay.Outcome) (any, error) { return nil, errCold },
		Listener: heard.Listener(),
	})
	ctx, degraded := backstay.WithDegradation(t.Context())
	_, err := backstay.Do(ctx, backstay.NewChain(p), func(context.Context) (string, error) { return "", errDown })
	if !errors.Is(err, errCold) || !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	if want := "fallback payment: cache is cold; it was to replace: down"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if len(heard.Events()) != 0 || len(degraded.Names()) != 0 {
		t.Error("an answer was reported that nobody got")
	}
	_, err = backstay.DoClassified(t.Context(), backstay.NewChain(p),
		func(context.Context) (string, error) { return "", nil },
		func(context.Context, string, error) backstay.Outcome {
			return backstay.Outcome{Class: backstay.Failure}
		})
	if want := "fallback payment: cache is cold"; err == nil || err.Error() != want || !errors.Is(err, errCold) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestNewWithoutValue(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a fallback that cannot answer was accepted")
		}
	}()
	New("payment", Config{})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	if got, want := New("payment", Config{Value: spare}).Explain(), "fallback payment: answers in place of the dependency"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
