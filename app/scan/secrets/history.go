package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// HistorySettings ask for a look at the whole history instead of one change.
// Commits that were looked at under the same rules are not looked at again;
// commits that held something are read again, because what they hold is not
// stored. It can be stopped at any time and goes on where it stopped.
type HistorySettings struct {
	// Refs are the beginnings of the names of the refs to look at, "refs/x"
	// for all below it; none: all refs. The request's head is always among
	// them, and its tree says what still stands.
	Refs []string `json:"refs,omitempty"`
	// SinceLast reports only what is new since the last complete look under
	// the same rules.
	SinceLast bool `json:"since_last,omitempty"`
	// Seconds, when positive, is how long commits are looked at before what
	// was found so far is reported, with a gap that says so.
	Seconds int `json:"seconds,omitempty"`
}

// selection returns the arguments that select the refs for rev-list and
// rev-parse.
func (h HistorySettings) selection(head review.SHA) []string {
	if len(h.Refs) == 0 {
		return []string{"--all", string(head)}
	}
	var out []string
	for _, ref := range h.Refs {
		out = append(out, "--glob="+ref)
	}
	return append(out, string(head))
}

// history looks at all the history that hs selects.
func (s *session) history(ctx context.Context, req scan.Request, hs HistorySettings, set Settings, rep *scan.Report) error {
	st, err := openStore(req.CacheDir, s.repo, s.rules, s.key)
	if err != nil {
		return err
	}
	selection := hs.selection(req.Head)
	tips, err := s.repo.tips(ctx, selection)
	if err != nil {
		return err
	}
	old, err := s.repo.present(ctx, st.tips)
	if err != nil {
		return err
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if hs.Seconds > 0 {
		limited, cancel = context.WithTimeout(ctx, time.Duration(hs.Seconds)*time.Second)
	}
	defer cancel()
	res, err := s.walk(limited, append(slices.Clone(selection), negated(old)...), st.known, s.remember(st))
	rep.Receipt.Counts = append(rep.Receipt.Counts, review.Count{Unit: "commits", Looked: res.scanned, Expected: res.expected})
	if len(old) > 0 {
		rep.Receipt.Notes = append(rep.Receipt.Notes, "Commits that earlier looks covered under the same rules are not looked at again.")
	}
	walked := sortedKeys(res.order)
	if err == nil && !hs.SinceLast {
		err = s.walkAgain(limited, st, &res)
	}
	if cause := context.Cause(limited); err != nil && cause != nil {
		err = errors.Join(cause, err) // a killed git does not say why
	}
	if err == nil {
		s.sayBlobs(rep)
		err = s.historyTags(ctx, st, hs, &res, rep)
	}
	if err == nil && s.cut {
		err = errCut
	}
	if err == nil {
		err = st.complete(tips, walked)
	}
	// What was found before a failure is reported besides the gap.
	return firstOf(err, s.rotations(ctx, req.Head, set, rep))
}

// errCut is a list of findings that is not whole.
var errCut = fmt.Errorf("more than %d findings; the list is cut", maxHits)

// historyTags looks at every annotated tag, or at those that are new.
func (s *session) historyTags(ctx context.Context, st *store, hs HistorySettings, res *walkResult, rep *scan.Report) error {
	seen := make(map[string]bool)
	if hs.SinceLast {
		for _, id := range st.tips {
			seen[id] = true
		}
	}
	return s.tagsInto(ctx, res, rep, func(tag, _ string) bool { return !seen[tag] })
}

// walkAgain reads the commits again that held something in earlier complete
// looks, those that no ref reaches any more included: a forced push takes
// nothing back.
func (s *session) walkAgain(ctx context.Context, st *store, res *walkResult) error {
	var ids []string
	for id := range st.held {
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
func (s *session) rotations(ctx context.Context, head review.SHA, set Settings, rep *scan.Report) error {
	sort.SliceStable(s.found, func(i, j int) bool {
		a, b := s.found[i], s.found[j]
		if !a.Date.Equal(b.Date) {
			return a.Date.Before(b.Date)
		}
		return less(a, b)
	})
	atHead, err := s.locate(ctx, head, s.found, len(s.found)+maxTreeFiles)
	index := make(map[string]int)
	allowed, ignored := make(map[string]bool), make(map[string]bool)
	for _, h := range s.found {
		id := h.Rule + h.Key
		if h.Ignored {
			ignored[id] = true
			continue
		}
		if h.Allowed && !set.ForbidInlineAllow {
			allowed[id] = true
			continue
		}
		if i, ok := index[id]; ok {
			rep.Rotations[i].Places++
			continue
		}
		index[id] = len(rep.Rotations)
		info := infoOf(h.Rule)
		_, in := atHead[h.Key]
		rot := review.Rotation{
			Key: h.Key, Rule: ruleIDOf(h.Rule), Severity: info.severity, Provider: info.provider.name, Where: info.provider.link, Steps: info.provider.steps,
			Commit: review.SHA(h.Commit), Path: h.Path, Line: h.Line, Authored: h.Date, InHead: in, Places: 1, Entropy: h.Entropy,
		}
		for _, n := range s.found {
			if n.Where == inName {
				rot.Path = nameWithout(rot.Path, n.secret.s)
			}
		}
		rep.Rotations = append(rep.Rotations, rot)
	}
	s.sayLeftOut(rep, len(allowed), len(ignored))
	review.MarkAll(rep.Rotations, nil)
	return err
}

// tips returns what the selected refs point at: commits and annotated tags.
func (r repo) tips(ctx context.Context, selection []string) ([]string, error) {
	out, err := r.output(ctx, 64<<20, nil, append([]string{"rev-parse"}, selection...)...)
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
