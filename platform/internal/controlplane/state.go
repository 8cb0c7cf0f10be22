package controlplane

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/backstay/backstay/control"
	"github.com/backstay/backstay/fault"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/policy"
)

// Where the state is kept. It is one record, so that a change is on disk as a
// whole or not at all.
const (
	recordKind = "control"
	recordID   = "state"
)

// Bounds of what can be in force at a time.
const (
	maxOverrides = 1000
	maxFaults    = 1000
	maxPolicies  = 10_000
)

// state is what a restart must not lose.
type state struct {
	Version   uint64           `json:"version"`
	Policies  []Policy         `json:"policies"`  // by kind and name
	Overrides []leasedOverride `json:"overrides"` // oldest first

	faults []leasedFault // oldest first; lost by a restart
}

// leasedOverride is an override and the service that it is for.
type leasedOverride struct {
	Service string `json:"service"`
	policy.Override
}

// leasedFault is an armed fault and the service that it is for.
type leasedFault struct {
	service string
	in      fault.Instruction
}

func (s state) clone() state {
	s.Policies, s.Overrides, s.faults = slices.Clone(s.Policies), slices.Clone(s.Overrides), slices.Clone(s.faults)
	return s
}

// expire drops what has run out.
func (s *state) expire(now time.Time) {
	s.Overrides = slices.DeleteFunc(s.Overrides, func(o leasedOverride) bool { return !now.Before(o.Expires) })
	s.faults = slices.DeleteFunc(s.faults, func(f leasedFault) bool { return !now.Before(f.in.Expires) })
}

func (s *state) dropOverride(id string) (old leasedOverride, ok bool) {
	i := slices.IndexFunc(s.Overrides, func(o leasedOverride) bool { return o.ID == id })
	if i < 0 {
		return old, false
	}
	old = s.Overrides[i]
	s.Overrides = slices.Delete(s.Overrides, i, i+1)
	return old, true
}

func (s *state) dropFault(id string) (old leasedFault, ok bool) {
	i := slices.IndexFunc(s.faults, func(f leasedFault) bool { return f.in.ID == id })
	if i < 0 {
		return old, false
	}
	old = s.faults[i]
	s.faults = slices.Delete(s.faults, i, i+1)
	return old, true
}

func load(ctx context.Context, meta metastore.Store) (state, error) {
	r, err := meta.Get(ctx, recordKind, recordID)
	if errors.Is(err, metastore.ErrNotFound) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("controlplane: read state: %w", err)
	}
	var s state
	if err := json.Unmarshal(r.Body, &s); err != nil {
		return state{}, fmt.Errorf("controlplane: read state: %w", err)
	}
	return s, nil
}

func save(ctx context.Context, meta metastore.Store, s state, now time.Time) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("controlplane: keep state: %w", err)
	}
	if err := meta.Put(ctx, metastore.Record{Kind: recordKind, ID: recordID, At: now, Body: body}); err != nil {
		return fmt.Errorf("controlplane: keep state: %w", err)
	}
	return nil
}

// seal signs a snapshot and returns the envelope as it travels.
func seal(s control.Snapshot, key ed25519.PrivateKey) ([]byte, error) {
	e, err := control.Sign(s, key)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(e)
	if err == nil && len(data) > control.MaxEvent/2 {
		err = fmt.Errorf("the documents of %s are too large to be sent", s.Service)
	}
	if err != nil {
		return nil, fmt.Errorf("controlplane: %w", err)
	}
	return data, nil
}
