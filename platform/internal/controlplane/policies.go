package controlplane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/policy"
)

// Policy is a stored policy document.
type Policy struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Service that it is for; empty for all.
	Service string `json:"service,omitempty"`
	// Target in words.
	Target string    `json:"target"`
	YAML   string    `json:"yaml"`
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
}

func (d Policy) concerns(service string) bool { return d.Service == "" || d.Service == service }

// replaces reports whether applying d removes old. A document that says several
// policies is known by the kind of the first.
func (d Policy) replaces(old Policy) bool { return d.Kind == old.Kind && d.Name == old.Name }

// Policies lists the documents in force by kind and name.
func (p *Plane) Policies() []Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.state.Policies)
}

// ApplyPolicies puts documents in force, all or none, on behalf of by. A document
// replaces the one of its kind with the same name. Mistakes, and a target that
// another document has already, are told by a [*policy.ParseError].
func (p *Plane) ApplyPolicies(ctx context.Context, file string, data []byte, by string) ([]Policy, error) {
	var applied []Policy
	err := p.alter(ctx, func(s *state) ([]string, error) {
		fresh, all, err := p.merge(s.Policies, file, data, by)
		if err != nil || len(fresh) == 0 {
			return nil, err
		}
		services := concerned(s.Policies, fresh)
		applied, s.Policies = fresh, all
		if len(services) == 0 {
			return nil, nil
		}
		names := make([]string, len(fresh))
		for i, d := range fresh {
			names[i] = d.Kind + "/" + d.Name
		}
		return services, p.cfg.Meta.Audit(ctx, metastore.Entry{
			At: p.cfg.Now(), By: by, Verb: "apply", Object: "policy", Detail: strings.Join(names, ", "),
		})
	})
	return applied, err
}

// CheckPolicies does what [Plane.ApplyPolicies] does, without the effect.
func (p *Plane) CheckPolicies(file string, data []byte) ([]Policy, error) {
	fresh, _, err := p.merge(p.Policies(), file, data, "")
	return fresh, err
}

// merge reads documents and returns them, and all that would be in force.
func (p *Plane) merge(stored []Policy, file string, data []byte, by string) (fresh, all []Policy, err error) {
	set, err := policy.Parse(file, data)
	if err != nil {
		return nil, nil, err
	}
	at := p.cfg.Now().UTC()
	line := 0
	for _, d := range set.Documents() {
		if len(fresh) > 0 && d.Line == line {
			continue // another policy of the document before
		}
		line = d.Line
		made := Policy{Kind: d.Kind, Name: d.Name, Service: d.Target.Service, Target: d.Target.String(), YAML: d.Source, At: at, By: by}
		if i := slices.IndexFunc(stored, made.replaces); i >= 0 && stored[i].YAML == made.YAML {
			made = stored[i] // applied again as it is: nothing changes
		}
		fresh = append(fresh, made)
	}
	sets := make([]*policy.Set, 0, len(stored)+1)
	for _, old := range stored {
		if slices.ContainsFunc(fresh, func(d Policy) bool { return d.replaces(old) }) {
			continue
		}
		all = append(all, old)
		known, err := policy.Parse("stored "+old.Kind+" "+old.Name, []byte(old.YAML))
		if err != nil {
			return nil, nil, fmt.Errorf("controlplane: a stored document no longer reads: %w", err)
		}
		sets = append(sets, known)
	}
	all = append(all, fresh...)
	if len(all) > maxPolicies {
		return nil, nil, fmt.Errorf("controlplane: %d documents, no more than %d fit", len(all), maxPolicies)
	}
	if _, err := policy.Join(append(sets, set)...); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b Policy) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return fresh, all, nil
}

// concerned names the services whose snapshot changes: those of the documents that
// are new and of the ones they replace.
func concerned(stored, fresh []Policy) []string {
	var services []string
	for _, d := range fresh {
		if slices.Contains(stored, d) {
			continue
		}
		services = append(services, d.Service)
		for _, old := range stored {
			if d.replaces(old) {
				services = append(services, old.Service)
			}
		}
	}
	return services
}
