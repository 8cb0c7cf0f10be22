package executor_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
	"github.com/backstay/backstay/platform/internal/executor"
)

func TestScript(t *testing.T) {
	t.Setenv("BACKSTAY_TEST_SECRET", "hush")
	run := func(script string) (action.Action, error) {
		b := open(t, func(c *executor.Config) {
			c.Script = []string{"/bin/sh", "-c", script}
			c.ScriptTimeout = 200 * time.Millisecond
		})
		want := of(action.Script, "payment")
		want.Incident = "inc-7"
		return b.Do(t.Context(), want)
	}
	a, err := run(`echo "$BACKSTAY_SERVICE of $BACKSTAY_INCIDENT, secret: $BACKSTAY_TEST_SECRET."`)
	if err != nil || a.State != action.Done || a.Params["output"] != "payment of inc-7, secret: .\n" {
		t.Errorf("script: %+v, %v", a, err)
	}
	a, err = run(`echo broken; exit 3`)
	if err == nil || a.State != action.Failed || a.Params["output"] != "broken\n" || !strings.Contains(a.Error, "exit status 3") {
		t.Errorf("failing script: %+v, %v", a, err)
	}
	// A child in the background must not outlive the script's time, nor keep us waiting.
	a, err = run(`sleep 600 & sleep 600`)
	if err == nil || !strings.Contains(err.Error(), "did not end within 200ms") {
		t.Errorf("script that hangs: %+v, %v", a, err)
	}
	a, err = run(`sleep 600 & echo done`)
	if err != nil || a.State != action.Done || a.Params["output"] != "done\n" {
		t.Errorf("script that leaves a child behind: %+v, %v", a, err)
	}
	a, err = run(`i=0; while [ $i -lt 1000 ]; do echo "line $i"; i=$((i+1)); done`)
	out := a.Params["output"]
	if err != nil || len(out) > 5<<10 || !strings.HasSuffix(out, "line 999\n") || !strings.Contains(out, "are not kept") {
		t.Errorf("talkative script: %d bytes ending in %q, %v", len(out), out[max(0, len(out)-20):], err)
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	var got executor.Page
	var elsewhere int
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hook", func(_ http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere++ })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page := func(url string, allow ...netip.Prefix) (action.Action, error) {
		b := open(t, func(c *executor.Config) { c.Webhook, c.WebhookAllow = url, allow })
		want := of(action.PageOut, "payment")
		want.Incident = "inc-7"
		return b.Do(t.Context(), want)
	}
	a, err := page(server.URL + "/hook")
	if err != nil || got.Action != a.ID || got.Service != "payment" || got.Incident != "inc-7" || got.Reason == "" {
		t.Errorf("page %+v, %v", got, err)
	}
	if a, err = page(server.URL + "/away"); err == nil || elsewhere != 0 || !strings.Contains(a.Error, "307") {
		t.Errorf("a redirect was followed %d times: %v", elsewhere, err)
	}
	if _, err = page(server.URL+"/hook", netip.MustParsePrefix("192.0.2.0/24")); err == nil || !strings.Contains(err.Error(), "allow list") {
		t.Errorf("address outside the allow list: %v", err)
	}
	if _, err = page("http://127.0.0.1:1/services/secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("webhook that nobody serves: %v", err)
	}
	if _, err = page(server.URL + "/nothing"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("webhook that answers 404: %v", err)
	}
}
