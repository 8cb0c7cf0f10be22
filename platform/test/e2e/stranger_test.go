package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
)

// strangerSLO is an objective for a service that never heard of Backstay.
const strangerSLO = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: stranger-answers
spec:
  service: stranger
  description: Nine requests of ten are answered without a server error.
  indicator:
    metadata:
      name: stranger-answers
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource: {type: backstay, spec: {service: stranger, select: good}}
        total:
          metricSource: {type: backstay, spec: {service: stranger, select: total}}
  timeWindow:
    - duration: 1h
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.9
`

// TestStranger points a service that uses the OpenTelemetry SDK and nothing of
// ours at the server: it appears on the map with its RED figures within five
// seconds, and can be given an objective that is judged.
func TestStranger(t *testing.T) {
	t.Parallel()
	at := freeAddresses(t)
	start(t, "backstay", at.env(), "serve", "--data", t.TempDir())
	backstay := at.client(t)
	eventually(t, time.Minute, "the server is ready", backstay.Ready)

	begin := time.Now()
	start(t, "stranger", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + at.otlpHTTP})
	eventually(t, time.Minute, "the stranger is on the map with rate, errors and latency", func(ctx context.Context) error {
		graph, err := backstay.Topology(ctx)
		if err != nil {
			return err
		}
		for _, node := range graph.Nodes {
			if node.Name == "stranger" && node.RED.Rate > 0 && node.RED.P50 > 0 && node.RED.ErrorRatio > 0 {
				t.Logf("on the map after %s: %.1f/s, %.1f%% errors, P99 %.1f ms",
					time.Since(begin).Round(time.Millisecond), node.RED.Rate, 100*node.RED.ErrorRatio, 1000*node.RED.P99)
				return nil
			}
		}
		return fmt.Errorf("map holds %+v", graph.Nodes)
	})

	if _, err := backstay.ApplySLOs(t.Context(), api.Document{File: "stranger.yaml", Data: []byte(strangerSLO)}, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the objective is judged and met", func(ctx context.Context) error {
		status, err := backstay.SLO(ctx, "stranger-answers")
		if err != nil {
			return err
		}
		if status.Attainment == nil || status.Total < 100 {
			return fmt.Errorf("status %+v", status)
		}
		if a := *status.Attainment; a < 0.93 || a > 0.97 {
			return fmt.Errorf("attainment %.3f, want about 0.95 as one request in twenty fails", a)
		}
		return nil
	})
}
