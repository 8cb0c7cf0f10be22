package api

import (
	"context"
	_ "embed" // the OpenAPI document
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/backstay/backstay/policy/document"
)

//go:generate go test -count=1 -run ^TestOpenAPI$ . -rewrite

//go:embed openapi.json
var openAPI []byte

const (
	// maxBody bounds request bodies.
	maxBody = 1 << 20
	// answerTime is how long a request may take, the event stream apart.
	answerTime = 30 * time.Second
	// maxBusy bounds how many requests are answered at once, health and event
	// streams apart; the next one is told to come back.
	maxBusy = 64
	// heartbeat is the time between two signs of life on the event stream.
	heartbeat = 10 * time.Second
)

// Config configures [New].
type Config struct {
	// Backend answers; required.
	Backend Backend
	// Shop is the demo shop; nil means that there is none and its routes answer 404.
	Shop Shop
	// Feed is the source of the event stream; nil means a stream that only beats.
	Feed *Feed
	// Token is asked for on every route but health, the OpenAPI document and
	// the opening of a session. Empty means that none is asked for and that the
	// server is bound to loopback: it answers only to loopback names.
	Token string
	// Log takes the server's own faults; nil means [slog.Default].
	Log *slog.Logger
}

// handler serves the routes.
type handler struct {
	Config
	guard *guard
	slots chan struct{} // one value for each request being answered
}

// New returns the handler of the API. It serves /api/v1/, /healthz, /readyz and
// /openapi.json, and answers 404 to anything else.
func New(cfg Config) http.Handler {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Feed == nil {
		cfg.Feed = new(Feed)
	}
	h := &handler{Config: cfg, guard: newGuard(cfg.Token), slots: make(chan struct{}, maxBusy)}
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.Handle(rt.method+" "+rt.path, h.serve(rt))
	}
	mux.Handle("/", h.serve(route{public: true, do: unknownRoute(mux)}))
	return mux
}

// outcome is what a route answers with. The zero value is 204, no content.
type outcome struct {
	status int
	body   any
	raw    []byte
	kind   string // content type of raw
}

func ok(body any) (outcome, error) { return outcome{status: http.StatusOK, body: body}, nil }

// serve wraps a route with what all have in common.
func (h *handler) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if p := h.guard.check(r, rt.public); p != nil {
			if p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="backstay"`)
			}
			h.fail(w, r, p)
			return
		}
		if rt.stream != nil {
			rt.stream(h, w, r)
			return
		}
		if !rt.public {
			select {
			case h.slots <- struct{}{}:
				defer func() { <-h.slots }()
			default:
				h.fail(w, r, NewProblem(http.StatusServiceUnavailable, fmt.Sprintf("%d requests are being answered already", maxBusy), "ask again in a second"))
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		ctx, cancel := context.WithTimeout(r.Context(), answerTime)
		defer cancel()
		out, err := rt.do(h, w, r.WithContext(ctx))
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.write(w, r, out)
	})
}

func (h *handler) write(w http.ResponseWriter, r *http.Request, out outcome) {
	if out.status == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, kind := out.raw, out.kind
	if body == nil {
		var err error
		if body, err = encode(out.body); err != nil {
			h.fail(w, r, err)
			return
		}
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(out.status)
	if _, err := w.Write(body); err != nil {
		h.Log.Debug("answer not taken", "path", r.URL.Path, "error", err)
	}
}

// fail answers with a problem document. Faults of the server are logged and not
// shown, for their text may hold what is not the caller's to see.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		h.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		h.Log.Error("problem not encoded", "error", err)
	}
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		h.Log.Debug("answer not taken", "path", r.URL.Path, "error", err)
	}
}

func problemOf(err error) *Problem {
	var p *Problem
	var refused *document.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refused):
		return NewMalformed("the document", findingsOf(refused))
	case errors.Is(err, ErrNotFound):
		return NewProblem(http.StatusNotFound, strings.ReplaceAll(err.Error(), "\n", ": "), "") // joined errors stand on lines
	case errors.As(err, &tooLarge):
		return NewProblem(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB", "send less at once")
	case errors.Is(err, context.DeadlineExceeded):
		return NewProblem(http.StatusServiceUnavailable, "the answer took longer than 30 s", "ask for a shorter span")
	case errors.Is(err, context.Canceled):
		return NewProblem(http.StatusServiceUnavailable, "the request was cancelled", "")
	default:
		return NewProblem(http.StatusInternalServerError, "the server failed to answer", "its log says why")
	}
}
