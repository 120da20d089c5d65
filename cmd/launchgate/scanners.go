package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/inert"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/local"
	"github.com/launchgate/launchgate/cmd/internal/runner"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

// commands returns every command.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newDemoCommand(), newReviewCommand(), newRoutesCommand(), newDatamapCommand(), newSecretsCommand(), newReportCommand(), newRulesCommand(), newExplainCommand(), newPolicyCommand(), newServeCommand(), newDoctorCommand(),
		newMigrateCommand(), newKeyCommand(), newStoreCommand(), newHealthcheckCommand(), newVersionCommand(), newWorkerCommand(),
	}
}

func newWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "worker SCANNER",
		Short:  "Run one scanner on a request from standard input (the server starts these)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if status := scan.WorkerMain(cmd.Context(), args[0], scanners.All(), inert.Make, secrets.NewRedactor(), cmd.InOrStdin(), cmd.OutOrStdout()); status != 0 {
				return cli.Exit(status)
			}
			return nil
		},
	}
}

// newRunner returns what starts a worker for each scanner.
func newRunner(limits scan.Limits, scratch string, crashed func(string, review.Code, []string)) (*scan.Runner, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	var names []string
	for _, s := range scanners.All() {
		names = append(names, s.Name())
	}
	return runner.New(exe, names, limits, scratch, crashed), nil
}

// scannerSettings builds what each scanner is told, from the server's side
// (code) and the base policy.
func scannerSettings(code goanalysis.Settings) func(config.Policy, pipeline.FileReader) (map[string]json.RawMessage, error) {
	return func(pol config.Policy, _ pipeline.FileReader) (map[string]json.RawMessage, error) {
		out := make(map[string]json.RawMessage)
		var errs error
		put := func(name string, v any) {
			b, err := json.Marshal(v)
			errs = errors.Join(errs, err)
			out[name] = b
		}
		own := code
		own.Guards = nil
		for _, g := range pol.Guards {
			own.Guards = append(own.Guards, goanalysis.Guard{Name: g.Name, Role: g.Grants == config.GrantsRole})
		}
		own.Privacy = privacySettings(pol.Sensitive)
		put("code", own)
		put("secrets", client.Settings{ForbidInlineAllow: pol.Secrets.ForbidInlineAllow})
		return out, errs
	}
}

// privacySettings is what the policy says of data, as the analyzers take it.
func privacySettings(pol config.SensitivePolicy) privacy.Settings {
	classes := func(m map[string]config.DataClass) map[string]string {
		var out map[string]string
		for k, c := range m {
			if out == nil {
				out = make(map[string]string)
			}
			out[k] = string(c)
		}
		return out
	}
	s := privacy.Settings{Types: classes(pol.Types), Fields: classes(pol.Fields), Names: classes(pol.Names), NotSensitive: pol.NotSensitive,
		Redactors: pol.Redactors, SafeLogs: pol.SafeLogs, Minor: pol.Minor}
	for c, sev := range pol.Classes {
		if s.Severity == nil {
			s.Severity = make(map[string]string)
		}
		s.Severity[c] = string(sev)
	}
	return s
}

// localEvaluator is the pipeline's middle as the command line uses it.
func localEvaluator(scratch string) (*pipeline.Evaluator, error) {
	runner, err := newRunner(runner.DefaultLimits, scratch, nil)
	if err != nil {
		return nil, err
	}
	key, err := local.Key()
	if err != nil {
		return nil, err
	}
	code := goanalysis.Settings{}
	if dir := moduleCache(); dir != "" {
		code.ModuleCache, code.Sources = dir, goanalysis.SourcesCache
	}
	e := newEvaluator(runner, scratch, local.Cache(), key, code)
	if code.ModuleCache != "" {
		e.ReadDirs = []string{code.ModuleCache}
	}
	return e, nil
}

func newEvaluator(runner *scan.Runner, scratch, cache string, key []byte, code goanalysis.Settings) *pipeline.Evaluator {
	redactor := secrets.NewRedactor()
	return &pipeline.Evaluator{Run: runner.Bind(scanners.All()), Settings: scannerSettings(code), ScratchDir: scratch, CacheDir: cache,
		FingerprintKey: key, Redact: func(ctx context.Context, texts []*string) { redactor.Texts(ctx, key, texts) }, Limits: checkout.TreeLimits{}, Now: time.Now}
}

// moduleCache returns the user's module cache if there is one. It is read as
// plain files; the go command is not run.
func moduleCache() string {
	dir := os.Getenv("GOMODCACHE")
	if dir == "" {
		gopath := os.Getenv("GOPATH")
		if gopath == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return ""
			}
			gopath = filepath.Join(home, "go")
		}
		dir = filepath.Join(filepath.SplitList(gopath)[0], "pkg", "mod")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() || !filepath.IsAbs(dir) {
		return ""
	}
	return dir
}
