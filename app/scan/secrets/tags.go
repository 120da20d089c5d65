package secrets

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// TagRefs is where a mirror keeps the tags of its remote.
const TagRefs = "refs/launchgate/history/tags"

// tag is an annotated tag, without its message.
type tag struct {
	id, object, kind string
	date             time.Time
	last             *tag // that it leads to, once that is known
}

// mayBeTag reports whether a ref of this name may name an annotated tag that is looked
// at. Tools keep what they replace under names of their own, such as refs/original, and
// a look at all refs looks at that, too; git lets a branch name nothing but a commit.
func (s *session) mayBeTag(ref string) bool {
	if s.allRefs {
		return !strings.HasPrefix(ref, "refs/heads/") && !strings.HasPrefix(ref, "refs/remotes/")
	}
	return strings.HasPrefix(ref, "refs/tags/") || strings.HasPrefix(ref, TagRefs+"/")
}

// annotated returns the annotated tags that refs name and that were not seen.
func (s *session) annotated(ctx context.Context, seen map[string]bool) ([]string, error) {
	if err := whole(s.refs, s.mayBeTag); err != nil {
		return nil, err
	}
	var tags, unsure []string
	again := make(map[string]bool)
	for _, r := range s.refs {
		if !s.mayBeTag(r.Name) || again[r.ID] || seen[r.ID] {
			continue
		}
		again[r.ID] = true
		switch r.Kind {
		case "tag":
			tags = append(tags, r.ID)
		case "":
			unsure = append(unsure, r.ID)
		}
	}
	found := 0
	err := s.repo.infos(ctx, unsure, func(o objectInfo) {
		found++
		if o.kind == "tag" {
			tags = append(tags, o.id)
		}
	})
	if err == nil && found != len(unsure) {
		err = fmt.Errorf("%d of %d tags name an object that is not there", len(unsure)-found, len(unsure))
	}
	return tags, err
}

// lookAtTags looks at the messages of the wanted annotated tags that were not seen,
// and of tags of such tags. wanted is told what the tag a ref names comes to in the
// end.
func (s *session) lookAtTags(ctx context.Context, res *walkResult, seen map[string]bool, wanted func(commit string) bool) (int, error) {
	if s.refs == nil {
		var err error
		if s.refs, err = s.repo.refs(ctx); err != nil {
			return 0, err
		}
	}
	named, err := s.annotated(ctx, seen)
	if err != nil {
		return 0, err
	}
	known, err := s.readTags(ctx, named)
	if err != nil {
		return 0, err
	}
	sort.Strings(named)
	s.tagged = make(map[string]bool)
	var ids []string
	commits := make(map[string]string) // by tag
	for _, id := range named {
		end := known.end(id)
		if !wanted(end.object) {
			continue
		}
		for t := known[id]; t != nil && !s.tagged[t.id]; t = known[t.object] {
			s.tagged[t.id] = true
			ids = append(ids, t.id)
			if end.kind == "commit" {
				commits[t.id] = end.object
			}
		}
	}
	// They are read once more: all messages at once may be more than memory holds.
	return len(ids), s.repo.objects(ctx, ids, bigFileBytes, func(o object) error {
		t, message := parseTag(o)
		hs := s.hits(ctx, text{content: message, commit: commits[t.id], line: 1}, inTag)
		for i := range hs {
			// A tag is made after its commit; of others made in the same second
			// nobody knows.
			hs[i].Date, hs[i].Committed, hs[i].Order = t.date, t.date, math.MaxInt
			hs[i].Tag = t.id
		}
		s.add(res, hs)
		return ctx.Err()
	})
}

// tags are annotated tags, by id.
type tags map[string]*tag

// readTags reads tags, and tags of such tags, but for their messages.
func (s *session) readTags(ctx context.Context, ids []string) (tags, error) {
	known := make(tags)
	for len(ids) > 0 {
		var inner []string
		err := s.repo.objects(ctx, ids, bigFileBytes, func(o object) error {
			t, _ := parseTag(o)
			known[o.id] = &t
			if t.kind == "tag" {
				inner = append(inner, t.object)
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(inner)
		ids = slices.DeleteFunc(slices.Compact(inner), func(id string) bool { return known[id] != nil })
	}
	return known, nil
}

// end returns the last of the tags that lead on from one.
func (ts tags) end(id string) *tag {
	t := ts[id]
	for next := ts[t.object]; next != nil; next = ts[t.object] {
		if next.last != nil {
			t = next.last
			break
		}
		t = next
	}
	for at := ts[id]; at != t && at.last == nil; at = ts[at.object] {
		at.last = t
	}
	return t
}

func parseTag(o object) (t tag, message []byte) {
	head, message, _ := bytes.Cut(o.data, []byte("\n\n"))
	t.id = o.id
	for line := range strings.SplitSeq(string(head), "\n") {
		switch word, rest, _ := strings.Cut(line, " "); word {
		case "object":
			t.object = strings.Clone(strings.ToLower(rest)) // else it keeps the whole header
		case "type":
			t.kind = strings.Clone(rest)
		case "tagger":
			t.date = identDate(rest)
		}
	}
	return t, message
}
