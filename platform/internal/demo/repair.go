package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
)

// Break arms a fault, after lifting the one before. It answers [api.ErrNotFound]
// when there is no such fault.
func (s *Shop) Break(ctx context.Context, name string) error {
	f, ok := faultNamed(name)
	if !ok {
		return fmt.Errorf("%w: fault %q", api.ErrNotFound, name)
	}
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.lift(ctx); err != nil {
		return err
	}
	// The fault is on record before it acts, so that nobody mistakes its first
	// effect for an accident.
	s.mu.Lock()
	s.fault, s.since = &f, time.Now()
	s.mu.Unlock()
	if err := s.inflict(ctx, f); err != nil {
		s.mu.Lock()
		s.fault = nil
		s.mu.Unlock()
		return err
	}
	return nil
}

func (s *Shop) inflict(ctx context.Context, f Fault) error {
	c := s.child(f.Service)
	switch {
	case f.armed != nil:
		if s.cfg.Armer == nil {
			return fmt.Errorf("demo: %s needs a control plane to arm it", f.Name)
		}
		return s.cfg.Armer.ArmFault(ctx, f.Service, f.armed(time.Now().Add(Lease)))
	case c == nil || !c.running():
		return fmt.Errorf("demo: %s is not running, so %s cannot break it", f.Service, f.Name)
	case f.kill:
		c.kill()
		return nil
	default:
		return c.throw(ctx, f.toggle, true)
	}
}

// Heal lifts whatever fault is armed, and starts what is not running.
func (s *Shop) Heal(ctx context.Context) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return s.lift(ctx)
}

// lift ends the fault and makes sure that every process is there.
func (s *Shop) lift(ctx context.Context) error {
	s.mu.Lock()
	f := s.fault
	s.mu.Unlock()
	if f != nil {
		c := s.child(f.Service)
		switch {
		case f.armed != nil:
			if err := s.cfg.Armer.DisarmFault(ctx, f.armed(time.Time{}).ID); err != nil {
				return err
			}
		case f.toggle != "" && c != nil && c.running():
			if err := c.throw(ctx, f.toggle, false); err != nil {
				return err
			}
		}
	}
	for _, name := range append(append([]string(nil), Services...), users) {
		if c := s.child(name); c != nil && c.running() {
			continue
		}
		if err := s.replace(ctx, name); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.fault = nil
	s.mu.Unlock()
	return nil
}

// Supervises reports whether the service is one of the shop's.
func (s *Shop) Supervises(service string) bool { return slices.Contains(Services, service) }

// Restart replaces the process of a service and returns when the new one
// listens. A fault that lived in the old process is over with it. There is one
// process for each service, so the instance is not looked at.
func (s *Shop) Restart(ctx context.Context, service, _ string) error {
	if !s.Supervises(service) {
		return fmt.Errorf("%w: process %q of the shop", api.ErrNotFound, service)
	}
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.replace(ctx, service); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil && s.fault.Service == service && s.fault.armed == nil {
		s.fault = nil
	}
	return nil
}

// replace ends the process, when there is one, and starts it anew at the same address.
func (s *Shop) replace(ctx context.Context, name string) error {
	if c := s.child(name); c != nil {
		c.stop()
	}
	if err := s.start(ctx, name); err != nil {
		return err
	}
	s.mu.Lock()
	s.restarts[name]++
	s.mu.Unlock()
	return nil
}

// Protect restarts the services with or without their policies; the users stay.
// Any fault is lifted.
func (s *Shop) Protect(ctx context.Context, protected bool) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.lift(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	same := s.protected == protected
	s.protected = protected
	s.mu.Unlock()
	if same {
		return nil
	}
	var wait sync.WaitGroup
	for _, name := range Services {
		if c := s.child(name); c != nil {
			wait.Go(c.stop)
		}
	}
	wait.Wait()
	return s.startAll(ctx, Services)
}
