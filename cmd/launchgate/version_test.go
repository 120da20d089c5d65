package main

import (
	"strings"
	"testing"

	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

func TestVersionSaysWhatItsWorkersAre(t *testing.T) {
	status, out, errs := launchgate(t, "version")
	// A test binary has no worker beside it.
	if status != cli.Pass || strings.Count(out, " worker (there is no launchgate-worker for it beside it)\n") != len(scanners.All()) || !strings.Contains(out, "secrets --history: ") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}
