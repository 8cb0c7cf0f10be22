package backstayhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/backstay/backstay"
)

// classify reads the result of an attempt for the policies.
func classify(ctx context.Context, result any, err error) backstay.Outcome {
	res, _ := result.(*http.Response)
	return outcomeOf(ctx, res, err)
}

// outcomeOf reads an answer: 5xx and 429 are failures of the dependency, other
// 4xx are the caller's own mistake.
func outcomeOf(ctx context.Context, res *http.Response, err error) backstay.Outcome {
	switch {
	case errors.Is(err, ErrBodySpent):
		return backstay.Outcome{Class: backstay.Invalid, Err: err} // nothing was sent
	case err != nil:
		return backstay.Classify(ctx, err)
	case res == nil:
		return backstay.Outcome{Class: backstay.Failure}
	case res.StatusCode >= http.StatusInternalServerError, res.StatusCode == http.StatusTooManyRequests:
		return backstay.Outcome{Class: backstay.Failure, RetryAfter: retryAfter(res.Header.Get("Retry-After"), time.Now())}
	case res.StatusCode >= http.StatusBadRequest:
		return backstay.Outcome{Class: backstay.Invalid}
	default:
		return backstay.Outcome{}
	}
}

// maxRetryAfter bounds what a dependency may ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads a Retry-After header (RFC 9110 §10.2.3): seconds or a date.
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// errorType is the error.type of a span whose attempt got no answer.
func errorType(outcome backstay.Outcome, err error) string {
	var op *net.OpError
	switch {
	case outcome.Class == backstay.Timeout, outcome.Class == backstay.Canceled:
		return outcome.Class.String()
	case errors.As(err, &op):
		return op.Op // "dial", "read", "write"
	default:
		return "error"
	}
}
