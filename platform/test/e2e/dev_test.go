package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDevCrash kills `backstay dev`, supervisor and all. The shop's customers are
// still served, by the processes that it left behind; a new one on the same data
// takes over, and the processes that were left behind end.
func TestDevCrash(t *testing.T) {
	t.Parallel()
	at, data := freeAddresses(t), t.TempDir()
	dev := func() *process { return start(t, "backstay", at.env(), "dev", "--data", data) }
	backstay := at.client(t)
	first := dev()
	eventually(t, time.Minute, "the first is ready", backstay.Ready)
	shop, err := backstay.Demo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gateway := ""
	for _, p := range shop.Processes {
		if p.Service == "gateway" {
			gateway = "http://" + p.Address
		}
	}
	buy := func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, gateway+"/checkout", strings.NewReader(`{"article":"mast","quantity":1}`))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("checkout answered %s", response.Status)
		}
		return nil
	}
	mapped := func(ctx context.Context) error {
		graph, err := backstay.Topology(ctx)
		if err == nil && len(graph.Edges) < 3 {
			err = fmt.Errorf("map has %d calls", len(graph.Edges))
		}
		return err
	}
	eventually(t, time.Minute, "the map shows the shop", mapped)
	stored := storedTraces(t, at)

	first.kill()
	if err := backstay.Ready(t.Context()); err == nil {
		t.Fatal("the server is still there")
	}
	for range 20 {
		if err := buy(t.Context()); err != nil {
			t.Fatalf("a customer of the shop whose supervisor died: %v", err)
		}
	}

	dev()
	eventually(t, time.Minute, "the second is ready", backstay.Ready)
	eventually(t, time.Minute, "the processes left behind have ended", func(ctx context.Context) error {
		if buy(ctx) == nil {
			now, err := backstay.Demo(ctx)
			if err != nil {
				return err
			}
			for _, p := range now.Processes {
				if "http://"+p.Address == gateway {
					return nil // the port is the new one's
				}
			}
			return fmt.Errorf("%s still answers", gateway)
		}
		return nil
	})
	for id, spans := range stored {
		if trace, err := backstay.Trace(t.Context(), id); err != nil || len(trace.Spans) < spans {
			t.Errorf("trace %s had %d spans before the crash and has %d: %v", id, spans, len(trace.Spans), err)
		}
	}
	eventually(t, time.Minute, "the map fills again", mapped)
}
