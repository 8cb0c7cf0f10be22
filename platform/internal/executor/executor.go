package executor

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/policy"
)

// Overrides delivers leased overrides to the instances of a service. The control
// plane is one. Adding an override whose id is known replaces it.
type Overrides interface {
	AddOverride(ctx context.Context, service string, o policy.Override) error
	RemoveOverride(ctx context.Context, id string) error
}

// Restarter restarts the processes it supervises.
type Restarter interface {
	// Supervises reports whether Restart can work for the service.
	Supervises(service string) bool
	// Restart replaces the instance, or every instance when it is empty, and
	// returns when the new process serves.
	Restart(ctx context.Context, service, instance string) error
}

// Config says what the executor may use. A part that is nil or empty makes the
// kinds of action that need it impossible: they are refused when planned.
type Config struct {
	// Overrides carries [action.Override] and [action.Degrade].
	Overrides Overrides
	// Restarter carries [action.Restart].
	Restarter Restarter
	// RestartTimeout bounds one restart; zero means 20 s.
	RestartTimeout time.Duration
	// Script is the argument vector of the runbook script that carries
	// [action.Script]; never passed to a shell.
	Script []string
	// ScriptTimeout bounds one run of the script; zero means 30 s.
	ScriptTimeout time.Duration
	// Webhook is the http or https address that [action.PageOut] posts to.
	Webhook string
	// WebhookAllow lists the addresses the webhook may resolve to; empty means loopback only.
	WebhookAllow []netip.Prefix
	// WebhookTimeout bounds one call of the webhook; zero means 5 s.
	WebhookTimeout time.Duration
	// Meta keeps actions and the audit log. Required.
	Meta metastore.Store
	// Limits bounds how often a service is acted on; zero fields take [DefaultLimits].
	Limits Limits
	// DefaultLease is the lease of a lasting action that names none; zero means 2 min.
	DefaultLease time.Duration
	// MaxLease caps the lease of any action; zero means 1 h.
	MaxLease time.Duration
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Executor plans, applies and undoes actions. It is safe for concurrent use.
type Executor struct {
	cfg Config

	mu      sync.Mutex
	active  map[string]action.Action // planned or applied: what may still change
	busy    map[string]bool          // a step of the action is running outside the lock
	history map[limitKey][]time.Time // when actions were planned, for the limits
	hearers map[int]func(action.Action)
	nextSub int
}

// New reads the actions that an earlier run of the server left and returns an
// executor. A lease that ended meanwhile is closed; an action that was under way
// when the server died is marked failed, because its outcome is not known.
func New(ctx context.Context, cfg Config) (*Executor, error) {
	if cfg.Meta == nil {
		return nil, errors.New("executor: Config.Meta is required")
	}
	cfg.Limits = cfg.Limits.orDefault()
	if cfg.RestartTimeout <= 0 {
		cfg.RestartTimeout = 20 * time.Second
	}
	if cfg.ScriptTimeout <= 0 {
		cfg.ScriptTimeout = 30 * time.Second
	}
	if cfg.WebhookTimeout <= 0 {
		cfg.WebhookTimeout = 5 * time.Second
	}
	if cfg.DefaultLease <= 0 {
		cfg.DefaultLease = 2 * time.Minute
	}
	if cfg.MaxLease <= 0 {
		cfg.MaxLease = time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Webhook != "" {
		u, err := url.Parse(cfg.Webhook)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, errors.New("executor: the webhook is not an http or https address")
		}
	}
	if len(cfg.WebhookAllow) == 0 {
		cfg.WebhookAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	e := &Executor{
		cfg:     cfg,
		active:  map[string]action.Action{},
		busy:    map[string]bool{},
		history: map[limitKey][]time.Time{},
		hearers: map[int]func(action.Action){},
	}
	if err := e.load(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// Can reports, as a [RefusedError], why actions of the kind cannot be carried out
// for the service; nil when they can. Limits are not counted here.
func (e *Executor) Can(kind action.Kind, service string) error {
	refuse := func(reason, hint string) error {
		return &RefusedError{Kind: kind, Service: service, Reason: reason, Hint: hint}
	}
	switch kind {
	case action.Override, action.Degrade:
		if e.cfg.Overrides == nil {
			return refuse("no control stream is configured", "run the server with its control plane")
		}
	case action.Restart:
		if e.cfg.Restarter == nil || !e.cfg.Restarter.Supervises(service) {
			return refuse("nobody here supervises its processes", "restart it where it runs")
		}
	case action.Script:
		if len(e.cfg.Script) == 0 {
			return refuse("no runbook script is configured", "set heal.script")
		}
	case action.PageOut:
		if e.cfg.Webhook == "" {
			return refuse("no webhook is configured", "set heal.webhook")
		}
	default:
		return refuse("unknown kind of action", "")
	}
	return nil
}

// Subscribe calls hear after every step of every action, on the goroutine that
// made the step and outside of all locks; it must return quickly. The returned
// function ends the subscription.
func (e *Executor) Subscribe(hear func(action.Action)) (cancel func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := e.nextSub
	e.nextSub++
	e.hearers[id] = hear
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.hearers, id)
	}
}

// tell hands the action to every subscriber.
func (e *Executor) tell(a action.Action) {
	e.mu.Lock()
	hearers := make([]func(action.Action), 0, len(e.hearers))
	for i := range e.nextSub {
		if h, ok := e.hearers[i]; ok {
			hearers = append(hearers, h)
		}
	}
	e.mu.Unlock()
	for _, h := range hearers {
		h(a)
	}
}
