package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Version is what every program reports as its version.
const Version = "1.0.0"

// Programs are the processes of the shop by name.
var Programs = map[string]func(context.Context, *Host) error{
	"gateway":   Gateway,
	"order":     Order,
	"inventory": Inventory,
	"payment":   Payment,
	"users":     Users,
}

// Environment variables that say where things are.
const (
	EnvListen       = "SHOP_LISTEN"        // host:port to listen on
	EnvGatewayURL   = "SHOP_GATEWAY_URL"   // where the users go
	EnvOrderURL     = "SHOP_ORDER_URL"     // for the gateway
	EnvInventoryURL = "SHOP_INVENTORY_URL" // for order
	EnvPaymentURL   = "SHOP_PAYMENT_URL"   // for order
)

// grace is how long a server may finish what it has begun.
const grace = time.Second

// Host is what a program of the shop runs in.
type Host struct {
	// Ready is called with the address once the program listens.
	Ready func(address string)

	mu       sync.Mutex
	switches map[string]func(on bool)
}

// Serve listens where the environment says and serves until ctx is done.
func (h *Host) Serve(ctx context.Context, handler http.Handler) error {
	address := os.Getenv(EnvListen)
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("shop: %w", err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	h.Ready(listener.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("shop: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // whoever still waits has waited long enough
	}
	if end := <-ended; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// OnSwitch names a fault of the program that the supervisor can switch.
func (h *Host) OnSwitch(name string, set func(on bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.switches == nil {
		h.switches = map[string]func(bool){}
	}
	h.switches[name] = set
}

// Switch throws a switch and reports whether the program has it.
func (h *Host) Switch(name string, on bool) bool {
	h.mu.Lock()
	set := h.switches[name]
	h.mu.Unlock()
	if set != nil {
		set(on)
	}
	return set != nil
}

// shutdown ends telemetry and service within a bounded time after the end of ctx.
// It is deferred, so its error joins the one that the program returns.
func shutdown(ctx context.Context, err *error, ends ...func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, end := range ends {
		*err = errors.Join(*err, end(ctx))
	}
}
