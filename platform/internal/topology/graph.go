package topology

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/tracestore"
)

// Overflow is the name under which services, edges and routes past the bounds are counted.
const Overflow = "overflow"

// Config bounds a graph. The zero value is useful.
type Config struct {
	// Retention is how far back seconds are kept; zero means 15 minutes.
	Retention time.Duration
	// MaxServices bounds services, external ones included; zero means 256.
	MaxServices int
	// MaxEdges bounds edges; zero means 1024.
	MaxEdges int
	// MaxRoutes bounds routes of all services together; zero means 1024.
	MaxRoutes int
	// Now is the clock, against which spans from another time are refused; nil means [time.Now].
	Now func() time.Time
}

// joined bounds how many recent spans wait for their partners.
const joined = 1 << 15

// Map is the service graph as it is being observed. It is safe for concurrent use.
type Map struct {
	cfg     Config
	seconds int

	mu       sync.Mutex
	services map[string]*service
	edges    map[edgeKey]*edge
	aliases  map[alias]string // how callers name a callee → what it calls itself
	servers  *recent[string]  // client span id → service that answered it
	clients  *recent[pendingCall]
	children *recent[time.Duration] // span id → time its client spans took
	routes   int                    // of all services
	refused  uint64
}

// alias is a name for a callee as one caller uses it.
type alias struct{ from, name string }

// pendingCall is a client span whose server span has not been seen.
type pendingCall struct {
	from, name string
}

type edgeKey struct{ from, to string }

type edge struct {
	calls *track
}

type service struct {
	version         string
	own             bool // seen with spans of its own, so it is not external
	firstSeen, last time.Time
	requests        *track
	self            *track
	routes          map[string]*track
}

// New returns an empty map.
func New(cfg Config) *Map {
	cfg.Retention = cmp.Or(cfg.Retention, 15*time.Minute)
	cfg.MaxServices = cmp.Or(cfg.MaxServices, 256)
	cfg.MaxEdges = cmp.Or(cfg.MaxEdges, 1024)
	cfg.MaxRoutes = cmp.Or(cfg.MaxRoutes, 1024)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Map{
		cfg: cfg, seconds: max(int(cfg.Retention/time.Second), 60),
		services: map[string]*service{}, edges: map[edgeKey]*edge{}, aliases: map[alias]string{},
		servers: newRecent[string](joined), clients: newRecent[pendingCall](joined), children: newRecent[time.Duration](joined),
	}
}

// Refused counts spans that were left out because their time is not ours.
func (m *Map) Refused() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused
}

// Observe counts spans. Their order within a call does not matter; spans of one
// trace may come in several calls.
func (m *Map) Observe(spans []tracestore.Span) {
	ordered := make([]*tracestore.Span, len(spans))
	for i := range spans {
		ordered[i] = &spans[i]
	}
	// Children end before their parents: so their time is known when the parent comes.
	slices.SortStableFunc(ordered, func(a, b *tracestore.Span) int {
		return cmp.Or(a.Start.Add(a.Duration).Compare(b.Start.Add(b.Duration)), -cmp.Compare(a.Kind, b.Kind))
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.cfg.Now()
	for _, s := range ordered {
		at := s.Start.Add(s.Duration)
		if s.Duration < 0 || at.After(now.Add(time.Minute)) || at.Before(now.Add(-m.cfg.Retention)) {
			m.refused++
			continue
		}
		m.observe(s, at)
	}
}

// observe counts one span; the lock is held.
func (m *Map) observe(s *tracestore.Span, at time.Time) {
	switch s.Kind {
	case tracestore.KindServer, tracestore.KindConsumer:
		m.served(s, at)
	case tracestore.KindClient, tracestore.KindProducer:
		m.called(s, at)
	case tracestore.KindUnspecified, tracestore.KindInternal:
		m.own(s, at)
		// The calls made below an internal span belong to the request above it.
		if below, ok := m.children.get(s.SpanID); ok {
			m.addChild(s.Parent, below)
		}
	}
}

// own notes that the service exists and returns it.
func (m *Map) own(s *tracestore.Span, at time.Time) *service {
	svc := m.service(s.Service, at)
	svc.own = true
	if s.Version != "" {
		svc.version = s.Version
	}
	return svc
}

// served counts a request at the service that answered it.
func (m *Map) served(s *tracestore.Span, at time.Time) {
	svc := m.own(s, at)
	bad := failed(s)
	sec := end(s)
	below, _ := m.children.get(s.SpanID)
	for _, t := range []*track{svc.requests, m.route(svc, routeOf(s))} {
		if slot := t.slot(sec); slot != nil {
			slot.Add(s.Duration, bad)
			if s.Attr("backstay.panic") == "true" {
				slot.Panics++
			}
		}
	}
	if slot := svc.self.slot(sec); slot != nil {
		slot.Add(max(s.Duration-below, 0), bad)
	}
	if s.Parent.IsZero() {
		return
	}
	m.servers.put(s.Parent, s.Service)
	if call, ok := m.clients.get(s.Parent); ok && call.from != s.Service {
		m.learn(call, s.Service)
	}
}

// called counts a call at the edge from the service that made it.
func (m *Map) called(s *tracestore.Span, at time.Time) {
	m.own(s, at)
	m.addChild(s.Parent, s.Duration)
	name := s.Attr("peer.service")
	if name == "" {
		name = addressOf(s)
	}
	if name == "" {
		name = s.Attr("db.system")
	}
	if name == "" {
		return // a call to nobody knows where makes no edge
	}
	call := pendingCall{from: s.Service, name: name}
	to, known := m.servers.get(s.SpanID)
	switch {
	case known && to != s.Service:
		m.learn(call, to)
	default:
		m.clients.put(s.SpanID, call)
		if to, known = m.aliases[alias(call)]; !known {
			to = name
		}
	}
	m.service(to, at)
	if slot := m.edge(edgeKey{from: s.Service, to: to}).calls.slot(end(s)); slot != nil {
		slot.Add(s.Duration, failed(s))
	}
}

// addChild adds the time of a call to the span that made it.
func (m *Map) addChild(parent tracestore.SpanID, d time.Duration) {
	if parent.IsZero() {
		return
	}
	sofar, _ := m.children.get(parent)
	m.children.put(parent, sofar+d)
}

// learn remembers what a callee calls itself and gives it the calls that were
// counted under the caller's name for it.
func (m *Map) learn(call pendingCall, to string) {
	a := alias(call)
	old, known := m.aliases[a]
	if known && old == to || !known && call.name == to {
		return
	}
	if !known && len(m.aliases) >= m.cfg.MaxEdges {
		return
	}
	m.aliases[a] = to
	was := edgeKey{from: call.from, to: call.name}
	if wrong, ok := m.edges[was]; ok && call.name != to {
		m.edge(edgeKey{from: call.from, to: to}).calls.absorb(wrong.calls)
		delete(m.edges, was)
		m.dropUnused(call.name)
	}
}

// dropUnused forgets an external name that no edge leads to any more.
func (m *Map) dropUnused(name string) {
	svc, ok := m.services[name]
	if !ok || svc.own {
		return
	}
	for key := range m.edges {
		if key.to == name {
			return
		}
	}
	delete(m.services, name)
}

func (m *Map) service(name string, at time.Time) *service {
	svc, ok := m.services[name]
	if !ok {
		if len(m.services) >= m.cfg.MaxServices && name != Overflow {
			return m.service(Overflow, at)
		}
		svc = &service{
			firstSeen: at,
			requests:  newTrack(m.seconds), self: newTrack(m.seconds),
			routes: map[string]*track{},
		}
		m.services[name] = svc
	}
	if at.After(svc.last) {
		svc.last = at
	}
	return svc
}

func (m *Map) edge(key edgeKey) *edge {
	e, ok := m.edges[key]
	if !ok {
		if len(m.edges) >= m.cfg.MaxEdges && key.to != Overflow {
			return m.edge(edgeKey{from: Overflow, to: Overflow})
		}
		e = &edge{calls: newTrack(m.seconds)}
		m.edges[key] = e
	}
	return e
}

func (m *Map) route(svc *service, name string) *track {
	t, ok := svc.routes[name]
	if !ok {
		if m.routes >= m.cfg.MaxRoutes && name != Overflow {
			return m.route(svc, Overflow)
		}
		t = newTrack(m.seconds)
		m.routes++
		svc.routes[name] = t
	}
	return t
}
