package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
)

// notOurs are documented routes that the client has no method for: the console
// opens sessions, machines ask for health, people read the document.
var notOurs = map[string]bool{
	"POST /api/v1/session": true, "DELETE /api/v1/session": true, "GET /healthz": true, "GET /openapi.json": true,
}

// TestEveryRouteHasItsMethod calls all methods and compares what they ask for
// with the API's own document: each call is documented, each route is called.
func TestEveryRouteHasItsMethod(t *testing.T) {
	t.Parallel()
	open := documentedRoutes(t)
	var asked string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path
		if strings.HasSuffix(r.URL.Path, "/events") {
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	c, err := New(srv.URL, Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Now()
	span := api.Range{From: now.Add(-time.Hour), To: now, Step: time.Minute}
	drop := func(_ any, err error) error { return err }
	for _, call := range []func() error{
		func() error { return drop(c.Overview(ctx)) },
		func() error { return drop(c.Services(ctx)) },
		func() error { return drop(c.Service(ctx, "x")) },
		func() error { return drop(c.ServiceRED(ctx, "x", span)) },
		func() error { return drop(c.SLOs(ctx)) },
		func() error { return drop(c.SLO(ctx, "x")) },
		func() error { return drop(c.SLOBudget(ctx, "x", span)) },
		func() error { return drop(c.SLOBurn(ctx, "x", time.Minute, span)) },
		func() error { return drop(c.ApplySLOs(ctx, api.Document{}, true)) },
		func() error { return c.DeleteSLO(ctx, "x") },
		func() error { return drop(c.Topology(ctx)) },
		func() error { return drop(c.Incidents(ctx, api.IncidentFilter{})) },
		func() error { return drop(c.Incident(ctx, "x")) },
		func() error { return drop(c.Actions(ctx, 1)) },
		func() error { return drop(c.UndoAction(ctx, "x")) },
		func() error { return drop(c.Policies(ctx)) },
		func() error { return drop(c.ApplyPolicies(ctx, api.Document{}, true)) },
		func() error { return drop(c.Traces(ctx, api.TraceFilter{})) },
		func() error { return drop(c.Trace(ctx, "x")) },
		func() error { return drop(c.Query(ctx, "up", now)) },
		func() error { return drop(c.QueryRange(ctx, "up", span)) },
		func() error { return drop(c.Status(ctx)) },
		func() error { return drop(c.Demo(ctx)) },
		func() error { return drop(c.BreakDemo(ctx, "x")) },
		func() error { return drop(c.HealDemo(ctx)) },
		func() error { return drop(c.ProtectDemo(ctx, true)) },
		func() error { return c.Ready(ctx) },
		func() error {
			err := c.Events(ctx, func(api.Event) error { return nil })
			if _, ended := err.(*UnreachableError); ended { //nolint:errorlint // exactly this, not wrapped
				return nil
			}
			return err
		},
	} {
		asked = ""
		if err := call(); err != nil {
			t.Errorf("%s: %v", asked, err)
		}
		known := false
		for route, pattern := range open {
			if pattern.MatchString(asked) {
				known = true
				delete(open, route)
				break
			}
		}
		if !known {
			t.Errorf("%s is not documented, or is asked for twice", asked)
		}
	}
	for route := range open {
		if !notOurs[route] {
			t.Errorf("%s has no method", route)
		}
	}
}

// documentedRoutes reads the API's document and returns a pattern for each route.
func documentedRoutes(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/openapi.json", nil)
	api.New(api.Config{}).ServeHTTP(w, r)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	routes := map[string]*regexp.Regexp{}
	for path, item := range doc.Paths {
		for method := range item {
			route := strings.ToUpper(method) + " " + path
			routes[route] = regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(route), "[^/]+") + "$")
		}
	}
	return routes
}
