package service

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/backstay/backstay/backstayhttp"
	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/metric"
	"github.com/backstay/backstay/policy"
)

// Service is a process wired to Backstay. It is safe for concurrent use.
type Service struct {
	cfg       Config
	metrics   *metric.Registry
	decisions decisions
	live      *policy.Live
	base      *http.Transport
	admin     *admin
	control   *control.Client // nil without a server

	once    sync.Once
	stopped error
}

// Start wires the process. It fails for settings that cannot be used and for
// local policy documents with mistakes, never because the control server is away.
// The context bounds the start only; [Service.Shutdown] ends the service.
func Start(ctx context.Context, cfg Config) (*Service, error) {
	started := time.Now()
	key, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, metrics: metric.NewRegistry(), base: newBase()}
	metric.Process(s.metrics, started)
	s.decisions = newDecisions(s.metrics)
	events := new(events)
	s.live = policy.NewLive(cfg.Name, cfg.Version, join(s.decisions.listener(), events.listener(), cfg.Listener))
	s.live.Protect(!cfg.Unprotected)
	if cfg.Policies != "" {
		set, err := policy.Load(cfg.Policies)
		if err != nil {
			return nil, fmt.Errorf("service: local policies: %w", err)
		}
		if err := s.live.Apply(set); err != nil {
			return nil, fmt.Errorf("service: local policies of %s: %w", cfg.Policies, err)
		}
	}
	s.admin, err = listen(ctx, cfg.MetricsAddr, s.metrics)
	if err != nil {
		return nil, err
	}
	if err := s.connect(ctx, key, events); err != nil {
		return nil, errors.Join(err, s.admin.close(ctx))
	}
	return s, nil
}

// connect starts the client of the control server, if there is one.
func (s *Service) connect(ctx context.Context, key ed25519.PublicKey, events *events) error {
	version := func() float64 { return 0 }
	if s.cfg.ControlURL != "" {
		client, err := control.Start(ctx, control.Config{
			URL: s.cfg.ControlURL, Key: key, Token: s.cfg.ControlToken,
			Service: s.cfg.Name, Version: s.cfg.Version, Instance: s.cfg.Instance,
			MetricsURL: s.MetricsURL(), StateDir: s.cfg.StateDir,
			Live: s.live, Logger: s.cfg.Logger,
		})
		if err != nil {
			return fmt.Errorf("service: control client: %w", err)
		}
		s.control = client
		events.to(client)
		version = func() float64 { return float64(client.PolicyVersion()) }
	}
	s.metrics.GaugeFunc("backstay_policy_version", "Version of the policies in force; 0 until the control server sent some.", version)
	return nil
}

// Handler guards and measures what the service serves.
func (s *Service) Handler(next http.Handler) http.Handler {
	return backstayhttp.Handler(next, backstayhttp.HandlerConfig{
		Live: s.live, Metrics: s.metrics, Tracer: s.cfg.Tracer, Logger: s.cfg.Logger, Route: s.cfg.Route,
		Panicked: s.panicked,
	})
}

// Transport guards and measures calls of the dependency. All transports of a
// service share their connections.
func (s *Service) Transport(dependency string) http.RoundTripper {
	s.decisions.state.With(dependency) // a breaker that never moved shows as closed
	return backstayhttp.Transport(s.base, backstayhttp.TransportConfig{
		Dependency: dependency, Live: s.live, Metrics: s.metrics, Tracer: s.cfg.Tracer,
	})
}

// Metrics is where the service's own metrics may join those of Backstay.
func (s *Service) Metrics() *metric.Registry { return s.metrics }

// MetricsURL is where the metrics are served.
func (s *Service) MetricsURL() string { return "http://" + s.admin.addr + "/metrics" }

// Policies are the policies in force.
func (s *Service) Policies() *policy.Live { return s.live }

// DegradeLevel is how much the service is asked to leave out: 0 is full
// service, and what higher levels mean is the service's own choice.
func (s *Service) DegradeLevel() int { return s.live.DegradeLevel() }

// Shutdown ends what Start began: the control client, the metrics endpoint and
// idle connections. It waits for them until ctx ends. Requests may still be
// served and made afterwards, guarded by the policies of that moment. Further
// calls return the first one's result.
func (s *Service) Shutdown(ctx context.Context) error {
	s.once.Do(func() {
		if s.control != nil {
			s.stopped = s.control.Close()
		}
		s.stopped = errors.Join(s.stopped, s.admin.close(ctx))
		s.base.CloseIdleConnections()
	})
	return s.stopped
}
