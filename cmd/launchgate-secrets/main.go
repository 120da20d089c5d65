// Command launchgate-secrets is "launchgate secrets --history" without anything else
// linked into it, so that a look at a push costs what looking costs. It stands beside
// launchgate, which hands over to it (package handover); it is not called by hand. Without an
// argument it prints its build.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/launchgate/launchgate/cmd/internal/build/stamp"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/handover"
	"github.com/launchgate/launchgate/cmd/internal/history"
)

func main() {
	if len(os.Args) == 1 {
		fmt.Println(stamp.ID())
		return
	}
	exe, args, ok := handover.Taken(os.Args, stamp.ID())
	if !ok {
		fmt.Fprintln(os.Stderr, "launchgate-secrets: launchgate starts this program; call 'launchgate secrets --history'")
		os.Exit(cli.BadUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var cache string
	root := cli.Root(history.Command(func() (string, error) { return exe, nil }, &cache))
	status := cli.Run(ctx, root, nil, args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
