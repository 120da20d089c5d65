package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
	"github.com/launchgate/launchgate/app/server"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/runner"
)

// stopGrace is how long requests and reviews under way may go on when the
// server is asked to stop; container engines wait ten seconds before they kill.
const stopGrace = 8 * time.Second

func newServeCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the GitHub App's server: receive webhooks, review, publish. The configuration
is a YAML file; every option is in docs/launchgate.example.yml, and each can also
be set by a LAUNCHGATE_ variable.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.LoadServer(path, os.Environ())
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, slog.New(newQuietLog(cfg.Log.Handler(cmd.ErrOrStderr()))))
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", "configuration file; without one, LAUNCHGATE_ variables only")
}

func serve(ctx context.Context, cfg config.Server, log *slog.Logger) (err error) {
	inst, err := newInstance(ctx, optionsFrom(cfg, log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.close(stopGrace)) }()
	checkApp(ctx, inst.app, log)
	go keepTrimmed(ctx, filepath.Join(cfg.DataDir, "cache"), log)
	if err := inst.queue.Start(ctx); err != nil {
		return err
	}
	if n, err := inst.service.CatchUp(ctx); err != nil {
		log.Warn("histories could not be queued; the next start tries again", "error", err)
	} else if n > 0 {
		log.Info("histories are looked at in the background", "repositories", n)
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	log.Info("Launchgate listens", "address", ln.Addr().String(), "version", version())
	handler := server.New(server.Config{Webhook: inst.webhook, Ready: inst.db.Ping, Dashboard: pages(cfg, inst.db, log), Log: log})
	return server.Run(ctx, ln, handler, stopGrace)
}

// optionsFrom turns the configuration into what an instance is made from.
func optionsFrom(cfg config.Server, log *slog.Logger) instanceOptions {
	l := cfg.Limits
	opt := instanceOptions{
		dataDir: cfg.DataDir, database: databaseFrom(cfg), key: keyFrom(cfg), github: githubFrom(cfg), webURL: cfg.GitHub.URL, webhookSecret: cfg.GitHub.WebhookSecret.Reveal(),
		reviewTime: l.ReviewTime, log: log,
		worker:  scan.Limits{Wall: l.WorkerWall, CPU: l.WorkerCPU, MemoryBytes: int64(l.WorkerMemory), FileBytes: runner.DefaultLimits.FileBytes},
		mirrors: checkout.Limits{MirrorBytes: int64(l.MirrorBytes), FetchTime: l.FetchTime},
		trees:   checkout.TreeLimits{Files: l.TreeFiles, Bytes: int64(l.TreeBytes), FileBytes: int64(l.FileBytes)},
		jobs:    jobs.Config{Workers: l.Workers, RepoSlots: l.RepoSlots},
		code: goanalysis.Settings{GOOS: cfg.Code.GOOS, GOARCH: cfg.Code.GOARCH, Tags: cfg.Code.Tags, Sources: goanalysis.Sources(cfg.Code.Sources),
			ForkSources: goanalysis.Sources(cfg.Code.ForkSources), ModuleCache: cfg.Code.ModuleCache, PackageSeconds: int(cfg.Code.PackageTime.Seconds())},
	}
	if p := cfg.Code.Proxy; p.URL != "" {
		client := modproxy.Client{Private: p.Private, Dir: filepath.Join(cfg.DataDir, "cache", "modules"),
			Proxies: []modproxy.Proxy{{URL: p.URL, User: p.User, Password: string(p.Password.Reveal()), Only: p.Only}}}
		opt.prepare = downloader(client, opt.code, log)
	}
	if cfg.Dashboard.Enabled {
		opt.baseURL = cfg.BaseURL
	}
	return opt
}

// downloader fetches the modules a review needs, in the server and not in the
// worker: a worker has no network. Forks have sources of their own.
func downloader(client modproxy.Client, code goanalysis.Settings, log *slog.Logger) func(context.Context, string, bool) []string {
	return func(ctx context.Context, dir string, fork bool) []string {
		sources := code.Sources
		if fork {
			sources = code.ForkSources
		}
		if sources != goanalysis.SourcesProxy {
			return nil
		}
		c := client
		report, err := c.Fill(ctx, dir)
		if err != nil {
			log.Warn("modules could not be downloaded", "error", err)
			return []string{"Modules could not be downloaded; what depends on them is typed as far as it goes."}
		}
		notes := []string{fmt.Sprintf("Modules: %d needed, %d there already, %d downloaded (%d KiB).", report.Wanted, report.Present, report.Downloaded, report.Bytes>>10)}
		for i, r := range report.Refused {
			if i == 10 {
				notes = append(notes, fmt.Sprintf("%d more modules could not be had.", len(report.Refused)-i))
				break
			}
			notes = append(notes, fmt.Sprintf("Module not had: %s: %s.", r.What, r.Why))
		}
		return notes
	}
}

func databaseFrom(cfg config.Server) store.Config {
	if cfg.Database.PostgresDSN.IsSet() {
		return store.Config{PostgresDSN: string(cfg.Database.PostgresDSN.Reveal())}
	}
	return store.Config{Path: cfg.SQLitePath()}
}

func githubFrom(cfg config.Server) gh.Config {
	return gh.Config{AppID: cfg.GitHub.AppID, PrivateKey: cfg.GitHub.PrivateKey.Reveal(), APIBase: cfg.GitHub.APIURL(), UploadBase: cfg.GitHub.UploadURL(),
		UserAgent: "launchgate/" + version()}
}

// checkApp says at start-up what GitHub does not grant; the server starts all
// the same, because GitHub may be down and permissions may be accepted later.
func checkApp(ctx context.Context, app *gh.App, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	slug, err := app.Check(ctx, gh.NeededPermissions())
	if err != nil {
		log.Warn("the App could not be checked; reviews will say what is missing", "error", err)
		return
	}
	log.Info("the App answers", "slug", slug)
}

func newMigrateCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's tables up to date (serve does so by itself)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.LoadServer(path, os.Environ())
			if err != nil {
				return err
			}
			db, err := openDatabase(cmd.Context(), databaseFrom(cfg))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
			return errors.Join(err, db.Close())
		},
	}
	configFlag(cmd, &path)
	return cmd
}
