// Package history is the look at the whole history of a repository of the user's own,
// and what is written of it: "launchgate secrets --history".
package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/local"
	"github.com/launchgate/launchgate/cmd/internal/runner"
	"github.com/spf13/cobra"
)

// formats are the ways a list of what to rotate is written.
var formats = []string{"text", "markdown", "csv", "json"}

// Command is "launchgate secrets" but for what follows a look: the list and the marks.
// launchgate names the program that starts workers; cache is what the user says of
// where to remember commits.
func Command(launchgate func() (string, error), cache *string) *cobra.Command {
	var history, sinceLast, noInline bool
	var format, output string
	cmd := &cobra.Command{
		Use:   "secrets [DIR] --history",
		Short: "List every secret the history of a repository holds, and where to rotate it",
		Long: `Look for secrets in the whole history of a local repository: every commit of all
branches and tags, merges included, commit messages, annotated tags and file
names. The list says what to rotate, who issued it, which commit brought it,
whether it still stands in HEAD, and where and how to rotate it. No secret, part
or testable hash of one is printed, stored or sent anywhere.

The scan may be stopped and goes on where it stopped. Commits are not looked at
twice under the same rules; --since-last reports only what is new since the last
complete scan. 'launchgate secrets list' and 'launchgate secrets mark' are for
what a server found, with --config, as well; 'launchgate report' writes the list as
a report to hand on.

Exit status: 0 nothing open, 1 open secrets, 2 could not look at everything, 64 usage.`,
		Example: `  launchgate secrets --history
  launchgate secrets ../api --history --since-last
  launchgate secrets --history --format json -o rotate.json
  launchgate secrets mark KEY rotated --reason "rolled on 3 May"
  launchgate secrets list --config launchgate.yml --repo agora/api
  launchgate secrets mark KEY false-positive --reason "a test key" --config launchgate.yml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !history && len(args) == 1 && notThere(args[0]) {
				return cli.Usage(cli.UnknownCommand(cmd, args[0]))
			}
			if !history {
				return cli.Usage(errors.New("say --history; the commits of one change are looked at by 'launchgate review'"))
			}
			write, err := Format(format)
			if err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if err := cli.CheckOutput(output); err != nil {
				return err // before hours of looking
			}
			settings := client.Settings{ForbidInlineAllow: noInline, History: &client.HistorySettings{SinceLast: sinceLast}}
			h, told, err := Local(cmd.Context(), launchgate, dir, *cache, settings, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := cli.WriteOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return write(w, h) }); err != nil {
				return err
			}
			if err := told(); err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "launchgate:", err)
			}
			return Status(h)
		},
	}
	cmd.Flags().BoolVar(&history, "history", false, "look at the history of all branches and tags")
	cmd.Flags().BoolVar(&sinceLast, "since-last", false, "report only what is new since the last complete scan under the same rules, if its list was written")
	cmd.Flags().BoolVar(&noInline, "forbid-inline-allow", false, "give 'gitleaks:allow' on a line no effect")
	FormatFlags(cmd, "text", &format, &output)
	cmd.PersistentFlags().StringVar(cache, "cache", local.Cache(), "folder that remembers which commits were looked at")
	return cmd
}

// FormatFlags are how a list is written, and where.
func FormatFlags(cmd *cobra.Command, usual string, format, output *string) {
	cmd.Flags().StringVar(format, "format", usual, cli.ListWords(formats))
	cmd.Flags().StringVarP(output, "output", "o", "", "write to this file instead of standard output")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

func notThere(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Local is a local repository's history with what its user decided. told is to be called
// when its user has the list.
func Local(ctx context.Context, launchgate func() (string, error), dir, cache string, settings client.Settings, stderr io.Writer) (h review.History, told func() error, err error) {
	h, told, err = look(ctx, launchgate, dir, cache, settings, stderr)
	if err != nil {
		return h, nil, err
	}
	if settings.History != nil && settings.History.SinceLast {
		h.Receipt.Notes = append(h.Receipt.Notes, "Only what no list has shown yet is listed; without --since-last, everything is.")
	}
	marks, err := client.OpenMarks(cache).All()
	review.MarkAll(h.Rotations, marks)
	return h, told, errors.Join(err, client.OpenMarks(cache).Listed(h.Rotations))
}

// Format returns the writer of one of formats.
func Format(format string) (func(io.Writer, ...review.History) error, error) {
	each := func(write func(io.Writer, review.History) error) func(io.Writer, ...review.History) error {
		return func(w io.Writer, list ...review.History) error {
			if len(list) == 0 {
				_, err := fmt.Fprintln(w, "No repository was looked at: the App is installed on none, or the server was not started since it was.")
				return err
			}
			for i, h := range list {
				if i > 0 {
					fmt.Fprintln(w)
				}
				if err := write(w, h); err != nil {
					return err
				}
			}
			return nil
		}
	}
	switch format {
	case "text":
		return each(publish.RotationsText), nil
	case "markdown":
		return each(publish.RotationsMarkdown), nil
	case "csv":
		return publish.RotationsCSV, nil
	case "json":
		return publish.RotationsJSON, nil
	}
	return nil, cli.Usage(fmt.Errorf("unknown format %q: %s", format, cli.ListWords(formats)))
}

// Status is how a command that lists histories ends. Of no history,
// nothing is known.
func Status(list ...review.History) error {
	if len(list) == 0 {
		return cli.Exit(cli.CouldNotVerify)
	}
	open := 0
	for _, h := range list {
		if h.State != review.HistoryDone {
			return cli.Exit(cli.CouldNotVerify)
		}
		open += h.Open()
	}
	if open > 0 {
		return cli.Exit(cli.Block)
	}
	return nil
}

// limits let a worker take its time with a history; it is stopped by
// the user, not by a clock.
var limits = scan.Limits{Wall: 24 * time.Hour, MemoryBytes: runner.DefaultLimits.MemoryBytes, FileBytes: runner.DefaultLimits.FileBytes}

// look looks at a repository of the user's own, in a worker.
func look(ctx context.Context, launchgate func() (string, error), dir, cache string, settings client.Settings, stderr io.Writer) (h review.History, told func() error, err error) {
	repo, err := checkout.OpenLocal(ctx, dir)
	if err != nil {
		return h, nil, err
	}
	head, err := repo.Head(ctx)
	if err != nil {
		if context.Cause(ctx) != nil {
			return h, nil, err
		}
		return h, nil, &review.Error{Code: review.CodeBadRequest, Op: "look at the history of", What: dir, Do: "HEAD names no commit: commit something, or check a branch out (in a bare repository: git symbolic-ref HEAD refs/heads/BRANCH)", Err: err}
	}
	key, err := local.Key()
	if err != nil {
		return h, nil, err
	}
	list := client.OpenTold(cache, repo.GitDir())
	settings.History.Told = list.Mark()
	raw, err := json.Marshal(settings)
	if err != nil {
		return h, nil, fmt.Errorf("settings of the secrets scanner: %w", err)
	}
	exe, err := launchgate()
	if err != nil {
		return h, nil, fmt.Errorf("find this program: %w", err)
	}
	// The worker's own scratch folder is all that is needed.
	start := runner.New(exe, []string{client.Name}, limits, os.TempDir(), nil)
	if cache != "" {
		// The worker may write below it, but not make it.
		if cache, err = filepath.Abs(cache); err == nil {
			err = os.MkdirAll(cache, 0o700)
		}
		if err != nil {
			return h, nil, fmt.Errorf("make the folder of scanned commits: %w", err)
		}
	}
	bar := newBar(stderr)
	started := time.Now()
	rep := start.Run(ctx, []scan.Scanner{client.Scanner{}}, scan.Request{Kind: review.KindLocal, GitDir: repo.GitDir(), Head: head, FingerprintKey: key, CacheDir: cache},
		map[string]json.RawMessage{client.Name: raw}, bar.show)[0]
	bar.finish()
	if cause := context.Cause(ctx); cause != nil {
		return h, nil, &review.Error{Code: review.CodeCancelled, Op: "look at the history of", What: dir, Do: "call it again; it goes on where it stopped", Err: cause}
	}
	h = review.History{State: review.HistoryDone, Head: head, Receipt: rep.Receipt, Rotations: rep.Rotations, Started: started, Finished: time.Now()}
	if !h.Receipt.Complete() {
		h.State = review.HistoryIncomplete
	}
	return h, func() error { return list.Set(rep.Mark) }, nil
}
