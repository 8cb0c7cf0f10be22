package backstayotel_test

import (
	"testing"

	"github.com/backstay/backstay/backstaytest/archtest"
)

func TestFloors(t *testing.T) {
	t.Parallel()
	archtest.Floors(t, []archtest.Room{
		{Path: ".", Floor: 0, Why: "the adapter is one package; it imports the SDK and OpenTelemetry, nothing of ours imports it but programs"},
	})
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	archtest.PackageComments(t)
}

func TestForeignImports(t *testing.T) {
	t.Parallel()
	archtest.ForeignImports(t, map[string]string{
		"github.com/backstay/backstay": "...",
		"go.opentelemetry.io/otel":     "...",
		"go.opentelemetry.io/proto":    "...",
	})
}
