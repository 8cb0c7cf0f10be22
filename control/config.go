package control

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/backstay/backstay/policy"
)

// Config says who the process is and where the control server is found.
type Config struct {
	// URL is the address of the control server, http or https. Required.
	URL string
	// Key is the public key that snapshots must be signed with. Required.
	Key ed25519.PublicKey
	// Token is the secret that the server asks for; empty sends none.
	Token string
	// Service is the name that snapshots must be for. Required.
	Service string
	// Version and Instance tell processes of the service apart.
	Version, Instance string
	// MetricsURL is where the server may read metrics; empty means nowhere.
	MetricsURL string
	// StateDir is where the last good snapshot is kept, one directory per
	// process; it is created when missing. Empty keeps none.
	StateDir string
	// Live receives what the snapshots say. Required. Documents that are in
	// force at the start stay so where snapshots do not replace them.
	Live *policy.Live
	// Logger hears when the server is lost and found, and what is refused. Nil
	// means slog.Default().
	Logger *slog.Logger
	// Silence is how long the stream may be silent before it is taken for dead.
	// The server sends a sign of life every few seconds. Zero means 10 s.
	Silence time.Duration
	// Every is the time between two reports. Zero means 1 s.
	Every time.Duration
}

// complete checks the settings and fills in defaults.
func (c *Config) complete() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("control: URL %q is not an http or https address", c.URL)
	case len(c.Key) != ed25519.PublicKeySize:
		return fmt.Errorf("control: Key has %d bytes, a public key has %d", len(c.Key), ed25519.PublicKeySize)
	case c.Service == "":
		return errors.New("control: Service is required")
	case c.Live == nil:
		return errors.New("control: Live is required")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Silence <= 0 {
		c.Silence = 10 * time.Second
	}
	if c.Every <= 0 {
		c.Every = time.Second
	}
	return nil
}
