package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo/load"
	"github.com/backstay/backstay/platform/internal/demo/shop"
)

// Services are the processes that Backstay looks after, callees first.
var Services = []string{"payment", "inventory", "order", "gateway"}

// users is the process that plays the customers. It is no service: it has no
// SDK, and nothing is restarted in it.
const users = "users"

// DefaultRate is how many checkouts the users begin each second.
const DefaultRate = 200

// Lease is how long a fault lasts when nobody lifts it.
const Lease = 5 * time.Minute

// policyFile is where the services find the policies in the state directory.
const policyFile = "policies.yaml"

// ownerFile is where the state directory says which supervisor is in charge.
const ownerFile = "owner"

// startTimeout bounds the start of one process on a busy machine.
const startTimeout = 20 * time.Second

// Armer arms and disarms faults at a service's instances. The control plane is one.
type Armer interface {
	ArmFault(ctx context.Context, service string, in fault.Instruction) error
	DisarmFault(ctx context.Context, id string) error
}

// Config says where the shop finds Backstay.
type Config struct {
	// Command starts a process of the shop; its name is appended. Required;
	// usually this program with "demo process".
	Command []string
	// ControlURL is the address of the control stream; empty means none.
	ControlURL string
	// ControlKey is the public key of the control stream, base64.
	ControlKey string
	// OTLP is the address that takes telemetry over HTTP.
	OTLP string
	// Token is what control stream and telemetry ask for; empty when nothing.
	Token string
	// StateDir holds logs and last-good policies. Required.
	StateDir string
	// Unprotected starts the shop measured but without policies.
	Unprotected bool
	// Rate is how many checkouts begin each second; zero means [DefaultRate].
	Rate float64
	// BasePort is the port of payment; inventory, order, gateway and users
	// follow. Zero, or a port that is taken, means any free one.
	BasePort int
	// Armer carries the faults of payment; nil makes them impossible.
	Armer Armer
	// Log hears of processes that end by themselves; nil means [slog.Default].
	Log *slog.Logger
}

// Shop is the running shop. It is safe for concurrent use.
type Shop struct {
	cfg    Config
	owner  string // id of this supervisor
	client *http.Client
	life   context.Context // ends with Close
	stop   context.CancelFunc
	done   sync.WaitGroup

	// step is held by whoever changes the shop: one at a time, so that a
	// restart never meets a fault half thrown.
	step chan struct{}

	mu        sync.Mutex
	closed    bool
	protected bool
	children  map[string]*child
	addresses map[string]string
	restarts  map[string]int
	fault     *Fault
	since     time.Time
	stats     load.Stats
}

// Start starts all processes and returns when all of them listen. ctx bounds the
// start; [Shop.Close] ends the shop.
func Start(ctx context.Context, cfg Config) (*Shop, error) {
	if len(cfg.Command) == 0 || cfg.StateDir == "" {
		return nil, errors.New("demo: Config.Command and Config.StateDir are required")
	}
	if cfg.Rate <= 0 {
		cfg.Rate = DefaultRate
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	// The documents are in force from the first call; those of a server, which
	// may have been edited, take their place once it is reached.
	if err := os.WriteFile(filepath.Join(cfg.StateDir, policyFile), Policies(), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	// Processes that an earlier supervisor left behind see this and end.
	owner := rand.Text()
	if err := os.WriteFile(filepath.Join(cfg.StateDir, ownerFile), []byte(owner), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	s := &Shop{
		owner:     owner,
		cfg:       cfg,
		client:    &http.Client{Transport: &http.Transport{}, Timeout: 2 * time.Second},
		step:      make(chan struct{}, 1),
		protected: !cfg.Unprotected,
		children:  map[string]*child{},
		addresses: map[string]string{},
		restarts:  map[string]int{},
	}
	for i, name := range append(append([]string(nil), Services...), users) {
		address, err := freeAddress(ctx, cfg.BasePort, i)
		if err != nil {
			return nil, err
		}
		s.addresses[name] = address
	}
	s.life, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	err := s.startAll(ctx, Services)
	if err == nil {
		err = s.start(ctx, users)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.done.Go(func() { s.watch(s.life) })
	return s, nil
}

// freeAddress picks a loopback address: the i-th after base when that is free,
// else any. Free ports are looked for below those that outgoing connections
// use, so that the port of a killed process is still free when it comes back.
func freeAddress(ctx context.Context, base, i int) (string, error) {
	var lc net.ListenConfig
	ports := make([]int, 0, 200)
	if base > 0 {
		ports = append(ports, base+i)
	}
	for n := range cap(ports) - len(ports) - 1 {
		ports = append(ports, 20000+(os.Getpid()*31+i*997+n*61)%12000)
	}
	for _, port := range append(ports, 0) {
		listener, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		address := listener.Addr().String()
		return address, listener.Close()
	}
	return "", errors.New("demo: no free loopback port")
}

// startAll starts processes side by side.
func (s *Shop) startAll(ctx context.Context, names []string) error {
	errs := make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Go(func() { errs[i] = s.start(ctx, name) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// start starts one process.
func (s *Shop) start(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)() //nolint:contextcheck // the end of the shop ends a start as well
	state := filepath.Join(s.cfg.StateDir, name)
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("demo: start %s: %w", name, err)
	}
	argv := append(append([]string(nil), s.cfg.Command...), name)
	c, err := spawn(ctx, name, argv, s.environment(name, state), s.cfg.StateDir)
	if err != nil {
		return err
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.children[name] = c
	}
	s.mu.Unlock()
	if closed {
		c.stop()
		return errClosed
	}
	return nil
}

// environment is what a process is told. It is also all that a user's own
// service needs to be told.
func (s *Shop) environment(name, state string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := []string{
		shop.EnvListen + "=" + s.addresses[name],
		shop.EnvGatewayURL + "=http://" + s.addresses["gateway"],
		shop.EnvOrderURL + "=http://" + s.addresses["order"],
		shop.EnvInventoryURL + "=http://" + s.addresses["inventory"],
		shop.EnvPaymentURL + "=http://" + s.addresses["payment"],
		envOwner + "=" + filepath.Join(s.cfg.StateDir, ownerFile),
		envOwnerID + "=" + s.owner,
		shop.EnvRate + "=" + strconv.FormatFloat(s.cfg.Rate, 'f', -1, 64),
	}
	if name == users {
		return env
	}
	protect := "on"
	if !s.protected {
		protect = "off"
	}
	if s.cfg.Token != "" {
		// The header's value is percent-encoded there (OpenTelemetry, OTLP exporter configuration).
		env = append(env, "BACKSTAY_TOKEN="+s.cfg.Token, "OTEL_EXPORTER_OTLP_HEADERS=Authorization="+url.PathEscape("Bearer "+s.cfg.Token))
	}
	return append(env,
		"BACKSTAY_URL="+s.cfg.ControlURL,
		"BACKSTAY_KEY="+s.cfg.ControlKey,
		"BACKSTAY_STATE="+state,
		"BACKSTAY_POLICIES="+filepath.Join(s.cfg.StateDir, policyFile),
		"BACKSTAY_PROTECT="+protect,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+s.cfg.OTLP,
	)
}

var errClosed = errors.New("demo: the shop is closed")

// begin waits for its turn to change the shop.
func (s *Shop) begin(ctx context.Context) (end func(), err error) {
	select {
	case s.step <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("demo: another change is under way: %w", ctx.Err())
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		<-s.step
		return nil, errClosed
	}
	return func() { <-s.step }, nil
}

// child returns the process of a service as it is or was.
func (s *Shop) child(name string) *child {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.children[name]
}

// Close ends all processes and returns when they are gone.
func (s *Shop) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	// A change that is under way ends early now; nothing begins after it.
	s.step <- struct{}{}
	defer func() { <-s.step }()
	s.mu.Lock()
	children := make([]*child, 0, len(s.children))
	for _, c := range s.children {
		children = append(children, c)
	}
	s.mu.Unlock()
	var wait sync.WaitGroup
	for _, c := range children {
		wait.Go(c.stop)
	}
	wait.Wait()
	s.done.Wait()
	return nil
}

// Status tells how the shop is doing.
func (s *Shop) Status(context.Context) (api.Demo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := api.Demo{Protected: s.protected, Faults: faultList(), Load: loadOf(s.stats)}
	if s.fault != nil {
		d.Fault, d.Since = s.fault.Name, s.since
	}
	for _, name := range append(append([]string(nil), Services...), users) {
		p := api.DemoProcess{Service: name, Address: s.addresses[name], Restarts: s.restarts[name]}
		if c := s.children[name]; c != nil && c.running() {
			p.PID, p.StartedAt = c.cmd.Process.Pid, c.started
		}
		d.Processes = append(d.Processes, p)
	}
	return d, nil
}

// loadOf sums up what the users saw.
func loadOf(stats load.Stats) api.DemoLoad {
	l := api.DemoLoad{OK: stats.Total.OK, Degraded: stats.Total.Degraded, Failed: stats.Total.Failed}
	for i := range stats.Seconds {
		if s := &stats.Seconds[i]; s.T <= stats.Settled() {
			l.Rate = float64(s.Sent() + s.Unsent)
		}
	}
	return l
}

// watch asks the users once a second how they fare, ends faults that were
// forgotten, and says when a process ended that nobody stopped.
func (s *Shop) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	told := map[*child]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		address := s.addresses[users]
		forgotten := s.fault != nil && time.Since(s.since) > Lease
		var gone []*child
		for _, c := range s.children {
			if !c.running() && !c.wanted.Load() && !told[c] {
				told[c] = true
				gone = append(gone, c)
			}
		}
		s.mu.Unlock()
		for _, c := range gone {
			s.cfg.Log.Warn("a process of the shop has ended", "process", c.name, "status", c.cmd.ProcessState.String(), "log", c.log.path)
		}
		if forgotten {
			if err := s.Heal(ctx); err != nil {
				s.cfg.Log.Warn("a forgotten fault could not be lifted", "error", err)
			}
		}
		now := time.Now()
		stats, err := load.Fetch(ctx, s.client, address, now.Add(-5*time.Second), now.Add(time.Second))
		if err != nil {
			continue // the next second tells; a process that is gone is reported above
		}
		s.mu.Lock()
		s.stats = stats
		s.mu.Unlock()
	}
}
