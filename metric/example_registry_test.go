package metric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/backstay/backstay/metric"
)

// Declare once, bind once, count often.
func ExampleRegistry() {
	registry := metric.NewRegistry()
	orders := registry.Counter("shop_orders_total", "Orders taken.", "kind")
	gifts := orders.With("gift") // keep the handle in hot code
	gifts.Inc()
	gifts.Add(2)

	w := httptest.NewRecorder()
	registry.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	fmt.Print(w.Body)
	// Output:
	// # HELP shop_orders_total Orders taken.
	// # TYPE shop_orders_total counter
	// shop_orders_total{kind="gift"} 3
}
