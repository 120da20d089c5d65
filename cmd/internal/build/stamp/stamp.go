// Package stamp holds what the linker writes into a program with
// -ldflags "-X github.com/launchgate/launchgate/cmd/internal/build/stamp.NAME=…".
//
// It imports next to nothing, for package handover, which is done before most
// packages are initialised.
package stamp

import "runtime"

var (
	// Release is the version of a release.
	Release string
	// Sources names what was compiled: a hash of all that goes into it.
	Sources string
)

// ID is the same for two programs only if they were built from the same sources by
// the same Go. It is "" where the linker was not told what they were.
func ID() string {
	if Sources == "" {
		return ""
	}
	return Sources + " " + runtime.Version()
}
