package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/backstay/backstay/platform/internal/demo/load"
)

// EnvRate is how many checkouts the users begin each second.
const EnvRate = "SHOP_RATE"

// Users are the customers: a process without any SDK that knows the gateway's
// address only, and serves what the customers experienced.
func Users(ctx context.Context, host *Host) error {
	rate := 0.0
	if text := os.Getenv(EnvRate); text != "" {
		var err error
		if rate, err = strconv.ParseFloat(text, 64); err != nil || rate <= 0 || rate > 1e5 {
			return fmt.Errorf("shop: %s is %q, want requests per second", EnvRate, text)
		}
	}
	transport := &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024}
	customer := customers{client: &http.Client{Transport: transport}, gateway: os.Getenv(EnvGatewayURL)}
	generator := load.New(customer.checkout, load.Config{Rate: rate})
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { generator.Run(ctx) })
	return host.Serve(ctx, generator.Handler())
}

type customers struct {
	client  *http.Client
	gateway string
}

// checkout buys one article and says how that went.
func (c *customers) checkout(ctx context.Context, n uint64) load.Result {
	body, err := json.Marshal(purchase{SKU: SKU(n)})
	if err != nil {
		return load.NoAnswer
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.gateway+"/checkout", bytes.NewReader(body))
	if err != nil {
		return load.NoAnswer
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "order-"+strconv.FormatUint(n, 10))
	resp, err := c.client.Do(req)
	if err == nil {
		defer resp.Body.Close()
		// An answer counts when it has arrived as a whole.
		_, err = io.Copy(io.Discard, resp.Body)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return load.Impatience
	case err != nil:
		return load.NoAnswer
	case resp.StatusCode/100 != 2:
		return load.BadStatus
	case resp.Header.Get("Backstay-Degraded") != "":
		return load.Degraded
	default:
		return load.OK
	}
}
