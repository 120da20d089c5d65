package secrets

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// assemble turns what was found into findings: one for each secret and rule
// where it stands at the head, else one for the commit that brought it; and
// into Base those that stood at the merge base already.
func (s *session) assemble(ctx context.Context, req scan.Request, set Settings, diff, removed []hit, rep *scan.Report) error {
	allowed, ignored := make(map[string]bool), make(map[string]bool)
	listed := make(map[string]bool) // ignored by the commit that brought it
	for _, h := range s.found {
		if h.Ignored {
			listed[h.Rule+h.Key] = true
		}
	}
	keep := func(hs []hit) []hit {
		out := hs[:0:0]
		for _, h := range hs {
			if h.Ignored || listed[h.Rule+h.Key] && h.Where == inDiff {
				ignored[h.Rule+h.Key] = true
				continue
			}
			if h.Allowed && !set.ForbidInlineAllow {
				allowed[h.Rule+h.Key] = true
				continue
			}
			out = append(out, h)
		}
		return out
	}
	history := keep(s.found)
	sort.SliceStable(history, func(i, j int) bool { return less(history[i], history[j]) })
	diff = keep(diff)
	s.sayLeftOut(rep, len(allowed), len(ignored))

	first := make(map[string]hit) // the commit that brought a secret
	for _, h := range history {
		if _, ok := first[h.Key]; !ok {
			first[h.Key] = h
		}
	}
	placed := make(map[string]bool)
	for _, h := range diff {
		rep.Head = append(rep.Head, atHead(h, first[h.Key]))
		placed[h.Key] = true
	}

	// What is in a commit but not in the final diff: still in the head for
	// another reason, or only in history.
	var rest []hit
	for _, h := range history {
		if !placed[h.Key] {
			rest = append(rest, h)
		}
	}
	var errs error
	atTree, err := s.locate(ctx, req.Head, onLines(rest))
	errs = firstOf(errs, err)
	done := make(map[string]bool)
	for _, h := range rest {
		if done[h.Rule+h.Key] {
			continue
		}
		done[h.Rule+h.Key] = true
		if ts := atTree[h.Key]; len(ts) > 0 && textual(h.Where) {
			t := ts[0]
			t.Rule = h.Rule
			rep.Head = append(rep.Head, atHead(t, h))
			continue
		}
		rep.Head = append(rep.Head, s.inHistory(h))
	}

	s.cleanPaths(rep.Head)
	if req.MergeBase == "" {
		return errs
	}
	stood, err := s.locate(ctx, req.MergeBase, onLines(append(diff, rest...)))
	errs = firstOf(errs, err)
	atBase := make(map[string]hit)
	for _, h := range removed {
		if _, ok := atBase[h.Key]; !ok {
			atBase[h.Key] = h
		}
	}
	for key, hs := range stood {
		atBase[key] = hs[0]
	}
	for _, f := range rep.Head {
		if b, ok := atBase[f.Key]; ok {
			old := f
			old.Place = review.Place{Path: b.Path, Line: b.Line, EndLine: b.EndLine, Side: review.Left}
			old.Evidence = nil
			rep.Base = append(rep.Base, old)
		}
	}
	s.cleanPaths(rep.Base)
	return errs
}

func (s *session) sayLeftOut(rep *scan.Report, allowed, ignored int) {
	if allowed > 0 {
		rep.Receipt.Notes = append(rep.Receipt.Notes, fmt.Sprintf("Secrets left out because their lines say %s: %d.", allowMark, allowed))
	}
	if ignored > 0 {
		rep.Receipt.Notes = append(rep.Receipt.Notes, fmt.Sprintf("Secrets left out because %s or %s of the base lists them: %d.", ignorePath, baselinePath, ignored))
	}
}

// cleanPaths takes secrets out of the names of files that are named after them.
func (s *session) cleanPaths(fs []review.Finding) {
	for i := range fs {
		fs[i].Place.Path = s.safeName(fs[i].Place.Path)
		for j := range fs[i].Evidence {
			fs[i].Evidence[j].Place.Path = s.safeName(fs[i].Evidence[j].Place.Path)
		}
	}
}

func less(a, b hit) bool {
	switch {
	case a.Order != b.Order:
		return a.Order < b.Order
	case a.shownPath() != b.shownPath():
		return a.shownPath() < b.shownPath()
	case a.Line != b.Line:
		return a.Line < b.Line
	case a.Rule != b.Rule:
		return a.Rule < b.Rule
	case a.Key != b.Key:
		return a.Key < b.Key
	}
	return a.holder() < b.holder() // of tags
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// textual reports whether a hit can stand on a line of a file.
func textual(w where) bool { return w != inMessage && w != inTag && w != inName }

// onLines returns those of hs that can.
func onLines(hs []hit) []hit {
	return slices.DeleteFunc(slices.Clone(hs), func(h hit) bool { return !textual(h.Where) })
}

// atHead is a secret that stands at the head, brought by the commit of first.
func atHead(h, first hit) review.Finding {
	info := infoOf(h.Rule)
	f := h.finding(review.Place{Path: h.Path, Line: h.Line, EndLine: max(h.EndLine, h.Line), Side: review.Right},
		fmt.Sprintf("%s. Once pushed it must be treated as copied: rotate it first, then take it out.", info.noun()))
	if first.Commit != "" {
		f.Evidence = []review.Step{{Place: placeIn(first), Note: "it came in here"}}
	}
	return f
}

// inHistory is a secret that only history holds.
func (s *session) inHistory(h hit) review.Finding {
	info := infoOf(h.Rule)
	var what string
	short := review.SHA(h.Commit).Short()
	switch h.Where {
	case inMessage:
		what = "in the message of commit " + short
	case inTag:
		what = "in the message of a tag on commit " + short
		if name := s.tagOf(h.Tag); name != "" {
			what = fmt.Sprintf("in the message of tag %q on commit %s", name, short)
		}
	case inName:
		what = "in the name of a file, which came with commit " + short
	case inMerge:
		what = "in what merge commit " + short + " brought, and no longer at the head"
	default:
		what = "in commit " + short + ", and no longer at the head"
	}
	return h.finding(placeIn(h), fmt.Sprintf("%s %s. Git keeps it, so it must be treated as copied: rotate it.", info.noun(), what))
}

// tagOf is the name of an annotated tag, without secrets in it; "" if none is left.
func (s *session) tagOf(id string) string {
	for _, r := range s.refs {
		if r.ID == id && id != "" {
			return s.safeName(strings.TrimPrefix(strings.TrimPrefix(r.Name, "refs/tags/"), TagRefs+"/"))
		}
	}
	return ""
}

// noun says what was found; the rule's id stands beside it everywhere, but for
// a rule of the repository's own.
func (i ruleInfo) noun() string {
	if ruleIDOf(i.id) == customRule {
		return fmt.Sprintf("A secret by the rule %q of %s", i.id, configPath)
	}
	if i.provider.name == unknownIssuer {
		return "What looks like a secret"
	}
	if first, _ := utf8.DecodeRuneInString(i.provider.name); unicode.IsLower(first) {
		return "A secret for " + i.provider.name // whoever, the server, your cluster
	}
	return "A secret of " + i.provider.name
}

func placeIn(h hit) review.Place {
	return review.Place{Path: h.Path, Line: h.Line, EndLine: max(h.EndLine, h.Line), Side: review.Right, Commit: review.SHA(h.Commit)}
}

// locate finds where the secrets of hs stand in a commit's tree, by key, the
// files in order: git grep names the files that hold their text, gitleaks says
// whether and where it reports them there.
func (s *session) locate(ctx context.Context, at review.SHA, hs []hit) (map[string][]hit, error) {
	out := make(map[string][]hit)
	texts, err := s.texts(ctx, hs)
	if err != nil || len(texts) == 0 {
		return out, err
	}
	files, missing := s.candidates(ctx, at, texts)
	err = s.lookAtFiles(ctx, files, nil, func(h hit) {
		if _, wanted := texts[h.Key]; wanted {
			out[h.Key] = append(out[h.Key], h)
		}
	})
	return out, firstOf(missing, err)
}

// maxGrepped is how many texts git grep is asked for: it goes over every file once for
// each of them. Beyond that, to look at every file is less work.
const maxGrepped = 64

// candidates are the files of a commit's tree that may hold one of the texts; with an
// error, those of which it is known.
func (s *session) candidates(ctx context.Context, at review.SHA, texts map[string]sought) ([]named, error) {
	var patterns strings.Builder
	paths := make(map[string]bool)
	hidden, missing := len(texts) > maxGrepped, error(nil)
	for _, key := range sortedKeys(texts) {
		switch t := texts[key]; {
		case t.path != "":
			paths[t.path] = true
		case t.hidden:
			hidden = true
		default:
			patterns.WriteString(longestLine(t.text))
			patterns.WriteByte('\n')
		}
	}
	if hidden || patterns.Len() > 0 && s.screening.any() {
		if files, few, err := s.mayHold(ctx, at); err != nil || few || hidden {
			return files, err
		}
	}
	if patterns.Len() > 0 {
		// The patterns go through standard input: arguments are visible to others.
		// It finds nothing in symbolic links, and loads files as a whole.
		var large []named
		err := s.repo.eachFile(ctx, at, true, nil, func(f treeFile) {
			if f.size > bigFileBytes {
				large = append(large, f.named)
			}
			if f.link {
				paths[f.path] = true
			}
		})
		if err != nil {
			return nil, err
		}
		leave, err := exclude(large)
		if err != nil {
			return nil, err
		}
		var listing []byte
		listing, missing = s.repo.grep(ctx, at, patterns.String(), leave)
		for _, name := range bytes.Split(listing, []byte{0}) {
			if _, path, ok := bytes.Cut(name, []byte(":")); ok {
				paths[string(path)] = true
			}
		}
	}
	files, err := s.repo.files(ctx, at, sortedKeys(paths))
	return files, firstOf(missing, err)
}

// mayHold returns all files of a commit's tree but those of which it is known that
// gitleaks reports nothing in them. They are few when most of the tree was screened:
// then to look at them is less work than to search all files.
func (s *session) mayHold(ctx context.Context, at review.SHA) (files []named, few bool, err error) {
	all := 0
	err = s.repo.eachFile(ctx, at, false, nil, func(f treeFile) {
		if all++; !s.rules.pathAllowed(f.path) && !s.screening.silent(f.path, f.blob) {
			files = append(files, f.named)
		}
	})
	return files, len(files) <= all/4, err
}

// holds returns what a file holds, if it is known.
func (s *session) holds(f named) ([]hit, bool) {
	f = named{path: f.path, blob: f.blob}
	hits, known := s.screening.holds[f]
	if !known && s.ahead != nil {
		hits, known = s.ahead.held[f]
	}
	return hits, known
}

// maxPlaces is up to how many places of secrets are looked for in files.
const maxPlaces = 10 * maxHits

// errManyPlaces are more places of secrets in a tree than are kept.
var errManyPlaces = fmt.Errorf("secrets stand in more than %d places of one tree", maxPlaces)

// lookAtFiles looks at files as a whole, but for those of which it is known what they
// hold, and at no more than what touches these lines of those that edited names.
func (s *session) lookAtFiles(ctx context.Context, files []named, edited map[string][]interval, visit func(hit)) error {
	found, places := make([][]hit, len(files)), 0
	var ids []string
	var at []int
	for i, f := range files {
		hits, known := s.holds(f)
		if found[i] = hits; !known {
			ids, at = append(ids, f.blob), append(at, i)
		}
	}
	err := s.repo.contents(ctx, ids, func(i int, o objectInfo, body io.Reader) error {
		f := files[at[i]]
		hits, isText, err := s.lookAtStream(ctx, body, o.size, text{path: f.path, lines: edited[f.path]}, inTree)
		if err == nil && !isText {
			hits = s.hits(ctx, text{path: f.path}, inTree) // rules about paths
		}
		if found[at[i]] = hits; err == nil && len(hits) > 0 && edited[f.path] == nil { // others are hardly asked again
			s.screening.hold(named{path: f.path, blob: f.blob}, hits)
		}
		if places += len(hits); err == nil && places > maxPlaces {
			return errManyPlaces
		}
		return err
	})
	for _, hits := range found {
		for _, h := range hits {
			visit(h)
		}
	}
	return err
}

// sought is a secret to look for in files.
type sought struct {
	text string
	path string // of the file that a rule reports for its name
	// hidden: git grep does not find the text, or finds it everywhere. It is encoded,
	// or the file is, or it is short.
	hidden bool
}

// shortText is how long a text must be to say something about a file.
const shortText = 6

// texts returns the texts of secrets, by key. What an earlier scan found is read again
// where it was, for its text was not kept.
func (s *session) texts(ctx context.Context, hs []hit) (map[string]sought, error) {
	out := make(map[string]sought)
	note := func(h hit) {
		t := sought{text: h.secret.s, hidden: h.Decoded || len(longestLine(h.secret.s)) < shortText}
		if h.byPath() {
			t = sought{text: h.secret.s, path: h.Path}
		}
		out[h.Key] = t
	}
	inFile := make(map[string]bool)
	for _, h := range hs {
		inFile[h.Key] = inFile[h.Key] || textual(h.Where)
		if _, have := out[h.Key]; h.secret.s != "" && (!have || textual(h.Where)) {
			note(h)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(hs), func(h hit) bool { _, have := out[h.Key]; return have })
	if err := s.readAgain(ctx, kept, note); err != nil {
		return out, err
	}
	for _, h := range kept {
		if _, have := out[h.Key]; !have {
			// Git threw away where it was, or part of that, as it may of what no ref
			// reaches.
			out[h.Key] = sought{hidden: true}
		}
	}
	// One that stands in plain sight in one place may be hidden in another: in a file
	// that no commit brought as it is, if it was seen in no file.
	for _, h := range hs {
		if t := out[h.Key]; t.path == "" && (h.Decoded || h.Where == inBlob || !inFile[h.Key]) {
			t.hidden = true
			out[h.Key] = t
		}
	}
	return out, nil
}

// readAgain finds kept secrets again where one of them was: in one file, or a message,
// not the commit. Of what cannot be read, nothing is found.
func (s *session) readAgain(ctx context.Context, kept []hit, found func(hit)) error {
	there, err := s.stillThere(ctx, kept)
	if err != nil {
		return err
	}
	places := make(map[string][]string) // paths by commit
	asked, seen := make(map[string]bool), make(map[string]bool)
	note := func(h hit) {
		if asked[h.Key] && h.secret.s != "" {
			seen[h.Key] = true
			found(h)
		}
	}
	var messages []string // whose they are
	for _, h := range kept {
		if !there[h.holder()] || asked[h.Key] {
			continue
		}
		asked[h.Key] = true
		switch {
		case h.Where == inTag || h.Where == inMessage:
			messages = append(messages, h.holder())
		case textual(h.Where):
			places[h.Commit] = append(places[h.Commit], h.Path)
		}
	}
	if err := s.repo.objects(ctx, messages, bigFileBytes, func(o object) error {
		_, message, _ := bytes.Cut(o.data, []byte("\n\n"))
		for _, h := range s.hits(ctx, text{content: message, line: 1}, inMessage) {
			note(h)
		}
		return ctx.Err()
	}); err != nil && ctx.Err() != nil {
		return err
	}
	unread := make(map[string]bool) // commits
	for _, commit := range sortedKeys(places) {
		files, err := s.repo.files(ctx, review.SHA(commit), places[commit])
		if err == nil {
			err = s.lookAtFiles(ctx, files, nil, note)
		}
		if err != nil && ctx.Err() != nil {
			return err
		}
		unread[commit] = err != nil
	}
	again := make(map[string]bool)
	for _, h := range kept {
		if asked[h.Key] && !seen[h.Key] && there[h.Commit] && !unread[h.Commit] {
			again[h.Commit] = true
		}
	}
	if len(again) == 0 {
		return nil
	}
	// gitleaks sees it in what the commit changes and not in the whole file, or it is in a
	// file's name, or in a file of a name that is not kept.
	once := &session{repo: s.repo, rules: s.rules, key: s.key}
	if _, err := once.walk(ctx, append([]string{"--no-walk=unsorted"}, sortedKeys(again)...), ends{}, nil, nil); err != nil && ctx.Err() != nil {
		return err
	}
	for _, h := range once.found {
		note(h)
	}
	return nil
}

// stillThere says which of the commits and tags of hs the repository holds: what no ref
// reaches may have been thrown away.
func (s *session) stillThere(ctx context.Context, hs []hit) (map[string]bool, error) {
	objects := make(map[string]bool)
	for _, h := range hs {
		objects[h.holder()] = false
	}
	have, err := s.repo.present(ctx, sortedKeys(objects))
	for _, id := range have {
		objects[id] = true
	}
	return objects, err
}

func longestLine(s string) string {
	best := ""
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimRight(line, "\r"); len(line) > len(best) {
			best = line
		}
	}
	return best
}
