package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is one key of the file.
type Setting struct {
	// Key is the dotted path in the file: "scrape.interval".
	Key string
	// Env is the variable that overrides the file.
	Env string
	// Kind is "address", "duration", "list", "text", "switch" or "level".
	Kind string
	// Text says what it is for.
	Text string

	field func(*Config) any // pointer to the field
	check func(*Config) error
}

// Settings is every key, in the order of the file.
func Settings() []Setting {
	return []Setting{
		{Key: "listen", Env: "BACKSTAY_LISTEN", Kind: "address",
			Text:  "address of console, API and control stream; wider than loopback it needs a token",
			field: func(c *Config) any { return &c.Listen },
			check: func(c *Config) error { return checkListen(c.Listen, c.Token) }},
		{Key: "token", Env: "BACKSTAY_TOKEN", Kind: "text",
			Text:  "secret that callers present; at least 16 characters; better given by the environment than by the file",
			field: func(c *Config) any { return &c.Token },
			check: func(c *Config) error { return checkToken(c.Token) }},
		{Key: "dataDir", Env: "BACKSTAY_DATA_DIR", Kind: "text",
			Text:  "directory of all stored data; created when missing",
			field: func(c *Config) any { return &c.DataDir }},
		{Key: "logLevel", Env: "BACKSTAY_LOG_LEVEL", Kind: "level",
			Text:  "debug, info, warn or error",
			field: func(c *Config) any { return &c.LogLevel },
			check: func(c *Config) error { return checkLevel(c.LogLevel) }},
		{Key: "otlp.grpc", Env: "BACKSTAY_OTLP_GRPC", Kind: "address",
			Text:  "address that takes OpenTelemetry data over gRPC; wider than loopback it needs a token",
			field: func(c *Config) any { return &c.OTLP.GRPC },
			check: func(c *Config) error { return checkListen(c.OTLP.GRPC, c.Token) }},
		{Key: "otlp.http", Env: "BACKSTAY_OTLP_HTTP", Kind: "address",
			Text:  "address that takes OpenTelemetry data over HTTP; wider than loopback it needs a token",
			field: func(c *Config) any { return &c.OTLP.HTTP },
			check: func(c *Config) error { return checkListen(c.OTLP.HTTP, c.Token) }},
		{Key: "retention.metrics", Env: "BACKSTAY_RETENTION_METRICS", Kind: "duration",
			Text:  "how long metrics are kept",
			field: func(c *Config) any { return &c.Retention.Metrics },
			check: func(c *Config) error { return atLeast(c.Retention.Metrics, time.Hour) }},
		{Key: "retention.traces", Env: "BACKSTAY_RETENTION_TRACES", Kind: "duration",
			Text:  "how long traces are kept",
			field: func(c *Config) any { return &c.Retention.Traces },
			check: func(c *Config) error { return atLeast(c.Retention.Traces, time.Minute) }},
		{Key: "scrape.interval", Env: "BACKSTAY_SCRAPE_INTERVAL", Kind: "duration",
			Text:  "time between two scrapes of an instance",
			field: func(c *Config) any { return &c.Scrape.Interval },
			check: func(c *Config) error { return atLeast(c.Scrape.Interval, time.Second) }},
		{Key: "scrape.allow", Env: "BACKSTAY_SCRAPE_ALLOW", Kind: "list",
			Text:  "networks (CIDR) whose addresses may be scraped",
			field: func(c *Config) any { return &c.Scrape.Allow },
			check: func(c *Config) error { return checkPrefixes(c.Scrape.Allow) }},
		{Key: "policies", Env: "BACKSTAY_POLICY_FILES", Kind: "list",
			Text:  "files and directories of policy documents applied at start; relative to the config file",
			field: func(c *Config) any { return &c.Policies }},
		{Key: "slos", Env: "BACKSTAY_SLO_FILES", Kind: "list",
			Text:  "files and directories of OpenSLO documents applied at start; relative to the config file",
			field: func(c *Config) any { return &c.SLOs }},
		{Key: "heal.enabled", Env: "BACKSTAY_HEAL_ENABLED", Kind: "switch",
			Text:  "let the server act on a named cause; false only names it",
			field: func(c *Config) any { return &c.Heal.Enabled }},
		{Key: "heal.script.command", Env: "BACKSTAY_HEAL_SCRIPT_COMMAND", Kind: "list",
			Text:  "runbook program and its arguments, the second rung of the ladder; none when empty",
			field: func(c *Config) any { return &c.Heal.Script.Command }},
		{Key: "heal.script.timeout", Env: "BACKSTAY_HEAL_SCRIPT_TIMEOUT", Kind: "duration",
			Text:  "how long the program may run before it is killed",
			field: func(c *Config) any { return &c.Heal.Script.Timeout },
			check: func(c *Config) error { return atLeast(c.Heal.Script.Timeout, time.Second) }},
		{Key: "heal.webhook", Env: "BACKSTAY_HEAL_WEBHOOK", Kind: "text",
			Text:  "URL called on the last rung of the ladder; none when empty",
			field: func(c *Config) any { return &c.Heal.Webhook },
			check: func(c *Config) error { return checkWebhook(c.Heal.Webhook, c.Heal.WebhookAllow) }},
		{Key: "heal.webhookAllow", Env: "BACKSTAY_HEAL_WEBHOOK_ALLOW", Kind: "list",
			Text:  "hosts besides loopback that the webhook may name",
			field: func(c *Config) any { return &c.Heal.WebhookAllow }},
	}
}

// Value prints the setting's value in c as the file would hold it.
func (s Setting) Value(c Config) string {
	switch v := s.field(&c).(type) {
	case *string:
		return *v
	case *bool:
		return strconv.FormatBool(*v)
	case *time.Duration:
		return FormatDuration(*v)
	case *[]string:
		return strings.Join(*v, ",")
	default:
		return ""
	}
}

// Set reads text, as a variable of the environment or a flag holds it; lists are
// separated by commas.
func (s Setting) Set(c *Config, text string) error {
	switch v := s.field(c).(type) {
	case *string:
		*v = text
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*v = b
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration like 30s, 5m or 24h", text)
		}
		*v = d
	case *[]string:
		*v = nil
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*v = append(*v, item)
			}
		}
	}
	return nil
}

// FormatDuration prints d in its largest whole unit up to hours.
func FormatDuration(d time.Duration) string {
	switch {
	case d > 0 && d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d > 0 && d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	default:
		return d.String()
	}
}

func checkAddress(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not an address like 127.0.0.1:4400", addr)
	}
	// Port 0 means any free one, for tests and for running side by side.
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", addr)
	}
	return nil
}

func checkListen(addr, token string) error {
	if err := checkAddress(addr); err != nil {
		return err
	}
	if token == "" && !loopback(addr) {
		return fmt.Errorf("%q is reached from other machines, which needs a token", addr)
	}
	return nil
}

// loopback reports whether an address is reached from this machine alone.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func checkToken(token string) error {
	if token != "" && len(token) < 16 {
		return errors.New("the token is shorter than 16 characters and can be guessed")
	}
	return nil
}

func checkLevel(level string) error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, level) {
		return fmt.Errorf("%q is not one of debug, info, warn, error", level)
	}
	return nil
}

func atLeast(d, least time.Duration) error {
	if d < least {
		return fmt.Errorf("%s is shorter than %s", FormatDuration(d), FormatDuration(least))
	}
	return nil
}

func checkPrefixes(list []string) error {
	for _, text := range list {
		if _, err := netip.ParsePrefix(text); err != nil {
			return fmt.Errorf("%q is not a network like 10.0.0.0/8", text)
		}
	}
	return nil
}

func checkWebhook(hook string, allow []string) error {
	if hook == "" {
		return nil
	}
	u, err := url.Parse(hook)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("the webhook is not a URL like https://host/path")
	}
	host := u.Hostname()
	if !loopback(net.JoinHostPort(host, "0")) && !slices.Contains(allow, host) {
		return fmt.Errorf("host %q is not listed under heal.webhookAllow", host)
	}
	return nil
}
