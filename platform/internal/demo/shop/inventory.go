package shop

import (
	"context"
	"net/http"
	"sync"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/service"
)

// stock is what inventory answers.
type stock struct {
	SKU       string `json:"sku"`
	Available int    `json:"available"`
}

// Inventory tells what the warehouse has.
func Inventory(ctx context.Context, host *Host) (err error) {
	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "inventory", Version: Version})
	if err != nil {
		return err
	}
	svc, err := service.Start(ctx, service.Config{Name: "inventory", Version: Version, Tracer: telemetry.Recorder()})
	if err != nil {
		return err
	}
	defer shutdown(ctx, &err, svc.Shutdown, telemetry.Shutdown)

	house, err := openWarehouse(ctx)
	if err != nil {
		return err
	}
	defer house.close()
	pool := newConnections(house.listener.Addr().String())
	watch := watcher{pool: pool}
	host.OnSwitch("leak", watch.set)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /stock/{sku}", func(w http.ResponseWriter, r *http.Request) {
		sku := r.PathValue("sku")
		watch.asked()
		n, err := pool.stock(r.Context(), sku)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer(w, stock{SKU: sku, Available: n})
	})
	return host.Serve(ctx, svc.Handler(mux))
}

// watcher is the fault of inventory, one that is easily written: for some
// questions it starts a goroutine that holds a connection while it waits for a
// confirmation that never comes. Each such goroutine is lost and so is its
// connection; when few are left everybody queues for them.
type watcher struct {
	pool *connections

	mu   sync.Mutex
	on   context.Context // ends when the fault is lifted; nil while there is none
	lift context.CancelFunc
	asks int
}

// watchEvery is one in how many questions starts a watch.
const watchEvery = 8

func (w *watcher) set(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lift != nil {
		w.lift()
	}
	w.on, w.lift = nil, nil
	if on {
		w.on, w.lift = context.WithCancel(context.Background())
	}
}

func (w *watcher) asked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asks++
	if w.on != nil && w.asks%watchEvery == 0 {
		go w.watch(w.on)
	}
}

// watch is the goroutine that leaks. Lifting the fault is the only thing that
// ends it, apart from the end of the process.
func (w *watcher) watch(lifted context.Context) {
	conn, err := w.pool.take(lifted)
	if err != nil {
		return
	}
	<-lifted.Done()
	w.pool.give(conn, nil)
}
