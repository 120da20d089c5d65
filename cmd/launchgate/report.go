package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/app/store"
)

func newReportCommand() *cobra.Command {
	var path, repo, format, output, cache string
	cmd := &cobra.Command{
		Use:   "report [DIR]",
		Short: "Write a report to hand on: what is to be rotated, where, and how",
		Long: `Write a report to hand on: every secret that history holds, issuer by issuer, with
where and how to rotate it, which commit brought it, whether it still stands in
HEAD, and what was decided about it. The same secret in several repositories is
one entry. No secret, part or testable hash of one is in it.

Without --config it is about the local repository DIR, whose history is looked at
as far as it was not before; with --config, about what a server found in the
histories of its repositories.

Exit status: 0 nothing open, 1 open secrets, 2 not everything was looked at, 64 usage.`,
		Example: `  launchgate report -o rotate.md
  launchgate report ../api --format csv -o rotate.csv
  launchgate report --config launchgate.yml
  launchgate report --config launchgate.yml --repo agora/api --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			write, err := rotationFormat(format)
			if err != nil {
				return err
			}
			if format == "markdown" {
				write = func(w io.Writer, hs ...review.History) error { return publish.RotationReport(w, time.Now(), hs...) }
			}
			var list []review.History
			switch server := cmd.Flags().Changed("config"); {
			case server && len(args) > 0:
				return usageError{fmt.Errorf("give a folder or --config, not both")}
			case server:
				list, err = serverHistories(cmd.Context(), path, repo)
			case repo != "":
				return usageError{fmt.Errorf("--repo is for repositories of a server; give --config as well")}
			default:
				dir := "."
				if len(args) == 1 {
					dir = args[0]
				}
				var h review.History
				h, err = markedHistory(cmd.Context(), dir, cache, secrets.Settings{History: &secrets.HistorySettings{}}, cmd.ErrOrStderr())
				list = []review.History{h}
			}
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
	cmd.Flags().StringVar(&repo, "repo", "", "only this repository of the server, as owner/name")
	cmd.Flags().StringVar(&cache, "cache", localCache(), "folder that remembers which commits were looked at")
	formatFlags(cmd, "markdown", &format, &output)
	return cmd
}

// markedHistory is a local repository's history with what its user decided.
func markedHistory(ctx context.Context, dir, cache string, settings secrets.Settings, stderr io.Writer) (review.History, error) {
	h, err := localHistory(ctx, dir, cache, settings, stderr)
	if err != nil {
		return h, err
	}
	marks, err := secrets.OpenMarks(cache).All()
	review.MarkAll(h.Rotations, marks)
	return h, err
}

// serverHistories returns what a server found in the histories of its
// repositories, or of one.
func serverHistories(ctx context.Context, config, repo string) ([]review.History, error) {
	var list []review.History
	err := withDatabase(ctx, config, func(ctx context.Context, db *store.DB) error {
		rows, err := db.Histories(ctx)
		for _, row := range rows {
			if err == nil && (repo == "" || strings.EqualFold(row.Repo.FullName(), repo)) {
				var h store.History
				h, err = db.HistoryOf(ctx, row.Repo.ID)
				list = append(list, h.History)
			}
		}
		return err
	})
	if err == nil && repo != "" && len(list) == 0 {
		err = usageError{fmt.Errorf("the server knows no repository %q", repo)}
	}
	return list, err
}

// rotationFormat returns the writer of one of rotationFormats.
func rotationFormat(format string) (func(io.Writer, ...review.History) error, error) {
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
	return nil, usageError{fmt.Errorf("unknown format %q: %s", format, listWords(rotationFormats))}
}

// listWords is "a, b or c".
func listWords(words []string) string {
	last := len(words) - 1
	return strings.Join(slices.Clone(words[:last]), ", ") + " or " + words[last]
}
