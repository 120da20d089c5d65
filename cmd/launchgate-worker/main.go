// Command launchgate-worker runs one scanner on a request from standard input, as
// "launchgate worker" does, without anything else linked into it: no server, no
// database driver, no client of GitHub, no CLI. It stands beside launchgate, which
// starts it if it is of the same build, and itself otherwise. The secrets scanner
// has a program of its own, launchgate-worker-secrets.
package main

import (
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/inert"
	"github.com/launchgate/launchgate/app/scan/readiness"
	"github.com/launchgate/launchgate/cmd/internal/worker"
)

func main() { worker.Main(inert.Make, goanalysis.Scanner{}, readiness.Scanner{}) }
