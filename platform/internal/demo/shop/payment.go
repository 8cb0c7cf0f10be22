package shop

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/service"
)

// bankTime is how long the bank takes to authorise a charge.
const bankTime = 10 * time.Millisecond

// charge is what payment is asked and answers.
type charge struct {
	Order  string `json:"order"`
	Cents  int    `json:"cents"`
	Status string `json:"status"` // "paid"; "later" when the fallback answers
}

// Payment charges cards. It has no switch of its own: its faults are armed
// through the control stream, as anybody's can be.
func Payment(ctx context.Context, host *Host) (err error) {
	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "payment", Version: Version})
	if err != nil {
		return err
	}
	svc, err := service.Start(ctx, service.Config{Name: "payment", Version: Version, Tracer: telemetry.Recorder()})
	if err != nil {
		return err
	}
	defer shutdown(ctx, &err, svc.Shutdown, telemetry.Shutdown)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /charges", func(w http.ResponseWriter, r *http.Request) {
		var c charge
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&c); err != nil {
			http.Error(w, "not a charge", http.StatusBadRequest)
			return
		}
		select {
		case <-time.After(bankTime):
		case <-r.Context().Done():
			return
		}
		c.Status = "paid"
		answer(w, c)
	})
	return host.Serve(ctx, svc.Handler(mux))
}
