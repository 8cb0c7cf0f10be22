package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/service"
)

// purchase is what order is asked.
type purchase struct {
	SKU string `json:"sku"`
}

// receipt is what order answers.
type receipt struct {
	Order     string `json:"order"`
	Cents     int    `json:"cents"`
	Available int    `json:"available"`
	Payment   string `json:"payment"`
}

// price is an entry of the catalogue.
type price struct{ cents int }

// Order checks the stock, charges the customer and confirms.
func Order(ctx context.Context, host *Host) (err error) {
	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "order", Version: Version})
	if err != nil {
		return err
	}
	svc, err := service.Start(ctx, service.Config{Name: "order", Version: Version, Tracer: telemetry.Recorder()})
	if err != nil {
		return err
	}
	defer shutdown(ctx, &err, svc.Shutdown, telemetry.Shutdown)

	inventory := &http.Client{Transport: svc.Transport("inventory")}
	payment := &http.Client{Transport: svc.Transport("payment")}
	inventoryURL, paymentURL := os.Getenv(EnvInventoryURL), os.Getenv(EnvPaymentURL)

	var catalogue atomic.Pointer[map[string]*price]
	load := func(damaged bool) {
		c := readCatalogue(damaged)
		catalogue.Store(&c)
	}
	load(false)
	host.OnSwitch("panic", load)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var p purchase
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&p); err != nil {
			http.Error(w, "not a purchase", http.StatusBadRequest)
			return
		}
		var s stock
		if err := get(r.Context(), inventory, inventoryURL+"/stock/"+url.PathEscape(p.SKU), &s); err != nil {
			http.Error(w, "inventory: "+err.Error(), http.StatusBadGateway)
			return
		}
		key := r.Header.Get("Idempotency-Key")
		// The entry is nil when the catalogue lacks it: this line is the
		// fault of order, and the panic is a real one.
		cents := (*catalogue.Load())[p.SKU].cents
		c := charge{Order: key, Cents: cents}
		if err := post(r.Context(), payment, paymentURL+"/charges", key, c, &c); err != nil {
			http.Error(w, "payment: "+err.Error(), http.StatusBadGateway)
			return
		}
		answer(w, receipt{Order: key, Cents: cents, Available: s.Available, Payment: c.Status})
	})
	return host.Serve(ctx, svc.Handler(mux))
}

// catalogueSize is how many articles the shop sells.
const catalogueSize = 20

// SKU names the n-th article.
func SKU(n uint64) string { return fmt.Sprintf("sku-%02d", n%catalogueSize) }

// readCatalogue returns the prices; a damaged catalogue lacks every second one.
func readCatalogue(damaged bool) map[string]*price {
	c := make(map[string]*price, catalogueSize)
	for n := range uint64(catalogueSize) {
		if damaged && n%2 == 1 {
			continue
		}
		c[SKU(n)] = &price{cents: 500 + 100*int(n)}
	}
	return c
}

// get asks a neighbour and reads its answer into out.
func get(ctx context.Context, client *http.Client, address string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return do(client, req, out)
}

// post tells a neighbour something at most once, as the key makes sure.
func post(ctx context.Context, client *http.Client, address, key string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	return do(client, req, out)
}

func do(client *http.Client, req *http.Request, out any) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		// Read a little, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
		return fmt.Errorf("answered %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(out); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}
