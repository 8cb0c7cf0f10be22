package incident_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/incident"
	"github.com/backstay/backstay/platform/internal/metastore"
	"github.com/backstay/backstay/platform/internal/verdict"
)

var night = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

// desk is a book on a real store, with a clock.
type desk struct {
	t      *testing.T
	dir    string
	store  metastore.Store
	book   *incident.Book
	now    time.Time
	events []incident.Event
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), now: night}
	d.open()
	t.Cleanup(func() {
		if err := d.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *desk) open() {
	d.t.Helper()
	var err error
	if d.store, err = metastore.Open(d.dir); err != nil {
		d.t.Fatal(err)
	}
	if d.book, err = incident.Open(d.t.Context(), d.store, incident.Config{}); err != nil {
		d.t.Fatal(err)
	}
	d.book.Subscribe(func(e incident.Event) { d.events = append(d.events, e) })
}

func (d *desk) restart() {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.open()
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// judge lets a second go by and observes what the engine would say of an objective:
// state is "page", "ticket", "calm" (nothing fires), "spent" (a slow window fires but
// the promise is kept again) or "blind".
func (d *desk) judge(service, slo, state string) {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	subject := verdict.Subject{Service: service, SLO: slo}
	burning := verdict.Verdict{Claim: verdict.Burning, Subject: subject, At: d.now, Answer: verdict.Yes, Reason: slo + " burns its budget 43 times too fast"}
	recovered := verdict.Verdict{Claim: verdict.Recovered, Subject: subject, At: d.now, Answer: verdict.No}
	switch state {
	case "page":
		burning.Severity = verdict.Page
	case "ticket":
		burning.Severity = verdict.Ticket
	case "spent":
		burning.Severity, recovered.Answer = verdict.Ticket, verdict.Yes
	case "calm":
		burning.Answer, recovered.Answer = verdict.No, verdict.Yes
	case "blind":
		burning.Answer, recovered.Answer = verdict.Unknown, verdict.Unknown
	default:
		d.t.Fatalf("unknown state %q", state)
	}
	d.must(d.book.Observe(d.t.Context(), burning))
	d.must(d.book.Observe(d.t.Context(), recovered))
}

func (d *desk) blame(service, cause string, class verdict.Class, path ...string) {
	d.t.Helper()
	d.must(d.book.Observe(d.t.Context(), verdict.Verdict{
		Claim: verdict.CausedBy, Subject: verdict.Subject{Service: service}, At: d.now, Answer: verdict.Yes,
		Reason: cause + " is to blame", Cause: &verdict.Cause{Service: cause, Class: class, Path: path, Score: 0.9},
	}))
}

// all lists incidents in short, newest first.
func (d *desk) all() string {
	d.t.Helper()
	list, err := d.book.List(d.t.Context())
	d.must(err)
	var out []string
	for _, in := range list {
		out = append(out, fmt.Sprintf("%s %s %s [%s]", in.Service, in.State, in.Severity, strings.Join(in.Objectives, " ")))
	}
	return strings.Join(out, "; ")
}

func (d *desk) want(list string) {
	d.t.Helper()
	if got := d.all(); got != list {
		d.t.Fatalf("incidents: %q, want %q", got, list)
	}
}

func (d *desk) only() incident.Incident {
	d.t.Helper()
	list, err := d.book.List(d.t.Context())
	d.must(err)
	if len(list) != 1 {
		d.t.Fatalf("%d incidents", len(list))
	}
	return list[0]
}

func steps(in incident.Incident) string {
	var out []string
	for _, e := range in.Timeline {
		out = append(out, string(e.Step))
	}
	return strings.Join(out, ",")
}

func TestTheChain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.book.Signal(t.Context(), d.now, "order", "breaker order → payment opened"))
	d.must(d.book.Signal(t.Context(), d.now, "batch", "unrelated"))
	d.must(d.book.Signal(t.Context(), d.now.Add(-time.Hour), "gateway", "too long ago"))
	d.judge("gateway", "checkout", "calm")
	d.want("")
	d.judge("gateway", "checkout", "page")
	d.judge("gateway", "checkout", "page")
	if in := d.only(); in.Title != "checkout burns its budget" || !in.Burning || in.SLO != "checkout" {
		t.Errorf("opened as %+v", in)
	}
	d.blame("gateway", "payment", verdict.Errors, "gateway", "order", "payment")
	d.blame("gateway", "payment", verdict.Errors, "gateway", "order", "payment") // no news
	in := d.only()
	if in.Title != "payment answers with errors: checkout burns its budget" {
		t.Errorf("title %q", in.Title)
	}
	a := action.Action{ID: "a1", Incident: in.ID, Kind: action.Override, State: action.Planned, Target: verdict.Subject{Service: "order", Dependency: "payment"}, Reason: "payment answers with errors"}
	d.must(d.book.Acted(t.Context(), d.now, a))
	a.State = action.Applied
	d.must(d.book.Acted(t.Context(), d.now.Add(time.Millisecond), a))
	d.must(d.book.Acted(t.Context(), d.now.Add(time.Millisecond), a)) // no news
	d.must(d.book.Signal(t.Context(), d.now.Add(2*time.Millisecond), "payment", "payment restarted"))
	d.judge("gateway", "checkout", "spent")
	if in := d.only(); in.Burning || in.State != incident.StateOpen {
		t.Errorf("while the recovery is watched: burning %v, %s", in.Burning, in.State)
	}
	d.judge("gateway", "checkout", "spent")
	d.want("gateway open page [checkout]")
	d.judge("gateway", "checkout", "spent")
	d.want("gateway resolved page [checkout]")
	a.State = action.Undone
	d.must(d.book.Acted(t.Context(), d.now, a)) // after the end, still in its incident
	in = d.only()
	if got, want := steps(in), "signal,verdict,cause,action,action,signal,recovery,action"; got != want {
		t.Errorf("timeline %q, want %q", got, want)
	}
	if len(in.Actions) != 1 || in.Actions[0].State != action.Undone || in.EndedAt.IsZero() {
		t.Errorf("ended as %+v", in)
	}
	if text := in.Timeline[6].Text; text != "met again: checkout (after 4s)" {
		t.Errorf("recovery says %q", text)
	}
	// The slow window still fires on what was spent: nobody is called for it again.
	for range 20 {
		d.judge("gateway", "checkout", "ticket")
	}
	d.want("gateway resolved page [checkout]")
	// A new page is a new incident, and so is a ticket once the rest is gone.
	d.judge("gateway", "checkout", "page")
	d.want("gateway open page [checkout]; gateway resolved page [checkout]")
	list, err := d.book.List(t.Context())
	d.must(err)
	if got := steps(list[0]); got != "verdict" {
		t.Errorf("timeline %q: signals of the incident before do not belong to this one", got)
	}
}

func TestWhatIsLeftOfACauseIsNoNewCause(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "checkout", "page")
	named := func(class verdict.Class, want string) {
		t.Helper()
		d.blame("gateway", "payment", class, "gateway", "payment")
		if got := d.only().Title; got != want+": checkout burns its budget" {
			t.Errorf("after %s: %q", class, got)
		}
	}
	named(verdict.Latency, "payment is slow")
	named(verdict.Saturation, "payment runs full")
	named(verdict.Errors, "payment runs full")
	named(verdict.Down, "payment is down")
	named(verdict.Errors, "payment is down")
	named(verdict.Latency, "payment is down")
	d.blame("gateway", "order", verdict.Latency, "gateway", "order")
	if got, want := d.only().Title, "order is slow: checkout burns its budget"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestObjectivesOfAServiceJoin(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "fast", "ticket")
	d.want("gateway open ticket [fast]")
	d.judge("gateway", "complete", "page")
	d.judge("gateway", "available", "page")
	d.judge("search", "found", "page")
	d.want("search open page [found]; gateway open page [fast complete available]")
	for range 3 {
		d.judge("gateway", "fast", "calm")
		d.judge("gateway", "complete", "calm")
	}
	d.want("search open page [found]; gateway open page [fast complete available]")
	for range 3 {
		d.judge("gateway", "available", "calm")
	}
	d.want("search open page [found]; gateway resolved page [fast complete available]")
}

func TestFlickerDoesNotResolve(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "checkout", "page")
	for range 10 {
		d.judge("gateway", "checkout", "calm")
		d.judge("gateway", "checkout", "page")
	}
	d.want("gateway open page [checkout]")
}

func TestNotEnoughDataNeitherOpensNorResolves(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 5 {
		d.judge("gateway", "checkout", "blind")
	}
	d.want("")
	d.judge("gateway", "checkout", "page")
	for range 30 {
		d.judge("gateway", "checkout", "blind")
	}
	d.want("gateway open page [checkout]")
	d.now = d.now.Add(15 * time.Minute)
	d.judge("gateway", "checkout", "blind")
	d.want("gateway resolved page [checkout]")
	if in := d.only(); !strings.Contains(in.Timeline[len(in.Timeline)-1].Text, "without a recovery being seen") {
		t.Errorf("ends with %q", in.Timeline[len(in.Timeline)-1].Text)
	}
}

func TestRestartKeepsTheBook(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "checkout", "page")
	d.blame("gateway", "payment", verdict.Down, "gateway", "payment")
	before := d.only()
	d.restart()
	d.want("gateway open page [checkout]")
	if len(d.book.Current()) != 1 {
		t.Fatal("the open incident is not current after a restart")
	}
	d.judge("gateway", "checkout", "blind") // the engine has nothing yet
	d.want("gateway open page [checkout]")
	d.judge("gateway", "checkout", "page")
	after := d.only()
	if after.ID != before.ID || after.Cause == nil || after.Cause.Service != "payment" || len(after.Timeline) != len(before.Timeline) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	for range 3 {
		d.judge("gateway", "checkout", "calm")
	}
	d.want("gateway resolved page [checkout]")
	d.restart()
	d.want("gateway resolved page [checkout]")
	if len(d.book.Current()) != 0 {
		t.Error("a resolved incident is current")
	}
}

func TestRetain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "fast", "page")
	d.judge("gateway", "complete", "page")
	d.judge("search", "found", "page")
	d.must(d.book.Retain(t.Context(), d.now, func(s verdict.Subject) bool { return s.SLO == "complete" }))
	d.want("search resolved page [found]; gateway open page [complete]")
}

func TestUnknownIncident(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.book.Get(t.Context(), "nothing"); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if err := d.book.Acted(t.Context(), d.now, action.Action{ID: "a", Incident: "nothing"}); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("Acted: %v", err)
	}
	d.must(d.book.Acted(t.Context(), d.now, action.Action{ID: "a"}))
	d.blame("gateway", "payment", verdict.Down)
	d.want("")
}

func TestTimelineIsBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.judge("gateway", "checkout", "page")
	for i := range 500 {
		d.must(d.book.Signal(t.Context(), d.now.Add(time.Duration(i)*time.Millisecond), "gateway", fmt.Sprint("signal ", i)))
	}
	d.now = d.now.Add(time.Second)
	d.blame("gateway", "payment", verdict.Down, "gateway", "payment")
	in := d.only()
	if len(in.Timeline) != 400 || in.Omitted != 102 || in.Timeline[len(in.Timeline)-1].Step != incident.StepCause {
		t.Errorf("%d entries, %d omitted, last %s", len(in.Timeline), in.Omitted, in.Timeline[len(in.Timeline)-1].Step)
	}
}

func TestEventsComeInOrderAndMayCallBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var seen []string
	cancel := d.book.Subscribe(func(e incident.Event) {
		seen = append(seen, string(e.Step))
		if e.Opened { // what an actor does: note its action in the incident
			d.must(d.book.Acted(t.Context(), e.At, action.Action{ID: "a", Incident: e.Incident.ID, Kind: action.Degrade, State: action.Applied}))
		}
	})
	d.judge("gateway", "checkout", "page")
	d.blame("gateway", "payment", verdict.Down, "gateway", "payment")
	cancel()
	d.judge("gateway", "checkout", "calm")
	if got := strings.Join(seen, " "); got != "verdict action cause" {
		t.Errorf("events %q", got)
	}
	if !slices.ContainsFunc(d.events, func(e incident.Event) bool { return e.Step == incident.StepRecovery && !e.Incident.Burning }) {
		t.Error("no event when the burning stopped")
	}
}
