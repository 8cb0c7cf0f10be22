package metricstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

// held answers queries when it is told to.
type held struct {
	metricstore.Store

	entered, release chan struct{}
}

func (h *held) Instant(context.Context, string, time.Time) ([]metricstore.Point, error) {
	h.entered <- struct{}{}
	<-h.release
	return nil, nil
}

func TestBounded(t *testing.T) {
	t.Parallel()
	store := &held{entered: make(chan struct{}), release: make(chan struct{})}
	b := metricstore.Bounded(store, 1)
	ask := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := b.Instant(ctx, "up", time.Time{})
			done <- err
		}()
		return done
	}
	first := ask(t.Context())
	<-store.entered
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := b.Range(gone, "up", time.Time{}, time.Time{}, time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("a query whose caller left: %v", err)
	}
	second := ask(t.Context())
	select {
	case <-store.entered:
		t.Fatal("two queries are at work")
	case store.release <- struct{}{}:
	}
	<-store.entered
	store.release <- struct{}{}
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
}
