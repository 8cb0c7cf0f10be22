// Package version says which Backstay this is, from what the Go linker recorded.
package version

import (
	"runtime"
	"runtime/debug"
)

// Info describes the running binary.
type Info struct {
	// Version is the module version, or "dev" when built from a checkout.
	Version string `json:"version"`
	// Commit is the revision it was built from, empty when unknown.
	Commit string `json:"commit,omitempty"`
	// Time is when that revision was committed, RFC 3339, empty when unknown.
	Time string `json:"time,omitempty"`
	// Modified says that the checkout held changes of its own.
	Modified bool `json:"modified,omitempty"`
	// Go is the version of the compiler.
	Go string `json:"go"`
	// Platform is operating system and architecture, as in "linux/amd64".
	Platform string `json:"platform"`
}

// Get reads what the linker recorded.
func Get() Info {
	build, _ := debug.ReadBuildInfo()
	return from(build)
}

func from(build *debug.BuildInfo) Info {
	info := Info{Version: "dev", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build == nil {
		return info
	}
	if v := build.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Time = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// Short is version and, when known, the first twelve digits of the commit.
func (i Info) Short() string {
	if len(i.Commit) < 12 {
		return i.Version
	}
	s := i.Version + " (" + i.Commit[:12]
	if i.Modified {
		s += ", modified"
	}
	return s + ")"
}
