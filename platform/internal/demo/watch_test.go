package demo

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo/load"
	"github.com/backstay/backstay/platform/internal/verdict"
)

var rewrite = flag.Bool("rewrite", false, "write the golden report")

// at is a moment of a made-up run.
func at(sec float64) time.Time {
	return time.Unix(1000, 0).Add(time.Duration(sec * float64(time.Second)))
}

// life draws seconds from 1000 on: '.' good, 'd' all degraded, 'f' all failed,
// 's' all slow, '1' one user of a hundred failed, ' ' nobody came.
func life(picture string) []load.Second {
	var seconds []load.Second
	for i, c := range picture {
		s := load.Second{T: 1000 + int64(i)}
		full := func(bucket int, n uint32) { s.OK += n; s.Latency[bucket] += n }
		switch c {
		case '.':
			full(2, 100)
		case 'd':
			s.Degraded = 100
		case 'f':
			s.BadStatus = 100
		case 's':
			full(len(load.Bounds), 100)
		case '1':
			full(2, 99)
			s.Impatience = 1
		case ' ':
			continue
		}
		seconds = append(seconds, s)
	}
	return seconds
}

func TestFirstBad(t *testing.T) {
	t.Parallel()
	for picture, want := range map[string]float64{
		"..1.f..": 4, // one in a hundred is what the objective lets go
		"...s...": 3,
		"f.....d": 6, // what was before the fault does not count
		".f.....": 1.5,
	} {
		if got := firstBad(life(picture), at(1.5)); !got.Equal(at(want)) {
			t.Errorf("%q: first bad second at %v, want %v", picture, got.Sub(at(0)), want)
		}
	}
	if got := firstBad(life("......"), at(0)); !got.IsZero() {
		t.Errorf("a good life has a bad second at %v", got)
	}
}

func TestRecovered(t *testing.T) {
	t.Parallel()
	for picture, want := range map[string]float64{
		"fff...f":    3,
		"fffd..f...": 7,
		".........":  1.5,
		"ff.. ....":  5, // nobody came: no proof of health
		"ffs1..":     3,
	} {
		if got := recovered(life(picture), at(1.5)); !got.Equal(at(want)) {
			t.Errorf("%q: recovered at %v, want %v", picture, got.Sub(at(0)), want)
		}
	}
	if got := recovered(life("fff..f..f"), at(1)); !got.IsZero() {
		t.Errorf("recovered at %v without three good seconds in a row", got)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	leak, _ := faultNamed("inventory-leak")
	w := watch{fault: leak, began: at(0.25), ended: at(30)}
	breaker := func(dependency, state string, since float64) []api.PolicyState {
		return []api.PolicyState{{Kind: "breaker", Dependency: dependency, State: state, Since: at(since)}}
	}
	w.sawPolicies(breaker("inventory", "open", 0.1)) // from an earlier fault
	w.sawPolicies(breaker("payment", "open", 2))     // somebody else's
	w.sawPolicies(breaker("inventory", "closed", 3))
	w.sawPolicies(breaker("inventory", "half-open", 9.5))
	w.sawPolicies(breaker("inventory", "open", 8.5))
	w.sawIncidents([]api.IncidentSummary{{ID: "old", OpenedAt: at(-5)}})
	w.sawIncidents([]api.IncidentSummary{{ID: "second", OpenedAt: at(12)}, {ID: "first", OpenedAt: at(10)}, {ID: "old", OpenedAt: at(-5)}})
	incident := func(service string, class verdict.Class, causes ...float64) api.Incident {
		var i api.Incident
		i.Cause = &verdict.Cause{Service: service, Class: class}
		for _, c := range causes {
			i.Timeline = append(i.Timeline, api.TimelineEntry{At: at(c), Step: "cause"})
		}
		return i
	}
	w.sawIncident(api.Incident{}, at(11))
	w.sawIncident(incident("order", verdict.Latency, 11.5), at(11.7))
	w.sawIncident(incident("inventory", verdict.Latency, 11.5, 12), at(12.1))
	w.sawIncident(incident("inventory", verdict.Latency, 11.5, 12), at(12.3))
	w.sawIncident(incident("inventory", verdict.Saturation, 11.5, 12, 13), at(13.1))
	w.sawShop(api.Demo{Fault: "inventory-leak"})
	w.sawShop(api.Demo{Processes: []api.DemoProcess{{Service: "inventory", StartedAt: at(14)}}})

	var row Row
	row.fill(&w, life("......sffffddddd...."), true)
	for name, c := range map[string]struct {
		got  *float64
		want float64
	}{
		"breaker":  {row.BreakerOpen, 2.5},
		"burn":     {row.BurnVerdict, 4},
		"cause":    {row.NamedCause, 6},
		"repaired": {row.Repaired, 13.75},
		"recovery": {row.Recovery, 2},
		"lasted":   {&row.With.Lasted, 13.75},
	} {
		if c.got == nil || *c.got != c.want {
			t.Errorf("%s: %v, want %v", name, seconds(c.got), c.want)
		}
	}
	if w.incident != "first" || !row.Right || row.RightClass || row.CauseClass != verdict.Latency || len(row.Named) != 3 || row.Named[0].Service != "order" {
		t.Errorf("incident %s, row %+v", w.incident, row)
	}
	if row.With.Failed != 400 || row.With.Degraded != 500 || row.With.Users != 2000 {
		t.Errorf("count %+v", row.With)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := func(v float64) *float64 { return &v }
	r := Report{Rate: 200, Duration: 30, Tail: 15, Rows: []Row{
		{
			Fault: "payment-errors", Expected: "payment", ExpectedClass: verdict.Errors,
			BreakerOpen: s(0.4), BurnVerdict: s(2.1), NamedCause: s(3), Cause: "payment", CauseClass: verdict.Errors,
			Right: true, RightClass: true, Recovery: s(1.2), Named: []Naming{{3, "payment", verdict.Errors}},
			With: Count{Users: 9000, Failed: 12, Degraded: 5000}, Without: Count{Users: 9000, Failed: 3000, Unsent: 7},
		},
		{
			Fault: "payment-slow", Expected: "payment", ExpectedClass: verdict.Latency,
			BreakerOpen: s(2.5), NamedCause: s(9), Cause: "payment", CauseClass: verdict.Errors,
			Named: []Naming{{4, "order", verdict.Latency}, {9, "payment", verdict.Errors}},
			Right: true, Repaired: s(12), Recovery: s(0),
			With: Count{Users: 9000, Failed: 700}, Without: Count{Users: 9000, Failed: 6000},
		},
		{
			Fault: "order-panic", Expected: "order", ExpectedClass: verdict.Panics,
			BreakerOpen: s(1), BurnVerdict: s(16), Cause: "payment", CauseClass: verdict.Down,
			Named: []Naming{{17, "payment", verdict.Down}},
		},
	}}
	r.judge()
	var got bytes.Buffer
	if err := r.WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.txt"
	if *rewrite {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the report reads otherwise; run with -rewrite and read the diff. It reads:\n%s", got.String())
	}
}
