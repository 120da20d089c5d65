package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/cmd/internal/build"
	"github.com/launchgate/launchgate/cmd/internal/runner"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

func version() string { return build.Version() }

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it starts as workers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "launchgate %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			for _, s := range scanners.All() {
				if err == nil {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", s.Name(), startedAs(exe, s.Name()))
				}
			}
			return err
		},
	}
}

// startedAs says which program exe starts as the worker of a scanner, and why.
func startedAs(exe, scanner string) string {
	lean := runner.Worker(exe, scanner)
	switch {
	case lean == "":
		return exe + " worker (there is no launchgate-worker for it beside it)"
	case build.ID() == "":
		return exe + " worker (which sources it was built from is not recorded, so that none can be known to be the same)"
	}
	out, err := exec.Command(lean).Output()
	if err != nil || strings.TrimSpace(string(out)) != build.ID() {
		return exe + " worker (" + lean + " is of another build)"
	}
	return lean
}
