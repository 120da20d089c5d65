package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/app/store"
)

// rotationFormats are the ways a list of what to rotate is written.
var rotationFormats = []string{"text", "markdown", "csv", "json"}

func newSecretsCommand() *cobra.Command {
	var history, sinceLast, noInline bool
	var format, output, cache string
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
			if !history {
				return usageError{errors.New("say --history; the commits of one change are looked at by 'launchgate review'")}
			}
			write, err := rotationFormat(format)
			if err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			settings := secrets.Settings{ForbidInlineAllow: noInline, History: &secrets.HistorySettings{SinceLast: sinceLast}}
			h, err := markedHistory(cmd.Context(), dir, cache, settings, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return write(w, h) }); err != nil {
				return err
			}
			return historiesExit(h)
		},
	}
	cmd.Flags().BoolVar(&history, "history", false, "look at the history of all branches and tags")
	cmd.Flags().BoolVar(&sinceLast, "since-last", false, "report only what is new since the last complete scan under the same rules")
	cmd.Flags().BoolVar(&noInline, "forbid-inline-allow", false, "give 'gitleaks:allow' on a line no effect")
	formatFlags(cmd, "text", &format, &output)
	cmd.PersistentFlags().StringVar(&cache, "cache", localCache(), "folder that remembers which commits were looked at")
	cmd.AddCommand(newSecretsListCommand(), newSecretsMarkCommand(&cache))
	return cmd
}

func formatFlags(cmd *cobra.Command, usual string, format, output *string) {
	cmd.Flags().StringVar(format, "format", usual, listWords(rotationFormats))
	cmd.Flags().StringVarP(output, "output", "o", "", "write to this file instead of standard output")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(rotationFormats, cobra.ShellCompDirectiveNoFileComp))
}

func newSecretsListCommand() *cobra.Command {
	var path, repo, format, output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what the server found in the histories of its repositories",
		Long: `List what the server found in the histories of its repositories, with what was
decided about each secret.

Exit status: 0 nothing open, 1 open secrets, 2 not everything was looked at, 64 usage.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := rotationFormat(format)
			if err != nil {
				return err
			}
			list, err := serverHistories(cmd.Context(), path, repo)
			if err != nil {
				return err
			}
			if err := writeOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return write(w, list...) }); err != nil {
				return err
			}
			return historiesExit(list...)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&repo, "repo", "", "only this repository, as owner/name")
	formatFlags(cmd, "text", &format, &output)
	return cmd
}

func newSecretsMarkCommand(cache *string) *cobra.Command {
	var path, reason string
	cmd := &cobra.Command{
		Use:   "mark KEY open|rotated|false-positive",
		Short: "Note what became of a secret",
		Long: `Note what became of a secret. With --config it is noted in the server's database,
and the beginning of the key will do; without, for this user's own scans. The
same secret elsewhere is meant, too.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			mark := review.Mark{Reason: reason, At: time.Now()}
			if err := mark.State.UnmarshalText([]byte(args[1])); err != nil {
				return usageError{err}
			}
			key := args[0]
			var err error
			if cmd.Flags().Changed("config") {
				err = withDatabase(cmd.Context(), path, func(ctx context.Context, db *store.DB) error {
					key, err = db.MarkSecret(ctx, key, mark)
					return err
				})
			} else {
				err = secrets.OpenMarks(*cache).Set(key, mark)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%.16s is %s\n", key, mark.State)
			return err
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&reason, "reason", "", "why; needed for a false positive")
	return cmd
}

// withDatabase opens the database of a server's configuration.
func withDatabase(ctx context.Context, path string, use func(context.Context, *store.DB) error) error {
	cfg, err := config.LoadServer(path, os.Environ())
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, databaseFrom(cfg))
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, db), db.Close())
}

// historiesExit is how a command that lists histories ends. Of no history,
// nothing is known.
func historiesExit(list ...review.History) error {
	if len(list) == 0 {
		return exitError(exitCouldNotVerify)
	}
	open := 0
	for _, h := range list {
		if h.State != review.HistoryDone {
			return exitError(exitCouldNotVerify)
		}
		open += h.Open()
	}
	if open > 0 {
		return exitError(exitBlock)
	}
	return nil
}

// localHistoryLimits let a worker take its time with a history; it is stopped by
// the user, not by a clock.
var localHistoryLimits = scan.Limits{Wall: 24 * time.Hour, MemoryBytes: defaultLimits.MemoryBytes, FileBytes: defaultLimits.FileBytes}

// localHistory looks at a repository of the user's own, in a worker.
func localHistory(ctx context.Context, dir, cache string, settings secrets.Settings, stderr io.Writer) (review.History, error) {
	repo, err := checkout.OpenLocal(ctx, dir)
	if err != nil {
		return review.History{}, err
	}
	head, err := repo.Head(ctx)
	if err != nil {
		if context.Cause(ctx) != nil {
			return review.History{}, err
		}
		return review.History{}, &review.Error{Code: review.CodeBadRequest, Op: "look at the history of", What: dir, Do: "HEAD names no commit: commit something, or check a branch out", Err: err}
	}
	key, err := localKey()
	if err != nil {
		return review.History{}, err
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return review.History{}, fmt.Errorf("settings of the secrets scanner: %w", err)
	}
	// The worker's own scratch folder is all that is needed.
	runner, err := newRunner(localHistoryLimits, os.TempDir(), nil)
	if err != nil {
		return review.History{}, err
	}
	if cache != "" {
		// The worker may write below it, but not make it.
		if cache, err = filepath.Abs(cache); err == nil {
			err = os.MkdirAll(cache, 0o700)
		}
		if err != nil {
			return review.History{}, fmt.Errorf("make the folder of scanned commits: %w", err)
		}
	}
	bar := newHistoryBar(stderr)
	started := time.Now()
	rep := runner.Run(ctx, []scan.Scanner{secrets.New()}, scan.Request{Kind: review.KindLocal, GitDir: repo.GitDir(), Head: head, FingerprintKey: key, CacheDir: cache},
		map[string]json.RawMessage{secrets.Name: raw}, bar.show)[0]
	bar.finish()
	if cause := context.Cause(ctx); cause != nil {
		return review.History{}, &review.Error{Code: review.CodeCancelled, Op: "look at the history of", What: dir, Do: "call it again; it goes on where it stopped", Err: cause}
	}
	h := review.History{State: review.HistoryDone, Head: head, Receipt: rep.Receipt, Rotations: rep.Rotations, Started: started, Finished: time.Now()}
	if !h.Receipt.Complete() {
		h.State = review.HistoryIncomplete
	}
	return h, nil
}

// historyBar shows how far a scan is, on one line of a terminal, or as a plain
// line now and then.
type historyBar struct {
	w     io.Writer
	lines chan scan.Event
	done  chan struct{}
}

func newHistoryBar(w io.Writer) *historyBar {
	b := &historyBar{w: w, lines: make(chan scan.Event, 1), done: make(chan struct{})}
	rewrite := isTerminal(w) && os.Getenv("TERM") != "dumb"
	every := 10 * time.Second
	if rewrite {
		every = 200 * time.Millisecond
	}
	go func() {
		defer close(b.done)
		var drawn time.Time
		var left pace
		for e := range b.lines {
			if e.Total == 0 {
				continue // nothing is new
			}
			now := time.Now()
			text := barText(e, left.left(e, now))
			if now.Sub(drawn) >= every || rewrite && e.Done == e.Total {
				drawn = now
				if rewrite {
					fmt.Fprintf(w, "\r\x1b[K%s", text)
				} else {
					fmt.Fprintln(w, text)
				}
			}
		}
		if rewrite && !drawn.IsZero() {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}()
	return b
}

// show never blocks: when the screen is slower than the scan, steps are left
// out.
func (b *historyBar) show(e scan.Event) {
	select {
	case b.lines <- e:
	default:
	}
}

func (b *historyBar) finish() {
	close(b.lines)
	<-b.done
}

// pace tells from a scan's own pace how long it still takes. What an earlier
// scan did before it was stopped does not count.
type pace struct {
	begun time.Time
	first int
}

// left returns 0 while it is not known.
func (p *pace) left(e scan.Event, now time.Time) time.Duration {
	if p.begun.IsZero() {
		p.begun, p.first = now, e.Done
	}
	done := e.Done - p.first
	if done <= 0 || e.Done >= e.Total {
		return 0
	}
	return time.Duration(float64(now.Sub(p.begun)) * float64(e.Total-e.Done) / float64(done))
}

func barText(e scan.Event, left time.Duration) string {
	const cells = 24
	full := 0
	if e.Total > 0 {
		full = min(cells*e.Done/e.Total, cells)
	}
	s := fmt.Sprintf("[%s%s] %d of %d commits, %.1f MB, %d findings", strings.Repeat("#", full), strings.Repeat(".", cells-full), e.Done, e.Total, float64(e.Bytes)/1e6, e.Found)
	if left > 0 {
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return s
}
