// Package runner starts scanners as workers: programs that stand beside launchgate
// and have one scanner, or launchgate itself.
package runner

import (
	"cmp"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/cmd/internal/beside"
	"github.com/launchgate/launchgate/cmd/internal/build"
)

// DefaultLimits are those of a worker when nobody says otherwise: generous for the
// largest repositories we know, small enough for a machine with two cores and 4 GiB.
var DefaultLimits = scan.Limits{Wall: 5 * time.Minute, CPU: 10 * time.Minute, MemoryBytes: 2 << 30, FileBytes: 1 << 30}

// New returns what starts the program that has just the scanner where it stands beside
// exe, and exe itself, launchgate, where it does not or is of another build. names are
// those of the scanners.
func New(exe string, names []string, limits scan.Limits, scratch string, crashed func(string, review.Code, []string)) *scan.Runner {
	r := &scan.Runner{Command: []string{exe, "worker"}, Build: build.ID(), Lean: make(map[string][]string), Limits: limits, ScratchDir: scratch, Crashed: crashed}
	if r.Build == "" {
		return r
	}
	for _, name := range names {
		if lean := Worker(exe, name); lean != "" {
			r.Lean[name] = []string{lean}
		}
	}
	return r
}

// workers names the programs that run one scanner; any other scanner is in
// launchgate-worker.
var workers = map[string]string{client.Name: "launchgate-worker-secrets"}

// Worker returns the program beside exe that runs just a scanner, "" where there is
// none.
func Worker(exe, scanner string) string {
	return beside.Find(exe, cmp.Or(workers[scanner], "launchgate-worker"))
}
