package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/webhooks"
)

// instanceOptions is everything an instance of the server is made from: serve
// fills it from the configuration, demo by itself.
type instanceOptions struct {
	dataDir       string
	database      store.Config
	key           keySource
	github        gh.Config
	webhookSecret []byte
	baseURL       string // "" for no details links
	webURL        string // of GitHub's pages; "" for no links to them
	reviewTime    time.Duration
	worker        scan.Limits
	mirrors       checkout.Limits
	trees         checkout.TreeLimits
	jobs          jobs.Config
	code          goanalysis.Settings
	prepare       func(ctx context.Context, dir string, fork bool) []string
	log           *slog.Logger
	step          func(t review.Target, step string)
}

// instance is a running server without its listener.
type instance struct {
	db      *store.DB
	app     *gh.App
	queue   *jobs.Queue
	webhook http.Handler
	service *pipeline.Service
}

// newInstance opens the database, brings it up to date, and wires every stage.
func newInstance(ctx context.Context, opt instanceOptions) (_ *instance, err error) {
	scratch, cache := filepath.Join(opt.dataDir, "scratch"), filepath.Join(opt.dataDir, "cache")
	// Scratch is what a killed process left behind.
	if err := os.RemoveAll(scratch); err != nil {
		return nil, fmt.Errorf("clear the scratch folder: %w", err)
	}
	for _, dir := range []string{scratch, cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, &review.Error{Code: review.CodeBadConfig, Op: "make the folder", What: dir, Do: "check that data_dir is writable", Err: err}
		}
	}
	app, err := gh.New(opt.github)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, opt.database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	key, err := installationKey(ctx, db, opt.key, opt.log)
	if err != nil {
		return nil, err
	}
	checkouts, err := checkout.New(checkout.Config{Root: filepath.Join(opt.dataDir, "mirrors"), Limits: opt.mirrors})
	if err != nil {
		return nil, err
	}
	runner, err := newRunner(opt.worker, scratch, func(scanner string, code review.Code, positions []string) {
		opt.log.Error("a worker died", "scanner", scanner, "code", code, "at", positions)
	})
	if err != nil {
		return nil, err
	}
	evaluator := newEvaluator(runner, scratch, cache, derive(key, "fingerprints"), opt.code)
	evaluator.Limits, evaluator.Prepare = opt.trees, opt.prepare
	if opt.code.ModuleCache != "" {
		evaluator.ReadDirs = []string{opt.code.ModuleCache}
	}
	service := &pipeline.Service{
		App: app, AppID: opt.github.AppID, Checkouts: checkouts, DB: db, Evaluator: evaluator, Key: derive(key, "comment markers"), Rules: allRules(),
		RuleURL: func(id review.RuleID) string { return rule.URL(string(id)) }, WebURL: opt.webURL, Deadline: opt.reviewTime, Log: opt.log, Step: opt.step,
	}
	if opt.baseURL != "" {
		service.DetailsURL = func(id int64) string { return fmt.Sprintf("%s/reviews/%d", opt.baseURL, id) }
	}
	service.Historian = historian(runner)
	opt.jobs.Log = opt.log
	queue, err := jobs.New(db, opt.jobs, service)
	if err != nil {
		return nil, err
	}
	service.Historian.Accept = queue.Accept
	webhook, err := webhooks.New(opt.webhookSecret, queue, opt.log)
	if err != nil {
		return nil, err
	}
	webhook.OnlyApp(opt.github.AppID)
	return &instance{db: db, app: app, queue: queue, webhook: webhook, service: service}, nil
}

// One go at a history takes ten minutes of looking; the rest is for placing and
// reporting what was found.
const (
	historyGo   = 10 * time.Minute
	historyWall = 15 * time.Minute
)

// historian runs the secrets scanner alone, in a worker with more time than a
// review has.
func historian(reviews *scan.Runner) *pipeline.Historian {
	limits := reviews.Limits
	limits.Wall, limits.CPU = historyWall, 2*historyWall
	runner := reviews.WithLimits(limits)
	return &pipeline.Historian{
		Engine: secrets.Engine(),
		Look: func(ctx context.Context, req scan.Request, pol config.Policy, progress scan.Progress) (scan.Report, error) {
			settings, err := json.Marshal(client.Settings{ForbidInlineAllow: pol.Secrets.ForbidInlineAllow,
				History: &client.HistorySettings{Refs: []string{checkout.HistoryRefs}, Seconds: int(historyGo.Seconds())}})
			if err != nil {
				return scan.Report{}, fmt.Errorf("settings of the secrets scanner: %w", err)
			}
			return runner.Run(ctx, []scan.Scanner{secrets.New()}, req, map[string]json.RawMessage{secrets.Name: settings}, progress)[0], nil
		},
	}
}

// openDatabase opens a database and brings its tables up to date.
func openDatabase(ctx context.Context, cfg store.Config) (*store.DB, error) {
	db, err := store.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := jobs.Migrate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// close stops the queue and closes the database.
func (i *instance) close(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return errors.Join(i.queue.Stop(ctx), i.db.Close())
}
