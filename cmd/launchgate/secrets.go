package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/scan/secrets"
)

func newSecretsCommand() *cobra.Command {
	var history, sinceLast, noInline bool
	var format, cache string
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
complete scan.

Exit status: 0 nothing open, 1 open secrets, 2 could not look at everything, 64 usage.`,
		Example: `  launchgate secrets --history
  launchgate secrets ../api --history --since-last
  launchgate secrets --history --format json > rotate.json
  launchgate secrets mark KEY rotated --reason "rolled on 3 May"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !history {
				return usageError{errors.New("say --history; the commits of one change are looked at by 'launchgate review'")}
			}
			if format != "text" && format != "json" {
				return usageError{fmt.Errorf("unknown format %q: text or json", format)}
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			key, err := localKey()
			if err != nil {
				return err
			}
			bar := newHistoryBar(cmd.ErrOrStderr())
			out, err := secrets.ScanHistory(cmd.Context(), secrets.HistoryOptions{
				Dir: dir, FingerprintKey: key, CacheDir: cache, SinceLast: sinceLast,
				Settings: secrets.Settings{ForbidInlineAllow: noInline}, Progress: bar.show,
			})
			bar.finish()
			if err != nil {
				return err
			}
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				err = enc.Encode(out)
			} else {
				err = writeRotations(cmd.OutOrStdout(), out)
			}
			if err != nil {
				return err
			}
			if !out.Receipt.Complete() {
				return exitError(exitCouldNotVerify)
			}
			for _, r := range out.Rotations {
				if r.State == secrets.Open {
					return exitError(exitBlock)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&history, "history", false, "look at the history of all branches and tags")
	cmd.Flags().BoolVar(&sinceLast, "since-last", false, "report only what is new since the last complete scan under the same rules")
	cmd.Flags().BoolVar(&noInline, "forbid-inline-allow", false, "give 'gitleaks:allow' on a line no effect")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.PersistentFlags().StringVar(&cache, "cache", localCache(), "folder that remembers which commits were looked at")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))

	var reason string
	markCmd := &cobra.Command{
		Use:   "mark KEY open|rotated|false-positive",
		Short: "Note what became of a secret",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return secrets.Mark(cache, args[0], secrets.State(args[1]), reason, time.Now())
		},
	}
	markCmd.Flags().StringVar(&reason, "reason", "", "why; needed for a false positive")
	cmd.AddCommand(markCmd)
	return cmd
}

// writeRotations prints the list for people. Names come from the repository and
// are quoted where they hold anything a terminal could act on.
func writeRotations(w io.Writer, h secrets.History) error {
	open := 0
	for _, r := range h.Rotations {
		if r.State == secrets.Open {
			open++
		}
	}
	fmt.Fprintf(w, "%d secrets, %d open\n", len(h.Rotations), open)
	for _, r := range h.Rotations {
		fmt.Fprintf(w, "\n%s  %s  %s\n", r.Severity, r.Rule, r.Provider)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		place := printable(r.Path)
		if r.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, r.Line)
		}
		if place == "" {
			place = "(a message)"
		}
		fmt.Fprintf(tw, "  first\t%s  %s  %s\n", r.Commit.Short(), r.Authored.Format(time.DateOnly), place)
		still := "only in history"
		if r.InHead {
			still = "still in HEAD"
		}
		fmt.Fprintf(tw, "  now\t%s, seen %d times\n", still, r.Places)
		fmt.Fprintf(tw, "  rotate\t%s\n", r.Steps)
		if r.Where != "" {
			fmt.Fprintf(tw, "  \t%s\n", r.Where)
		}
		state := string(r.State)
		if r.Reason != "" {
			state += ": " + printable(r.Reason)
		}
		fmt.Fprintf(tw, "  state\t%s\n", state)
		fmt.Fprintf(tw, "  key\t%s\n", r.Key)
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	for _, c := range h.Receipt.Counts {
		fmt.Fprintf(w, "%d of %d %s looked at\n", c.Looked, c.Expected, c.Unit)
	}
	for _, s := range h.Receipt.Skipped {
		fmt.Fprintf(w, "skipped: %s: %s\n", printable(s.What), s.Why)
	}
	for _, n := range h.Receipt.Notes {
		fmt.Fprintf(w, "note: %s\n", printable(n))
	}
	for _, g := range h.Receipt.Gaps {
		fmt.Fprintf(w, "could not verify: %s: %s. %s\n", g.What, printable(g.Why), g.Do)
	}
	return nil
}

// printable quotes what is not plain printable text.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x2028 && r <= 0x202e }) >= 0 {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// historyBar shows how far a scan is, on one line of a terminal, or as a plain
// line now and then.
type historyBar struct {
	w     io.Writer
	lines chan secrets.HistoryProgress
	done  chan struct{}
}

func newHistoryBar(w io.Writer) *historyBar {
	b := &historyBar{w: w, lines: make(chan secrets.HistoryProgress, 1), done: make(chan struct{})}
	rewrite := isTerminal(w) && os.Getenv("TERM") != "dumb"
	every := 10 * time.Second
	if rewrite {
		every = 200 * time.Millisecond
	}
	go func() {
		defer close(b.done)
		var drawn time.Time
		for p := range b.lines {
			if now := time.Now(); now.Sub(drawn) >= every || rewrite && p.Commits == p.Total {
				drawn = now
				if rewrite {
					fmt.Fprintf(w, "\r\x1b[K%s", barText(p))
				} else {
					fmt.Fprintln(w, barText(p))
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
func (b *historyBar) show(p secrets.HistoryProgress) {
	select {
	case b.lines <- p:
	default:
	}
}

func (b *historyBar) finish() {
	close(b.lines)
	<-b.done
}

func barText(p secrets.HistoryProgress) string {
	const cells = 24
	full := 0
	if p.Total > 0 {
		full = cells * p.Commits / p.Total
	}
	s := fmt.Sprintf("[%s%s] %d of %d commits, %.1f MB, %d findings", strings.Repeat("#", full), strings.Repeat(".", cells-full), p.Commits, p.Total, float64(p.Bytes)/1e6, p.Findings)
	if p.Left > 0 {
		s += fmt.Sprintf(", %s left", p.Left.Round(time.Second))
	}
	return s
}
