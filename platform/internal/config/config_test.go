package config

import (
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/policy/document"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestDefaultHolds(t *testing.T) {
	t.Parallel()
	c := Default()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if got := len(c.AllowedPrefixes()); got != 2 {
		t.Errorf("%d networks may be scraped, want loopback of both kinds", got)
	}
	if c.Level() != slog.LevelInfo {
		t.Errorf("level: got %s", c.Level())
	}
	c.Scrape.Allow = nil
	if got := c.AllowedPrefixes(); got == nil || len(got) != 0 {
		t.Errorf("an empty list allows %v, want a list of none", got)
	}
}

// Every setting is reachable by its variable, and what is printed reads back.
func TestEverySettingReadsBack(t *testing.T) {
	t.Parallel()
	other := map[string]string{
		"address": "127.0.0.1:9", "duration": "36h", "list": "192.0.2.0/24,198.51.100.0/24",
		"text": "0123456789abcdef", "switch": "false", "level": "error",
	}
	seen := map[string]bool{}
	for _, s := range Settings() {
		if seen[s.Key] || seen[s.Env] || s.Text == "" || !strings.HasPrefix(s.Env, "BACKSTAY_") {
			t.Errorf("%s: key and variable must be unique, and explained", s.Key)
		}
		seen[s.Key], seen[s.Env] = true, true
		c := Default()
		if err := s.Set(&c, other[s.Kind]); err != nil {
			t.Errorf("%s: %v", s.Env, err)
		}
		if got := s.Value(c); got != other[s.Kind] {
			t.Errorf("%s: set to %q, reads %q", s.Key, other[s.Kind], got)
		}
		if reflect.DeepEqual(c, Default()) {
			t.Errorf("%s: setting it changes nothing", s.Key)
		}
	}
}

func TestEnvironmentRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, want string }{
		{"BACKSTAY_SCRAPE_INTERVAL", "often", `environment BACKSTAY_SCRAPE_INTERVAL: "often" is not a duration like 30s, 5m or 24h`},
		{"BACKSTAY_HEAL_ENABLED", "maybe", `environment BACKSTAY_HEAL_ENABLED: "maybe" is neither true nor false`},
	} {
		_, err := Load(Sources{Getenv: env(tc.name, tc.value)})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s=%s: got %v, want %s", tc.name, tc.value, err, tc.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*Config)
		want string // key and words, empty when it holds
	}{
		{"wide without a token", func(c *Config) { c.Listen = "0.0.0.0:4400" }, `listen: "0.0.0.0:4400" is reached from other machines, which needs a token`},
		{"every interface without a token", func(c *Config) { c.Listen = ":4400" }, `listen: ":4400" is reached`},
		{"wide with a token", func(c *Config) { c.Listen = "0.0.0.0:4400"; c.Token = "0123456789abcdef" }, ""},
		{"loopback by name", func(c *Config) { c.Listen = "localhost:0" }, ""},
		{"loopback by v6", func(c *Config) { c.Listen = "[::1]:4400" }, ""},
		{"telemetry from elsewhere without a token", func(c *Config) { c.OTLP.HTTP = "0.0.0.0:4318" }, `otlp.http: "0.0.0.0:4318" is reached`},
		{"telemetry from elsewhere with a token", func(c *Config) { c.OTLP.GRPC = ":4317"; c.Token = "0123456789abcdef" }, ""},
		{"no port", func(c *Config) { c.Listen = "127.0.0.1" }, `listen: "127.0.0.1" is not an address`},
		{"port out of range", func(c *Config) { c.OTLP.GRPC = "127.0.0.1:70000" }, `otlp.grpc: "127.0.0.1:70000" has no port`},
		{"short token", func(c *Config) { c.Token = "secret" }, `token: the token is shorter than 16`},
		{"level", func(c *Config) { c.LogLevel = "loud" }, `logLevel: "loud" is not one of`},
		{"retention", func(c *Config) { c.Retention.Metrics = time.Minute }, `retention.metrics: 1m is shorter than 1h`},
		{"scrape interval", func(c *Config) { c.Scrape.Interval = 0 }, `scrape.interval: 0s is shorter than 1s`},
		{"network", func(c *Config) { c.Scrape.Allow = []string{"10.0.0.1"} }, `scrape.allow: "10.0.0.1" is not a network`},
		{"webhook elsewhere", func(c *Config) { c.Heal.Webhook = "https://hooks.example/x" }, `heal.webhook: host "hooks.example" is not listed`},
		{"webhook allowed", func(c *Config) {
			c.Heal.Webhook = "https://hooks.example/x"
			c.Heal.WebhookAllow = []string{"hooks.example"}
		}, ""},
		{"webhook on this machine", func(c *Config) { c.Heal.Webhook = "http://localhost:9/x" }, ""},
		{"webhook of another kind", func(c *Config) { c.Heal.Webhook = "file:///etc/passwd" }, `heal.webhook: the webhook is not a URL`},
	} {
		c := Default()
		tc.edit(&c)
		err := c.Check()
		var bad *SettingError
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != "" && (!errors.As(err, &bad) || !strings.HasPrefix(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	file := "listen: 127.0.0.1:1\notlp: {grpc: 127.0.0.1:1, http: 127.0.0.1:1}\npolicies: [shop, /etc/backstay/policies]\n"
	c, err := Load(Sources{
		File: "conf/backstay.yaml", Data: []byte(file),
		Getenv: env("BACKSTAY_OTLP_HTTP", "127.0.0.1:2", "BACKSTAY_OTLP_GRPC", "127.0.0.1:2", "BACKSTAY_SLO_FILES", "a,b"),
		Flags:  []Flag{{Name: "otlp-grpc", Key: "otlp.grpc", Value: "127.0.0.1:3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ what, got, want string }{
		{"file over default", c.Listen, "127.0.0.1:1"},
		{"environment over file", c.OTLP.HTTP, "127.0.0.1:2"},
		{"flag over environment", c.OTLP.GRPC, "127.0.0.1:3"},
		{"default", c.DataDir, Default().DataDir},
		{"paths of the file start at its folder", strings.Join(c.Policies, " "), filepath.Join("conf", "shop") + " /etc/backstay/policies"},
		{"paths of the environment do not", strings.Join(c.SLOs, " "), "a b"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.what, tc.got, tc.want)
		}
	}
}

func TestMalformedFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file string
		want       []string
	}{
		{"unknown keys, all at once", "listn: 127.0.0.1:1\nscrape:\n  intervall: 5s\n", []string{
			`backstay.yaml:1:1: the settings have no field "listn" (did you mean "listen"?)`,
			`backstay.yaml:3:3: scrape has no field "intervall" (did you mean "interval"?)`,
		}},
		{"wrong kind", "scrape:\n  interval: 5\n", []string{`backstay.yaml:2:13: interval must be a duration, not "5" (did you mean "5s" or "5ms"?)`}},
		{"not YAML", "listen: [\n", []string{`backstay.yaml:1:9: not valid YAML`}},
		{"values that cannot hold, all at once", "logLevel: loud\nretention:\n  metrics: 1s\n", []string{
			`backstay.yaml:1:11: "loud" is not one of debug, info, warn, error`,
			`backstay.yaml:3:12: 1s is shorter than 1h`,
		}},
		{"wide without a token", "listen: 0.0.0.0:4400\n", []string{`backstay.yaml:1:9: "0.0.0.0:4400" is reached from other machines`}},
		{"two documents", "listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n", []string{`backstay.yaml:3:1: a second document`}},
	} {
		_, err := Load(Sources{File: "backstay.yaml", Data: []byte(tc.file)})
		var malformed *document.Error
		if !errors.As(err, &malformed) {
			t.Errorf("%s: got %v", tc.name, err)
			continue
		}
		for i, f := range malformed.Findings {
			if i >= len(tc.want) || !strings.HasPrefix(f.String(), tc.want[i]) {
				t.Errorf("%s: finding %d: got %s", tc.name, i, f)
			}
		}
		if len(malformed.Findings) != len(tc.want) {
			t.Errorf("%s: %d findings, want %d", tc.name, len(malformed.Findings), len(tc.want))
		}
	}
}

// A value of the file that only holds with the environment's help is fine, and a
// value that the environment overrides is not held against the file.
func TestFileIsJudgedWithTheRest(t *testing.T) {
	t.Parallel()
	wide := []byte("listen: 0.0.0.0:4400\n")
	if _, err := Load(Sources{File: "f", Data: wide, Getenv: env("BACKSTAY_TOKEN", "0123456789abcdef")}); err != nil {
		t.Errorf("with a token from the environment: %v", err)
	}
	if _, err := Load(Sources{File: "f", Data: wide, Flags: []Flag{{"listen", "listen", "127.0.0.1:0"}}}); err != nil {
		t.Errorf("with a flag: %v", err)
	}
	_, err := Load(Sources{Flags: []Flag{{"listen", "listen", "0.0.0.0:1"}}})
	if want := `flag --listen: "0.0.0.0:1" is reached`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("listen: [\n"))
	f.Add([]byte("heal: {script: {command: [a, b]}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Load(Sources{File: "f", Data: data})
		if err == nil && c.Check() != nil {
			t.Errorf("%q passed and does not hold: %v", data, c.Check())
		}
	})
}

func TestWebhookNetworks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		hook        string
		allow       []string
		at          string
		want        bool
		explanation string
	}{
		{"http://localhost:9/x", nil, "127.0.0.1", true, "loopback needs no leave"},
		{"http://localhost:9/x", []string{"hooks.example"}, "10.0.0.1", false, "leave for another host"},
		{"https://hooks.example/x", []string{"hooks.example"}, "203.0.113.7", true, "allowed by name"},
		{"https://hooks.example/x", []string{"hooks.example"}, "2001:db8::7", true, "allowed by name"},
		{"http://10.0.0.1:9/x", []string{"10.0.0.1"}, "10.0.0.1", true, "allowed by address"},
		{"http://10.0.0.1:9/x", []string{"10.0.0.1"}, "10.0.0.2", false, "another address"},
		{"https://hooks.example/x", nil, "203.0.113.7", false, "not allowed"},
	} {
		networks := Heal{Webhook: tc.hook, WebhookAllow: tc.allow}.WebhookNetworks()
		got := slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(tc.at)) })
		if got != tc.want {
			t.Errorf("%s at %s: %v, want %v (%s)", tc.hook, tc.at, got, tc.want, tc.explanation)
		}
	}
}
