package shop

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/service"
)

// confirmation is what the user sees.
type confirmation struct {
	receipt
	Note        string   `json:"note,omitempty"`        // of the fallback, when order did not answer
	Suggestions []string `json:"suggestions,omitempty"` // spared while the service is asked to degrade
}

// Gateway is where the users come in.
func Gateway(ctx context.Context, host *Host) (err error) {
	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "gateway", Version: Version})
	if err != nil {
		return err
	}
	svc, err := service.Start(ctx, service.Config{Name: "gateway", Version: Version, Tracer: telemetry.Recorder()})
	if err != nil {
		return err
	}
	defer shutdown(ctx, &err, svc.Shutdown, telemetry.Shutdown)

	order := &http.Client{Transport: svc.Transport("order")}
	orderURL := os.Getenv(EnvOrderURL)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /checkout", func(w http.ResponseWriter, r *http.Request) {
		var p purchase
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&p); err != nil {
			http.Error(w, "not a purchase", http.StatusBadRequest)
			return
		}
		var c confirmation
		if err := post(r.Context(), order, orderURL+"/orders", r.Header.Get("Idempotency-Key"), p, &c); err != nil {
			http.Error(w, "order: "+err.Error(), http.StatusBadGateway)
			return
		}
		if svc.DegradeLevel() == 0 {
			c.Suggestions = suggestions(p.SKU)
		}
		answer(w, c)
	})
	return host.Serve(ctx, svc.Handler(mux))
}

// suggestions are nice to have, and the first thing to spare.
func suggestions(sku string) []string {
	var n uint64
	for _, b := range []byte(sku) {
		n = n*31 + uint64(b)
	}
	return []string{SKU(n + 1), SKU(n + 7)}
}
