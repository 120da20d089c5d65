package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/cmd/internal/beside"
	"github.com/launchgate/launchgate/cmd/internal/build"
	"github.com/launchgate/launchgate/cmd/internal/build/stamp"
	"github.com/launchgate/launchgate/cmd/internal/handover"
	"github.com/launchgate/launchgate/cmd/internal/runner"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

func version() string { return build.Version() }

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it starts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			var b strings.Builder
			fmt.Fprintf(&b, "launchgate %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			built := make(map[string]string) // from what, by program
			for _, s := range scanners.All() {
				fmt.Fprintf(&b, "%s: %s\n", s.Name(), startedAs(exe+" worker", "launchgate-worker", runner.Worker(exe, s.Name()), build.ID(), built))
			}
			fmt.Fprintf(&b, "secrets --history: %s\n", startedAs(exe, handover.Program, beside.Find(exe, handover.Program), stamp.ID(), built))
			_, err = fmt.Fprint(cmd.OutOrStdout(), b.String())
			return err
		},
	}
}

// startedAs says which program is started, lean or else whole, and why. lean is "" where
// there is none of that name; without an argument it says from what it was built.
func startedAs(whole, name, lean, id string, built map[string]string) string {
	switch {
	case lean == "":
		return whole + " (there is no " + name + " for it beside it)"
	case id == "":
		return whole + " (which sources it was built from is not recorded, so that none can be known to be the same)"
	}
	if _, asked := built[lean]; !asked {
		out, _ := exec.Command(lean).Output()
		built[lean] = strings.TrimSpace(string(out))
	}
	if built[lean] != id {
		return whole + " (" + lean + " is of another build)"
	}
	return lean
}
