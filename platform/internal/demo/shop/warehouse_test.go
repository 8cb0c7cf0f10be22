package shop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func openPool(t *testing.T) *connections {
	t.Helper()
	house, err := openWarehouse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(house.close)
	return newConnections(house.listener.Addr().String())
}

func TestStock(t *testing.T) {
	t.Parallel()
	pool := openPool(t)
	var all sync.WaitGroup
	for n := range uint64(300) {
		all.Go(func() {
			if got, err := pool.stock(t.Context(), SKU(n)); err != nil || got != 106 {
				t.Errorf("stock: %d, %v; want 106", got, err)
			}
		})
	}
	all.Wait()
	if len(pool.places) != 0 || len(pool.idle) == 0 || len(pool.idle) > warehouseConnections {
		t.Errorf("%d connections are out and %d idle after all came back", len(pool.places), len(pool.idle))
	}
}

// A customer who gives up must not spoil the connection for the next one.
func TestStockOfSomebodyWhoGivesUp(t *testing.T) {
	t.Parallel()
	pool := openPool(t)
	for range warehouseConnections + 1 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err := pool.stock(ctx, "sku-01"); err == nil {
			t.Error("the warehouse answered faster than it can")
		}
		cancel()
	}
	if _, err := pool.stock(t.Context(), "sku-01"); err != nil {
		t.Errorf("the next customer: %v", err)
	}
}

func TestWatcherLeaksConnectionsUntilLifted(t *testing.T) {
	t.Parallel()
	pool := openPool(t)
	w := watcher{pool: pool}
	for range 10 * watchEvery {
		w.asked()
	}
	w.set(true)
	for range (warehouseConnections + 10) * watchEvery {
		w.asked()
	}
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan error, 1)
	for len(pool.places) < warehouseConnections {
		// The watchers are on their way to the last free connections.
		pause(t)
	}
	go func() { _, err := pool.take(ctx); stuck <- err }()
	cancel()
	if err := <-stuck; !errors.Is(err, context.Canceled) {
		t.Errorf("a connection was free although all are leaked: %v", err)
	}
	w.set(false)
	for len(pool.places) > 0 {
		pause(t)
	}
	if _, err := pool.stock(t.Context(), "sku-01"); err != nil {
		t.Errorf("after lifting: %v", err)
	}
}

// pause lets other goroutines run; the test's own deadline ends it.
func pause(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("never happened")
	case <-time.After(time.Millisecond):
	}
}

func TestDamagedCatalogue(t *testing.T) {
	t.Parallel()
	whole, damaged := readCatalogue(false), readCatalogue(true)
	for n := range uint64(catalogueSize) {
		if whole[SKU(n)] == nil {
			t.Errorf("%s has no price", SKU(n))
		}
		if lacks := damaged[SKU(n)] == nil; lacks != (n%2 == 1) {
			t.Errorf("damaged catalogue lacks %s: %v", SKU(n), lacks)
		}
	}
}
