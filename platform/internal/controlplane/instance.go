package controlplane

import (
	"cmp"
	"slices"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/policy"
)

// maxInstances bounds the instances that are known at a time.
const maxInstances = 2000

// Instance is a process of a service as the control plane knows it.
type Instance struct {
	Service string
	Version string
	ID      string
	// MetricsURL is where its metrics can be read; empty when nowhere.
	MetricsURL string
	// Connected says whether its stream stands and its reports, once begun, go on.
	Connected bool
	// Since is when it connected, or when it was lost.
	Since time.Time
	// LastReport is when it last reported; zero when it never did.
	LastReport time.Time
	// PolicyVersion is the snapshot that it runs; 0 when none.
	PolicyVersion uint64
	// Problem says why it does not run the latest snapshot; empty when it does.
	Problem string
	// States are its policies as last reported.
	States []policy.State
	// DegradeLevel is how much less it was asked to do, as last reported.
	DegradeLevel int
}

// key tells instances apart.
type key struct{ service, id string }

// instance is an Instance with its open streams. It is guarded by the plane's mu.
type instance struct {
	Instance

	streams int
	wake    chan struct{} // closed and replaced when the snapshot changed
}

// urge wakes all streams of the instance.
func (in *instance) urge() {
	close(in.wake)
	in.wake = make(chan struct{})
}

// seen is the instance as it is to be taken at a moment.
func (in *instance) seen(now time.Time, silence time.Duration) Instance {
	shown := in.Instance
	if shown.Connected && shown.LastReport.After(shown.Since) && now.Sub(shown.LastReport) > silence {
		shown.Connected, shown.Since = false, shown.LastReport
	}
	return shown
}

// meet returns the instance, which may be new; nil when there are too many. The
// caller holds mu.
func (p *Plane) meet(k key) *instance {
	if in, ok := p.instances[k]; ok {
		return in
	}
	p.forget()
	if len(p.instances) >= maxInstances {
		return nil
	}
	in := &instance{Instance: Instance{Service: k.service, ID: k.id, Since: p.cfg.Now()}, wake: make(chan struct{})}
	p.instances[k] = in
	return in
}

// forget drops instances that have been gone for long. The caller holds mu.
func (p *Plane) forget() {
	edge := p.cfg.Now().Add(-p.cfg.Forget)
	for k, in := range p.instances {
		if in.streams == 0 && in.Since.Before(edge) && in.LastReport.Before(edge) {
			delete(p.instances, k)
			delete(p.envelopes, k.service) // made again when another instance asks
		}
	}
}

// Instances lists the known instances by service and id.
func (p *Plane) Instances() []Instance {
	p.mu.Lock()
	p.forget()
	all, now := make([]Instance, 0, len(p.instances)), p.cfg.Now()
	for _, in := range p.instances {
		all = append(all, in.seen(now, p.cfg.Silence))
	}
	p.mu.Unlock()
	slices.SortFunc(all, func(a, b Instance) int { return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.ID, b.ID)) })
	return all
}

// join notes that a stream of the instance began, and returns false when it may not.
func (p *Plane) join(k key, version, metricsURL string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
	}
	in := p.meet(k)
	if in == nil {
		return false
	}
	in.streams++
	p.stream.Add(1)
	in.Version, in.MetricsURL = version, metricsURL
	if !in.Connected {
		in.Connected, in.Since = true, p.cfg.Now()
	}
	return true
}

// leave notes that a stream of the instance ended.
func (p *Plane) leave(k key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.instances[k]
	if in.streams--; in.streams == 0 {
		in.Connected, in.Since = false, p.cfg.Now()
	}
	p.stream.Done()
}

// waker returns what is closed at the next change that concerns the instance,
// whose stream stands.
func (p *Plane) waker(k key) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.instances[k].wake
}

// heed takes in a report and hands it to the subscribers; it returns false when
// there are too many instances.
func (p *Plane) heed(r control.Report) bool {
	p.mu.Lock()
	in := p.meet(key{r.Service, r.Instance})
	if in == nil {
		p.mu.Unlock()
		return false
	}
	in.Version, in.LastReport = r.Version, p.cfg.Now()
	in.PolicyVersion, in.Problem, in.States, in.DegradeLevel = r.PolicyVersion, r.Problem, r.States, r.DegradeLevel
	hearers := make([]func(control.Report), 0, len(p.hearers))
	for id := range p.nextHear {
		if h, ok := p.hearers[id]; ok {
			hearers = append(hearers, h)
		}
	}
	p.mu.Unlock()
	for _, h := range hearers {
		h(r)
	}
	return true
}
