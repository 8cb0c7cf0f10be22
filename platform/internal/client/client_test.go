package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/policy/document"
)

// record serves one canned answer and keeps the last request.
func record(t *testing.T, status int, kind, body string) (*Client, *http.Request) {
	t.Helper()
	last := new(http.Request)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = *r
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	c, err := New(srv.URL+"/", Config{Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c, last
}

func TestNewRefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "localhost:4400", "ftp://x", "http://", "::"} {
		if _, err := New(base, Config{}); err == nil {
			t.Errorf("%q passed", base)
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	c, last := record(t, 200, "application/json", `{}`)
	if _, err := c.Service(t.Context(), "a/b ?c"); err != nil {
		t.Fatal(err)
	}
	if last.URL.EscapedPath() != "/api/v1/services/a%2Fb%20%3Fc" || last.URL.RawQuery != "" {
		t.Errorf("got %s", last.URL)
	}
	if got := last.Header.Get("Authorization"); got != "Bearer secret" {
		t.Errorf("authorization: got %q", got)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	c, _ := record(t, 404, "application/problem+json", `{"status":404,"title":"Not Found","detail":"no such thing","hint":"look elsewhere"}`)
	_, err := c.SLO(t.Context(), "x")
	var p *api.Problem
	if !errors.As(err, &p) || p.Hint != "look elsewhere" || !errors.Is(err, api.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	c, _ = record(t, 502, "text/html", `<html>bad gateway</html>`)
	if _, err = c.SLO(t.Context(), "x"); !errors.As(err, &p) || !strings.Contains(p.Detail, "not how a Backstay server speaks") {
		t.Errorf("foreign server: got %v", err)
	}
	c, _ = record(t, 200, "text/html", `<html>hello</html>`)
	if _, err = c.SLO(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "not of this version's API") {
		t.Errorf("foreign answer: got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c, err := New("http://"+addr, Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Overview(t.Context())
	var u *UnreachableError
	if !errors.As(err, &u) || err.Error() != "no server answers at http://"+addr+": connection refused" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Overview(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// everything is a backend and a shop that answers each method with a value of
// its own, to see each call arrive at its method and come back whole.
type everything struct{ api.Backend }

func (everything) SLOBurn(_ context.Context, name string, window time.Duration, r api.Range) (api.Chart, error) {
	return api.Chart{Query: name, CLI: window.String() + " " + r.Step.String() + " " + r.To.Sub(r.From).String()}, nil
}

func (everything) ApplyPolicies(_ context.Context, d api.Document, check bool) ([]api.PolicyDocument, error) {
	if !check {
		return nil, &document.Error{Findings: []document.Finding{{File: d.File, Line: 1, Column: 2, Message: "m"}}}
	}
	return []api.PolicyDocument{{Name: d.File, YAML: string(d.Data)}}, nil
}

func (everything) DeleteSLO(_ context.Context, name string) error {
	if name == "known" {
		return nil
	}
	return api.ErrNotFound
}

func (everything) Incidents(_ context.Context, f api.IncidentFilter) ([]api.IncidentSummary, error) {
	return []api.IncidentSummary{{State: f.State, ID: time.Duration(f.Limit).String()}}, nil
}

func (everything) Traces(_ context.Context, f api.TraceFilter) ([]api.TraceSummary, error) {
	return []api.TraceSummary{{Root: f.Service, Duration: f.MinDuration.Seconds(), Spans: f.Limit}}, nil
}

func (everything) Query(_ context.Context, expr string, at time.Time) (api.Chart, error) {
	return api.Chart{Query: expr, CLI: at.UTC().Format(time.RFC3339)}, nil
}

func (everything) Ready(context.Context) error { return nil }

func TestAgainstTheRealHandler(t *testing.T) {
	t.Parallel()
	feed := new(api.Feed)
	srv := httptest.NewServer(api.New(api.Config{Backend: everything{}, Feed: feed, Token: "0123456789abcdef"}))
	defer srv.Close()
	c, err := New(srv.URL, Config{Token: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	check := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	chart, err := c.SLOBurn(ctx, "checkout", time.Minute, api.Range{From: at, To: at.Add(time.Hour), Step: time.Minute})
	check("burn", chart.Query+" "+chart.CLI, err, "checkout 1m0s 1m0s 1h0m0s")
	docs, err := c.ApplyPolicies(ctx, api.Document{File: "p.yaml", Data: []byte("kind: x")}, true)
	check("check", docs, err, []api.PolicyDocument{{Name: "p.yaml", YAML: "kind: x"}})
	_, err = c.ApplyPolicies(ctx, api.Document{File: "p.yaml"}, false)
	var p *api.Problem
	if !errors.As(err, &p) || len(p.Findings) != 1 || p.Findings[0].Column != 2 {
		t.Errorf("findings: got %v", err)
	}
	check("delete", nil, c.DeleteSLO(ctx, "known"), nil)
	if err := c.DeleteSLO(ctx, "other"); !errors.Is(err, api.ErrNotFound) {
		t.Errorf("delete: got %v", err)
	}
	list, err := c.Incidents(ctx, api.IncidentFilter{State: "open", Limit: 7})
	check("incidents", list, err, []api.IncidentSummary{{State: "open", ID: "7ns"}})
	found, err := c.Traces(ctx, api.TraceFilter{Service: "order", MinDuration: time.Second, Limit: 3})
	check("traces", found, err, []api.TraceSummary{{Root: "order", Duration: 1, Spans: 3}})
	chart, err = c.Query(ctx, `up{a="b"}`, at)
	check("query", chart.Query+" "+chart.CLI, err, `up{a="b"} 2026-11-21T12:00:00Z`)
	check("ready", nil, c.Ready(ctx), nil)

	enough := errors.New("enough")
	got := make(chan error, 1)
	go func() {
		got <- c.Events(ctx, func(e api.Event) error {
			if e.Name == "incident" && e.ID == "INC-1" && e.At.Equal(at) {
				return enough
			}
			return errors.New("wrong event")
		})
	}()
	for feed.Readers() == 0 && ctx.Err() == nil {
		select {
		case err := <-got:
			t.Fatal(err)
		default:
			runtime.Gosched()
		}
	}
	feed.Publish(api.Event{Name: "incident", ID: "INC-1", At: at})
	if err := <-got; !errors.Is(err, enough) {
		t.Errorf("events: got %v", err)
	}
}
