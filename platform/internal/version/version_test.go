package version

import (
	"runtime/debug"
	"testing"
)

func TestShort(t *testing.T) {
	t.Parallel()
	build := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"},
		{Key: "vcs.time", Value: "2026-11-21T12:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}}
	for _, tc := range []struct {
		name  string
		build *debug.BuildInfo
		want  string
	}{
		{"nothing recorded", nil, "dev"},
		{"checkout without history", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "dev"},
		{"release with changes", build, "v1.2.3 (0123456789ab, modified)"},
	} {
		if got := from(tc.build).Short(); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := Get(); got.Go == "" || got.Platform == "" || got.Version == "" {
		t.Errorf("Get() = %+v: something is empty", got)
	}
}
