package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo"
)

var keyInBanner = regexp.MustCompile(`BACKSTAY_KEY=(\S+)`)

// TestServerCrash kills the server under load. The shop, which is a set of
// processes of its own, keeps serving with the policies it was given last, even
// when payment dies as well; a server started on the same data has the history,
// and its map fills again.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	at, data := freeAddresses(t), t.TempDir()
	serve := func() *process { return start(t, "backstay", at.env(), "serve", "--data", data) }
	backstay := at.client(t)
	server := serve()
	eventually(t, time.Minute, "the server is ready", backstay.Ready)
	key := keyInBanner.FindStringSubmatch(server.log.tail())
	if key == nil {
		t.Fatal("the banner does not say the control key")
	}
	if _, err := backstay.ApplySLOs(t.Context(), api.Document{File: "objectives.yaml", Data: demo.Objectives()}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := backstay.ApplyPolicies(t.Context(), api.Document{File: "policies.yaml", Data: demo.Policies()}, false); err != nil {
		t.Fatal(err)
	}
	shop, err := demo.Start(t.Context(), demo.Config{
		Command:    []string{binary(t, "backstay"), "demo", "process"},
		ControlURL: "http://" + at.listen, ControlKey: key[1], OTLP: "http://" + at.otlpHTTP,
		StateDir: t.TempDir(), Rate: 50, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shop.Close() })

	load := func(ctx context.Context) api.DemoLoad {
		status, err := shop.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return status.Load
	}
	mapped := func(ctx context.Context) error {
		graph, err := backstay.Topology(ctx)
		if err != nil {
			return err
		}
		if len(graph.Edges) < 3 {
			return fmt.Errorf("map has %d services and %d calls", len(graph.Nodes), len(graph.Edges))
		}
		return nil
	}
	eventually(t, time.Minute, "the map shows the shop", mapped)
	eventually(t, time.Minute, "the objectives have data", func(ctx context.Context) error {
		status, err := backstay.SLO(ctx, "checkout-complete")
		if err != nil || status.Total < 200 {
			return fmt.Errorf("status %+v: %w", status.Total, err)
		}
		return nil
	})
	stored := storedTraces(t, at)

	server.kill()
	before := load(t.Context())
	if err := shop.Break(t.Context(), "payment-kill"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the shop serves without the server and without payment", func(ctx context.Context) error {
		now := load(ctx)
		if now.Degraded-before.Degraded < 300 {
			return fmt.Errorf("load %+v, before %+v", now, before)
		}
		return nil
	})
	after := load(t.Context())
	failed, answered := after.Failed-before.Failed, after.OK+after.Degraded-before.OK-before.Degraded
	t.Logf("without server and payment: %d answered, %d failed", answered, failed)
	// Without policies every one of them fails, since payment is dead. With them a
	// starved machine still makes some wait longer than their patience.
	if failed > answered {
		t.Errorf("%d requests failed and %d were answered: the policies given last do not hold", failed, answered)
	}

	serve()
	eventually(t, time.Minute, "the server is ready again", backstay.Ready)
	for id, spans := range stored {
		trace, err := backstay.Trace(t.Context(), id)
		if err != nil || len(trace.Spans) < spans {
			t.Errorf("trace %s had %d spans before the crash and has %d: %v", id, spans, len(trace.Spans), err)
		}
	}
	if status, err := backstay.SLO(t.Context(), "checkout-complete"); err != nil || status.Window == "" {
		t.Errorf("the objective did not survive: %v", err)
	}
	eventually(t, time.Minute, "the map fills again", mapped)
}

// storedTraces remembers traces that the server has, with their number of spans.
func storedTraces(t *testing.T, at addresses) map[string]int {
	t.Helper()
	stored := map[string]int{}
	backstay := at.client(t)
	rows, err := backstay.Traces(t.Context(), api.TraceFilter{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		trace, err := backstay.Trace(t.Context(), row.TraceID)
		if err != nil {
			t.Fatal(err)
		}
		stored[row.TraceID] = len(trace.Spans)
	}
	if len(stored) == 0 {
		t.Fatal("no trace was stored")
	}
	return stored
}
