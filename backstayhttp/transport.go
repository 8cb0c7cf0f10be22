package backstayhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/retry"
	"github.com/backstay/backstay/trace"
)

// TransportConfig tunes [Transport].
type TransportConfig struct {
	// Dependency names what is called, as policies, metrics and the service
	// map know it. Empty means the host of each request's URL.
	Dependency string
	// Live gives the policies of the dependency. Nil means none.
	Live *policy.Live
	// Metrics receives http_client_request_duration_seconds. Nil means that
	// nothing is measured for anybody.
	Metrics *metric.Registry
	// Tracer makes a client span for each attempt. Nil means [trace.Propagation].
	Tracer trace.Recorder
	// Route names a request's route by template, of few distinct values, for
	// policies that target one. Nil means that no request has a route.
	Route func(*http.Request) string
}

// Transport guards and measures what goes through base; nil means
// http.DefaultTransport. It is safe for concurrent use when base is.
//
// Answers with status 5xx and 429 are failures to the policies, other 4xx are the
// caller's own mistake. Policies may repeat a request that is safe to repeat by
// its method or by an Idempotency-Key, and whose body can be had again by
// GetBody. A time limit of a policy covers an attempt up to the header of the
// answer; after it, each piece of the body may take as long again.
func Transport(base http.RoundTripper, cfg TransportConfig) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	if cfg.Metrics == nil {
		cfg.Metrics = metric.NewRegistry()
	}
	if cfg.Tracer == nil {
		cfg.Tracer = trace.Propagation{}
	}
	return &transport{base: base, cfg: cfg, metrics: newClientMetrics(cfg.Metrics)}
}

type transport struct {
	base    http.RoundTripper
	cfg     TransportConfig
	metrics clientMetrics
}

// ErrBodySpent means that a request was to be repeated whose body cannot be had again.
var ErrBodySpent = errors.New("backstayhttp: the request's body was sent and has no GetBody to send it again")

// RoundTrip sends the request through the policies of its dependency.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c := call{t: t, req: req, dependency: t.cfg.Dependency, method: methodLabel(req.Method)}
	if c.dependency == "" {
		c.dependency = req.URL.Host
	}
	ctx := req.Context()
	if repeatable(req) {
		ctx = retry.WithIdempotent(ctx)
	}
	start := time.Now()
	result, err := backstay.DoClassified(ctx, t.chain(&c), c.attempt, classify)
	if !c.bodySent && req.Body != nil {
		_ = req.Body.Close() // a RoundTripper closes it whatever happens
	}
	if !c.sent && (err == nil || errors.Is(err, backstay.ErrRejected)) {
		t.metrics.observe(c.dependency, c.method, 0, backstay.Rejected.String(), time.Since(start))
	}
	if err == nil && c.last != nil && result == any(c.last) {
		markDegraded(req.Context(), c.last.Header)
		return c.last, nil
	}
	if c.last != nil {
		discard(c.last) // a policy put something else in its place
	}
	if err != nil {
		return nil, err
	}
	// The fallback that answered has marked the degradation.
	return replaced(result, req)
}

func (t *transport) chain(c *call) *backstay.Chain {
	if t.cfg.Live == nil {
		return nil
	}
	route := ""
	if t.cfg.Route != nil {
		route = t.cfg.Route(c.req)
	}
	return t.cfg.Live.Outbound(c.dependency, route)
}

// call is one request through the transport, with all its attempts. Attempts of
// a call run one after another.
type call struct {
	t          *transport
	req        *http.Request
	dependency string
	method     string
	sent       bool           // an attempt went on the wire
	bodySent   bool           // the request's own body was handed to base, which closes it
	last       *http.Response // answer of the latest attempt, until it is handed out or discarded
}

// attempt sends the request once.
func (c *call) attempt(ctx context.Context) (any, error) {
	if c.last != nil {
		discard(c.last)
		c.last = nil
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	ctx, span := c.t.cfg.Tracer.Start(ctx, trace.StartInfo{Name: c.method + " " + c.dependency, Kind: trace.KindClient, Start: start})
	lead := follow(ctx, c.req.Context())

	out := c.req.WithContext(lead.ctx)
	out.Body = body
	out.Header = c.req.Header.Clone()
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	trace.Inject(span.SpanContext(), out.Header)
	if deadline, ok := ctx.Deadline(); ok {
		out.Header.Set(HeaderTimeout, FormatTimeout(deadline.Sub(start)))
	}
	c.sent = true
	res, err := c.t.base.RoundTrip(out) //nolint:bodyclose // the body is the caller's, or discarded with the attempt
	took := time.Since(start)

	outcome := outcomeOf(ctx, res, err)
	status := 0
	if res != nil {
		status = res.StatusCode
	}
	c.t.metrics.observe(c.dependency, c.method, status, outcome.Class.String(), took)
	c.describe(span, status, outcome, err)
	if err != nil {
		lead.release()
		return nil, err
	}
	lead.hold(res)
	c.last = res
	return res, nil
}

// describe finishes the span of an attempt.
func (c *call) describe(span trace.Span, status int, outcome backstay.Outcome, err error) {
	span.SetAttr("peer.service", c.dependency)
	span.SetAttr("server.address", c.req.URL.Hostname())
	if port, perr := strconv.Atoi(c.req.URL.Port()); perr == nil {
		span.SetAttr("server.port", port)
	}
	span.SetAttr("http.request.method", c.method)
	switch {
	case err != nil:
		span.SetAttr("error.type", errorType(outcome, err))
	case status >= http.StatusBadRequest:
		span.SetAttr("http.response.status_code", status)
		span.SetAttr("error.type", strconv.Itoa(status))
		if outcome.Bad() { // a mistake of ours is no failure of the dependency
			err = fmt.Errorf("HTTP %d %s", status, http.StatusText(status))
		}
	default:
		span.SetAttr("http.response.status_code", status)
	}
	span.End(err)
}

// body returns the request's body for the next attempt.
func (c *call) body() (io.ReadCloser, error) {
	if c.req.Body == nil || c.req.Body == http.NoBody {
		return c.req.Body, nil
	}
	if !c.bodySent {
		c.bodySent = true
		return c.req.Body, nil
	}
	if c.req.GetBody == nil {
		return nil, ErrBodySpent
	}
	return c.req.GetBody()
}

// repeatable reports whether sending the request twice does what sending it once
// does (RFC 9110 §9.2.2), and can be done.
func repeatable(req *http.Request) bool {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	default:
		return req.Header.Get(HeaderIdempotencyKey) != ""
	}
}
