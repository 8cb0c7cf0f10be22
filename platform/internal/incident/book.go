package incident

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// ErrNotFound means that no incident has the id.
var ErrNotFound = errors.New("incident: no incident has this id")

// recordKind is the kind of the book's records in the metastore.
const recordKind = "incident"

// Config tunes a [Book]. The zero value is good.
type Config struct {
	// Hold is how long all objectives of an incident must be well before it is
	// resolved. 0 means 2 s.
	Hold time.Duration
	// Silence is how long an incident stays open when its objectives can no longer
	// be judged for want of data. 0 means 15 minutes.
	Silence time.Duration
	// Lead is how long before its opening signals may belong to an incident. 0 means
	// 1 minute.
	Lead time.Duration
}

// Event says that an incident changed.
type Event struct {
	At       time.Time
	Step     Step // what happened
	Opened   bool // the incident is new
	Incident Incident
}

// Book keeps the incidents. It is safe for concurrent use.
type Book struct {
	store metastore.Store
	cfg   Config

	mu      sync.Mutex
	open    map[string]*Incident // by service
	conduct map[verdict.Subject]*conduct
	signals []signal             // recent ones, oldest first
	ended   map[string]time.Time // by service: when its latest incident was resolved

	feed feed
}

// conduct is how an objective behaves, as its latest verdicts say.
type conduct struct {
	burning   verdict.Answer
	severity  verdict.Severity
	recovered verdict.Answer
	wellSince time.Time // zero while not well
	knownAt   time.Time // latest verdict other than Unknown
	// spent is set when an incident ended while a slow window still holds what was
	// lost in it. Such a rest calls nobody again.
	spent bool
}

// well reports whether the objective gives no reason to keep an incident open: it
// does not burn, or only a slow window still holds what was lost before.
func (c *conduct) well() bool {
	switch c.burning {
	case verdict.No:
		return true
	case verdict.Yes:
		return c.recovered == verdict.Yes && c.severity != verdict.Page
	default:
		return c.recovered == verdict.Yes
	}
}

// signal is something seen in a service.
type signal struct {
	at            time.Time
	service, text string
}

// maxSignals bounds the signals remembered for incidents to come.
const maxSignals = 256

// Open returns the book of a store, with the incidents that were open when it was
// last used.
func Open(ctx context.Context, store metastore.Store, cfg Config) (*Book, error) {
	cfg.Hold = cmp.Or(cfg.Hold, 2*time.Second)
	cfg.Silence = cmp.Or(cfg.Silence, 15*time.Minute)
	cfg.Lead = cmp.Or(cfg.Lead, time.Minute)
	b := &Book{store: store, cfg: cfg, open: map[string]*Incident{}, conduct: map[verdict.Subject]*conduct{}, ended: map[string]time.Time{}}
	records, err := store.List(ctx, recordKind, metastore.Filter{State: string(StateOpen)})
	if err != nil {
		return nil, fmt.Errorf("incident: read the open incidents: %w", err)
	}
	for _, r := range records {
		in, err := decode(r)
		if err != nil {
			return nil, err
		}
		b.open[in.Service] = &in
	}
	return b, nil
}

func decode(r metastore.Record) (Incident, error) {
	var in Incident
	if err := json.Unmarshal(r.Body, &in); err != nil {
		return in, fmt.Errorf("incident: read %s: %w", r.ID, err)
	}
	return in, nil
}

// save writes an incident and tells the subscribers. The caller holds the lock.
func (b *Book) save(ctx context.Context, in *Incident, at time.Time, step Step, opened bool) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("incident: write %s: %w", in.ID, err)
	}
	b.feed.push(Event{At: at, Step: step, Opened: opened, Incident: in.clone()})
	err = b.store.Put(ctx, metastore.Record{Kind: recordKind, ID: in.ID, State: string(in.State), At: in.OpenedAt, Body: body})
	if err != nil {
		return fmt.Errorf("incident: write %s: %w", in.ID, err)
	}
	return nil
}

// Observe takes a verdict into account: a burning one opens or joins an incident, a
// cause is named in it, a recovery ends it once it has held. Feed it every verdict of
// every evaluation, in the order of time. Subscribers are called before it returns,
// unless another call is telling them already: that one tells of this too.
func (b *Book) Observe(ctx context.Context, v verdict.Verdict) error {
	defer b.feed.deliver()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch v.Claim {
	case verdict.Burning, verdict.Recovered:
		return b.judge(ctx, v)
	case verdict.CausedBy:
		return b.blame(ctx, v)
	}
	return nil
}

// judge takes a verdict about an objective.
func (b *Book) judge(ctx context.Context, v verdict.Verdict) error {
	c := b.conduct[v.Subject]
	if c == nil {
		c = &conduct{knownAt: v.At}
		b.conduct[v.Subject] = c
	}
	if v.Answer != verdict.Unknown {
		c.knownAt = v.At
	}
	if v.Claim == verdict.Burning {
		c.burning, c.severity = v.Answer, v.Severity
		if v.Answer != verdict.Yes || v.Severity == verdict.Page {
			c.spent = false
		}
	} else {
		c.recovered = v.Answer
	}
	switch {
	case !c.well():
		c.wellSince = time.Time{}
	case c.wellSince.IsZero():
		c.wellSince = v.At
	}
	in := b.open[v.Subject.Service]
	if v.Claim == verdict.Burning && v.Answer == verdict.Yes && !c.spent && !c.well() {
		return b.burn(ctx, in, v)
	}
	if in == nil || !slices.Contains(in.Objectives, v.Subject.SLO) {
		return nil
	}
	in.keep(v)
	if burning := b.burns(in); burning != in.Burning {
		in.Burning = burning
		step := StepRecovery
		if burning {
			step = StepVerdict
		}
		if err := b.save(ctx, in, v.At, step, false); err != nil {
			return err
		}
	}
	return b.settle(ctx, in, v.At)
}

// burns reports whether an objective of the incident is not well, as far as known.
func (b *Book) burns(in *Incident) bool {
	return slices.ContainsFunc(in.Objectives, func(name string) bool {
		c := b.conduct[verdict.Subject{Service: in.Service, SLO: name}]
		return c == nil || !c.well()
	})
}

// burn opens an incident or joins the one of the service.
func (b *Book) burn(ctx context.Context, in *Incident, v verdict.Verdict) error {
	opened := in == nil
	if opened {
		in = &Incident{
			ID: b.newID(v), State: StateOpen, Severity: v.Severity, Service: v.Subject.Service, SLO: v.Subject.SLO, OpenedAt: v.At,
		}
		b.open[in.Service] = in
		b.recall(in, in.Service)
	}
	louder := in.Severity != verdict.Page && v.Severity == verdict.Page
	joined := !slices.Contains(in.Objectives, v.Subject.SLO)
	in.keep(v)
	flared := !in.Burning
	in.Burning = true
	if !joined && !louder && !flared {
		return nil
	}
	if joined {
		in.Objectives = append(in.Objectives, v.Subject.SLO)
	}
	if louder {
		in.Severity = verdict.Page
	}
	in.entitle()
	in.enter(Entry{At: v.At, Step: StepVerdict, Text: v.Reason, Evidence: v.Evidence})
	return b.save(ctx, in, v.At, StepVerdict, opened)
}

// newID names an incident after the second it opened and the service.
func (b *Book) newID(v verdict.Verdict) string {
	service := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, v.Subject.Service)
	return strconv.FormatInt(v.At.UnixMilli(), 36) + "-" + service
}

// settle ends an incident whose objectives have all been well for the hold, or of
// which nothing has been known for long.
func (b *Book) settle(ctx context.Context, in *Incident, at time.Time) error {
	met, silent := true, true
	for _, name := range in.Objectives {
		c := b.conduct[verdict.Subject{Service: in.Service, SLO: name}]
		if c == nil {
			return nil // not judged since a restart
		}
		silent = silent && at.Sub(c.knownAt) >= b.cfg.Silence
		met = met && !c.wellSince.IsZero() && at.Sub(c.wellSince) >= b.cfg.Hold
	}
	var text string
	switch {
	case met:
		text = "met again: " + strings.Join(in.Objectives, ", ")
	case silent:
		text = "no data to judge by for " + b.cfg.Silence.String() + ": closed without a recovery being seen"
	default:
		return nil
	}
	return b.end(ctx, in, at, text)
}

// end resolves an incident.
func (b *Book) end(ctx context.Context, in *Incident, at time.Time, text string) error {
	in.State, in.EndedAt, in.Burning = StateResolved, at, false
	text = fmt.Sprintf("%s (after %s)", text, at.Sub(in.OpenedAt).Round(time.Second))
	in.enter(Entry{At: at, Step: StepRecovery, Text: text})
	delete(b.open, in.Service)
	b.ended[in.Service] = at
	for _, name := range in.Objectives {
		if c := b.conduct[verdict.Subject{Service: in.Service, SLO: name}]; c != nil && c.burning == verdict.Yes {
			c.spent = true
		}
	}
	return b.save(ctx, in, at, StepRecovery, false)
}

// Retain drops the objectives that are no longer promised, and ends incidents that
// are left without one. Call it when the set of objectives changes.
func (b *Book) Retain(ctx context.Context, at time.Time, promised func(verdict.Subject) bool) error {
	defer b.feed.deliver()
	b.mu.Lock()
	defer b.mu.Unlock()
	for subject := range b.conduct {
		if !promised(subject) {
			delete(b.conduct, subject)
		}
	}
	for _, in := range b.openInOrder() {
		kept := slices.DeleteFunc(slices.Clone(in.Objectives), func(name string) bool {
			return !promised(verdict.Subject{Service: in.Service, SLO: name})
		})
		if len(kept) == len(in.Objectives) {
			continue
		}
		var err error
		if len(kept) == 0 {
			err = b.end(ctx, in, at, "the objective was withdrawn")
		} else {
			in.Objectives = kept
			in.entitle()
			err = b.save(ctx, in, at, StepVerdict, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blame takes a named cause into the incident of the burning service.
func (b *Book) blame(ctx context.Context, v verdict.Verdict) error {
	in := b.open[v.Subject.Service]
	if in == nil {
		return nil
	}
	if v.Answer != verdict.Yes || v.Cause == nil {
		return nil
	}
	in.keep(v)
	if in.Cause != nil && in.Cause.Service == v.Cause.Service && in.Cause.Class == v.Cause.Class {
		in.Cause = v.Cause
		return nil
	}
	if in.Cause != nil && aftermath(*in.Cause, *v.Cause) {
		return nil
	}
	known := []string{in.Service} // whose signals are in the timeline already
	if in.Cause != nil {
		known = append(known, in.Cause.Path...)
	}
	in.Cause = v.Cause
	in.entitle()
	in.enter(Entry{At: v.At, Step: StepCause, Text: v.Reason, Evidence: v.Evidence})
	for _, service := range v.Cause.Path {
		if !slices.Contains(known, service) {
			b.recall(in, service)
		}
	}
	return b.save(ctx, in, v.At, StepCause, false)
}

// aftermath reports whether a cause is what is left of the one named before: a process
// that was gone, or ran full and was restarted, fails calls and is slow while it comes
// back. The incident keeps what it was about.
func aftermath(named, now verdict.Cause) bool {
	return named.Service == now.Service && (named.Class == verdict.Down || named.Class == verdict.Saturation) &&
		(now.Class == verdict.Errors || now.Class == verdict.Latency)
}

// recall enters the remembered signals of a service. What was seen before the last
// incident ended belongs to that one.
func (b *Book) recall(in *Incident, service string) {
	since := in.OpenedAt.Add(-b.cfg.Lead)
	if ended := b.ended[in.Service]; ended.After(since) {
		since = ended
	}
	for _, s := range b.signals {
		if s.service == service && !s.at.Before(since) {
			in.enter(Entry{At: s.at, Step: StepSignal, Text: s.text})
		}
	}
}

// Signal notes something seen in a service: a breaker that opened, a process that
// ended, a fault that was armed. It is entered into the open incident of the service,
// into those whose cause lies on the service's path, and into those that follow soon.
func (b *Book) Signal(ctx context.Context, at time.Time, service, text string) error {
	defer b.feed.deliver()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.signals) >= maxSignals {
		b.signals = slices.Delete(b.signals, 0, 1)
	}
	b.signals = append(b.signals, signal{at: at, service: service, text: text})
	for _, in := range b.openInOrder() {
		if in.Service != service && (in.Cause == nil || !slices.Contains(in.Cause.Path, service)) {
			continue
		}
		in.enter(Entry{At: at, Step: StepSignal, Text: text})
		if err := b.save(ctx, in, at, StepSignal, false); err != nil {
			return err
		}
	}
	return nil
}

// openInOrder returns the open incidents, oldest first. The caller holds the lock.
func (b *Book) openInOrder() []*Incident {
	all := make([]*Incident, 0, len(b.open))
	for _, in := range b.open {
		all = append(all, in)
	}
	slices.SortFunc(all, func(x, y *Incident) int {
		return cmp.Or(x.OpenedAt.Compare(y.OpenedAt), strings.Compare(x.ID, y.ID))
	})
	return all
}

// Acted notes an action, or what became of it, in the incident it names. Actions
// without an incident are nobody's.
func (b *Book) Acted(ctx context.Context, at time.Time, a action.Action) error {
	defer b.feed.deliver()
	if a.Incident == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	in, err := b.get(ctx, a.Incident)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(in.Actions, func(old action.Action) bool { return old.ID == a.ID })
	switch {
	case i < 0:
		in.Actions = append(in.Actions, a)
	case in.Actions[i].State == a.State:
		in.Actions[i] = a
		return nil
	default:
		in.Actions[i] = a
	}
	in.enter(Entry{At: at, Step: StepAction, Text: actionText(a), Action: a.ID})
	return b.save(ctx, in, at, StepAction, false)
}

// actionText says in a line what was done and what became of it.
func actionText(a action.Action) string {
	target := a.Target.Service
	if a.Target.Dependency != "" {
		target += " → " + a.Target.Dependency
	}
	text := fmt.Sprintf("%s %s %s", a.Kind, target, a.State)
	if a.Error != "" {
		return text + ": " + a.Error
	}
	if a.Reason != "" && (a.State == action.Planned || a.State == action.Applied) {
		return text + ": " + a.Reason
	}
	return text
}

// get returns the live incident when it is open, else the stored one. The caller
// holds the lock.
func (b *Book) get(ctx context.Context, id string) (*Incident, error) {
	for _, in := range b.open {
		if in.ID == id {
			return in, nil
		}
	}
	record, err := b.store.Get(ctx, recordKind, id)
	if errors.Is(err, metastore.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("incident: read %s: %w", id, err)
	}
	in, err := decode(record)
	return &in, err
}

// Get returns one incident.
func (b *Book) Get(ctx context.Context, id string) (Incident, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	in, err := b.get(ctx, id)
	if err != nil {
		return Incident{}, err
	}
	return in.clone(), nil
}

// maxListed bounds a list.
const maxListed = 200

// List returns the latest incidents, newest first.
func (b *Book) List(ctx context.Context) ([]Incident, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	records, err := b.store.List(ctx, recordKind, metastore.Filter{Limit: maxListed})
	if err != nil {
		return nil, fmt.Errorf("incident: list: %w", err)
	}
	all := make([]Incident, 0, len(records))
	for _, r := range records {
		in, err := decode(r)
		if err != nil {
			return nil, err
		}
		if live := b.open[in.Service]; live != nil && live.ID == in.ID {
			in = live.clone() // with the latest figures
		}
		all = append(all, in)
	}
	return all, nil
}

// Current returns the open incidents without asking the store, oldest first.
func (b *Book) Current() []Incident {
	b.mu.Lock()
	defer b.mu.Unlock()
	open := b.openInOrder()
	all := make([]Incident, len(open))
	for i, in := range open {
		all[i] = in.clone()
	}
	return all
}

// Subscribe calls f with every change, in order and one at a time, until cancel is
// called. f may call the book.
func (b *Book) Subscribe(f func(Event)) (cancel func()) { return b.feed.subscribe(f) }
