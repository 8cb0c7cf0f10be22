package backstayhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/backstay/backstay"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/trace"
)

// StatusClientClosed is what metrics and spans say of a request whose caller
// went away before there was an answer. It is never sent.
const StatusClientClosed = 499

// HandlerConfig tunes [Handler]. The zero value is useful.
type HandlerConfig struct {
	// Live gives the time limit and the armed faults of each route. Nil means
	// neither.
	Live *policy.Live
	// Metrics receives http_server_request_duration_seconds and
	// backstay_panics_total. Nil means that nothing is measured for anybody.
	Metrics *metric.Registry
	// Tracer makes the server spans. Nil means [trace.Propagation].
	Tracer trace.Recorder
	// Logger gets panics with their stack and requests that ran out of time.
	// Nil means slog.Default().
	Logger *slog.Logger
	// Route names a request's route by template, of few distinct values. Nil
	// means the pattern of the http.ServeMux that the request meets. Set it
	// when the mux stands behind middleware that copies the request, or when
	// another router is used.
	Route func(*http.Request) string
	// Panicked is told of each panic that was turned into an answer; it must
	// return quickly. May be nil.
	Panicked func(route string)
}

// Handler guards and measures next. It can stream, flush and hijack whatever next
// could without it.
//
// A panic is answered with 500 unless the answer had begun: then the connection
// is cut, so that the caller does not take the piece for the whole.
// http.ErrAbortHandler passes through. A request whose time ran out before its
// handler answered gets 504; the handler runs on the same goroutine and learns of
// the end by its context.
func Handler(next http.Handler, cfg HandlerConfig) http.Handler {
	if cfg.Metrics == nil {
		cfg.Metrics = metric.NewRegistry()
	}
	if cfg.Tracer == nil {
		cfg.Tracer = trace.Propagation{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &handler{next: next, cfg: cfg, route: routeOf(next, cfg.Route), metrics: newServerMetrics(cfg.Metrics)}
}

type handler struct {
	next    http.Handler
	cfg     HandlerConfig
	route   func(*http.Request) string
	metrics serverMetrics
}

// ServeHTTP serves one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := exchange{h: h, start: time.Now(), method: methodLabel(r.Method), route: h.route(r)}
	ctx := r.Context()
	e.caller = ctx
	if sc, ok := trace.Extract(r.Header); ok {
		ctx = trace.ContextWith(ctx, sc)
	}
	ctx, e.span = h.cfg.Tracer.Start(ctx, trace.StartInfo{Name: e.name(), Kind: trace.KindServer, Start: e.start})
	ctx, e.degraded = backstay.WithDegradation(ctx)
	res, out := wrap(w, e.degraded)
	e.res = res
	defer func() { e.end(recover()) }()

	limits := inbound(h.cfg.Live, e.route)
	ctx, cancel, ok := e.bound(ctx, r.Header.Get(HeaderTimeout), limits.Timeout)
	defer cancel()
	e.r = r.WithContext(ctx)
	if !ok {
		e.runOut()
		return
	}
	if effect, hit := limits.Faults.Decide(e.route); hit && !e.inject(effect) {
		return
	}
	h.next.ServeHTTP(out, e.r)
	if e.r.Context().Err() != nil && e.spent() && e.untouched() {
		e.runOut()
	}
}

func inbound(live *policy.Live, route string) policy.Inbound {
	if live == nil {
		return policy.Inbound{}
	}
	return live.Inbound(route)
}

// exchange is one request and its answer.
type exchange struct {
	h        *handler
	start    time.Time
	method   string
	route    string          // "" until known
	caller   context.Context // ends when the caller goes away
	r        *http.Request   // as the handler sees it
	res      *response
	span     trace.Span
	degraded *backstay.Degradation
	limit    *limitError // nil when the request has no limit of ours
	fault    fault.Kind  // "" when none was injected
}

// name is the span's name by the OpenTelemetry conventions.
func (e *exchange) name() string {
	if e.route == "" {
		return e.method
	}
	return e.method + " " + e.route
}

// limitError is the cause of a context that ended by our limit.
type limitError struct {
	limit  time.Duration
	source string
}

func (l *limitError) Error() string {
	return fmt.Sprintf("the request ran out of time: %v by %s", l.limit, l.source)
}

// Is matches the two sentinels of an expired deadline.
func (l *limitError) Is(target error) bool {
	return target == backstay.ErrTimeout || target == context.DeadlineExceeded
}

// bound narrows the context to the smaller of the caller's and the policy's
// limit. It reports false when the caller's time was over on arrival.
func (e *exchange) bound(ctx context.Context, header string, limit time.Duration) (context.Context, context.CancelFunc, bool) {
	source := "the service's policy"
	if asked, ok := ParseTimeout(header); ok && (limit <= 0 || asked < limit) {
		limit, source = asked, "the caller's "+HeaderTimeout
		if limit <= 0 {
			e.limit = &limitError{limit: limit, source: source}
			return ctx, func() {}, false
		}
	}
	if limit <= 0 {
		return ctx, func() {}, true
	}
	e.limit = &limitError{limit: limit, source: source}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, e.limit)
	return ctx, cancel, true
}

// spent reports whether the request's context ended by our limit.
func (e *exchange) spent() bool {
	var own *limitError
	return e.limit != nil && errors.As(context.Cause(e.r.Context()), &own) && own == e.limit
}

// untouched reports whether the answer has not begun.
func (e *exchange) untouched() bool { return e.res.status == 0 && !e.res.hijacked }

// runOut answers a request that has no time left.
func (e *exchange) runOut() {
	e.h.cfg.Logger.WarnContext(e.r.Context(), "request ran out of time", "method", e.method, "path", e.r.URL.Path,
		"limit", e.limit.limit.String(), "by", e.limit.source)
	writeProblem(e.res, http.StatusGatewayTimeout, e.limit.Error())
}

// inject carries out an armed fault and reports whether the handler still runs.
func (e *exchange) inject(effect fault.Effect) bool {
	e.fault = effect.Kind
	switch effect.Kind {
	case fault.Latency:
		// A caller that gives up ends the wait; the handler then sees its context.
		_ = effect.Wait(e.r.Context())
		return true
	case fault.Error:
		writeProblem(e.res, effect.Status, "fault "+effect.ID+" is armed")
		return false
	case fault.Abort:
		panic(http.ErrAbortHandler)
	default:
		return true
	}
}

// end closes the exchange after the handler returned or panicked.
func (e *exchange) end(panicked any) {
	if e.r != nil && e.r.Pattern != "" && e.route == "" {
		e.route = template(e.r.Pattern)
		e.span.SetName(e.name())
	}
	if e.route == "" {
		e.route = unmatched
	}
	errType, cut := e.settle(panicked)
	degraded := len(e.degraded.Names()) > 0
	if e.untouched() {
		e.res.noteDegraded() // net/http sends the header after us
	}

	status := e.seen(cut)
	label := "false"
	if degraded {
		label = "true"
	}
	e.h.metrics.duration.With(e.method, e.route, statusLabel(status), label).Observe(time.Since(e.start).Seconds())

	e.span.SetAttr("http.request.method", e.method)
	e.span.SetAttr("http.route", e.route)
	e.span.SetAttr("http.response.status_code", status)
	if degraded {
		e.span.SetAttr("backstay.degraded", "true")
	}
	if e.fault != "" {
		e.span.SetAttr("backstay.fault", string(e.fault))
	}
	var failure error
	if status >= http.StatusInternalServerError {
		if errType == "" {
			errType = statusLabel(status)
		}
		failure = fmt.Errorf("HTTP %d %s", status, http.StatusText(status))
	}
	if errType != "" {
		e.span.SetAttr("error.type", errType)
	}
	e.span.End(failure)
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// settle deals with what the handler panicked with, if anything. It returns the
// error.type of the span and whether the connection must be cut.
func (e *exchange) settle(panicked any) (errType string, cut bool) {
	if panicked == nil {
		return "", false
	}
	if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return "abort", true
	}
	e.h.metrics.panics.With(e.route).Inc()
	e.span.SetAttr("backstay.panic", "true")
	e.h.cfg.Logger.ErrorContext(e.caller, "handler panicked", "method", e.method, "route", e.route,
		"panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	if e.h.cfg.Panicked != nil {
		e.h.cfg.Panicked(e.route)
	}
	if e.untouched() {
		writeProblem(e.res, http.StatusInternalServerError, "the service failed while answering; its log says where")
		return "panic", false
	}
	return "panic", true
}

// seen is the status that the request counts with: what the caller was sent,
// except that a caller that went away first got nothing, and that an answer cut
// off in the middle is no good answer.
func (e *exchange) seen(cut bool) int {
	gone := e.caller.Err() != nil
	switch {
	case gone && (cut || e.untouched()):
		return StatusClientClosed
	case cut:
		return http.StatusInternalServerError
	case e.untouched():
		return http.StatusOK // net/http sends it
	default:
		return e.res.status
	}
}
