package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo/load"
)

// Server is what the drill asks: the JSON API of a server that runs the shop.
// The typed client is one.
type Server interface {
	Demo(ctx context.Context) (api.Demo, error)
	BreakDemo(ctx context.Context, fault string) (api.Demo, error)
	HealDemo(ctx context.Context) (api.Demo, error)
	ProtectDemo(ctx context.Context, protected bool) (api.Demo, error)
	Service(ctx context.Context, name string) (api.Service, error)
	Incidents(ctx context.Context, f api.IncidentFilter) ([]api.IncidentSummary, error)
	Incident(ctx context.Context, id string) (api.Incident, error)
}

// DrillConfig says what to measure. Zero fields take the value named.
type DrillConfig struct {
	// Faults to run, in this order; empty means all.
	Faults []string
	// Duration is how long a fault lasts unless Backstay repairs it before; zero means 30 s.
	Duration time.Duration
	// Tail is how long failures are still counted after that; zero means 15 s.
	Tail time.Duration
	// Calm bounds the wait for a healthy shop before each run; zero means 5 min.
	Calm time.Duration
	// Progress hears one sentence at each step; nil means nobody.
	Progress func(string)
}

const (
	drillPace = 200 * time.Millisecond // between two looks at the server
	calmRun   = 5                      // good seconds in a row before a fault begins
	goodRun   = 3                      // good seconds in a row that make a recovery
)

// Drill breaks the shop in every way, first with its policies and then without,
// and reports what the server and the users saw. The shop is healed and protected
// when it returns, whatever happened.
func Drill(ctx context.Context, server Server, cfg DrillConfig) (report Report, err error) {
	if len(cfg.Faults) == 0 {
		for _, f := range Faults {
			cfg.Faults = append(cfg.Faults, f.Name)
		}
	}
	for _, f := range []struct {
		have *time.Duration
		def  time.Duration
	}{{&cfg.Duration, 30 * time.Second}, {&cfg.Tail, 15 * time.Second}, {&cfg.Calm, 5 * time.Minute}} {
		if *f.have <= 0 {
			*f.have = f.def
		}
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	rows := make([]Row, 0, len(cfg.Faults))
	for _, name := range cfg.Faults {
		f, ok := faultNamed(name)
		if !ok {
			return Report{}, fmt.Errorf("%w: fault %q", api.ErrNotFound, name)
		}
		rows = append(rows, Row{Fault: f.Name, Expected: f.Service, ExpectedClass: f.Class})
	}
	d := &drill{server: server, cfg: cfg, client: &http.Client{Timeout: 5 * time.Second}}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, healErr := server.HealDemo(last)
		_, protectErr := server.ProtectDemo(last, true)
		err = errors.Join(err, healErr, protectErr)
	}()
	report = Report{Began: time.Now(), Duration: cfg.Duration.Seconds(), Tail: cfg.Tail.Seconds()}
	for _, protected := range []bool{true, false} {
		if _, err := server.ProtectDemo(ctx, protected); err != nil {
			return Report{}, err
		}
		for i := range rows {
			if err := d.measure(ctx, &rows[i], protected); err != nil {
				return Report{}, fmt.Errorf("drill %s: %w", rows[i].Fault, err)
			}
		}
	}
	report.Rate = d.rate
	report.Rows = rows
	report.Ended = time.Now()
	report.judge()
	return report, nil
}

// drill is a drill under way.
type drill struct {
	server Server
	cfg    DrillConfig
	client *http.Client
	rate   float64
}

func withPolicies(protected bool) string {
	if protected {
		return "with policies"
	}
	return "without policies"
}

// measure runs one fault once.
func (d *drill) measure(ctx context.Context, row *Row, protected bool) error {
	f, _ := faultNamed(row.Fault)
	d.cfg.Progress(fmt.Sprintf("%s, %s: waiting for a healthy shop", f.Name, withPolicies(protected)))
	if err := d.calm(ctx, f); err != nil {
		return err
	}
	state, err := d.server.BreakDemo(ctx, f.Name)
	if err != nil {
		return err
	}
	w := watch{fault: f, began: state.Since}
	if w.began.IsZero() {
		return fmt.Errorf("the server does not say since when the fault is armed")
	}
	d.cfg.Progress(fmt.Sprintf("%s, %s: broken for %s", f.Name, withPolicies(protected), d.cfg.Duration))
	if err := d.look(ctx, &w, w.began.Add(d.cfg.Duration)); err != nil {
		return err
	}
	w.ended = time.Now()
	if _, err := d.server.HealDemo(ctx); err != nil {
		return err
	}
	d.cfg.Progress(fmt.Sprintf("%s, %s: lifted, counting for %s more", f.Name, withPolicies(protected), d.cfg.Tail))
	// A second is known when the patience of its last user is over.
	stats, err := d.settled(ctx, w.began, w.began.Add(d.cfg.Duration+d.cfg.Tail))
	if err != nil {
		return err
	}
	d.rate = stats.Rate
	row.fill(&w, stats.Seconds, protected)
	return nil
}

// calm waits until the shop is as healthy as it ever is.
func (d *drill) calm(ctx context.Context, f Fault) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Calm)
	defer cancel()
	begin := time.Now()
	for {
		why, err := d.restless(ctx, f, begin)
		if err == nil && why == "" {
			return nil
		}
		if err != nil {
			why = err.Error()
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("the shop does not become healthy: %s: %w", why, err)
		}
	}
}

// restless says what is not yet as it should be before a fault. What users saw
// before begin says nothing: the shop may have been restarted since.
func (d *drill) restless(ctx context.Context, f Fault, begin time.Time) (string, error) {
	state, err := d.server.Demo(ctx)
	if err != nil {
		return "", err
	}
	if state.Fault != "" {
		return "fault " + state.Fault + " is armed", nil
	}
	open, err := d.server.Incidents(ctx, api.IncidentFilter{State: "open", Limit: 1})
	if err != nil {
		return "", err
	}
	if len(open) > 0 {
		return "incident " + open[0].ID + " is open", nil
	}
	caller, err := d.server.Service(ctx, f.Caller)
	if err != nil {
		return "", err
	}
	for _, p := range caller.Policies {
		if p.Kind == "breaker" && p.State != "closed" {
			return fmt.Sprintf("the breaker %s → %s is %s", f.Caller, p.Dependency, p.State), nil
		}
	}
	stats, err := d.seconds(ctx, begin.Add(time.Second), time.Now())
	if err != nil {
		return "", err
	}
	known := settledOnly(stats)
	if len(known) < calmRun {
		return "the users have not been served for long enough", nil
	}
	for _, s := range known[len(known)-calmRun:] {
		if bad(s) {
			return fmt.Sprintf("%d of %d users were not served well within the last seconds", spoiled(s), s.Sent()), nil
		}
	}
	return "", nil
}

// look watches the server until the time is over.
func (d *drill) look(ctx context.Context, w *watch, until time.Time) error {
	for {
		caller, err := d.server.Service(ctx, w.fault.Caller)
		if err != nil {
			return err
		}
		w.sawPolicies(caller.Policies)
		list, err := d.server.Incidents(ctx, api.IncidentFilter{Limit: 20})
		if err != nil {
			return err
		}
		if id := w.sawIncidents(list); id != "" {
			incident, err := d.server.Incident(ctx, id)
			if err != nil {
				return err
			}
			w.sawIncident(incident, time.Now())
		}
		state, err := d.server.Demo(ctx)
		if err != nil {
			return err
		}
		w.sawShop(state)
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		if err := pause(ctx, min(left, drillPace)); err != nil {
			return err
		}
	}
}

// settled waits until all users of from ≤ t < to have their answer and returns
// their seconds.
func (d *drill) settled(ctx context.Context, from, to time.Time) (load.Stats, error) {
	for {
		stats, err := d.seconds(ctx, from, to)
		if err == nil && stats.Settled() >= to.Unix() {
			return stats, nil
		}
		if waitErr := pause(ctx, time.Second); waitErr != nil {
			return load.Stats{}, errors.Join(err, waitErr)
		}
	}
}

// seconds asks the users' process itself.
func (d *drill) seconds(ctx context.Context, from, to time.Time) (load.Stats, error) {
	state, err := d.server.Demo(ctx)
	if err != nil {
		return load.Stats{}, err
	}
	i := slices.IndexFunc(state.Processes, func(p api.DemoProcess) bool { return p.Service == users })
	if i < 0 || !loopback(state.Processes[i].Address) {
		return load.Stats{}, errors.New("the drill runs on the machine of the shop, and finds no users' process here")
	}
	return load.Fetch(ctx, d.client, state.Processes[i].Address, from, to)
}

// loopback keeps the drill from following an address that a server made up.
func loopback(address string) bool {
	return strings.HasPrefix(address, "127.0.0.1:") || strings.HasPrefix(address, "[::1]:")
}

func settledOnly(stats load.Stats) []load.Second {
	last := stats.Settled()
	return slices.DeleteFunc(stats.Seconds, func(s load.Second) bool { return s.T > last })
}

// pause waits, or says why it could not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
