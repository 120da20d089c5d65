package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// HistoryOptions says what History looks at.
type HistoryOptions struct {
	// Dir is a git repository, bare or not. All branches and tags are looked
	// at.
	Dir            string
	FingerprintKey []byte // at least 16 bytes
	// CacheDir keeps which commits were looked at; empty: none are remembered.
	CacheDir string
	// SinceLast reports only what commits brought that were never looked at
	// under the same rules.
	SinceLast bool
	Settings  Settings
	// Progress is told how far the scan is; it must not block.
	Progress func(HistoryProgress)
}

// HistoryProgress is how far a scan of history is.
type HistoryProgress struct {
	Commits, Total int
	Bytes          int64 // of added lines
	Findings       int
	Elapsed        time.Duration
	Left           time.Duration // 0: not known yet
}

// History is what a scan of history found.
type History struct {
	Receipt   review.ScannerReceipt `json:"receipt"`
	Rotations []Rotation            `json:"rotations"`
}

// State says what became of a secret.
type State string

// The states of a secret.
const (
	Open          State = "open"
	Rotated       State = "rotated"
	FalsePositive State = "false-positive"
)

// Rotation is one secret that history holds, with all one needs to make it
// worthless. Nothing in it is the secret or can be tested against it offline.
type Rotation struct {
	Key      string          `json:"key"` // keyed fingerprint
	Rule     review.RuleID   `json:"rule"`
	Severity review.Severity `json:"severity"`
	Provider string          `json:"provider"`
	Where    string          `json:"where,omitempty"` // link to rotate it at
	Steps    string          `json:"steps"`
	Commit   review.SHA      `json:"commit"` // that brought it first
	Path     string          `json:"path,omitempty"`
	Line     int             `json:"line,omitempty"`
	Authored time.Time       `json:"authored,omitzero"`
	InHead   bool            `json:"in_head"` // of the current branch
	Places   int             `json:"places"`  // in all of history
	Entropy  string          `json:"entropy"`
	State    State           `json:"state"`
	Reason   string          `json:"reason,omitempty"`
}

// ScanHistory looks at the whole history of a repository. Commits that were
// looked at under the same rules are not looked at again; commits that held
// something are read again, because what they hold is not stored. It can be
// stopped at any time and goes on where it stopped. A failure is a gap of the
// receipt; an error is returned for options that make no sense and for a
// cancelled context.
func ScanHistory(ctx context.Context, o HistoryOptions) (History, error) {
	out := History{Receipt: review.ScannerReceipt{Scanner: Name, Version: engineVersion}}
	if len(o.FingerprintKey) < 16 {
		return out, &review.Error{Code: review.CodeBadRequest, Op: "scan history for secrets", What: "without a fingerprint key of at least 16 bytes"}
	}
	started, cpu := time.Now(), cpuTime()
	err := scanHistory(ctx, o, &out)
	out.Receipt.Wall, out.Receipt.CPU = time.Since(started), cpuTime()-cpu
	if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
		return out, cause
	}
	if err != nil {
		out.Receipt.Gaps = append(out.Receipt.Gaps, gapOf(err))
	}
	return out, nil
}

func scanHistory(ctx context.Context, o HistoryOptions, out *History) error {
	r, err := openRepo(o.Dir)
	if err != nil {
		return err
	}
	head, err := r.resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	rules, err := loadRules(ctx, r, head)
	if err != nil {
		return err
	}
	out.Receipt.Notes = append(out.Receipt.Notes, rules.notes...)
	st, err := openStore(o.CacheDir, r, rules, o.FingerprintKey)
	if err != nil {
		return err
	}
	s := &session{repo: r, rules: rules, key: o.FingerprintKey}
	started := time.Now()
	s.tell = func(done, total int) {
		if o.Progress == nil {
			return
		}
		p := HistoryProgress{Commits: done, Total: total, Bytes: s.bytes.Load(), Elapsed: time.Since(started)}
		s.mu.Lock()
		p.Findings = len(s.found)
		s.mu.Unlock()
		if done > 0 && done < total {
			p.Left = time.Duration(float64(p.Elapsed) * float64(total-done) / float64(done))
		}
		o.Progress(p)
	}

	tips, err := r.tips(ctx)
	if err != nil {
		return err
	}
	old, err := r.present(ctx, st.tips)
	if err != nil {
		return err
	}
	revs := append([]string{"--all", "HEAD"}, negated(old)...)
	res, err := s.walk(ctx, revs, st.known, s.remember(st))
	out.Receipt.Counts = append(out.Receipt.Counts, review.Count{Unit: "commits", Looked: res.scanned, Expected: res.expected})
	if len(old) > 0 {
		out.Receipt.Notes = append(out.Receipt.Notes, "Commits that earlier scans looked at under the same rules are not looked at again.")
	}
	if err != nil {
		return errors.Join(err, s.rotations(ctx, o, head, out))
	}
	if len(old) > 0 && !o.SinceLast {
		if err := s.walkAgain(ctx, st, &res); err != nil {
			return err
		}
	}
	var rep scan.Report
	if !o.SinceLast || len(old) == 0 {
		// Tags cost little and are looked at each time.
		if err := s.lookAtRest(ctx, &res, &rep); err != nil {
			return err
		}
	}
	out.Receipt.Counts = append(out.Receipt.Counts, rep.Receipt.Counts...)
	out.Receipt.Skipped = append(out.Receipt.Skipped, rep.Receipt.Skipped...)
	out.Receipt.Notes = append(out.Receipt.Notes, rep.Receipt.Notes...)
	if s.cut {
		return fmt.Errorf("more than %d findings; the list is cut", maxHits)
	}
	if err := st.complete(tips); err != nil {
		return err
	}
	return s.rotations(ctx, o, head, out)
}

// walkAgain reads the commits again that held something in earlier scans.
func (s *session) walkAgain(ctx context.Context, st *store, res *walkResult) error {
	var ids []string
	for id := range st.dirty {
		if _, walked := res.order[id]; !walked {
			ids = append(ids, id)
		}
	}
	ids, err := s.repo.present(ctx, sorted(ids))
	if err != nil || len(ids) == 0 {
		return err
	}
	tell := s.tell
	s.tell = nil
	defer func() { s.tell = tell }()
	again, err := s.walk(ctx, append([]string{"--no-walk=unsorted"}, ids...), nil, nil)
	for id := range again.order {
		res.order[id] = len(res.order)
	}
	return err
}

// rotations makes the list of what to rotate.
func (s *session) rotations(ctx context.Context, o HistoryOptions, head review.SHA, out *History) error {
	states, err := readStates(o.CacheDir)
	if err != nil {
		return err
	}
	sort.SliceStable(s.found, func(i, j int) bool {
		a, b := s.found[i], s.found[j]
		if !a.Date.Equal(b.Date) {
			return a.Date.Before(b.Date)
		}
		return less(a, b)
	})
	atHead, err := s.locate(ctx, head, s.found)
	index := make(map[string]int)
	for _, h := range s.found {
		if h.Ignored || h.Allowed && !o.Settings.ForbidInlineAllow {
			continue
		}
		if i, ok := index[h.Rule+h.Key]; ok {
			out.Rotations[i].Places++
			continue
		}
		index[h.Rule+h.Key] = len(out.Rotations)
		info := infoOf(h.Rule)
		_, in := atHead[h.Key]
		rot := Rotation{
			Key: h.Key, Rule: ruleIDOf(h.Rule), Severity: info.severity, Provider: info.provider.name, Where: info.provider.link, Steps: info.provider.steps,
			Commit: review.SHA(h.Commit), Path: h.Path, Line: h.Line, Authored: h.Date, InHead: in, Places: 1, Entropy: h.Entropy, State: Open,
		}
		if mark, ok := states[h.Key]; ok {
			rot.State, rot.Reason = mark.State, mark.Reason
		}
		for _, n := range s.found {
			if n.Where == inName {
				rot.Path = nameWithout(rot.Path, n.secret.s)
			}
		}
		out.Rotations = append(out.Rotations, rot)
	}
	sort.SliceStable(out.Rotations, func(i, j int) bool {
		a, b := out.Rotations[i], out.Rotations[j]
		switch {
		case (a.State == Open) != (b.State == Open):
			return a.State == Open
		case a.Severity != b.Severity:
			return a.Severity > b.Severity
		case a.InHead != b.InHead:
			return a.InHead
		}
		return false
	})
	return err
}

// mark is what somebody decided about a secret.
type mark struct {
	State  State     `json:"state"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

func statesPath(cacheDir string) string { return filepath.Join(cacheDir, Name, "states.json") }

func readStates(cacheDir string) (map[string]mark, error) {
	states := make(map[string]mark)
	if cacheDir == "" {
		return states, nil
	}
	data, err := os.ReadFile(statesPath(cacheDir))
	if errors.Is(err, fs.ErrNotExist) {
		return states, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &states)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was decided about secrets: %w", err)
	}
	return states, nil
}

// Mark notes what became of the secret with a key, as the list shows it in JSON.
// A false positive needs a reason.
func Mark(cacheDir, key string, state State, reason string, now time.Time) error {
	bad := func(what string) error {
		return &review.Error{Code: review.CodeBadRequest, Op: "mark a secret", What: what}
	}
	switch {
	case cacheDir == "":
		return bad("without a cache directory to keep it in")
	case state != Open && state != Rotated && state != FalsePositive:
		return bad(fmt.Sprintf("as %q: the states are open, rotated and false-positive", state))
	case state == FalsePositive && strings.TrimSpace(reason) == "":
		return bad("as a false positive without a reason")
	case len(key) != 64 || !isHex([]byte(key)):
		return bad("by something that is not a key of 64 hexadecimal digits")
	}
	states, err := readStates(cacheDir)
	if err != nil {
		return err
	}
	states[key] = mark{State: state, Reason: reason, At: now.UTC()}
	data, err := json.MarshalIndent(states, "", "\t")
	if err != nil {
		return fmt.Errorf("encode what was decided about secrets: %w", err)
	}
	path := statesPath(cacheDir)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep what was decided about secrets: %w", err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("keep what was decided about secrets: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep what was decided about secrets: %w", err)
	}
	return nil
}

// resolve returns the commit a name stands for.
func (r repo) resolve(ctx context.Context, name string) (review.SHA, error) {
	out, err := r.output(ctx, 256, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return "", err
	}
	return review.ParseSHA(strings.TrimSpace(string(out)))
}

// tips returns the commits that branches, tags and HEAD point at.
func (r repo) tips(ctx context.Context) ([]string, error) {
	out, err := r.output(ctx, 64<<20, nil, "rev-parse", "--all", "HEAD")
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for _, id := range strings.Fields(string(out)) {
		seen[id] = true
	}
	ids := make([]string, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	return sorted(ids), nil
}

// present returns those of ids that the repository holds.
func (r repo) present(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := r.output(ctx, 64<<20, revsInput(ids), "cat-file", "--batch-check", "--buffer")
	if err != nil {
		return nil, err
	}
	var have []string
	for _, line := range strings.Split(string(out), "\n") {
		if f := strings.Fields(line); len(f) == 3 {
			have = append(have, f[0])
		}
	}
	return have, nil
}

func negated(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = "^" + id
	}
	return out
}
