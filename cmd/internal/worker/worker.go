// Package worker is what the programs have in common that run scanners and nothing
// else. launchgate starts them; see cmd/launchgate-worker.
package worker

import (
	"context"
	"fmt"
	"os"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/cmd/internal/build"
)

// Main is the program: without an argument it prints its build, with the name of a
// scanner it is its worker. inert is as for scan.WorkerMain.
func Main(inert func() string, scanners ...scan.Scanner) {
	switch len(os.Args) {
	case 1:
		fmt.Println(build.ID())
	case 2:
		os.Exit(scan.LeanWorkerMain(context.Background(), build.ID(), os.Args[1], scanners, inert, secrets.NewRedactor(), os.Stdin, os.Stdout))
	default:
		fmt.Fprintf(os.Stderr, "usage: %s [SCANNER]\n", os.Args[0])
		os.Exit(64)
	}
}
