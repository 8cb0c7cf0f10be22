package demo_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/demo"
	"github.com/backstay/backstay/platform/internal/demo/load"
	"github.com/backstay/backstay/platform/internal/metastore"
)

var _ demo.Armer = (*controlplane.Plane)(nil)

// openControl starts a control plane on a real port.
func openControl(t *testing.T, token string) (*controlplane.Plane, *httptest.Server) {
	t.Helper()
	store, err := metastore.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	plane, err := controlplane.New(t.Context(), controlplane.Config{Key: key, Meta: store, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(plane.Handler())
	t.Cleanup(func() { plane.Close(); server.Close() })
	return plane, server
}

// degrading means that fallbacks answer and nobody is turned away.
func degrading(since time.Time) func(load.Stats) bool {
	return func(st load.Stats) bool {
		for _, sec := range st.Seconds {
			if sec.T > since.Unix()+1 && sec.T <= st.Settled() && sec.Degraded > sec.Sent()/4 && sec.Failed() == 0 {
				return true
			}
		}
		return false
	}
}

// Faults of payment travel as signed instructions, and when the control plane is
// gone the services go on with what they know.
func TestFaultsTravelThroughTheControlStream(t *testing.T) {
	t.Parallel()
	plane, server := openControl(t, "")
	if _, err := plane.ApplyPolicies(t.Context(), demo.PolicyFile, demo.Policies(), "test"); err != nil {
		t.Fatal(err)
	}
	s := open(t, func(c *demo.Config) {
		c.ControlURL, c.ControlKey, c.Armer = server.URL, plane.PublicKey(), plane
	})
	await(t, s, "answers", flowing)
	for _, fault := range []string{"payment-errors", "payment-slow"} {
		if err := s.Break(t.Context(), fault); err != nil {
			t.Fatal(err)
		}
		await(t, s, "fallbacks for "+fault, degrading(status(t, s).Since))
		healed := time.Now()
		if err := s.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		await(t, s, "answers after "+fault, flowingSince(healed.Add(time.Second)))
	}

	server.CloseClientConnections()
	if err := plane.Close(); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := s.Break(t.Context(), "payment-kill"); err != nil {
		t.Fatal(err)
	}
	await(t, s, "fallbacks without a control plane", degrading(status(t, s).Since))
	// A restarted service starts with its last good policies.
	if err := s.Restart(t.Context(), "order", ""); err != nil {
		t.Fatal(err)
	}
	await(t, s, "fallbacks of the restarted order", degrading(time.Now()))
}

// Where control stream and telemetry ask for a token, every service presents it.
func TestServicesPresentTheToken(t *testing.T) {
	t.Parallel()
	const token = "of sixteen characters, or more"
	plane, server := openControl(t, token)
	presented := make(chan string, 1)
	telemetry := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case presented <- r.Header.Get("Authorization"):
		default:
		}
	}))
	t.Cleanup(telemetry.Close)
	connected := make(chan struct{}, 1)
	plane.Subscribe(func(control.Report) {
		select {
		case connected <- struct{}{}:
		default:
		}
	})
	open(t, func(c *demo.Config) {
		c.ControlURL, c.ControlKey, c.OTLP, c.Token = server.URL, plane.PublicKey(), telemetry.URL, token
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case <-connected:
	case <-ctx.Done():
		t.Fatal("no service reaches the control plane")
	}
	select {
	case got := <-presented:
		if got != "Bearer "+token {
			t.Errorf("telemetry came with %q", got)
		}
	case <-ctx.Done():
		t.Fatal("no telemetry came")
	}
}
