package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/history"
	"github.com/launchgate/launchgate/cmd/internal/local"
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
			write, err := history.Format(format)
			if err != nil {
				return err
			}
			if format == "markdown" {
				write = func(w io.Writer, hs ...review.History) error { return publish.RotationReport(w, time.Now(), hs...) }
			}
			if err := cli.CheckOutput(output); err != nil {
				return err
			}
			var list []review.History
			told := func() error { return nil }
			switch server := cmd.Flags().Changed("config"); {
			case server && len(args) > 0:
				return cli.Usage(fmt.Errorf("give a folder or --config, not both"))
			case server:
				list, err = serverHistories(cmd.Context(), path, repo)
			case repo != "":
				return cli.Usage(fmt.Errorf("--repo is for repositories of a server; give --config as well"))
			default:
				dir := "."
				if len(args) == 1 {
					dir = args[0]
				}
				var h review.History
				h, told, err = history.Local(cmd.Context(), os.Executable, dir, cache, client.Settings{History: &client.HistorySettings{}}, cmd.ErrOrStderr())
				list = []review.History{h}
			}
			if err != nil {
				return err
			}
			if err := cli.WriteOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return write(w, list...) }); err != nil {
				return err
			}
			if err := told(); err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "launchgate:", err)
			}
			return history.Status(list...)
		},
	}
	serverFlag(cmd, &path)
	cmd.Flags().StringVar(&repo, "repo", "", "only this repository of the server, as owner/name")
	cmd.Flags().StringVar(&cache, "cache", local.Cache(), "folder that remembers which commits were looked at")
	history.FormatFlags(cmd, "markdown", &format, &output)
	return cmd
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
		err = cli.Usage(fmt.Errorf("the server knows no repository %q", repo))
	}
	return list, err
}
