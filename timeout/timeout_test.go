package timeout

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/backstaytest"
)

var errDown = errors.New("down")

// hang honours its context and returns what interrupted clients return.
func hang(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func TestOwnExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard backstaytest.Recorder
		c := backstay.NewChain(New("payment", Config{Limit: time.Second, Listener: heard.Listener()}))
		began := time.Now()
		_, err := backstay.Do(t.Context(), c, hang)
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		if !errors.Is(err, backstay.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		var ours *Error
		if !errors.As(err, &ours) || ours.Dependency != "payment" || ours.Limit != time.Second {
			t.Errorf("got %+v", ours)
		}
		var timed net.Error
		if errors.As(err, &timed) && !timed.Timeout() {
			t.Error("does not say that it is a timeout")
		}
		if got := heard.Lines(); len(got) != 1 || got[0] != "payment: timed out after 1s" {
			t.Errorf("heard %q", got)
		}
	})
}

// TestOtherEnds: what is not our expiry is passed on as it is.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	f := func(name string, want error, fn func(context.Context, *testing.T, *backstay.Chain) error) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var heard backstaytest.Recorder
				c := backstay.NewChain(New("payment", Config{Limit: time.Second, Listener: heard.Listener()}))
				err := fn(t.Context(), t, c)
				if !errors.Is(err, want) || errors.Is(err, backstay.ErrTimeout) {
					t.Errorf("got %v, want %v", err, want)
				}
				if got := heard.Lines(); len(got) != 0 {
					t.Errorf("heard %q", got)
				}
			})
		})
	}
	f("the caller gives up", context.Canceled, func(ctx context.Context, _ *testing.T, c *backstay.Chain) error {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(500*time.Millisecond, cancel)
		_, err := backstay.Do(ctx, c, hang)
		return err
	})
	f("the caller's deadline is tighter", context.DeadlineExceeded, func(ctx context.Context, _ *testing.T, c *backstay.Chain) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		_, err := backstay.Do(ctx, c, hang)
		return err
	})
	f("a deadline inside", context.DeadlineExceeded, func(ctx context.Context, _ *testing.T, c *backstay.Chain) error {
		_, err := backstay.Do(ctx, c, func(ctx context.Context) (string, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			return hang(ctx)
		})
		return err
	})
	f("an error in time", errDown, func(ctx context.Context, _ *testing.T, c *backstay.Chain) error {
		_, err := backstay.Do(ctx, c, func(context.Context) (string, error) { return "", errDown })
		return err
	})
	f("an answer after the limit", nil, func(ctx context.Context, t *testing.T, c *backstay.Chain) error {
		got, err := backstay.Do(ctx, c, func(context.Context) (string, error) {
			time.Sleep(2 * time.Second) // does not honour the context
			return "late", nil
		})
		if got != "late" {
			t.Errorf("the answer is lost: %q", got)
		}
		return err
	})
	f("a refusal inside, after the limit", errFull, func(ctx context.Context, _ *testing.T, c *backstay.Chain) error {
		_, err := backstay.Do(ctx, c, func(context.Context) (string, error) {
			time.Sleep(2 * time.Second)
			return "", &backstay.RejectedError{Policy: "queue", Reason: errFull}
		})
		return err
	})
}

var errFull = errors.New("full")

// TestNested: the outer limit ends the call while an inner one still runs.
func TestNested(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outer := New("order", Config{Limit: time.Second})
		inner := New("payment", Config{Limit: 5 * time.Second})
		_, err := backstay.Do(t.Context(), backstay.NewChain(outer, inner), hang)
		var ours *Error
		if !errors.As(err, &ours) || ours.Dependency != "order" {
			t.Errorf("got %v", err)
		}
	})
}

// TestReleased: the derived context does not outlive the call.
func TestReleased(t *testing.T) {
	t.Parallel()
	var inner context.Context
	_, err := backstay.Do(t.Context(), backstay.NewChain(New("payment", Config{})), func(ctx context.Context) (int, error) {
		inner = ctx //nolint:fatcontext // kept to look at after its end
		return 0, nil
	})
	if err != nil || !errors.Is(inner.Err(), context.Canceled) {
		t.Errorf("%v, %v", err, inner.Err())
	}
}

// TestOuterLimit: an outer limit that runs out between two attempts is reported
// as ours.
func TestOuterLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := backstay.NewChain(New("order", Config{Limit: time.Second}), &again{})
		runs := 0
		_, err := backstay.Do(t.Context(), c, func(context.Context) (int, error) {
			runs++
			time.Sleep(600 * time.Millisecond)
			return 0, errDown
		})
		if runs != 2 || !errors.Is(err, backstay.ErrTimeout) || !errors.Is(err, errDown) {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
}

// again repeats for ever.
type again struct{}

func (*again) Explain() string { return "again" }

func (*again) Enter(ctx context.Context) (context.Context, backstay.Ticket, error) {
	return ctx, backstay.Ticket{}, nil
}

func (*again) Leave(context.Context, backstay.Ticket, backstay.Outcome) backstay.Directive {
	return backstay.Directive{Step: backstay.Again}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	p := New("payment", Config{})
	if got, want := p.Explain(), "timeout payment: 10s an attempt"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&Error{Dependency: "payment", Limit: p.Limit()}).Error(), "timeout payment: no answer within 10s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
