// Package config is the one file of settings of the Backstay server: its shape,
// its defaults, and the strict reading of file and environment. Every key has a
// working default, so a server without a file works.
//
// What is said on the command line wins over the environment, which wins over
// the file, which wins over the default.
package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// Config is the server's settings. [Default] gives the values that hold where
// nothing is said.
type Config struct {
	// Listen is the address of console, API and control stream, host:port.
	// An address wider than loopback needs a Token.
	Listen string
	// OTLP holds the addresses that take telemetry.
	OTLP OTLP `yaml:"otlp"`
	// DataDir is the directory of all stored data; it is created when missing.
	DataDir string
	// Token is the secret that callers present as a bearer; empty means that none is asked for.
	Token string
	// Retention says how long telemetry is kept.
	Retention Retention
	// Scrape says how metrics of registered instances are collected.
	Scrape Scrape
	// Policies are files and directories of policy documents applied at start.
	Policies []string
	// SLOs are files and directories of OpenSLO documents applied at start.
	SLOs []string `yaml:"slos"`
	// Heal says what the server may do by itself.
	Heal Heal
	// LogLevel is "debug", "info", "warn" or "error".
	LogLevel string
}

// OTLP is where OpenTelemetry data comes in; host:port each.
type OTLP struct {
	GRPC string `yaml:"grpc"`
	HTTP string `yaml:"http"`
}

// Retention is how long telemetry is kept.
type Retention struct {
	Metrics time.Duration
	Traces  time.Duration
}

// Scrape is how metrics of registered instances are collected.
type Scrape struct {
	// Interval is the time between two scrapes of an instance, at least 1 s.
	Interval time.Duration
	// Allow lists the networks, in CIDR form, whose addresses may be scraped.
	// An instance that registers with an address elsewhere is refused.
	Allow []string
}

// Heal is what the server may do by itself when it knows a cause.
type Heal struct {
	// Enabled lets the ladder act; false only names causes.
	Enabled bool
	// Script is the second rung of the ladder; no command means no such rung.
	Script Script
	// Webhook is the URL called on the last rung; empty means none.
	Webhook string
	// WebhookAllow lists the hosts that Webhook may name besides loopback.
	WebhookAllow []string
}

// Script is a runbook program with its arguments.
type Script struct {
	Command []string
	// Timeout is how long it may run before it is killed.
	Timeout time.Duration
}

// Default returns the settings that hold where nothing is said.
func Default() Config {
	return Config{
		Listen:    "127.0.0.1:4400",
		OTLP:      OTLP{GRPC: "127.0.0.1:4317", HTTP: "127.0.0.1:4318"},
		DataDir:   "backstay-data",
		Retention: Retention{Metrics: 24 * time.Hour, Traces: 24 * time.Hour},
		Scrape:    Scrape{Interval: 5 * time.Second, Allow: []string{"127.0.0.0/8", "::1/128"}},
		Heal:      Heal{Enabled: true, Script: Script{Timeout: 30 * time.Second}},
		LogLevel:  "info",
	}
}

// AllowedPrefixes returns Scrape.Allow as prefixes, never nil: an empty list allows
// none. Entries that do not parse are left out; [Config.Check] reports them.
func (c Config) AllowedPrefixes() []netip.Prefix {
	allowed := make([]netip.Prefix, 0, len(c.Scrape.Allow))
	for _, text := range c.Scrape.Allow {
		if p, err := netip.ParsePrefix(text); err == nil {
			allowed = append(allowed, p.Masked())
		}
	}
	return allowed
}

// WebhookNetworks returns the networks in which the webhook's host may lie: those
// of loopback, or the address that the URL names. A host that is allowed by name
// may lie anywhere: where it lies is its operator's business, and the call
// follows neither a redirect nor a proxy away from it.
func (h Heal) WebhookNetworks() []netip.Prefix {
	u, err := url.Parse(h.Webhook)
	if err == nil && slices.Contains(h.WebhookAllow, u.Hostname()) {
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
			addr = addr.Unmap()
			return []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}
		}
		return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// Level returns LogLevel for package slog; an unknown word reads as info.
func (c Config) Level() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return slog.LevelInfo
	}
	return level
}
