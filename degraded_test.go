package backstay_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/backstay/backstay"
)

func TestDegradation(t *testing.T) {
	t.Parallel()
	backstay.MarkDegraded(t.Context(), "payment") // no carrier: nothing happens

	ctx, d := backstay.WithDegradation(t.Context())
	if got := d.Names(); len(got) != 0 {
		t.Errorf("new carrier holds %v", got)
	}
	inner := context.WithValue(ctx, levelKey{}, "deeper")
	backstay.MarkDegraded(inner, "payment")
	backstay.MarkDegraded(ctx, "inventory")
	backstay.MarkDegraded(ctx, "payment")
	backstay.MarkDegraded(ctx, "")
	got := d.Names()
	if !slices.Equal(got, []string{"payment", "inventory"}) {
		t.Errorf("got %v", got)
	}
	got[0] = "mine" // the caller's copy
	if d.Names()[0] != "payment" {
		t.Error("the names handed out are not a copy")
	}
	var none *backstay.Degradation
	if none.Names() != nil {
		t.Error("nil holds names")
	}
}

func TestDegradationConcurrently(t *testing.T) {
	t.Parallel()
	ctx, d := backstay.WithDegradation(t.Context())
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			backstay.MarkDegraded(ctx, string(rune('a'+i%4)))
			d.Names()
		})
	}
	wg.Wait()
	if got := d.Names(); len(got) != 4 {
		t.Errorf("got %v", got)
	}
}
