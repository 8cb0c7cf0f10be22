package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/platform/internal/verdict"
	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/policy/document"
)

// sloKind is how objectives are filed in the metastore.
const sloKind = "slo"

// objectives keeps the promises in force: in the engine and in the metastore.
type objectives struct {
	meta    metastore.Store
	engine  *slo.Engine
	changed func() // called after the engine has other objectives; nil means nobody asks

	mu     sync.Mutex
	byName map[string]slo.Objective
}

// stored is the body of an objective's record.
type stored struct {
	Source string `json:"source"` // OpenSLO documents it was read from
}

// openObjectives reads what was promised before and puts it in force. One that this
// version refuses is left out: the server starts all the same.
func openObjectives(ctx context.Context, meta metastore.Store, engine *slo.Engine, log *slog.Logger) (*objectives, error) {
	o := &objectives{meta: meta, engine: engine, byName: map[string]slo.Objective{}}
	records, err := meta.List(ctx, sloKind, metastore.Filter{})
	if err != nil {
		return nil, fmt.Errorf("read objectives: %w", err)
	}
	for _, r := range records {
		var body stored
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return nil, fmt.Errorf("objective %s: %w", r.ID, err)
		}
		found, err := slo.Parse(r.ID, []byte(body.Source))
		if err != nil {
			log.Warn("stored objective left out; apply it again, mended", "objective", r.ID, "error", err)
			continue
		}
		for _, objective := range found {
			if objective.Name == r.ID {
				o.byName[r.ID] = objective
			}
		}
	}
	o.set()
	return o, nil
}

// set hands all objectives to the engine, by name. The lock is held or not yet needed.
func (o *objectives) set() {
	all := make([]slo.Objective, 0, len(o.byName))
	for _, objective := range o.byName {
		all = append(all, objective)
	}
	slices.SortFunc(all, func(a, b slo.Objective) int { return strings.Compare(a.Name, b.Name) })
	o.engine.Set(all)
	if o.changed != nil {
		o.changed()
	}
}

// apply puts the objectives of the documents in force, all or none; with check it
// only reads them.
func (o *objectives) apply(ctx context.Context, d api.Document, check bool) ([]slo.Objective, error) {
	found, err := slo.Parse(d.File, d.Data)
	if err != nil {
		return nil, err
	}
	if check {
		return found, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	body, err := json.Marshal(stored{Source: string(d.Data)})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for _, objective := range found {
		record := metastore.Record{Kind: sloKind, ID: objective.Name, State: "active", At: now, Body: body}
		if err := o.meta.Put(ctx, record); err != nil {
			return nil, fmt.Errorf("keep objective %s: %w", objective.Name, err)
		}
		if err := o.meta.Audit(ctx, metastore.Entry{At: now, By: d.By, Verb: "apply", Object: sloKind + "/" + objective.Name, Detail: d.File}); err != nil {
			return nil, err
		}
	}
	for _, objective := range found {
		o.byName[objective.Name] = objective
	}
	o.set()
	return found, nil
}

// remove ends a promise.
func (o *objectives) remove(ctx context.Context, name, by string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.byName[name]; !ok {
		return fmt.Errorf("objective %s: %w", name, api.ErrNotFound)
	}
	if err := o.meta.Delete(ctx, sloKind, name); err != nil && !errors.Is(err, metastore.ErrNotFound) {
		return err
	}
	delete(o.byName, name)
	o.set()
	return o.meta.Audit(ctx, metastore.Entry{At: time.Now(), By: by, Verb: "delete", Object: sloKind + "/" + name})
}

// promised reports whether the objective is in force.
func (o *objectives) promised(s verdict.Subject) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	objective, ok := o.byName[s.SLO]
	return ok && objective.Service == s.Service
}

// saveEvery is how much of the budgets' memory a crash may cost.
const saveEvery = 10 * time.Second

// counts keeps what the engine counted over a restart.
type counts struct {
	file   string
	engine *slo.Engine
	log    *slog.Logger
	saved  time.Time
}

// restore reads what was saved, if anything.
func (c *counts) restore() error {
	state, err := os.ReadFile(c.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.engine.Restore(state); err != nil {
		// Budgets that begin anew are better than a server that does not start.
		c.log.Warn("saved budgets are not readable and begin anew", "file", c.file, "error", err)
	}
	return nil
}

// keep saves from time to time.
func (c *counts) keep(now time.Time) {
	if now.Sub(c.saved) < saveEvery {
		return
	}
	c.saved = now
	if err := c.save(); err != nil {
		c.log.Warn("budgets not saved", "file", c.file, "error", err)
	}
}

// save writes the file as a whole or not at all.
func (c *counts) save() error {
	fresh := c.file + ".new"
	if err := os.WriteFile(fresh, c.engine.State(), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, c.file)
}

// yamlFiles lists the YAML files that paths, files or directories, stand for.
func yamlFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			found, err := filepath.Glob(filepath.Join(path, pattern))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	return files, nil
}

// checkFiles reads the documents that the settings name before anything is opened
// or written, and reports the mistakes of all of them.
func checkFiles(c *config.Config) error {
	var findings []document.Finding
	take := func(err error) error {
		var refused *document.Error
		if errors.As(err, &refused) {
			findings = append(findings, refused.Findings...)
			return nil
		}
		return err
	}
	err := errors.Join(
		applyFiles(c.Policies, func(d api.Document) error {
			_, err := policy.Parse(d.File, d.Data)
			return take(err)
		}),
		applyFiles(c.SLOs, func(d api.Document) error {
			_, err := slo.Parse(d.File, d.Data)
			return take(err)
		}),
	)
	if err == nil && len(findings) > 0 {
		return &document.Error{Findings: findings}
	}
	return err
}

// applySLOFiles applies the objectives that the settings name.
func (s *server) applySLOFiles(ctx context.Context) error {
	return applyFiles(s.opts.Config.SLOs, func(d api.Document) error {
		_, err := s.goals.apply(ctx, d, false)
		return err
	})
}

// applyPolicyFiles applies the policies that the settings name.
func (s *server) applyPolicyFiles(ctx context.Context) error {
	return applyFiles(s.opts.Config.Policies, func(d api.Document) error {
		_, err := s.plane.ApplyPolicies(ctx, d.File, d.Data, d.By)
		return err
	})
}

// applyFiles reads files and hands them on, in the name of the settings.
func applyFiles(paths []string, apply func(api.Document) error) error {
	files, err := yamlFiles(paths)
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := apply(api.Document{File: file, Data: data, By: "settings"}); err != nil {
			return err
		}
	}
	return nil
}
