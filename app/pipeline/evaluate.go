package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/policy"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// PolicyPath is where a repository keeps its policy, read from the base only.
const PolicyPath = ".github/launchgate.yml"

// maxPolicyBytes bounds what is read of a policy file; the parser bounds it
// again.
const maxPolicyBytes = 64 << 10

// Observer is told how an evaluation goes. Methods may be called from several
// goroutines and must not block.
type Observer interface {
	// Stage is called when a stage begins: "checkout", "scan", "judge".
	Stage(name string)
	// Scanned passes on a scanner's progress.
	Scanned(scan.Event)
}

// Evaluator turns a pair of commits into an outcome. Its fields are set once;
// Evaluate may be called concurrently.
type Evaluator struct {
	// Run runs every scanner on one request, each with its own settings, and
	// returns a report for each, in a stable order; a scanner that failed is a
	// report with a gap. Runner.Run with the scanners bound is one.
	Run func(ctx context.Context, req scan.Request, settings map[string]json.RawMessage, progress scan.Progress) []scan.Report
	// Settings returns what each scanner is told of the server's configuration
	// and the base policy, by scanner name; files reads the base.
	Settings func(pol config.Policy, files FileReader) (map[string]json.RawMessage, error)
	// Prepare, when set, is called with the tree of the head before the scanners
	// run, to fetch what they may need and cannot fetch themselves. What it
	// returns is said in the receipt.
	Prepare func(ctx context.Context, dir string, fork bool) []string
	// ScratchDir is where trees are laid down while a review runs.
	ScratchDir string
	// CacheDir is kept between reviews; empty: no cache.
	CacheDir string
	// ReadDirs are further folders the scanners may read: see
	// scan.Request.ReadDirs.
	ReadDirs []string
	// Redact takes what looks like a secret out of texts that are going to be shown,
	// in place. It is nil only where no repository but a test's is looked at.
	Redact func(ctx context.Context, texts []*string)
	// FingerprintKey keys the fingerprints of secrets, for this installation.
	FingerprintKey []byte
	// Limits bound the trees that are laid down.
	Limits checkout.TreeLimits
	Now    func() time.Time
}

// Evaluate reviews target, whose commits repo holds. It returns an error only
// when nothing can be said about the pair (no merge base, a cancelled context);
// everything that could be said in part is an Outcome whose receipt names the
// gap, and whose verdict is then CouldNotVerify.
func (e *Evaluator) Evaluate(ctx context.Context, repo *checkout.Repo, target review.Target, obs Observer) (review.Outcome, error) {
	out, err := e.evaluate(ctx, repo, target, obs)
	e.redactOutcome(ctx, &out)
	return out, e.redactedError(ctx, err)
}

func (e *Evaluator) evaluate(ctx context.Context, repo *checkout.Repo, target review.Target, obs Observer) (review.Outcome, error) {
	out := review.Outcome{Target: target, Started: e.Now()}

	obs.Stage("checkout")
	pair, err := e.resolve(ctx, repo, &out)
	if err != nil {
		return out, err
	}
	pol := e.readPolicy(ctx, repo, pair.policyAt, &out)

	scratch, err := os.MkdirTemp(e.ScratchDir, "review-")
	if err != nil {
		return out, &review.Error{Code: review.CodeCheckout, Op: "make a scratch directory", Do: "check that the data directory is writable and has room", Err: err}
	}
	defer os.RemoveAll(scratch)

	req := scan.Request{
		Kind: target.Kind, GitDir: repo.GitDir(), Head: target.Head, MergeBase: pair.judgeBase, RulesAt: pair.policyAt, Fork: target.Fork,
		Diff: pair.judgeDiff, FingerprintKey: e.FingerprintKey, CacheDir: e.CacheDir, ReadDirs: e.ReadDirs,
	}
	req.HeadDir = filepath.Join(scratch, "head")
	headTree, err := e.layDown(ctx, repo, target.Head, req.HeadDir, nil, &out)
	if err != nil {
		return out, err
	}
	if e.Prepare != nil {
		obs.Stage("prepare")
		out.Receipt.Notes = append(out.Receipt.Notes, e.Prepare(ctx, req.HeadDir, req.Fork)...)
	}
	if pair.judgeBase != "" {
		req.BaseDir = filepath.Join(scratch, "base")
		if _, err := e.layDown(ctx, repo, pair.judgeBase, req.BaseDir, headTree, &out); err != nil {
			return out, err
		}
	}
	var settings map[string]json.RawMessage
	if e.Settings != nil {
		settings, err = e.Settings(pol, func(path string, max int64) ([]byte, error) { return repo.ReadFile(ctx, pair.policyAt, path, max) })
		if err != nil {
			return out, fmt.Errorf("settings of the scanners: %w", err)
		}
	}

	obs.Stage("scan")
	var head, base []review.Finding
	var baseRoutes []review.Route
	var data, baseData []review.DataFlow
	for _, rep := range e.Run(ctx, req, settings, obs.Scanned) {
		head = append(head, rep.Head...)
		base = append(base, rep.Base...)
		out.Routes = append(out.Routes, rep.Routes...)
		baseRoutes = append(baseRoutes, rep.BaseRoutes...)
		data, baseData = append(data, rep.Data...), append(baseData, rep.BaseData...)
		out.Receipt.Scanners = append(out.Receipt.Scanners, rep.Receipt)
	}
	if err := context.Cause(ctx); err != nil {
		return out, err
	}

	obs.Stage("judge")
	out.DataMap = findings.DataMap(data)
	all := findings.Compare(head, base, pair.judgeDiff)
	if pair.judgeBase == "" {
		// Nothing to compare with: everything stands there already.
		for i := range all {
			all[i].Origin = review.Existing
		}
	} else {
		all = findings.Moved(all, base, pair.judgeDiff, sources(req.BaseDir, req.HeadDir))
		all = findings.Authz(findings.AuthzInput{Findings: all, Base: baseRoutes, Head: out.Routes, Diff: pair.judgeDiff,
			Meant: func(method, path string) bool { return policy.InLedger(pol, method, path) }})
		out.RouteChanges = findings.RouteChanges(baseRoutes, out.Routes, pair.judgeDiff)
		out.DataChanges = findings.DataChanges(baseData, data)
		if !looked(out.Receipt, "code") {
			// What is not there may only not have been seen.
			out.RouteChanges = slices.DeleteFunc(out.RouteChanges, func(c review.RouteChange) bool { return c.After == nil })
			out.DataChanges = slices.DeleteFunc(out.DataChanges, func(c review.DataChange) bool { return c.Change == "removed" })
		}
	}
	out.Findings, out.Decision = policy.Decide(all, out.Receipt, pol, e.Now())
	if looked(out.Receipt, "code") {
		out.Decision.Notes = append(out.Decision.Notes, policy.StaleLedger(pol, out.Routes)...)
	}
	out.Routes = review.BareRoutes(out.Routes)
	for i := range out.RouteChanges {
		out.RouteChanges[i] = out.RouteChanges[i].Bare()
	}
	out.Finished = e.Now()
	return out, nil
}

// looked reports whether a scanner looked at everything it should have: only
// then does "there is none" mean that there is none.
func looked(r review.Receipt, scanner string) bool {
	i := slices.IndexFunc(r.Scanners, func(s review.ScannerReceipt) bool { return s.Scanner == scanner })
	return i >= 0 && r.Scanners[i].Complete()
}

// maxSourceBytes bounds a file that is read to see whether code moved.
const maxSourceBytes = 4 << 20

// sources reads the trees that were laid down. Each file is read once.
func sources(baseDir, headDir string) findings.Source {
	type file struct {
		side review.Side
		path string
	}
	known := make(map[file][]string)
	return func(side review.Side, path string) []string {
		f := file{side, path}
		if lines, ok := known[f]; ok {
			return lines
		}
		dir := headDir
		if side == review.Left {
			dir = baseDir
		}
		var lines []string
		if data, err := readUnder(dir, path); err == nil {
			lines = strings.Split(string(data), "\n")
		}
		known[f] = lines
		return lines
	}
}

// readUnder reads a file below a folder, however its path is written.
func readUnder(dir, path string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSourceBytes))
}

// pair is what a target is judged against.
type pair struct {
	// judgeBase is the merge base findings are compared with; judgeDiff the
	// change since. Both are empty for a baseline.
	judgeBase review.SHA
	judgeDiff review.Diff
	// policyAt is the commit the policy is read from.
	policyAt review.SHA
}

// resolve finds the merge base and the diffs. The diff shown and commented on
// is the pull request's own; what is judged may reach further back, see
// review.Target.JudgeBase.
func (e *Evaluator) resolve(ctx context.Context, repo *checkout.Repo, out *review.Outcome) (pair, error) {
	t := &out.Target
	if t.Base == "" {
		return pair{policyAt: t.Head}, nil
	}
	var err error
	if t.MergeBase, err = repo.MergeBase(ctx, t.Base, t.Head); err != nil {
		return pair{}, err
	}
	if out.Diff, err = repo.Diff(ctx, t.MergeBase, t.Head); err != nil {
		return pair{}, fmt.Errorf("diff of the pull request: %w", err)
	}
	p := pair{judgeBase: t.MergeBase, judgeDiff: out.Diff, policyAt: t.Base}
	if t.JudgeBase == "" || t.JudgeBase == t.Base {
		return p, nil
	}
	p.policyAt = t.JudgeBase
	if p.judgeBase, err = repo.MergeBase(ctx, t.JudgeBase, t.Head); err != nil {
		return pair{}, err
	}
	if p.judgeBase != t.MergeBase {
		if p.judgeDiff, err = repo.Diff(ctx, p.judgeBase, t.Head); err != nil {
			return pair{}, fmt.Errorf("diff against the default branch: %w", err)
		}
		out.Receipt.Notes = append(out.Receipt.Notes, fmt.Sprintf(
			"Judged against the default branch, because one commit has one check and the base branch %q is not protected: what that branch brought counts here too.", t.BaseRef))
	}
	return p, nil
}

// readPolicy reads the policy of the base. A broken policy file does not stop a
// review: the defaults apply, and the check says which line is wrong.
func (e *Evaluator) readPolicy(ctx context.Context, repo *checkout.Repo, at review.SHA, out *review.Outcome) config.Policy {
	data, err := repo.ReadFile(ctx, at, PolicyPath, maxPolicyBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return config.DefaultPolicy()
	}
	var pol config.Policy
	if err == nil {
		pol, err = config.ParsePolicy(PolicyPath, data)
	}
	if err != nil {
		out.Receipt.Notes = append(out.Receipt.Notes, publicText(err)+" Until it is mended on the base branch, the default policy applies.")
		return config.DefaultPolicy()
	}
	return pol
}

// layDown writes a commit's tree as regular files for the scanners. like is a
// tree laid down beside it, nil if there is none.
func (e *Evaluator) layDown(ctx context.Context, repo *checkout.Repo, commit review.SHA, dir string, like *checkout.Materialised, out *review.Outcome) (*checkout.Materialised, error) {
	res, err := repo.Materialise(ctx, commit, dir, checkout.MaterialiseOptions{Keep: checkout.ForScanners, Limits: e.Limits, Like: like})
	if err != nil {
		return nil, fmt.Errorf("lay down %s: %w", commit.Short(), err)
	}
	out.Receipt.Gaps = append(out.Receipt.Gaps, res.Gaps...)
	for _, s := range res.Skipped {
		if note := s.What + ": " + s.Why; commit == out.Target.Head && len(out.Receipt.Notes) < 50 {
			out.Receipt.Notes = append(out.Receipt.Notes, note)
		}
	}
	return &res, nil
}

// FileReader reads a file of the commit that judges; one that does not exist is
// fs.ErrNotExist.
type FileReader func(path string, max int64) ([]byte, error)

// publicText returns the part of err a reader of the check may see.
func publicText(err error) string {
	var e *review.Error
	if errors.As(err, &e) {
		return e.Public()
	}
	return "Something went wrong inside Launchgate; the server's log has the cause."
}
