package ingest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/backstay/backstay/platform/internal/metricstore"
)

// Target is one process whose metrics are scraped.
type Target struct {
	Service, Instance, Version string
	URL                        string // of its metrics, http or https
}

// ScrapeConfig says what a scraper scrapes.
type ScrapeConfig struct {
	// Targets is asked before every round; required.
	Targets func() []Target
	// Store takes the samples; required.
	Store metricstore.Store
	// Interval is the time between rounds; zero means 15 seconds. A scrape may
	// take as long, but at most 10 seconds.
	Interval time.Duration
	// Allow lists the addresses that may be connected to, since targets name
	// their own; nil means loopback only.
	Allow []netip.Prefix
	// MaxBytes bounds one answer; zero means 8 MiB.
	MaxBytes int64
	// MaxSamples bounds the samples of one answer; zero means 20,000.
	MaxSamples int
	// Parallel bounds the scrapes at once; zero means 4.
	Parallel int
	// Log takes failures of the store; nil means [slog.Default].
	Log *slog.Logger
}

func (c ScrapeConfig) withDefaults() ScrapeConfig {
	c.Interval = cmp.Or(c.Interval, 15*time.Second)
	c.MaxBytes = cmp.Or(c.MaxBytes, 8<<20)
	c.MaxSamples = cmp.Or(c.MaxSamples, 20_000)
	c.Parallel = cmp.Or(c.Parallel, 4)
	if c.Allow == nil {
		c.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// RefusedAddressError says that a target resolved to an address that is not allowed.
type RefusedAddressError struct{ Addr string }

func (e *RefusedAddressError) Error() string {
	return "scrape: " + e.Addr + " is not among the allowed addresses"
}

// Hint says what an operator can do.
func (e *RefusedAddressError) Hint() string { return "add its network to scrape.allow" }

// newClient returns a client that connects to allowed addresses only. They are
// checked as dialled, after names are resolved, and redirects are not followed.
func newClient(allow []netip.Prefix, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		addr, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("scrape: %w", err)
		}
		for _, p := range allow {
			if p.Contains(addr.Addr().Unmap()) {
				return nil
			}
		}
		return &RefusedAddressError{Addr: address}
	}}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
			ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
