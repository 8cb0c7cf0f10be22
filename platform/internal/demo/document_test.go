package demo_test

import (
	"testing"

	"github.com/backstay/backstay/platform/internal/demo"
	"github.com/backstay/backstay/platform/internal/slo"
	"github.com/backstay/backstay/policy"
)

func TestDocumentsAreAccepted(t *testing.T) {
	t.Parallel()
	set, err := policy.Parse(demo.PolicyFile, demo.Policies())
	if err != nil || set == nil {
		t.Errorf("policies: %v", err)
	}
	promised, err := slo.Parse(demo.ObjectiveFile, demo.Objectives())
	if err != nil {
		t.Fatalf("objectives: %v", err)
	}
	if len(promised) != 3 {
		t.Errorf("%d objectives, want 3", len(promised))
	}
	for _, o := range promised {
		if o.Service != "gateway" {
			t.Errorf("objective %s is of %s", o.Name, o.Service)
		}
	}
}
