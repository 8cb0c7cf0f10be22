package backstayhttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/backstay/backstay"
)

const (
	// HeaderTimeout says how much time the caller has left, as a Go duration:
	// "250ms". It narrows what the callee would take, never widens it.
	HeaderTimeout = "X-Timeout"
	// HeaderDegraded lists the dependencies because of which an answer is
	// worse than it should be: "payment,stock".
	HeaderDegraded = "Backstay-Degraded"
	// HeaderIdempotencyKey makes a POST or PATCH safe to repeat.
	HeaderIdempotencyKey = "Idempotency-Key"
)

// maxTimeoutText is longer than any duration that Go prints.
const maxTimeoutText = 32

// ParseTimeout reads an X-Timeout value. It reports false for what is no
// duration. Zero and negative durations are those of a caller whose time is over.
func ParseTimeout(s string) (time.Duration, bool) {
	if s == "" || len(s) > maxTimeoutText {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// FormatTimeout renders the time left for an X-Timeout header. It is cut to
// milliseconds, or to microseconds below one, so that it never promises more.
func FormatTimeout(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return d.Truncate(time.Microsecond).String()
	default:
		return d.Truncate(time.Millisecond).String()
	}
}

const (
	maxDegraded     = 16 // names taken from one answer
	maxDegradedName = 64 // bytes of a name
)

// markDegraded adopts what a dependency's answer says of itself. The header is
// another process's word, so its size is bounded and odd names are left out.
func markDegraded(ctx context.Context, h http.Header) {
	taken := 0
	for _, value := range h[HeaderDegraded] {
		for name := range strings.SplitSeq(value, ",") {
			if taken == maxDegraded {
				return
			}
			if name = strings.TrimSpace(name); validDegraded(name) {
				backstay.MarkDegraded(ctx, name)
				taken++
			}
		}
	}
}

func validDegraded(name string) bool {
	if name == "" || len(name) > maxDegradedName {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
