package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// newDoctorCommand checks what serve needs, one line each, and ends with the
// usage status when something is missing.
func newDoctorCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration, git, the database and what GitHub grants",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			d := &doctor{out: cmd.OutOrStdout()}
			cfg, err := config.LoadServer(path, os.Environ())
			if d.check("configuration", "is fine", err); err == nil {
				d.checkDataDir(cfg.DataDir)
				d.checkDatabase(ctx, databaseFrom(cfg))
				d.checkKey(cfg)
				d.checkGitHub(ctx, githubFrom(cfg))
			}
			d.checkGit(ctx)
			if d.problems > 0 {
				return cli.Exit(cli.BadUsage)
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

type doctor struct {
	out      io.Writer
	problems int
}

func (d *doctor) check(what, good string, err error) {
	if err == nil {
		fmt.Fprintf(d.out, "ok       %s %s\n", what, good)
		return
	}
	d.problems++
	fmt.Fprintf(d.out, "PROBLEM  %s: %s\n", what, cli.Describe(err))
}

func (d *doctor) checkGit(ctx context.Context) {
	out, err := exec.CommandContext(ctx, "git", "--version").Output()
	d.check("git", strings.TrimSpace(string(out)), err)
}

func (d *doctor) checkDataDir(dir string) {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		probe := filepath.Join(dir, ".doctor")
		if err = os.WriteFile(probe, nil, 0o600); err == nil {
			err = os.Remove(probe)
		}
	}
	d.check("data directory", dir+" is writable", err)
}

func (d *doctor) checkDatabase(ctx context.Context, cfg store.Config) {
	db, err := store.Open(ctx, cfg)
	if err == nil {
		err = db.Ping(ctx)
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}
	d.check("database", "answers", err)
}

// checkKey changes nothing: a first start may still be to come.
func (d *doctor) checkKey(cfg config.Server) {
	const what = "installation key"
	from := keyFrom(cfg)
	_, err := os.Stat(from.file)
	switch {
	case from.configured.IsSet():
		d.check(what, "is configured", nil)
	case from.file == "":
		d.check(what, "", &review.Error{Code: review.CodeBadConfig, Op: "find it", Do: "make one with 'launchgate key new -o FILE' and name that file in installation_key_file; replicas that share a database need the same"})
	case errors.Is(err, fs.ErrNotExist):
		d.check(what, "is made at the first start, in "+from.file, nil)
	case openToOthers(from.file):
		d.check(what, "", &review.Error{Code: review.CodeBadConfig, Op: "keep it to this user", What: from.file, Do: "others may read it: chmod 600 it"})
	default:
		d.check(what, "is in "+from.file, err)
	}
}

func (d *doctor) checkGitHub(ctx context.Context, cfg gh.Config) {
	app, err := gh.New(cfg)
	if err != nil {
		d.check("GitHub", "", err)
		return
	}
	slug, err := app.Check(ctx, gh.NeededPermissions())
	d.check("GitHub", "knows this App as "+slug+" and grants what is needed", err)
	if err != nil {
		return
	}
	list, err := app.Installations(ctx)
	d.check("installations", fmt.Sprintf("%d", len(list)), err)
	for _, inst := range list {
		var problem error
		missing := gh.Missing(gh.NeededPermissions(), inst.Permissions)
		switch {
		case inst.Suspended:
			problem = &review.Error{Code: review.CodeSuspended, Op: "use the installation on", What: inst.Account, Do: "ask its owner to unsuspend it"}
		case len(missing) > 0:
			problem = &review.Error{Code: review.CodePermission, Op: "use the installation on", What: inst.Account, Do: "ask its owner to accept: " + strings.Join(missing, ", ")}
		}
		d.check("installation on "+inst.Account, "has every permission", problem)
	}
}
