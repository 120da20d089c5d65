package secrets

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/refs"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

// HistorySettings ask for a look at the whole history instead of one change.
type HistorySettings client.HistorySettings

// history looks at all the history that hs selects.
func (s *session) history(ctx context.Context, req scan.Request, hs HistorySettings, set Settings, from *beginning, rep *scan.Report) error {
	s.allRefs = len(hs.Refs) == 0
	if from == nil {
		var err error
		if from, err = s.begins(ctx, req, hs); err != nil {
			return err
		}
	}
	st, tips, old := from.st, from.tips, from.old
	lost := st.lost
	told := hs.Told == s.markOf(st)
	if hs.SinceLast && !told && len(st.tips) > 0 {
		hs.SinceLast = false
		rep.Receipt.Notes = append(rep.Receipt.Notes, "The list of the last complete look under the same rules may have reached nobody; all of it is listed.")
	}
	s.covered = st.covered
	limited, cancel := ctx, context.CancelFunc(func() {})
	if hs.Seconds > 0 {
		limited, cancel = context.WithTimeout(ctx, time.Duration(hs.Seconds)*time.Second)
	}
	defer cancel()
	// By their ids, not by name: refs move while git counts and lists.
	revs := append(slices.Clone(tips), negated(old)...)
	res, err := s.walk(limited, revs, ends{tips: tips, old: old, recent: st.recentSet(), fresh: true, new: from.new}, st.known, s.rememberInAll(st))
	var others []*store
	if walked := len(res.order); err == nil {
		var more []string
		others = st.otherRules()
		more, err = s.underOtherRules(limited, st, others, tips, &res)
		tips = sorted(append(slices.Clone(tips), more...))
		if n := len(res.order) - walked; n > 0 {
			rep.Receipt.Notes = append(rep.Receipt.Notes, sayOtherRules(n))
		}
	}
	rep.Receipt.Counts = append(rep.Receipt.Counts, review.Count{Unit: "commits", Looked: res.scanned, Expected: res.expected})
	if len(old) > 0 {
		rep.Receipt.Notes = append(rep.Receipt.Notes, fmt.Sprintf("%d commits were covered by earlier looks under the same rules and are not looked at again.", st.covered))
	}
	if cause := context.Cause(limited); err != nil && cause != nil {
		err = errors.Join(cause, err) // a killed git does not say why
	}
	if err == nil {
		s.sayBlobs(rep)
		if err = s.historyTags(ctx, st, hs, &res, rep); err == nil {
			s.adopt(st, others, &res)
		}
	}
	before := st.before(res.order, s.tagged)
	if !hs.SinceLast {
		s.add(&res, before)
	}
	if err == nil && s.cut {
		err = errCut
	}
	// What was found before a failure is reported besides the gap.
	all := s.found
	if hs.SinceLast {
		all = append(slices.Clone(s.found), before...)
	}
	at, e := s.standing(ctx, req.Head, all, st.at)
	if err = firstOf(err, e); err == nil {
		at.Unconfigured = s.rules.unconfigured
		if tips, err = s.keepTips(ctx, tips, old, res.parents); err == nil {
			st.complete(coverage{tips: tips, order: res.order, at: at, configures: s.configures})
			rep.Mark = s.markOf(st)
		}
	}
	s.rotations(ctx, at, set, rep)
	rep.Receipt.Warnings = append(rep.Receipt.Warnings, st.warnings(lost)...)
	return err
}

// beginning is where a look at history begins.
type beginning struct {
	st *store
	// tips are what it is to reach, old what earlier looks reached and the repository
	// still holds.
	tips, old []string
	new       bool // see ends
}

// begins opens the store and says where a look at history begins.
func (s *session) begins(ctx context.Context, req scan.Request, hs HistorySettings) (*beginning, error) {
	st, err := openStore(req.CacheDir, s.repo, s.rules, s.key)
	if err != nil {
		return nil, err
	}
	if s.refs, err = s.repo.refs(ctx); err != nil {
		return nil, err
	}
	if err := whole(s.refs, hs.selects); err != nil {
		return nil, err
	}
	b := &beginning{st: st, tips: hs.tipsOf(s.refs, req.Head)}
	if b.old, err = s.repo.present(ctx, st.tips); err != nil {
		return nil, err
	}
	b.new, err = s.allNew(ctx, st, b.tips, b.old)
	return b, err
}

// maxNewTips is up to how many new tips allNew reads, and resume has shown.
const maxNewTips = 16

// allNew reports whether the commits below tips that old does not reach are unlikely
// to have been looked at one by one, in reviews.
func (s *session) allNew(ctx context.Context, st *store, tips, old []string) (bool, error) {
	if len(st.done) == 0 {
		return true, nil
	}
	fresh := without(tips, old)
	if len(fresh) > maxNewTips {
		return false, nil
	}
	isNew := true
	err := s.repo.contents(ctx, fresh, func(_ int, o objectInfo, body io.Reader) error {
		if o.kind != "commit" || o.size > bigFileBytes {
			return nil // whoever looks at it says what is wrong with it
		}
		isNew = isNew && !st.done[o.id]
		data, err := io.ReadAll(body)
		head, _, _ := bytes.Cut(data, []byte("\n\n"))
		for line := range strings.Lines(string(head)) {
			if parent, ok := strings.CutPrefix(line, "parent "); ok {
				isNew = isNew && !st.done[strings.TrimSpace(parent)]
			}
		}
		return err
	})
	return isNew, err
}

// markOf names what complete looks covered that st tells of, "" for nothing.
func (s *session) markOf(st *store) string {
	if st.path == "" || len(st.tips) == 0 {
		return ""
	}
	return keyOf(s.key, "covered\x00"+s.rules.hash+"\x00"+strings.Join(st.tips, " "))[:32]
}

// before returns what commits and tags held that complete looks covered and that are
// not in walked or tagged, those that no ref reaches any more included: neither a forced
// push nor a tag that is deleted takes anything back.
func (st *store) before(walked map[string]int, tagged map[string]bool) []hit {
	var out []hit
	for _, id := range sortedKeys(st.held) {
		if _, again := walked[id]; !again && !tagged[id] {
			out = append(out, st.hits[id]...)
		}
	}
	return out
}

// maxOldTips is how many tips that refs no longer name are kept without asking
// git which of them are needed.
const maxOldTips = 64

// keepTips adds to tips those of old that they do not reach, so that a branch
// that was deleted or rewritten is not scanned again when it comes back. parents
// are those of the commits between old and tips.
func (s *session) keepTips(ctx context.Context, tips, old []string, parents map[string]bool) ([]string, error) {
	var gone []string
	for _, id := range old {
		if _, named := slices.BinarySearch(tips, id); !named && !parents[id] {
			gone = append(gone, id)
		}
	}
	if len(gone) > maxOldTips {
		list, err := s.repo.commits(ctx, append(slices.Clone(gone), negated(tips)...))
		if err != nil {
			return nil, err
		}
		above, inner := make(map[string]bool), parentsOf(list)
		for _, c := range list {
			above[string(c.id)] = true
		}
		gone = slices.DeleteFunc(gone, func(id string) bool { return !above[id] || inner[id] })
	}
	return sorted(append(gone, tips...)), nil
}

// standing says which of the secrets of hs stand in a commit's tree. What was
// said of an earlier commit counts, but for the files that changed since, which
// are looked at; secrets that are new are looked for everywhere.
func (s *session) standing(ctx context.Context, at review.SHA, hs []hit, before *standing) (*standing, error) {
	now := &standing{Commit: at, Files: make(map[string][]string)}
	if before != nil && len(before.Files) > 0 && !s.leads(before.Commit, at) {
		have, err := s.repo.present(ctx, []string{string(before.Commit)})
		if err != nil {
			return now, err
		}
		if len(have) == 0 {
			before = nil
		}
	}
	var fresh []hit
	for _, h := range hs {
		if before != nil {
			if files, ok := before.Files[h.Key]; ok {
				now.Files[h.Key] = files
				continue
			}
		}
		fresh = append(fresh, h)
	}
	if len(now.Files) > 0 && before.Commit != at {
		changed := make(map[string]bool)
		var look []named
		was := make(map[string]string) // blobs by path
		err := s.changedSince(ctx, before.Commit, at, func(c change) {
			changed[s.fileKey(c.path)] = true
			if c.blob == "" {
				c.blob = c.brings // of a link
			}
			if strings.Trim(c.blob, "0") != "" && !s.rules.pathAllowed(c.path) && !s.screening.silent(c.path, c.blob) {
				look = append(look, c.named)
			}
			if len(c.sides) == 2 {
				was[c.path] = c.sides[0]
			}
		})
		if err != nil {
			return now, err
		}
		for key, files := range now.Files {
			now.Files[key] = slices.DeleteFunc(slices.Clone(files), func(f string) bool { return changed[f] })
		}
		err = s.lookAtFiles(ctx, look, s.editedOf(before, at, now, look, was), func(h hit) {
			if files, known := now.Files[h.Key]; known && !slices.Contains(files, s.fileKey(h.Path)) {
				now.Files[h.Key] = append(files, s.fileKey(h.Path))
			}
		})
		if err != nil {
			return now, err
		}
	}
	found, err := s.locate(ctx, at, fresh)
	for _, h := range fresh {
		now.Files[h.Key] = nil
		for _, f := range found[h.Key] {
			now.Files[h.Key] = append(now.Files[h.Key], s.fileKey(f.Path))
		}
	}
	if err != nil {
		return now, err
	}
	return now, s.standingNames(ctx, at, hs, now)
}

// editedOf returns which lines of files differ from what they were at an earlier
// commit, of files that held none of the secrets of now then. was are the blobs that
// they were, where that is known and a push was not shown by one git.
func (s *session) editedOf(before *standing, at review.SHA, now *standing, files []named, was map[string]string) map[string][]interval {
	held := make(map[string]bool)
	for key := range now.Files {
		for _, f := range before.Files[key] {
			held[f] = true
		}
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f named) bool { return held[s.fileKey(f.path)] })
	if s.ahead == nil || s.ahead.own() {
		return s.repo.edited(files, was)
	}
	edited, out := s.ahead.edited(before.Commit, at), make(map[string][]interval)
	for _, f := range files {
		if lines, known := edited[f.path]; known {
			out[f.path] = lines
		}
	}
	return out
}

// standingNames adds to now the files of a commit's tree whose names hold a secret.
func (s *session) standingNames(ctx context.Context, at review.SHA, hs []hit, now *standing) error {
	wanted := make(map[string]bool)
	for _, h := range hs {
		if h.Where == inName {
			wanted[h.Key] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return s.repo.eachFile(ctx, at, false, nil, func(f treeFile) {
		for _, h := range s.hits(ctx, text{content: nameParts(f.path), line: 1}, inName) {
			if key := s.fileKey(f.path); wanted[h.Key] && !slices.Contains(now.Files[h.Key], key) {
				now.Files[h.Key] = append(slices.Clone(now.Files[h.Key]), key)
			}
		}
	})
}

// leads reports whether a line of commits ahead leads from one commit to another.
func (s *session) leads(from, to review.SHA) bool {
	if s.ahead == nil {
		return false
	}
	_, ok := s.ahead.line(from, to)
	return ok
}

// changedSince calls visit for each path that is not the same in a commit's tree as
// in that of an earlier one; for some that are the same again, too.
func (s *session) changedSince(ctx context.Context, earlier, at review.SHA, visit func(change)) error {
	if s.ahead != nil && s.ahead.between(earlier, at, visit) {
		return nil
	}
	return s.listed(ctx, nil, append(slices.Clone(treeArgs), string(earlier), string(at)), visit)
}

// fileKey names a file without saying its name, which may be a secret.
func (s *session) fileKey(path string) string { return fileKey(s.key, path) }

func fileKey(key []byte, path string) string { return keyOf(key, "file\x00"+path)[:24] }

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
	if err := s.tagsInto(ctx, res, rep, seen, func(string) bool { return true }); err != nil {
		return err
	}
	st.holdTags(s.found)
	return nil
}

// rotations makes the list of what to rotate.
func (s *session) rotations(ctx context.Context, at *standing, set Settings, rep *scan.Report) {
	sort.SliceStable(s.found, func(i, j int) bool {
		a, b := s.found[i], s.found[j]
		if c := cmp.Or(compareDates(a.Date, b.Date), compareDates(a.Committed, b.Committed)); c != 0 {
			return c < 0
		}
		return less(a, b)
	})
	index := make(map[string]int)
	var places [][]hit // by rotation
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
			places[i] = append(places[i], h)
			continue
		}
		index[id] = len(rep.Rotations)
		info := infoOf(h.Rule)
		rot := review.Rotation{
			Key: h.Key, Rule: ruleIDOf(h.Rule), Severity: info.severity, Provider: info.provider.name, Where: info.provider.link, Steps: info.provider.steps,
			Commit: review.SHA(h.Commit), Path: s.safeName(h.Path), Tag: s.tagOf(h.Tag), Line: h.Line, Authored: h.Date, InHead: len(at.Files[h.Key]) > 0, Entropy: h.Entropy,
		}
		rep.Rotations, places = append(rep.Rotations, rot), append(places, []hit{h})
	}
	for i := range rep.Rotations {
		rep.Rotations[i].Places = len(places[i])
		s.settleFirst(ctx, &rep.Rotations[i], places[i])
	}
	s.sayLeftOut(rep, len(allowed), len(ignored))
	review.MarkAll(rep.Rotations, nil)
}

// compareDates puts what is of no known date last.
func compareDates(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// tipsOf returns what the selected refs point at, commits and annotated tags, and
// head.
func (h HistorySettings) tipsOf(list []refs.Ref, head review.SHA) []string {
	seen := map[string]bool{string(head): true}
	for _, r := range list {
		if r.Kind != broken && h.selects(r.Name) {
			seen[r.ID] = true
		}
	}
	return sortedKeys(seen)
}

// selects reports whether a ref is among those to look at.
func (h HistorySettings) selects(ref string) bool {
	return len(h.Refs) == 0 || slices.ContainsFunc(h.Refs, func(p string) bool { return ref == p || strings.HasPrefix(ref, p+"/") })
}

// without returns those of ids that are not among others.
func without(ids, others []string) []string {
	among := make(map[string]bool, len(others))
	for _, id := range others {
		among[id] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return among[id] })
}

func negated(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = "^" + id
	}
	return out
}
