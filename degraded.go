package backstay

import (
	"context"
	"slices"
	"sync"
)

// Degradation collects, for one request, the dependencies whose answers were
// replaced or already degraded. It is safe for concurrent use, and the nil
// Degradation collects nothing.
type Degradation struct {
	mu    sync.Mutex
	names []string
}

type degradationKey struct{}

// WithDegradation returns a context that carries a new, empty Degradation. The
// server side of a request creates one; [MarkDegraded] fills it.
func WithDegradation(ctx context.Context) (context.Context, *Degradation) {
	d := new(Degradation)
	return context.WithValue(ctx, degradationKey{}, d), d
}

// MarkDegraded notes that the answer of the request in ctx is worse than it
// should be because of the dependency. Without a carrier it does nothing.
func MarkDegraded(ctx context.Context, dependency string) {
	if d, ok := ctx.Value(degradationKey{}).(*Degradation); ok {
		d.mark(dependency)
	}
}

func (d *Degradation) mark(dependency string) {
	if dependency == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	// A request has few dependencies: a scan beats a map.
	if !slices.Contains(d.names, dependency) {
		d.names = append(d.names, dependency)
	}
}

// Names returns the marked dependencies once each, in the order of their first mark.
func (d *Degradation) Names() []string {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.names)
}
