// Command launchgate reviews pull requests to Go web APIs for launch readiness:
// as a GitHub App ("serve"), on a local repository ("review"), or as a demo of
// the whole path on one machine ("demo"). This package is wiring only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
)

// The exit statuses of every command.
const (
	exitPass           = 0
	exitBlock          = 1
	exitCouldNotVerify = 2
	exitUsage          = 64 // EX_USAGE of sysexits.h
)

// exitError ends the program with a status; its message, if any, was printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a call that makes no sense as written.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitPass
	}
	var exit exitError
	if errors.As(err, &exit) {
		return int(exit)
	}
	fmt.Fprintf(stderr, "launchgate: %s\n", describe(err))
	var usage usageError
	if code := review.CodeOf(err); errors.As(err, &usage) || code == review.CodeBadRequest || code == review.CodeBadConfig {
		fmt.Fprintln(stderr, "See 'launchgate help'.")
		return exitUsage
	}
	return exitCouldNotVerify
}

// describe returns err's text with the public form of the coded error in it:
// what was attempted, on what, and what to do. What git said about the
// repository follows: who runs the command has no log to look into.
func describe(err error) string {
	var e *review.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := strings.Replace(err.Error(), e.Error(), e.Public(), 1)
	if e.Err != nil && (e.Code == review.CodeCheckout || e.Code == review.CodeHistoryIncomplete) {
		for line := range strings.Lines(e.Err.Error()) {
			text += "\n  " + publish.Terminal(strings.TrimSpace(line))
		}
	}
	return text
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "launchgate",
		Short: "Review Go web APIs for launch readiness",
		Long: `Launchgate reviews pull requests to Go web APIs for launch readiness: can the
wrong person reach something, did a secret ever enter history, does personal
data reach the logs. It answers with one required check and line comments.

Start with 'launchgate demo', or 'launchgate review' in a repository.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(commands()...)
	for _, c := range root.Commands() {
		usageFromArgs(c)
	}
	return root
}

// usageFromArgs makes wrong positional arguments end with the usage status.
func usageFromArgs(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
		if c.HasSubCommands() {
			check = cobra.ArbitraryArgs
		}
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, sub := range c.Commands() {
		usageFromArgs(sub)
	}
}
