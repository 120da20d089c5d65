// Command launchgate reviews pull requests to Go web APIs for launch readiness:
// as a GitHub App ("serve"), on a local repository ("review"), or as a demo of
// the whole path on one machine ("demo"). This package is wiring only.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	_ "github.com/launchgate/launchgate/cmd/internal/early"
	_ "github.com/launchgate/launchgate/cmd/internal/handover"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(ctx, cli.Root(commands()...), quiet, args, stdin, stdout, stderr)
}

// quiet takes what looks like a secret out of a text.
func quiet(said string) string {
	secrets.NewRedactor().Texts(context.Background(), nil, []*string{&said})
	return said
}
