// Package cli is how the commands of launchgate end: exit statuses, errors, what is
// written where. It knows no command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
)

// The exit statuses of every command.
const (
	Pass           = 0
	Block          = 1
	CouldNotVerify = 2
	BadUsage       = 64 // EX_USAGE of sysexits.h
)

// Exit ends the program with a status; its message, if any, was printed.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Usage is the error of a call that makes no sense as written.
func Usage(err error) error { return usageError{err} }

type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// Run is main without the process. An error may quote a repository, so what is said of
// it goes through quiet, which takes out secrets; nil for a program that has nothing to
// know one by.
func Run(ctx context.Context, root *cobra.Command, quiet func(string) string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return Pass
	}
	var exit Exit
	if errors.As(err, &exit) {
		return int(exit)
	}
	said := Describe(err)
	if quiet != nil {
		said = quiet(said)
	}
	fmt.Fprintf(stderr, "launchgate: %s\n", said)
	var usage usageError
	if code := review.CodeOf(err); errors.As(err, &usage) || code == review.CodeBadRequest || code == review.CodeBadConfig {
		fmt.Fprintf(stderr, "See '%s'.\n", helpOf(root, called))
		return BadUsage
	}
	return CouldNotVerify
}

// helpOf is the call that prints what there is to know of the command that was called.
func helpOf(root, called *cobra.Command) string {
	if called == nil || called == root {
		return root.Name() + " help"
	}
	return called.CommandPath() + " --help"
}

// Describe returns err's text with the public form of the coded error in it:
// what was attempted, on what, and what to do. What git said about the
// repository follows: who runs the command has no log to look into.
func Describe(err error) string {
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

// Root is launchgate with these commands.
func Root(commands ...*cobra.Command) *cobra.Command {
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
				return Usage(UnknownCommand(cmd, args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// A mistyped command is told from the flags of the one that was meant.
		if first := firstWord(cmd.Flags().Args()); cmd == root && first != "" {
			return Usage(UnknownCommand(cmd, first))
		}
		return Usage(didYouMean(cmd, err))
	})
	root.AddCommand(commands...)
	for _, c := range root.Commands() {
		usageFromArgs(c)
	}
	return root
}

// UnknownCommand is the error of a command that cmd does not have, with what may have
// been meant.
func UnknownCommand(cmd *cobra.Command, name string) error {
	return fmt.Errorf("unknown command %q for %q%s", name, cmd.CommandPath(), meant(cmd, name, ""))
}

// didYouMean adds to the error of an unknown flag which may have been meant.
func didYouMean(cmd *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	flags := &cobra.Command{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Hidden: f.Hidden, Run: func(*cobra.Command, []string) {}})
	})
	return fmt.Errorf("%w%s", err, meant(flags, name, "--"))
}

// meant is the question whether one of a command's names was meant.
func meant(cmd *cobra.Command, name, prefix string) string {
	cmd.SuggestionsMinimumDistance = 2
	near := cmd.SuggestionsFor(name)
	if len(near) == 0 {
		return ""
	}
	for i := range near {
		near[i] = prefix + near[i]
	}
	return ", did you mean " + strings.Join(near, " or ") + "?"
}

func firstWord(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
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
			return Usage(err)
		}
		return nil
	}
	for _, sub := range c.Commands() {
		usageFromArgs(sub)
	}
}
