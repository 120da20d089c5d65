package secrets

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

// Scanner looks for secrets in a pull request's commits, or for a baseline in
// the whole history of the head. It keeps no state.
type Scanner struct{}

var _ scan.Scanner = (*Scanner)(nil)

// New returns the scanner.
func New() *Scanner { return &Scanner{} }

// Name implements scan.Scanner.
func (*Scanner) Name() string { return Name }

// RunsPrograms implements scan.ProgramRunner: git reads history for it.
func (*Scanner) RunsPrograms() bool { return true }

// StartsOnOneCore implements scan.Frugal: a look at a push is over before a second
// core is of use.
func (*Scanner) StartsOnOneCore() bool { return true }

// Settings is this scanner's part of Request.Settings.
type Settings = client.Settings

// parseSettings reads the scanner's settings: either the object itself or one
// that has it under the scanner's name.
func parseSettings(raw json.RawMessage) (Settings, error) {
	var byName struct{ Secrets json.RawMessage }
	var out Settings
	if len(raw) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(raw, &byName); err != nil {
		return out, fmt.Errorf("settings of the secrets scanner: %w", err)
	}
	if byName.Secrets != nil {
		raw = byName.Secrets
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("settings of the secrets scanner: %w", err)
	}
	return out, nil
}

// ownMemory is what a worker is to do with for any history. Only one of many small
// files comes near it.
const ownMemory = 192 << 20

// Scan implements scan.Scanner. What git could not read is a gap of the
// receipt; an error is returned only for a request that makes no sense and for
// a cancelled context.
func (sc *Scanner) Scan(ctx context.Context, req scan.Request, progress scan.Progress) (scan.Report, error) {
	started, cpu := time.Now(), cpuTime()
	rep := scan.Report{Receipt: review.ScannerReceipt{Scanner: Name, Version: engineVersion}}
	bad := func(what string, err error) (scan.Report, error) {
		return rep, &review.Error{Code: review.CodeBadRequest, Op: "scan for secrets", What: what, Err: err}
	}
	if _, err := review.ParseSHA(string(req.Head)); err != nil {
		return bad("the head", err)
	}
	if req.MergeBase != "" {
		if _, err := review.ParseSHA(string(req.MergeBase)); err != nil {
			return bad("the merge base", err)
		}
	}
	if req.RulesAt != "" {
		if _, err := review.ParseSHA(string(req.RulesAt)); err != nil {
			return bad("the commit whose rules hold", err)
		}
	}
	if len(req.FingerprintKey) < shortestKey {
		return bad(fmt.Sprintf("without a fingerprint key of at least %d bytes", shortestKey), nil)
	}
	set, err := parseSettings(req.Settings)
	if err != nil {
		return bad("with these settings", err)
	}

	err = sc.scan(ctx, req, set, progress, &rep)
	if err != nil {
		cause := context.Cause(ctx)
		if errors.Is(cause, context.Canceled) {
			return rep, cause
		}
		err = errors.Join(cause, err) // a killed git does not say why
		rep.Receipt.Gaps = append(rep.Receipt.Gaps, gapOf(err))
	}
	rep.Receipt.Wall, rep.Receipt.CPU = time.Since(started), cpuTime()-cpu
	return rep, nil
}

func (sc *Scanner) scan(ctx context.Context, req scan.Request, set Settings, progress scan.Progress, rep *scan.Report) (err error) {
	r, err := openRepo(ctx, req.GitDir)
	if err != nil {
		return err
	}
	defer r.close()
	scan.KeepWithin(ownMemory)
	s := &session{repo: r, key: req.FingerprintKey, allCores: scan.AllCores}
	defer func() { s.cleanComplaint(err) }()
	s.tell = func(done, total int) {
		if progress != nil {
			progress(scan.Event{Scanner: Name, Stage: "scanning", Done: done, Total: total, Unit: "commits", Bytes: s.bytes.Load(), Found: s.foundSoFar(), Ahead: int(s.screened.Load())})
		}
	}
	var from *beginning
	if set.History != nil {
		from = s.resume(ctx, req, HistorySettings(*set.History))
	}
	if from == nil {
		if s.rules, err = s.ruleBase(ctx, req); err != nil {
			return err
		}
	}
	rep.Receipt.Notes = append(rep.Receipt.Notes, s.rules.notes...)
	rep.Receipt.Warnings = append(rep.Receipt.Warnings, s.rules.warnings...)
	if set.History != nil {
		return s.history(ctx, req, HistorySettings(*set.History), set, from, rep)
	}
	revs, change := []string{string(req.Head)}, ends{tips: []string{string(req.Head)}}
	if req.MergeBase != "" {
		revs, change.old = append(revs, "^"+string(req.MergeBase)), []string{string(req.MergeBase)}
	}
	st, err := openStore(req.CacheDir, r, s.rules, req.FingerprintKey)
	if err != nil {
		return err
	}
	s.covered = st.covered
	known, err := s.knownBelow(ctx, st, revs)
	if err != nil {
		return err
	}
	res, err := s.walk(ctx, revs, change, known, s.remember(st))
	rep.Receipt.Warnings = append(rep.Receipt.Warnings, st.warnings(false)...)
	rep.Receipt.Counts = append(rep.Receipt.Counts, review.Count{Unit: "commits", Looked: res.scanned, Expected: res.expected})
	if err == nil {
		err = s.lookAtRest(ctx, &res, rep)
	}
	var diff, removed []hit
	if err == nil && req.MergeBase != "" {
		diff, removed, err = s.finalDiff(ctx, req.MergeBase, req.Head)
	}
	// What was found before a failure is reported besides the gap.
	if e := s.assemble(ctx, req, set, diff, removed, rep); err == nil {
		err = e
	}
	if s.cut {
		rep.Receipt.Gaps = append(rep.Receipt.Gaps, review.Gap{Code: review.CodeTooLarge, What: "secrets", Why: fmt.Sprintf("more than %d findings; the list is cut", maxHits),
			Do: "exclude generated data with an allowlist in .gitleaks.toml on the base branch"})
	}
	return err
}

func (s *session) foundSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.found)
}

// remember returns what notes in st that a batch of commits was looked at, and
// what they hold without its text.
func (s *session) remember(st *store) func([]commit) {
	return func(batch []commit) { s.noteIn(batch, st.add) }
}

// rememberInAll is remember for a walk that ends with st.complete: of a few commits,
// that is soon enough.
func (s *session) rememberInAll(st *store) func([]commit) {
	return func(batch []commit) {
		if s.total <= fewCommits {
			s.noteIn(batch, st.hold)
			return
		}
		s.noteIn(batch, st.add)
	}
}

func (s *session) noteIn(batch []commit, note func(done []string, hits []hit)) {
	ids := make([]string, len(batch))
	var hits []hit
	s.mu.Lock()
	for i, c := range batch {
		ids[i] = string(c.id)
		for _, n := range s.held[ids[i]] {
			hits = append(hits, s.found[n])
		}
	}
	cut := s.cut
	s.mu.Unlock()
	if cut {
		return // not all is known of them
	}
	for i := range hits {
		path := hits[i].Path
		if hits[i].Path = s.safeName(path); hits[i].Path != path && hits[i].Named == "" {
			hits[i].Named = s.fileKey(path)
		}
		if !utf8.ValidString(hits[i].Path) {
			hits[i].Raw = []byte(hits[i].Path)
		}
	}
	note(ids, hits)
}

// ruleBase reads what the base says about secrets, after a look whether both ends of
// the range are there.
func (s *session) ruleBase(ctx context.Context, req scan.Request) (*ruleSet, error) {
	from := cmp.Or(req.MergeBase, req.Head)
	base := cmp.Or(req.RulesAt, from)
	have, err := s.repo.present(ctx, []string{string(req.Head), string(from), string(base)})
	if err != nil {
		return nil, err
	}
	for _, id := range []review.SHA{req.Head, from, base} {
		if !slices.Contains(have, string(id)) {
			return nil, &missingCommit{commit: id}
		}
	}
	return loadRules(ctx, s.repo, base)
}

// loadRules reads what the base says about secrets.
func loadRules(ctx context.Context, r repo, base review.SHA) (*ruleSet, error) {
	in := rulesInput{own: true, read: func(path string) ([]byte, error) { return r.readFile(ctx, base, path, maxConfigBytes) }}
	files, err := r.readFiles(ctx, base, 16*maxConfigBytes, configFiles...)
	if err != nil {
		return nil, err
	}
	in.repo, in.ignore, in.baseline = files[configPath], files[ignorePath], files[baselinePath]
	return buildRules(in)
}

// lookAtRest looks at annotated tags of the walked commits, and says what
// became of files that git shows no lines of.
func (s *session) lookAtRest(ctx context.Context, res *walkResult, rep *scan.Report) error {
	s.sayBlobs(rep)
	return s.tagsInto(ctx, res, rep, nil, func(commit string) bool {
		_, walked := res.order[commit]
		return walked
	})
}

func (s *session) sayBlobs(rep *scan.Report) {
	counts := s.seen
	if n := len(counts.binary); n > 0 {
		rep.Receipt.Skipped = append(rep.Receipt.Skipped, review.Skip{
			What: fmt.Sprintf("%d binary files and files that an allowlist leaves out (%s)", n, s.safeNames(counts.examples)), Why: "only their names were looked at"})
	}
	if n := len(counts.text); n > 0 {
		rep.Receipt.Notes = append(rep.Receipt.Notes, fmt.Sprintf("%d large or UTF-16 files were looked at as a whole, in windows.", n))
	}
}

func (s *session) tagsInto(ctx context.Context, res *walkResult, rep *scan.Report, seen map[string]bool, wanted func(commit string) bool) error {
	tags, err := s.lookAtTags(ctx, res, seen, wanted)
	if err != nil {
		return err
	}
	if tags > 0 {
		rep.Receipt.Counts = append(rep.Receipt.Counts, review.Count{Unit: "annotated tags", Looked: tags, Expected: tags})
	}
	return ctx.Err()
}

// safeNames joins file names for the receipt, without secrets in them.
func (s *session) safeNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = s.safeName(n)
	}
	return strings.Join(out, ", ")
}

// knownBelow returns what knows the commits of a change that were scanned: with
// other changes, or with the whole history of a branch or tag.
func (s *session) knownBelow(ctx context.Context, st *store, revs []string) (func(string) ([]hit, bool), error) {
	tips, err := s.repo.present(ctx, st.tips)
	if err != nil || len(tips) == 0 {
		return st.known, err
	}
	list, err := s.repo.commits(ctx, append(slices.Clone(revs), negated(tips)...))
	if err != nil {
		return nil, err
	}
	above := make(map[string]bool, len(list))
	for _, c := range list {
		above[string(c.id)] = true
	}
	return func(id string) ([]hit, bool) {
		hs, done := st.known(id)
		return hs, done || !above[id]
	}, nil
}

// finalDiff looks at both sides of the change between base and head.
func (s *session) finalDiff(ctx context.Context, base, head review.SHA) (added, removed []hit, err error) {
	// Large files are looked at with the commits that bring them.
	big, err := s.tooLargeAmong(ctx, func(visit func(change)) error {
		return s.listed(ctx, nil, append(slices.Clone(treeArgs), string(base), string(head)), func(c change) {
			s.noteLeftOut(leftOutAs(c.path))
			s.compareAll = s.compareAll || strings.Contains(c.path, "\n") // as of commits
			visit(c)
		})
	})
	if err != nil {
		return nil, nil, err
	}
	leave, err := exclude(big)
	if err != nil {
		return nil, nil, err
	}
	sink := &diffSink{s: s, ctx: ctx, head: string(head)}
	args := []string{"diff-tree", "-r", "-p", "-U0", "--no-renames", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
		"--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0", "--no-relative", "--submodule=short", "--ignore-submodules=none", string(base), string(head), "--"}
	args = append(args, s.pathspecs(leave)...)
	err = s.repo.stream(ctx, nil, func(rd io.Reader) error { return newPatchReader(rd, sink, true).run() }, args...)
	return sink.added, sink.gone, err
}

// diffSink looks at the final diff.
type diffSink struct {
	s           *session
	ctx         context.Context
	head        string
	f           patchFile
	added, gone []hit
}

func (k *diffSink) commit(string) error { return nil }

func (k *diffSink) marker(string) error {
	return fmt.Errorf("%w: a marker in a single diff", errPatch)
}

func (k *diffSink) file(f patchFile) error { k.f = f; return nil }

func (k *diffSink) hunk(h patchHunk) error {
	if len(h.added) > 0 && !k.f.deleted {
		k.added = k.s.gather(k.added, k.s.hits(k.ctx, text{content: h.added, path: k.f.path, commit: k.head, line: h.newStart}, inDiff))
	}
	if len(h.removed) > 0 {
		k.gone = k.s.gather(k.gone, k.s.hits(k.ctx, text{content: h.removed, path: k.f.path, line: h.oldStart}, inRemoved))
	}
	return k.ctx.Err()
}

// missingCommit is an end of the range that the repository does not hold.
type missingCommit struct{ commit review.SHA }

func (e *missingCommit) Error() string {
	return fmt.Sprintf("commit %s is not in the repository", e.commit.Short())
}

// cleanComplaint takes secrets out of what git complained about: it quotes the names of
// files and branches.
func (s *session) cleanComplaint(err error) {
	var ge *gitError
	if !errors.As(err, &ge) || ge.stderr == "" {
		return
	}
	if s.rules == nil {
		s.rules = defaultRules()
	}
	ge.stderr = s.safeName(ge.stderr)
}

// exhausted are what the system says when there is nothing left of something.
var exhausted = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM}

// gapOf says what a failure means for the verdict.
func gapOf(err error) review.Gap {
	g := review.Gap{Code: review.CodeHistoryIncomplete, What: "commits", Why: "git could not read all of the history", Do: "fetch the repository again; if it stays, run git fsck on it"}
	var ge *gitError
	var mh *missingHistory
	var mc *missingCommit
	var mo *missingObject
	var se *storeError
	var errno syscall.Errno
	var ol *overLimit
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		g.Code, g.Why, g.Do = review.CodeScannerTimeout, "the time limit was reached before every commit was looked at", "raise the scanner's time limit, or re-run: what was scanned is not scanned again"
	case errors.As(err, &se):
		g.Code, g.What, g.Why, g.Do = review.CodeScannerFailed, "earlier looks", se.Error(), "let Launchgate read its cache folder, or empty it: everything is looked at anew then"
	case errors.As(err, &mc):
		g.Why, g.Do = mc.Error(), "fetch the commit, or check the range"
	case errors.As(err, &mh):
		g.Why, g.Do = mh.Error(), "fetch the whole history (git fetch --unshallow)"
	case errors.As(err, &mo):
		g.Why, g.Do = mo.Error(), "fetch the repository again, as a whole (a partial clone leaves objects out); if it stays, run git fsck on it"
	case errors.As(err, &ol):
		g.Code, g.Why, g.Do = review.CodeTooLarge, ol.Error(), "look at it with git; nobody's source is as large, so that it may have been made to hide something"
	case errors.As(err, &ge) && ge.stderr != "":
		g.Why = "git " + ge.op + ": " + ge.stderr
		if strings.Contains(ge.stderr, "promisor remote") {
			g.Do = "clone the repository again without --filter: a partial clone leaves objects out, and none is fetched here"
		}
	case errors.Is(err, errTooManyBig):
		g.Code, g.What, g.Why, g.Do = review.CodeTooLarge, "files", err.Error(), "keep large files out of git, or in git LFS"
	case errors.Is(err, errCut), errors.Is(err, errManyPlaces):
		g.Code, g.What, g.Why, g.Do = review.CodeTooLarge, "secrets", err.Error(), "exclude generated data with an allowlist in .gitleaks.toml on the default branch"
	case errors.As(err, &errno) && slices.Contains(exhausted, errno):
		g.Code, g.Why, g.Do = review.CodeScannerFailed, "git could not be run: "+errno.Error(), "look at what this machine or its limits on processes, open files and memory lack, then look again"
	case errors.Is(err, errPatch):
		g.Code, g.Why, g.Do = review.CodeScannerFailed, err.Error(), "report this with the git version in use"
	}
	return g
}

// cpuTime is what this process and the processes it waited for have used.
func cpuTime() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var ru syscall.Rusage
		if syscall.Getrusage(who, &ru) == nil {
			total += time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		}
	}
	return total
}
