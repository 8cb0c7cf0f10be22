package backstayhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/backstay/backstay/policy"
)

// errNoAnswer means that a fallback gave nothing that is an HTTP response.
var errNoAnswer = errors.New("backstayhttp: fallback gave neither a *policy.Answer nor an *http.Response")

// replaced makes the response of what a fallback answered.
func replaced(result any, req *http.Request) (*http.Response, error) {
	switch a := result.(type) {
	case *policy.Answer:
		return responseOf(a, req), nil
	case *http.Response:
		if a != nil {
			a.Request = req
			if a.Body == nil {
				a.Body = http.NoBody // callers of a client need not check
			}
			return a, nil
		}
	}
	return nil, fmt.Errorf("%w but %T", errNoAnswer, result)
}

// responseOf makes a response as if the dependency had sent it.
func responseOf(a *policy.Answer, req *http.Request) *http.Response {
	header := make(http.Header, len(a.Headers)+1)
	for name, value := range a.Headers {
		header.Set(name, value)
	}
	header.Set(HeaderDegraded, a.Dependency)
	res := &http.Response{
		Status:     fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)),
		StatusCode: a.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header,
		ContentLength: int64(len(a.Body)),
		Body:          http.NoBody,
		Request:       req,
	}
	if req.Method != http.MethodHead && a.Body != "" {
		res.Body = io.NopCloser(strings.NewReader(a.Body))
	}
	return res
}
