package server

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/console"
	"github.com/backstay/backstay/platform/internal/controlplane"
	"github.com/backstay/backstay/platform/internal/demo"
	"github.com/backstay/backstay/platform/internal/executor"
	"github.com/backstay/backstay/platform/internal/heal"
	"github.com/backstay/backstay/platform/internal/incident"
	"github.com/backstay/backstay/platform/internal/ingest"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/platform/internal/metricstore"
	"github.com/backstay/backstay/platform/internal/sli"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/topology"
	"github.com/backstay/backstay/platform/internal/tracestore"
	"github.com/backstay/backstay/platform/internal/view"
)

// queriesAtOnce bounds the queries that callers of the API have at work.
const queriesAtOnce = 4

// server is the wired process.
type server struct {
	opts      Options
	temporary bool
	startedAt time.Time
	ready     atomic.Bool

	metrics metricstore.Store
	traces  tracestore.Store
	meta    metastore.Store

	graph  *topology.Map
	ingest *ingest.Server
	scrape *ingest.Scraper
	plane  *controlplane.Plane
	goals  *objectives
	book   *incident.Book
	actor  *executor.Executor
	healer *heal.Runner
	judge  *judge
	feed   *api.Feed
	view   *view.View
	shop   *demo.Shop
	// restarter is the shop once it runs; nobody is supervised before.
	restarter lateRestarter

	closers []func() error // in order of opening; closed in reverse
}

// open builds all parts. What was opened is closed again when a later part fails.
func open(ctx context.Context, o Options, temporary bool) (*server, error) {
	s := &server{opts: o, temporary: temporary, startedAt: time.Now(), feed: new(api.Feed)}
	for _, step := range []func(context.Context) error{s.openStores, s.openControl, s.openIngest, s.openJudge, s.openHealer} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	s.view = &view.View{
		Map: s.graph, Metrics: metricstore.Bounded(s.metrics, queriesAtOnce), Spans: s.traces, Engine: s.judge.engine,
		Judged: s.judge.statuses, Problem: s.judge.feeder.Problem,
		Book: s.book, Plane: s.plane, Actor: s.actor, Now: time.Now,
	}
	return s, nil
}

// closing remembers how to close a part.
func (s *server) closing(f func() error) { s.closers = append(s.closers, f) }

// close closes all parts, the last opened first.
func (s *server) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *server) openStores(context.Context) (err error) {
	c, dir := &s.opts.Config, s.opts.Config.DataDir
	if s.meta, err = metastore.Open(filepath.Join(dir, "records")); err != nil {
		return err
	}
	s.closing(s.meta.Close)
	if s.metrics, err = metricstore.Open(filepath.Join(dir, "metrics"), metricstore.Config{Retention: c.Retention.Metrics}); err != nil {
		return err
	}
	s.closing(s.metrics.Close)
	if s.traces, err = tracestore.Open(filepath.Join(dir, "traces"), tracestore.Config{Retention: c.Retention.Traces}); err != nil {
		return err
	}
	s.closing(s.traces.Close)
	return nil
}

func (s *server) openControl(ctx context.Context) (err error) {
	key, err := controlplane.LoadOrCreateKey(s.opts.Config.DataDir)
	if err != nil {
		return err
	}
	s.plane, err = controlplane.New(ctx, controlplane.Config{Key: key, Meta: s.meta, Token: s.opts.Config.Token, Log: s.opts.Log})
	if err != nil {
		return err
	}
	s.closing(s.plane.Close)
	return s.applyPolicyFiles(ctx)
}

func (s *server) openIngest(ctx context.Context) (err error) {
	c := &s.opts.Config
	s.graph = topology.New(topology.Config{})
	s.ingest, err = ingest.Listen(ctx, ingest.Config{
		GRPCAddr: c.OTLP.GRPC, HTTPAddr: c.OTLP.HTTP,
		Traces: s.traces, Metrics: s.metrics, Graph: s.graph, Token: c.Token, Log: s.opts.Log,
	})
	if err != nil {
		return err
	}
	s.closing(s.ingest.Close)
	interval := c.Scrape.Interval
	if s.opts.Dev {
		interval = time.Second
	}
	s.scrape = ingest.NewScraper(ingest.ScrapeConfig{
		Targets: s.targets, Interval: interval, Allow: c.AllowedPrefixes(), Store: s.metrics, Log: s.opts.Log,
	})
	return nil
}

// targets are the metrics addresses of the connected instances.
func (s *server) targets() []ingest.Target {
	var targets []ingest.Target
	for _, in := range s.plane.Instances() {
		if in.Connected && in.MetricsURL != "" {
			targets = append(targets, ingest.Target{Service: in.Service, Instance: in.ID, Version: in.Version, URL: in.MetricsURL})
		}
	}
	return targets
}

func (s *server) openJudge(ctx context.Context) (err error) {
	if s.book, err = incident.Open(ctx, s.meta, incident.Config{}); err != nil {
		return err
	}
	engine := slo.NewEngine(slo.Config{})
	if s.goals, err = openObjectives(ctx, s.meta, engine, s.opts.Log); err != nil {
		return err
	}
	if err := s.applySLOFiles(ctx); err != nil {
		return err
	}
	counts := &counts{file: filepath.Join(s.opts.Config.DataDir, "slo-counts"), engine: engine, log: s.opts.Log}
	if err := counts.restore(); err != nil {
		return err
	}
	s.closing(counts.save)
	s.judge = &judge{
		feeder: sli.New(engine, s.metrics, s.graph, sli.Config{}),
		engine: engine, book: s.book, feed: s.feed, promised: s.goals.promised, keep: counts.keep, log: s.opts.Log,
		onset: map[string]time.Time{},
	}
	// An objective is known from the moment it is promised, not from the next tick.
	s.goals.changed = func() { s.judge.show(engine.Evaluate(time.Now())) }
	s.goals.changed()
	return nil
}

func (s *server) openHealer(ctx context.Context) (err error) {
	c := &s.opts.Config.Heal
	s.actor, err = executor.New(ctx, executor.Config{
		Overrides: s.plane, Restarter: &s.restarter,
		Script: c.Script.Command, ScriptTimeout: c.Script.Timeout,
		Webhook: c.Webhook, WebhookAllow: c.WebhookNetworks(),
		Meta: s.meta,
	})
	if err != nil {
		return err
	}
	s.judge.actor = s.actor
	s.judge.evidence = &evidence{graph: s.graph, metrics: s.metrics, plane: s.plane, actor: s.actor, book: s.book, log: s.opts.Log}
	ladder, err := heal.New(heal.Config{Callers: s.callersWithFallback, Can: s.actor.Can})
	if err != nil {
		return err
	}
	s.healer = heal.NewRunner(ladder, s.actor, time.Now, s.opts.Log)
	return nil
}

// callersWithFallback names the services whose instances hold a fallback for the dependency.
func (s *server) callersWithFallback(dependency string) []string {
	seen := map[string]bool{}
	var callers []string
	for _, in := range s.plane.Instances() {
		if !in.Connected || seen[in.Service] {
			continue
		}
		for _, p := range in.States {
			if p.Kind == "fallback" && p.Dependency == dependency {
				seen[in.Service] = true
				callers = append(callers, in.Service)
				break
			}
		}
	}
	return callers
}

// start begins the background work. Each part ends with ctx; a part that fails
// says so on failed, which must have room for all.
func (s *server) start(ctx context.Context, running *sync.WaitGroup, failed chan<- error) {
	background := context.WithoutCancel(ctx)
	s.actor.Subscribe(func(a action.Action) {
		if err := s.book.Acted(background, time.Now(), a); err != nil {
			s.opts.Log.Error("action not kept in its incident", "action", a.ID, "error", err)
		}
		s.healer.Heard(a)
		s.feed.Publish(api.Event{Name: "action", ID: a.ID, At: time.Now()})
	})
	tellHealer := func(in incident.Incident) {
		if s.opts.Config.Heal.Enabled {
			s.healer.Observe(heal.Situation{
				Incident: in.ID, Service: in.Service, Open: in.State == incident.StateOpen, Burning: in.Burning, Cause: in.Cause,
			})
		}
	}
	s.book.Subscribe(func(e incident.Event) {
		tellHealer(e.Incident)
		s.feed.Publish(api.Event{Name: "incident", ID: e.Incident.ID, At: e.At})
	})
	for _, in := range s.book.Current() {
		tellHealer(in)
	}
	s.plane.Subscribe(s.signals(background))

	running.Go(func() {
		if err := s.ingest.Serve(ctx); err != nil {
			failed <- fmt.Errorf("ingest: %w", err)
		}
	})
	running.Go(func() { s.scrape.Run(ctx) })
	running.Go(func() { s.judge.run(ctx) })
	running.Go(func() { s.healer.Run(ctx) })
}

// handler routes console, API, control stream and the server's own metrics.
func (s *server) handler() http.Handler {
	var shop api.Shop
	if s.opts.Dev {
		shop = shopDoor{s}
	}
	mux := http.NewServeMux()
	backend := api.New(api.Config{
		Backend: &backend{View: s.view, server: s}, Shop: shop, Feed: s.feed, Token: s.opts.Config.Token, Log: s.opts.Log,
	})
	for _, path := range []string{"/api/", "/healthz", "/readyz", "/openapi.json"} {
		mux.Handle(path, backend)
	}
	mux.Handle("/control/", s.plane.Handler())
	mux.Handle("/metrics", withToken(s.opts.Config.Token, s.ownMetrics()))
	mux.Handle("/", console.Handler())
	return mux
}

// withToken asks for the token, where there is one.
func withToken(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="backstay"`)
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) otlpHTTP() string { return s.ingest.HTTPAddr() }
func (s *server) otlpGRPC() string { return s.ingest.GRPCAddr() }
