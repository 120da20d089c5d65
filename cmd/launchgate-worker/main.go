// Command launchgate-worker runs one scanner on a request from standard input,
// as "launchgate worker" does, without anything else linked into it: no server, no
// database driver, no client of GitHub, no CLI. It stands beside launchgate, which
// starts it if it is of the same build, and itself otherwise.
//
//	launchgate-worker          print the build
//	launchgate-worker SCANNER  be a worker; launchgate starts these
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/cmd/internal/build"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

func main() {
	switch len(os.Args) {
	case 1:
		fmt.Println(build.ID())
	case 2:
		os.Exit(scan.LeanWorkerMain(context.Background(), build.ID(), os.Args[1], scanners.All(), os.Stdin, os.Stdout))
	default:
		fmt.Fprintln(os.Stderr, "usage: launchgate-worker [SCANNER]")
		os.Exit(64)
	}
}
