// Package client speaks the JSON API v1 of a Backstay server.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
)

// DefaultURL is where a server on this machine listens unless told otherwise.
const DefaultURL = "http://127.0.0.1:4400"

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 64 << 20

// Client calls one server. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// Config configures [New].
type Config struct {
	// Token is presented as a bearer; empty means none.
	Token string
	// Timeout bounds one call, the event stream apart; zero means one minute.
	Timeout time.Duration
}

// UnreachableError says that no server answered.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return "no server answers at " + e.URL + ": " + rootCause(e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is what to do next.
func (e *UnreachableError) Hint() string {
	return "start one with 'backstay dev', or name another with --server or BACKSTAY_URL"
}

// rootCause drops the words that net/http and net put around a failure.
func rootCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// New returns a client of the server at base, as in "http://127.0.0.1:4400".
func New(base string, cfg Config) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("server address %q is not a URL like %s", base, DefaultURL)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: cfg.Timeout,
	}
	return &Client{base: u, token: cfg.Token, http: &http.Client{Transport: transport}}, nil
}

// URL is the server's address.
func (c *Client) URL() string { return c.base.String() }

// request builds a call; segments are escaped each.
func (c *Client) request(ctx context.Context, method string, query url.Values, body io.Reader, segments ...string) (*http.Request, error) {
	u := *c.base
	var path, raw strings.Builder
	path.WriteString(u.Path)
	raw.WriteString(u.EscapedPath())
	for _, s := range segments {
		path.WriteString("/" + s)
		raw.WriteString("/" + url.PathEscape(s))
	}
	u.Path, u.RawPath = path.String(), raw.String()
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return r, nil
}

// send carries out a request; an answer of 400 or more becomes a [*api.Problem].
func (c *Client) send(r *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		if ctxErr := r.Context().Err(); ctxErr != nil {
			return nil, ctxErr
		}
		return nil, &UnreachableError{URL: c.URL(), Err: err}
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer resp.Body.Close()
	p := api.NewProblem(resp.StatusCode, "", "")
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &UnreachableError{URL: c.URL(), Err: err}
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(body, p); err != nil {
			return nil, fmt.Errorf("answer of %s: %w", c.URL(), err)
		}
	} else {
		p.Detail = fmt.Sprintf("%s answered %s, which is not how a Backstay server speaks", c.URL(), resp.Status)
	}
	return nil, p
}

// call sends a request and decodes the answer into T.
func call[T any](c *Client, r *http.Request, err error) (T, error) {
	var v T
	if err != nil {
		return v, err
	}
	resp, err := c.send(r)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return v, &UnreachableError{URL: c.URL(), Err: err}
	}
	if resp.StatusCode == http.StatusNoContent {
		return v, nil
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("answer of %s is not of this version's API: %w", c.URL(), err)
	}
	return v, nil
}

// get asks for the path /api/v1/segments.
func get[T any](ctx context.Context, c *Client, query url.Values, segments ...string) (T, error) {
	r, err := c.request(ctx, http.MethodGet, query, nil, append([]string{"api", "v1"}, segments...)...)
	return call[T](c, r, err)
}

// post sends v as JSON.
func post[T any](ctx context.Context, c *Client, v any, segments ...string) (T, error) {
	body, err := json.Marshal(v)
	if err != nil {
		var none T
		return none, err
	}
	r, err := c.request(ctx, http.MethodPost, nil, bytes.NewReader(body), append([]string{"api", "v1"}, segments...)...)
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return call[T](c, r, err)
}

// postYAML sends documents.
func postYAML[T any](ctx context.Context, c *Client, d api.Document, check bool, segments ...string) (T, error) {
	query := url.Values{}
	if check {
		query.Set("check", "1")
	}
	r, err := c.request(ctx, http.MethodPost, query, bytes.NewReader(d.Data), append([]string{"api", "v1"}, segments...)...)
	if err == nil {
		r.Header.Set("Content-Type", "application/yaml")
		r.Header.Set(api.FileNameHeader, d.File)
	}
	return call[T](c, r, err)
}
