package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/history"
)

func newSecretsCommand() *cobra.Command {
	var cache string
	cmd := history.Command(os.Executable, &cache)
	cmd.AddCommand(newSecretsListCommand(), newSecretsMarkCommand(&cache))
	return cmd
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
			write, err := history.Format(format)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("config") && !configuredByEnvironment(os.Environ()) {
				return cli.Usage(errors.New("name the server's configuration with --config; the list of a local repository is made by 'launchgate secrets DIR --history'"))
			}
			list, err := serverHistories(cmd.Context(), path, repo)
			if err != nil {
				return err
			}
			if err := cli.WriteOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return write(w, list...) }); err != nil {
				return err
			}
			return history.Status(list...)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&repo, "repo", "", "only this repository, as owner/name")
	history.FormatFlags(cmd, "text", &format, &output)
	return cmd
}

func newSecretsMarkCommand(cache *string) *cobra.Command {
	var path, reason, by string
	cmd := &cobra.Command{
		Use:   "mark KEY open|rotated|false-positive",
		Short: "Note what became of a secret",
		Long: `Note what became of a secret. With --config it is noted in the server's database,
without, for this user's own scans. The beginning of the key will do. The same
secret elsewhere is meant, too. 'open' takes back what was noted.`,
		Example: `  launchgate secrets mark 2d471dd37aab rotated --reason "rolled on 3 May"
  launchgate secrets mark 2d471dd37aab false-positive --reason "a test key"
  launchgate secrets mark 2d471dd37aab open --config launchgate.yml`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("by") {
				by = userName()
			}
			mark := review.Mark{Reason: reason, At: time.Now(), By: by}
			if err := mark.State.UnmarshalText([]byte(args[1])); err != nil {
				return cli.Usage(err)
			}
			key := args[0]
			var err error
			if cmd.Flags().Changed("config") {
				err = withDatabase(cmd.Context(), path, func(ctx context.Context, db *store.DB) error {
					key, err = db.MarkSecret(ctx, key, mark)
					return err
				})
			} else {
				marks := client.OpenMarks(*cache)
				if key, err = marks.Find(key); err == nil {
					err = marks.Set(key, mark)
				}
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%.16s is %s\n", key, mark.State)
			return err
		},
	}
	serverFlag(cmd, &path)
	cmd.Flags().StringVar(&reason, "reason", "", "why; needed for a false positive")
	cmd.Flags().StringVar(&by, "by", "", "who says so, for whoever reads the list (default: what the system calls you)")
	return cmd
}

// userName is what the system calls whoever runs this program, "" when it does not say.
func userName() string {
	// With sudo, it is somebody else who decided.
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// serverFlag is the flag of a command that is about a server only with it.
func serverFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", "the server's configuration file; --config '' for one that is configured by LAUNCHGATE_ variables only")
}

// configuredByEnvironment reports whether a server's configuration may be in variables.
func configuredByEnvironment(environ []string) bool {
	return slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "LAUNCHGATE_GITHUB_") })
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
