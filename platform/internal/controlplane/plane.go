package controlplane

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/policy"
)

// Config says what the control plane works with.
type Config struct {
	// Key signs snapshots; see [LoadOrCreateKey]. Required.
	Key ed25519.PrivateKey
	// Meta keeps policies, overrides and the version. Required.
	Meta metastore.Store
	// Token is the secret that instances present as a bearer; empty asks for
	// none and serves only callers that name the server by a loopback name.
	Token string
	// Heartbeat is the time between signs of life on a stream. Zero means 3 s.
	Heartbeat time.Duration
	// Silence is how long an instance may go without a report before it is taken
	// for gone though its stream stands: when its machine vanishes, nothing ends
	// the stream for a quarter of an hour. Zero means 15 s.
	Silence time.Duration
	// Forget is how long an instance that is gone is remembered. Zero means 5 min.
	Forget time.Duration
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Log hears what goes wrong with instances; nil means [slog.Default].
	Log *slog.Logger
}

// Plane is the control plane. It is safe for concurrent use.
type Plane struct {
	cfg    Config
	public ed25519.PublicKey
	closed chan struct{}
	once   sync.Once
	stream sync.WaitGroup // streams being served

	change sync.Mutex // one change at a time, across the write to disk

	mu        sync.Mutex
	state     state
	versions  map[string]uint64 // of services that changed since the start
	start     uint64            // version of services that did not
	envelopes map[string]envelope
	instances map[key]*instance
	hearers   map[uint64]func(control.Report)
	nextHear  uint64
}

// envelope is the signed snapshot of a service, made once for all its instances.
type envelope struct {
	version uint64
	data    []byte
}

// New reads what an earlier run kept and returns a control plane.
func New(ctx context.Context, cfg Config) (*Plane, error) {
	if len(cfg.Key) != ed25519.PrivateKeySize || cfg.Meta == nil {
		return nil, errors.New("controlplane: Config.Key and Config.Meta are required")
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 3 * time.Second
	}
	if cfg.Silence <= 0 {
		cfg.Silence = 15 * time.Second
	}
	if cfg.Forget <= 0 {
		cfg.Forget = 5 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	public, _ := cfg.Key.Public().(ed25519.PublicKey)
	p := &Plane{
		cfg: cfg, public: public, closed: make(chan struct{}),
		versions: map[string]uint64{}, envelopes: map[string]envelope{},
		instances: map[key]*instance{}, hearers: map[uint64]func(control.Report){},
	}
	kept, err := load(ctx, cfg.Meta)
	if err != nil {
		return nil, err
	}
	kept.expire(cfg.Now())
	kept.Version = p.later(kept.Version)
	if err := save(ctx, cfg.Meta, kept, cfg.Now()); err != nil {
		return nil, err
	}
	p.state, p.start = kept, kept.Version
	return p, nil
}

// PublicKey is what instances check snapshots with, in base64.
func (p *Plane) PublicKey() string { return base64.StdEncoding.EncodeToString(p.public) }

// Close ends all streams and returns when they have ended.
func (p *Plane) Close() error {
	p.once.Do(func() {
		p.mu.Lock() // no stream begins between the mark and the wait
		close(p.closed)
		p.mu.Unlock()
	})
	p.stream.Wait()
	return nil
}

// later is the version after the given one.
func (p *Plane) later(version uint64) uint64 {
	return max(version+1, uint64(max(p.cfg.Now().UnixMilli(), 0)))
}

// alter makes a change: it edits a copy of the state, keeps it on disk, puts it in
// force, and tells the instances of the services concerned, all of them when the
// list holds the empty name.
func (p *Plane) alter(ctx context.Context, edit func(*state) (services []string, err error)) error {
	p.change.Lock()
	defer p.change.Unlock()
	p.mu.Lock()
	next := p.state.clone()
	p.mu.Unlock()
	now := p.cfg.Now()
	next.expire(now)
	services, err := edit(&next)
	if err != nil || len(services) == 0 {
		return err
	}
	next.Version = p.later(next.Version)
	if err := save(ctx, p.cfg.Meta, next, now); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = next
	for _, service := range services {
		if service == "" {
			p.start = next.Version
			clear(p.versions)
			break
		}
		p.versions[service] = next.Version
	}
	for k, in := range p.instances {
		if p.versionOf(k.service) == next.Version {
			in.urge()
		}
	}
	return nil
}

// versionOf is the version of the service's snapshot. The caller holds mu.
func (p *Plane) versionOf(service string) uint64 {
	if v, ok := p.versions[service]; ok {
		return v
	}
	return p.start
}

// snapshot returns the signed snapshot of a service.
func (p *Plane) snapshot(service string) (envelope, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	version := p.versionOf(service)
	if e, ok := p.envelopes[service]; ok && e.version == version {
		return e, nil
	}
	now := p.cfg.Now()
	s := control.Snapshot{Version: version, Service: service, IssuedAt: now.UTC()}
	for _, d := range p.state.Policies {
		if d.concerns(service) {
			s.Documents = append(s.Documents, control.Document{Name: d.Name, YAML: d.YAML})
		}
	}
	for _, o := range p.state.Overrides {
		if o.Service == service && now.Before(o.Expires) {
			s.Overrides = append(s.Overrides, o.Override)
		}
	}
	for _, f := range p.state.faults {
		if f.service == service && now.Before(f.in.Expires) {
			s.Faults = append(s.Faults, f.in)
		}
	}
	data, err := seal(s, p.cfg.Key)
	if err != nil {
		return envelope{}, err
	}
	e := envelope{version: version, data: data}
	p.envelopes[service] = e
	return e, nil
}

// AddOverride delivers an override to the instances of a service until its lease
// ends. One with a known id replaces the other.
func (p *Plane) AddOverride(ctx context.Context, service string, o policy.Override) error {
	if service == "" {
		return errors.New("controlplane: an override is for one service")
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("controlplane: %w", err)
	}
	if !p.cfg.Now().Before(o.Expires) {
		return fmt.Errorf("controlplane: override %s has expired at %s", o.ID, o.Expires.Format(time.RFC3339))
	}
	return p.alter(ctx, func(s *state) ([]string, error) {
		services := []string{service}
		if old, ok := s.dropOverride(o.ID); ok {
			services = append(services, old.Service)
		}
		if len(s.Overrides) >= maxOverrides {
			return nil, fmt.Errorf("controlplane: %d overrides are in force, no more fit", maxOverrides)
		}
		s.Overrides = append(s.Overrides, leasedOverride{Service: service, Override: o})
		return services, nil
	})
}

// RemoveOverride ends an override before its lease does. One that is not known has
// ended already, which is no error.
func (p *Plane) RemoveOverride(ctx context.Context, id string) error {
	return p.alter(ctx, func(s *state) ([]string, error) {
		if old, ok := s.dropOverride(id); ok {
			return []string{old.Service}, nil
		}
		return nil, nil
	})
}

// ArmFault makes the instances of a service misbehave until the lease ends. One
// with a known id replaces the other.
func (p *Plane) ArmFault(ctx context.Context, service string, in fault.Instruction) error {
	if service == "" {
		return errors.New("controlplane: a fault is for one service")
	}
	if err := in.Validate(); err != nil {
		return fmt.Errorf("controlplane: %w", err)
	}
	if !p.cfg.Now().Before(in.Expires) {
		return fmt.Errorf("controlplane: fault %s has expired at %s", in.ID, in.Expires.Format(time.RFC3339))
	}
	if err := p.audit(ctx, "arm", "fault/"+in.ID, fmt.Sprintf("%s at %s, ratio %v, until %s", in.Effect, service, in.Ratio, in.Expires.Format(time.RFC3339))); err != nil {
		return err
	}
	return p.alter(ctx, func(s *state) ([]string, error) {
		services := []string{service}
		if old, ok := s.dropFault(in.ID); ok {
			services = append(services, old.service)
		}
		if len(s.faults) >= maxFaults {
			return nil, fmt.Errorf("controlplane: %d faults are armed, no more fit", maxFaults)
		}
		s.faults = append(s.faults, leasedFault{service, in})
		return services, nil
	})
}

// DisarmFault ends a fault before its lease does. One that is not known has ended
// already, which is no error.
func (p *Plane) DisarmFault(ctx context.Context, id string) error {
	if err := p.audit(ctx, "disarm", "fault/"+id, ""); err != nil {
		return err
	}
	return p.alter(ctx, func(s *state) ([]string, error) {
		if old, ok := s.dropFault(id); ok {
			return []string{old.service}, nil
		}
		return nil, nil
	})
}

// audit writes down what is done by the control plane itself.
func (p *Plane) audit(ctx context.Context, verb, object, detail string) error {
	return p.cfg.Meta.Audit(ctx, metastore.Entry{At: p.cfg.Now(), By: "control plane", Verb: verb, Object: object, Detail: detail})
}

// Subscribe calls hear with every report, on the goroutine that received it and
// outside of all locks; it must return quickly. The returned function ends the
// subscription.
func (p *Plane) Subscribe(hear func(control.Report)) (cancel func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.nextHear
	p.nextHear++
	p.hearers[id] = hear
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.hearers, id)
	}
}
