package secrets

import (
	"context"
	"hash/maphash"
	"path"
	"slices"
	"strings"
)

// seenTexts are texts that were looked at once and that several commits may bring:
// file names, or files. A history may have millions, so they are known by a hash under
// a seed of this process.
type seenTexts struct {
	clean map[uint64]struct{}
	held  map[uint64][]hit // those of the others, of whichever commit
}

var seenSeed = maphash.MakeSeed()

// heldBy returns what a text holds that was looked at for another commit, as hits of
// this one; false when it was not. Under rules that allow commits it says nothing.
func (s *session) heldBy(texts *seenTexts, key, commit string) ([]hit, bool) {
	if s.rules.byCommit {
		return nil, false
	}
	sum := maphash.String(seenSeed, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, clean := texts.clean[sum]; clean {
		return nil, true
	}
	hs, known := texts.held[sum]
	hs = slices.Clone(hs)
	for i := range hs {
		hs[i].Commit, hs[i].Ignored = commit, s.rules.ignored(hs[i].scannedPath(), hs[i].Rule, hs[i].Line, commit)
	}
	return hs, known
}

// noteHeld notes what a text holds.
func (s *session) noteHeld(texts *seenTexts, key string, hs []hit) {
	sum := maphash.String(seenSeed, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if texts.clean == nil {
		texts.clean, texts.held = make(map[uint64]struct{}), make(map[uint64][]hit)
	}
	switch {
	case len(hs) == 0:
		if len(texts.clean) > maxRemembered {
			clear(texts.clean)
		}
		texts.clean[sum] = struct{}{}
	case !s.cut: // else they are looked at again, and not kept
		texts.held[sum] = hs
	}
}

// lookAtName looks for secrets in the name of a new file. Each commit that brings the
// name is a place of what it holds, whatever commits are looked at together.
func (s *session) lookAtName(ctx context.Context, res *walkResult, name, commit string) {
	hs, known := s.heldBy(&s.names, name, commit)
	if !known {
		seen := make(map[string]bool)
		for _, h := range s.hits(ctx, text{content: nameParts(name), commit: commit, line: 1}, inName) {
			if seen[h.Rule+h.Key] {
				continue
			}
			seen[h.Rule+h.Key] = true
			h.Path, h.Line, h.EndLine = s.safeName(name), 0, 0
			hs = append(hs, h)
		}
		s.noteHeld(&s.names, name, hs)
	}
	s.add(res, hs)
}

// safeName is a file's name without the secrets in it, as it may be shown and
// stored.
func (s *session) safeName(name string) string {
	s.mu.Lock()
	safe, ok := s.safe[name]
	s.mu.Unlock()
	if ok || name == "" {
		return safe
	}
	var secrets []string
	for _, h := range s.hits(context.Background(), text{content: nameParts(name), line: 1}, inName) {
		secrets = append(secrets, h.secret.s)
	}
	// What the repository's rules allow is not reported, and is not repeated either.
	if !s.rules.unconfigured {
		for _, f := range defaultRules().find(context.Background(), text{content: nameParts(name), line: 1}) {
			secrets = append(secrets, f.Secret)
		}
	}
	safe = redact(name, secrets)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.safe == nil || len(s.safe) > maxHits {
		s.safe = make(map[string]string)
	}
	s.safe[name] = safe
	return safe
}

// redact says a text without what of it belongs to a secret. What a stranger's rule
// takes for one may be a letter, many times over.
func redact(said string, secrets []string) string {
	slices.Sort(secrets)
	var covered []interval
	for _, secret := range slices.Compact(secrets) {
		for from := 0; secret != ""; {
			i := strings.Index(said[from:], secret)
			if i < 0 {
				break
			}
			covered = append(covered, interval{from + i, from + i + len(secret)})
			from += i + 1
		}
	}
	var b strings.Builder
	at := 0
	for _, w := range joined(covered) {
		b.WriteString(said[at:w.from] + redacted)
		at = w.to
	}
	return b.String() + said[at:]
}

// nameParts lays a path out for rules that want a secret to end at a space: the
// path itself, then its parts, then the last part without its extension.
func nameParts(p string) []byte {
	base := path.Base(p)
	stem, _, _ := strings.Cut(base, ".")
	return []byte(p + "\n" + strings.ReplaceAll(p, "/", "\n") + "\n" + stem + "\n")
}
