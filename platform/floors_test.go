package platform_test

import (
	"testing"

	"github.com/backstay/backstay/backstaytest/archtest"
)

// floors says which package of the platform may import which, and why.
var floors = []archtest.Room{
	{Path: "internal/version", Floor: 0, Why: "what was built, known to all"},
	{Path: "internal/verdict", Floor: 0, Why: "vocabulary of conclusions: types only"},
	{Path: "internal/action", Floor: 0, Step: 1, Why: "vocabulary of deeds: types only; an action names its verdict"},
	{Path: "internal/config", Floor: 0, Step: 1, Why: "one file of settings; knows no component"},
	{Path: "internal/metricstore", Floor: 1, Why: "metrics behind one small interface; stores do not know each other"},
	{Path: "internal/tracestore", Floor: 1, Why: "spans behind one small interface; stores do not know each other"},
	{Path: "internal/metastore", Floor: 1, Why: "records behind one small interface; stores do not know each other"},
	{Path: "internal/topology", Floor: 2, Why: "service graph from spans"},
	{Path: "internal/ingest", Floor: 2, Step: 1, Why: "brings telemetry to the stores and the graph"},
	{Path: "internal/slo", Floor: 3, Why: "objectives and budgets: arithmetic without stores or HTTP"},
	{Path: "internal/sli", Floor: 3, Step: 1, Why: "feeds objectives from stores and graph"},
	{Path: "internal/rca", Floor: 3, Step: 2, Why: "names the cause from a graph and evidence"},
	{Path: "internal/incident", Floor: 3, Step: 3, Why: "keeps the chain from signal to recovery"},
	{Path: "internal/controlplane", Floor: 4, Why: "serves policies and leases to SDKs"},
	{Path: "internal/executor", Floor: 4, Step: 1, Why: "the only package that changes anything outside the process"},
	{Path: "internal/heal", Floor: 4, Step: 2, Why: "decides which action comes next"},
	{Path: "internal/api", Floor: 5, Why: "serves the JSON API; decides nothing"},
	{Path: "internal/client", Floor: 5, Step: 1, Why: "speaks the JSON API"},
	{Path: "internal/view", Floor: 5, Step: 2, Why: "turns stores and engines into API types"},
	{Path: "internal/console", Floor: 5, Step: 3, Why: "serves the built web console"},
	{Path: "internal/demo/...", Floor: 5, Step: 4, Why: "the demo shop, its faults and its drill"},
	{Path: "internal/server", Floor: 5, Step: 5, Why: "wires the loop into one process"},
	{Path: "internal/cli", Floor: 5, Step: 6, Why: "the command line"},
	{Path: "cmd/...", Floor: 6, Why: "entry points"},
	{Path: "test/...", Floor: 7, Why: "tests of whole programs; nobody imports them"},
}

func TestFloors(t *testing.T) {
	t.Parallel()
	archtest.Floors(t, floors)
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	archtest.PackageComments(t)
}
