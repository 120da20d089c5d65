// Package build says what the program that runs was built from.
package build

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/launchgate/launchgate/cmd/internal/build/stamp"
)

// Version returns the release, else the module version or commit Go recorded,
// else "devel".
func Version() string {
	if stamp.Release != "" {
		return stamp.Release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

// ID is the same for two programs only if they were built from the same sources
// by the same Go. It is "" where nobody recorded that: a build of a changed
// working tree, or one of a copy without git, that was told no sources.
func ID() string {
	if id := stamp.ID(); id != "" {
		return id
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" || strings.HasSuffix(v, "+dirty") {
		return ""
	}
	return v + " " + info.Main.Sum + " " + runtime.Version()
}
