package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/client"
	"github.com/backstay/backstay/policy/document"
)

func TestCodeOf(t *testing.T) {
	t.Parallel()
	problem := func(status int) error { return on("x", api.NewProblem(status, "", ""), "") }
	for _, tc := range []struct {
		err  error
		want int
	}{
		{errors.New("other"), exitError},
		{usage("a", "b"), exitUsage},
		{malformed("file", &document.Error{}), exitUsage},
		{&negativeError{exitNegative, "", ""}, exitNegative},
		{&negativeError{exitUnknown, "", ""}, exitUnknown},
		{fmt.Errorf("wrapped: %w", &client.UnreachableError{Err: io.EOF}), exitUnreachable},
		{problem(http.StatusBadRequest), exitUsage},
		{problem(http.StatusUnprocessableEntity), exitUsage},
		{problem(http.StatusUnauthorized), exitForbidden},
		{problem(http.StatusForbidden), exitForbidden},
		{problem(http.StatusNotFound), exitError},
		{problem(http.StatusInternalServerError), exitError},
		{context.Canceled, exitError}, // nobody interrupted us
	} {
		if got := codeOf(t.Context(), tc.err); got != tc.want {
			t.Errorf("%v: got %d, want %d", tc.err, got, tc.want)
		}
	}
	for _, c := range exitCodes {
		if c.name == "" || c.text == "" || c.by == "" {
			t.Errorf("exit code %d is not explained", c.code)
		}
	}
}

func TestInterruptedIs130(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs bytes.Buffer
	p := Program{Args: []string{"service", "list"}, Stdout: io.Discard, Stderr: &errs, Getenv: func(string) (string, bool) { return "", false }}
	if code := p.Run(ctx); code != exitInterrupted || errs.String() != "backstay: service list: interrupted\n" {
		t.Errorf("got %d %q", code, errs.String())
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ what, why, next, want string }{
		{"slo show", " checkout: not found", "see 'backstay slo list'", "backstay: slo show checkout: not found; see 'backstay slo list'"},
		{"slo check", "2 of 3 violated", "", "backstay: slo check: 2 of 3 violated"},
		{"", "unknown command.", "", "backstay: unknown command"},
	} {
		if got := sentence(tc.what, tc.why, tc.next); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ got, want string }{
		{percent(1), "100.0%"}, {percent(0.99999), "99.999%"}, {percent(0.9999999), "99.999%"}, {percent(0), "0.0%"},
		{percent(0.0004), "0.040%"}, {percent(-0.6), "-60.0%"}, {target(0.999), "99.9%"}, {target(0.99999), "99.999%"}, {target(0.95), "95%"},
		{latency(0), "-"}, {latency(0.0042), "4.2ms"}, {latency(0.25), "250ms"}, {latency(2), "2.00s"},
		{rate(199.8), "200/s"}, {rate(1.25), "1.2/s"}, {size(0), "-"}, {size(6 << 20), "6.0 MiB"},
		{window("720h0m0s"), "30d"}, {window("1h0m0s"), "1h"}, {window("24h0m0s"), "24h"}, {window("5s"), "5s"}, {window("soon"), "soon"},
		{span(59e9), "59s"}, {span(3601e9), "1h00m"}, {span(26 * 3600e9), "1d02h"}, {span(-5), "0s"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
