package service

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/trace"
)

// Environment variables that fill empty fields of [Config].
const (
	EnvURL      = "BACKSTAY_URL"
	EnvKey      = "BACKSTAY_KEY"
	EnvToken    = "BACKSTAY_TOKEN"
	EnvState    = "BACKSTAY_STATE"
	EnvPolicies = "BACKSTAY_POLICIES"
	EnvProtect  = "BACKSTAY_PROTECT"
)

// DefaultMetricsAddr is a free port on the loopback interface.
const DefaultMetricsAddr = "127.0.0.1:0"

// Config describes a process to Backstay. Name is required; the rest has defaults.
type Config struct {
	// Name is the service's name, as policies, metrics and the map know it; required.
	Name string
	// Version of the service, for policies that target one. May be empty.
	Version string
	// Environment is where the process runs: "production", "staging". May be empty.
	Environment string
	// Instance tells processes of the service apart. Empty means host name and
	// process id.
	Instance string
	// ControlURL is the base URL of the control server. Empty means
	// BACKSTAY_URL, and without it no server.
	ControlURL string
	// ControlKey is the Ed25519 public key, in base64, that the server's
	// snapshots must be signed with. Empty means BACKSTAY_KEY. It is required
	// with a ControlURL.
	ControlKey string
	// ControlToken is the secret that a control server open to others than its
	// own machine asks for. Empty means BACKSTAY_TOKEN, and without it none is sent.
	ControlToken string
	// StateDir is where the last good policies are kept for the next start.
	// Empty means BACKSTAY_STATE, and without it nothing is kept.
	StateDir string
	// Policies is a file or folder of policy documents, in force until the
	// server sends others. Empty means BACKSTAY_POLICIES, and without it none.
	Policies string
	// MetricsAddr is where /metrics and /healthz are served. Empty means
	// [DefaultMetricsAddr]. It carries no token: keep it off public networks.
	MetricsAddr string
	// Unprotected measures requests and guards none. BACKSTAY_PROTECT=off sets it too.
	Unprotected bool
	// Tracer makes spans. Nil passes trace context on and records nothing.
	Tracer trace.Recorder
	// Listener hears what policies decide, after the metrics did. May be nil.
	Listener *backstay.Listener
	// Logger gets panics, expired requests and news of the control server. Nil
	// means slog.Default().
	Logger *slog.Logger
	// Route names the route of a request that the service serves. Nil means the
	// pattern of the http.ServeMux given to Handler.
	Route func(*http.Request) string
}

// ErrNoName means that [Config.Name] is empty.
var ErrNoName = errors.New("service: Config.Name is required")

// ConfigError is a setting that cannot be used.
type ConfigError struct {
	// Setting is the field, or the variable that filled it.
	Setting string
	// Problem says what is wrong with it.
	Problem string
	// Hint says what to do.
	Hint string
}

// Error says what is wrong and what to do.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("service: %s: %s; %s", e.Setting, e.Problem, e.Hint)
}

// complete fills empty fields and returns the control server's key, nil without
// a server.
func (c *Config) complete() (ed25519.PublicKey, error) {
	if c.Name == "" {
		return nil, ErrNoName
	}
	fill(&c.ControlURL, os.Getenv(EnvURL))
	fill(&c.ControlKey, os.Getenv(EnvKey))
	fill(&c.ControlToken, os.Getenv(EnvToken))
	fill(&c.StateDir, os.Getenv(EnvState))
	fill(&c.Policies, os.Getenv(EnvPolicies))
	fill(&c.MetricsAddr, DefaultMetricsAddr)
	if c.Instance == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		c.Instance = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	switch v := os.Getenv(EnvProtect); strings.ToLower(v) {
	case "", "on":
	case "off":
		c.Unprotected = true
	default:
		return nil, &ConfigError{Setting: EnvProtect, Problem: fmt.Sprintf("%q is neither on nor off", v), Hint: "leave it unset to be protected"}
	}
	if c.Tracer == nil {
		c.Tracer = trace.Propagation{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.ControlURL == "" {
		return nil, nil
	}
	u, err := url.Parse(c.ControlURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &ConfigError{Setting: "ControlURL (" + EnvURL + ")", Problem: fmt.Sprintf("%q is no http or https URL", c.ControlURL), Hint: "use one like http://127.0.0.1:4400"}
	}
	key, err := base64.StdEncoding.DecodeString(c.ControlKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, &ConfigError{
			Setting: "ControlKey (" + EnvKey + ")", Problem: "is no Ed25519 public key in base64",
			Hint: "take the one that the server prints at its start",
		}
	}
	return key, nil
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
