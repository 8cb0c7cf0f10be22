package backstay_test

import (
	"testing"

	"github.com/backstay/backstay/backstaytest/archtest"
)

// floors says which package of the SDK may import which, and why.
var floors = []archtest.Room{
	{Path: "internal/...", Floor: 0, Why: "building blocks that know nothing of policies"},
	{Path: ".", Floor: 1, Why: "the vocabulary every policy speaks"},
	{Path: "breaker", Floor: 2, Why: "one policy; policies never import each other"},
	{Path: "retry", Floor: 2, Why: "one policy; policies never import each other"},
	{Path: "timeout", Floor: 2, Why: "one policy; policies never import each other"},
	{Path: "fallback", Floor: 2, Why: "one policy; policies never import each other"},
	{Path: "fault", Floor: 2, Why: "one policy; policies never import each other"},
	{Path: "metric", Floor: 2, Why: "measures; knows no policy"},
	{Path: "trace", Floor: 2, Why: "carries trace context; knows no policy"},
	{Path: "policy/document", Floor: 3, Why: "strict YAML with positions; the only importer of the YAML library"},
	{Path: "policy", Floor: 3, Step: 1, Why: "builds policies from documents"},
	{Path: "control", Floor: 3, Step: 2, Why: "delivers documents to policy"},
	{Path: "backstayhttp", Floor: 4, Why: "puts policies, metrics and traces around HTTP"},
	{Path: "backstaytest/archtest", Floor: 0, Why: "tests of structure, used by tests only"},
	{Path: "backstaytest", Floor: 4, Why: "what users need in their tests"},
	{Path: "service", Floor: 4, Step: 1, Why: "wires a process from all of the above"},
	{Path: "examples/...", Floor: 5, Why: "programs as a user writes them; the documents show pieces of them"},
}

func TestFloors(t *testing.T) {
	t.Parallel()
	archtest.Floors(t, floors)
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	archtest.PackageComments(t)
}

// TestOneForeignModule keeps the promise that importing the SDK brings one
// module along, which itself has no dependencies.
func TestOneForeignModule(t *testing.T) {
	t.Parallel()
	archtest.ForeignImports(t, map[string]string{"github.com/goccy/go-yaml": "policy/document"})
}
