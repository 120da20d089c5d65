package secrets

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

var (
	histories    = flag.Int("histories", 3, "how many histories TestRandomHistories makes")
	firstHistory = flag.Int("first-history", 0, "the seed of the first history that TestRandomHistories makes")
)

// TestRandomHistories looks at histories made at random in every way there is, which
// must say the same. After a change of the engine, run it with -histories 100, and
// with a -first-history that nobody had. It is no fuzz target: a fuzzer gives up what
// takes ten seconds, as some of these do on a busy machine.
func TestRandomHistories(t *testing.T) {
	n := *histories
	if testing.Short() {
		n = 1
	}
	for seed := *firstHistory; seed < *firstHistory+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			kind := historyKind{commits: 14 + seed/3%5*10, leftOut: 4 - seed%4, configured: seed%3 == 1, linear: seed%5 == 2, odd: seed%2 == 1, sha256: seed%7 == 2}
			h := newRandomHistory(t, uint64(seed), kind)
			h.foundInEveryWay()
			h.pushed()
		})
	}
}

// different returns what only one of two lists has, "+" the first, "-" the second.
func different(a, b []string) string {
	count := make(map[string]int)
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	var out []string
	for _, s := range sortedKeys(count) {
		if n := count[s]; n != 0 {
			out = append(out, fmt.Sprintf("%+d %s", n, s))
		}
	}
	return strings.Join(out, "\n")
}

// found are hits with all that is said of them.
func found(hs []hit) []string {
	out := make([]string, len(hs))
	for i, h := range hs {
		out[i] = fmt.Sprintf("%s %s %s %q:%d-%d %s %s allowed %v, ignored %v, decoded %v, %d, %s, %s", h.Commit, h.Where, h.Rule, h.Path, h.Line, h.EndLine, h.Key[:6], h.Entropy, h.Allowed, h.Ignored, h.Decoded, h.Order, h.Date, h.Committed)
	}
	return out
}

// foundInEveryWay has git show every commit and gitleaks judge every text, as
// the measure; then with the filter, with files screened first, as if there were many,
// and some commits by one git.
func (h *randomHistory) foundInEveryWay() {
	h.t.Helper()
	dir := h.clone("ways.git", h.all())
	unfriendly := h.clone("unfriendly.git", h.all())
	walkIn := func(dir string, filtered, plain bool, few int, many bool, old []string, ahead, isNew bool) *session {
		h.t.Helper()
		defer keepBounds()()
		readsObjects = !h.one(3)
		h.someBounds()
		if fewCommits = few; many {
			askedFiles, maxListed, stretchCommits = 0, 2, 1+2*h.IntN(2)
		}
		r, err := openRepo(h.t.Context(), dir)
		if err != nil {
			h.t.Fatal(err)
		}
		defer r.close()
		rules, err := loadRules(h.t.Context(), r, review.SHA(h.commits[len(h.commits)-1].id))
		if err != nil {
			h.t.Fatal(err)
		}
		rules.unfiltered = !filtered
		s := &session{repo: r, rules: rules, key: testKey, plain: plain}
		var e ends
		if len(old) > 0 {
			e = ends{tips: sorted(tipsIn(h.all())), old: old, fresh: ahead, new: isNew}
		}
		res, err := s.walk(h.t.Context(), append([]string{"--all"}, negated(old)...), e, nil, nil)
		if err != nil || res.scanned != res.expected {
			h.t.Fatalf("%d of %d commits, %v", res.scanned, res.expected, err)
		}
		return s
	}
	walk := func(filtered, plain bool, few int, many bool, old []string, ahead, isNew bool) *session {
		h.t.Helper()
		return walkIn(dir, filtered, plain, few, many, old, ahead, isNew)
	}
	compare := func(what string, got, want *session) {
		h.t.Helper()
		if h.kind.odd && got.total > want.total {
			// Where dates go backwards, some of what is old may be looked at again.
			if d := missed(got.found, want.found); d != "" {
				h.t.Errorf("%s misses\n%s", what, d)
			}
			return
		}
		if d := different(found(got.found), found(want.found)); d != "" {
			h.t.Errorf("%s finds (+) and misses (-)\n%s", what, d)
		}
	}
	const asFew = 1 << 10
	for _, plain := range []bool{true, false} {
		want := walk(false, plain, asFew, false, nil, false, false)
		compare("the filter", walk(true, plain, asFew, false, nil, false, false), want)
		compare("screening", walk(true, plain, 0, false, nil, false, false), want)
		compare("screening of many", walk(true, plain, 0, true, nil, false, false), want)
		compare("an unfriendly repository", walkIn(unfriendly, true, plain, 0, h.one(2), nil, false, false), want)
	}
	old := []string{h.commits[h.IntN(len(h.commits))].id, h.commits[h.IntN(len(h.commits))].id}
	want := walk(false, false, asFew, false, sorted(old), false, false)
	one := walk(true, false, asFew, false, sorted(old), true, true)
	compare("one git", one, want)
	compare("one git in an unfriendly repository", walkIn(unfriendly, true, false, asFew, false, sorted(old), true, true), want)
	compare("one git that shows nothing", walk(true, false, asFew, false, sorted(old), true, false), want)
	if one.total == want.total && (!reflect.DeepEqual(one.seen.binary, want.seen.binary) || !reflect.DeepEqual(one.seen.text, want.seen.text)) {
		h.t.Errorf("one git sees %+v where several see %+v", one.seen, want.seen)
	}
}

// keepBounds returns what sets the bounds that tests change to what they are now.
func keepBounds() (restore func()) {
	few, asked, listed, stretch, reads := fewCommits, askedFiles, maxListed, stretchCommits, readsObjects
	hasty, around, file, part := hastyBytes, hastyAround, hastyFile, partBytes
	return func() {
		fewCommits, askedFiles, maxListed, stretchCommits, readsObjects = few, asked, listed, stretch, reads
		hastyBytes, hastyAround, hastyFile, partBytes = hasty, around, file, part
	}
}

// someBounds makes those small, or not, of what is judged at once.
func (h *randomHistory) someBounds() {
	if h.one(2) {
		hastyBytes, hastyAround, hastyFile, partBytes = h.IntN(2000), h.IntN(2000), h.IntN(2000), 1+h.IntN(400)
	}
}

// missed returns those of want that are not among hits, whatever was before them.
func missed(hits, want []hit) string {
	said := func(hs []hit) []string {
		hs = slices.Clone(hs)
		for i := range hs {
			hs[i].Order = 0
		}
		return found(hs)
	}
	have := make(map[string]bool)
	for _, line := range said(hits) {
		have[line] = true
	}
	return strings.Join(slices.DeleteFunc(said(want), func(line string) bool { return have[line] }), "\n")
}

func tipsIn(refs map[string]string) []string {
	var out []string
	for _, id := range refs {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// scan is a look at a repository, at its history when base is "".
func (h *randomHistory) scan(ctx context.Context, dir, cache, base, head string, sinceLast bool, progress scan.Progress) (scan.Report, error) {
	req := scan.Request{Kind: review.KindPullRequest, GitDir: dir, Head: review.SHA(head), MergeBase: review.SHA(base), FingerprintKey: testKey, CacheDir: cache}
	if base == "" {
		req.Kind = review.KindBaseline
		req.Settings, _ = json.Marshal(Settings{History: &client.HistorySettings{SinceLast: sinceLast}})
	}
	return New().Scan(ctx, req, progress)
}

// said is what a scan says.
func (h *randomHistory) said(dir, cache, base, head string) (lines []string, in map[string]bool) {
	h.t.Helper()
	rep, err := h.scan(h.t.Context(), dir, cache, base, head, false, nil)
	if err != nil || len(rep.Receipt.Gaps) > 0 {
		h.t.Fatalf("%+v, %v", rep.Receipt, err)
	}
	say := func(v any) {
		b, err := json.Marshal(v)
		if err != nil {
			h.t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	for _, f := range rep.Head {
		say(f)
	}
	for _, f := range rep.Base {
		say(map[string]any{"base": f})
	}
	in = make(map[string]bool)
	for _, r := range rep.Rotations {
		r.Tag = "" // only while there is one
		say(r)
		in[r.Key] = r.InHead
	}
	return lines, in
}

// pushed looks at the history as it grows, with all that may happen in between: pushes
// that force, branches and tags that go and come back, reviews, looks that are
// stopped. What is said then is said by a look at all of it at once. What was seen
// under other rules before the first look under new ones is looked at under these, too.
func (h *randomHistory) pushed() {
	h.t.Helper()
	cache := h.t.TempDir()
	gone := make(map[string]bool)
	ever := make(map[string]map[string]string) // refs by rules
	for upto := 1 + h.IntN(5); ; upto += 1 + h.IntN(len(h.commits)/3+2) {
		upto = min(upto, len(h.commits))
		refs := h.refsAt(upto, gone)
		head := refs["refs/heads/main"]
		if h.one(8) {
			head = h.commits[h.IntN(upto)].id
		}
		pushed := h.clone("pushed.git", refs)
		rules := h.rulesAt(pushed, head)
		if ever[rules] == nil {
			all := make(map[string]string)
			for _, refs := range ever {
				maps.Copy(all, refs)
			}
			ever[rules] = all
		}
		if h.one(2) {
			h.reviewed(pushed, cache, refs, upto)
		}
		for name, id := range refs {
			if strings.HasPrefix(name, "refs/heads/") {
				name = "refs/heads/" + id
			}
			ever[rules][name] = id
		}
		ever[rules]["refs/heads/"+head] = head
		if h.one(3) {
			ctx, cancel := context.WithCancel(h.t.Context())
			var told atomic.Int64 // by several goroutines
			most := int64(h.IntN(6))
			_, _ = h.scan(ctx, pushed, cache, "", head, h.one(2), func(scan.Event) {
				if told.Add(1) > most {
					cancel()
				}
			})
			cancel()
		}
		restore := keepBounds()
		if h.one(2) {
			fewCommits, stretchCommits = 0, 3
		}
		readsObjects = !h.one(3)
		h.someBounds()
		if h.one(3) {
			if rep, err := h.scan(h.t.Context(), pushed, cache, "", head, true, nil); err != nil || len(rep.Receipt.Gaps) > 0 {
				h.t.Fatalf("%+v, %v", rep.Receipt, err)
			}
		}
		got, _ := h.said(pushed, cache, "", head)
		restore()
		once := h.clone("once.git", ever[rules])
		want, in := h.said(once, "", "", head)
		if d := different(got, want); d != "" {
			h.t.Fatalf("up to commit %d, pushes (+) and one look (-) say\n%s", upto, d)
		}
		if stands := h.stands(once, head); !reflect.DeepEqual(in, onlyOf(stands, in)) {
			h.t.Fatalf("up to commit %d, at %s stand %v, said is %v", upto, head, stands, in)
		}
		if upto == len(h.commits) {
			return
		}
	}
}

// refsAt are the refs after so many commits.
func (h *randomHistory) refsAt(upto int, gone map[string]bool) map[string]string {
	refs := make(map[string]string)
	tips := make(map[string]int)
	for i, c := range h.commits[:upto] {
		tips[c.branch] = i
	}
	for _, branch := range sortedKeys(tips) {
		i := tips[branch]
		switch h.IntN(9) {
		case 0:
			gone[branch] = true
		case 1:
			i = h.IntN(upto)
		case 2, 3, 4:
			delete(gone, branch)
		}
		if branch == "main" || !gone[branch] {
			refs["refs/heads/"+branch] = h.commits[i].id
		}
	}
	for _, tag := range h.tags {
		if tag.commit <= upto && h.IntN(3) > 0 {
			refs[tag.name] = tag.id
		}
	}
	return refs
}

// reviewed looks at a change with the memory of all that was looked at, and without.
func (h *randomHistory) reviewed(dir, cache string, refs map[string]string, upto int) {
	h.t.Helper()
	head, other := h.commits[h.IntN(upto)].id, h.commits[h.IntN(upto)].id
	cmd := exec.Command("git", "merge-base", head, other)
	cmd.Dir = h.dir
	out, err := cmd.Output()
	base := strings.TrimSpace(string(out))
	if err != nil || base == head {
		return // they have nothing in common, or nothing is new
	}
	refs["refs/heads/review"] = head
	h.clone("pushed.git", refs)
	with, _ := h.said(dir, cache, base, head)
	without, _ := h.said(dir, "", base, head)
	if d := different(with, without); d != "" {
		h.t.Fatalf("of %s..%s a review says with a memory (+) and without (-)\n%s", base, head, d)
	}
}

func (h *randomHistory) open(dir, at string) (repo, *ruleSet) {
	h.t.Helper()
	r, err := openRepo(h.t.Context(), dir)
	if err != nil {
		h.t.Fatal(err)
	}
	rules, err := loadRules(h.t.Context(), r, review.SHA(at))
	if err != nil {
		h.t.Fatal(err)
	}
	return r, rules
}

func (h *randomHistory) rulesAt(dir, at string) string {
	r, rules := h.open(dir, at)
	r.close()
	return rules.hash
}

// stands says which secrets plain gitleaks reports in the files of a tree and in their
// names.
func (h *randomHistory) stands(dir, at string) map[string]bool {
	h.t.Helper()
	r, rules := h.open(dir, at)
	defer r.close()
	rules.unfiltered = true
	s := &session{repo: r, rules: rules, key: testKey}
	var files []named
	err := r.eachFile(h.t.Context(), review.SHA(at), false, nil, func(f treeFile) { files = append(files, f.named) })
	if err != nil {
		h.t.Fatal(err)
	}
	out := make(map[string]bool)
	for _, f := range files {
		for _, h := range s.hits(h.t.Context(), text{content: nameParts(f.path), line: 1}, inName) {
			out[h.Key] = true
		}
	}
	if err := s.lookAtFiles(h.t.Context(), files, nil, func(h hit) { out[h.Key] = true }); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// onlyOf is what one says of the keys of another.
func onlyOf(m, keys map[string]bool) map[string]bool {
	out := make(map[string]bool, len(keys))
	for k := range keys {
		out[k] = m[k]
	}
	return out
}
