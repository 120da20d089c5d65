package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/launchgate/launchgate/app/review"
)

// store remembers which commits of a repository were scanned under which rules,
// and what they held as far as it may leave the process: rule, place, keyed
// fingerprint, entropy class. So no commit is read twice.
//
// It is one file of lines for each repository and rule set, and what cannot be kept
// there is scanned again. Several processes may write.
type store struct {
	path string
	key  []byte

	mu   sync.Mutex
	done map[string]bool // scanned commits that no tip reaches
	// hits are what scanned commits and tags held, those below tips included.
	hits map[string][]hit
	// held are those with hits that complete looks at history covered.
	held map[string]bool
	// tips are refs below which everything was scanned: so many commits.
	tips    []string
	covered int
	at      *standing
	// recent are some of the commits below tips, the last of them that were scanned.
	recent []string
	// silent: no commit below tips changes one of configFiles.
	silent bool

	file  fs.FileInfo // as it was read, nil for none
	lines int         // that were read
	bad   bool        // one of them counts for nothing
	lost  bool        // one of them was written, and counts for nothing
	// later is what complete is to write, beside what it is told.
	later storeLine
	// unwritten is why something could not be written.
	unwritten error
}

// standing says which secrets stand in the tree of a commit, and in which files.
type standing struct {
	Commit review.SHA `json:"commit"`
	// Files has a row for each key that was looked for, the names of the files
	// as fileKey gives them.
	Files map[string][]string `json:"files"`
	// Unconfigured: its tree holds none of the files that say something about
	// secrets, so that the default rules apply.
	Unconfigured bool `json:"unconfigured,omitempty"`
}

func (s *standing) equal(t *standing) bool {
	return s != nil && t != nil && s.Commit == t.Commit && s.Unconfigured == t.Unconfigured && maps.EqualFunc(s.Files, t.Files, slices.Equal)
}

// storeLine is one line of a store.
type storeLine struct {
	Done []string  `json:"c,omitempty"`
	Hits []hit     `json:"f,omitempty"`
	Tips []string  `json:"t,omitempty"`
	N    int       `json:"n,omitempty"` // commits below Tips
	Held []string  `json:"h,omitempty"`
	At   *standing `json:"s,omitempty"`
	// With Tips: commits to add to recent, and whether silent still holds.
	Recent []string `json:"r,omitempty"`
	Silent bool     `json:"q,omitempty"`
}

// openStore reads the store of a repository under cacheDir; with an empty
// cacheDir nothing is remembered.
func openStore(cacheDir string, r repo, rules *ruleSet, key []byte) (*store, error) {
	st := &store{key: key}
	if cacheDir != "" {
		where := sha256.Sum256([]byte(r.dir))
		st.path = filepath.Join(cacheDir, Name, rules.hash[:32], hex.EncodeToString(where[:12])+".log")
	}
	if err := st.read(); err != nil {
		return nil, err
	}
	// What the base lists as no secret may have changed since.
	ignored := rules.ignoredAgain(key)
	for _, hs := range st.hits {
		for i := range hs {
			hs[i].Ignored = ignored(hs[i])
		}
	}
	return st, nil
}

func (st *store) apply(line storeLine) {
	// A commit that two processes scanned at once held the same for both.
	again := make(map[string]bool)
	for _, h := range line.Hits {
		again[h.holder()] = len(st.hits[h.holder()]) > 0
	}
	for _, h := range line.Hits {
		if !again[h.holder()] {
			st.hits[h.holder()] = append(st.hits[h.holder()], h)
		}
	}
	for _, id := range line.Done {
		st.done[id] = true
	}
	for _, id := range line.Held {
		st.held[id] = true
	}
	if line.Tips != nil {
		st.tips, st.covered, st.silent = line.Tips, line.N, line.Silent
		st.recent = append(st.recent, line.Recent...)
	}
	if line.At != nil {
		st.at = line.At
	}
}

// known returns whether a commit was scanned, and what it held.
func (st *store) known(id string) ([]hit, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.hits[id], st.done[id]
}

// add remembers commits and what they hold. It may be called concurrently.
func (st *store) add(done []string, hits []hit) {
	if st.path == "" || len(done) == 0 {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	line := storeLine{Done: done, Hits: hits}
	st.apply(line)
	if err := st.locked(func() error { return st.append(line) }); err != nil {
		st.unwritten = err
		st.keepForLater(line)
	}
}

// hold is add for what only complete is to write.
func (st *store) hold(done []string, hits []hit) {
	st.mu.Lock()
	defer st.mu.Unlock()
	line := storeLine{Done: done, Hits: hits}
	st.apply(line)
	st.keepForLater(line)
}

func (st *store) keepForLater(line storeLine) {
	st.later.Done, st.later.Hits = append(st.later.Done, line.Done...), append(st.later.Hits, line.Hits...)
}

// holdTags is hold for what tags among hits hold.
func (st *store) holdTags(hits []hit) {
	var fresh []hit
	for _, h := range hits {
		if h.Tag != "" && len(st.hits[h.Tag]) == 0 {
			fresh = append(fresh, h)
		}
	}
	st.hold(nil, fresh)
}

// maxLines is how many lines a store may have before it is written anew.
var maxLines = 64

// coverage is what a complete look at history comes to.
type coverage struct {
	tips []string
	// order has the commits that the look was about, ancestors first.
	order map[string]int
	at    *standing
	// configures: one of them may change one of configFiles.
	configures bool
}

// maxRecent is how many commits a store names that it need not name.
const maxRecent = 256

// complete remembers that everything reachable from tips was scanned, and what
// stands in HEAD. The commits that the look was about need not be named one by one any
// longer.
func (st *store) complete(c coverage) {
	if st.path == "" {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	nothing := len(c.order) == 0 && len(st.later.Hits) == 0 && slices.Equal(c.tips, st.tips) && c.at.equal(st.at)
	if kept, err := st.learn(); err == nil && kept && nothing {
		return // the file says so, and may be in a place where nothing can be written
	}
	err := st.locked(func() error {
		kept, err := st.learn()
		if err != nil {
			return err
		}
		for id, n := range c.order {
			delete(st.done, id)
			for i := range st.hits[id] {
				st.held[id] = true
				st.hits[id][i].Order = st.covered + n // a pull request counts from its own beginning
			}
		}
		for _, h := range st.later.Hits {
			if h.Tag != "" {
				st.held[h.Tag] = true
			}
		}
		line := storeLine{Tips: c.tips, N: st.covered + len(c.order), At: c.at, Recent: c.last(), Silent: !c.configures && (st.silent || len(st.tips) == 0)}
		write := st.rewrite
		if kept && st.onlyGrows(c.order) {
			write = st.append
			for _, h := range st.later.Hits {
				if held := st.hits[h.holder()]; !slices.Contains(line.Held, h.holder()) {
					line.Held, line.Hits = append(line.Held, h.holder()), append(line.Hits, held...)
				}
			}
		} else {
			line.Done, line.Held, line.Recent = sortedKeys(st.done), sortedKeys(st.held), append(st.recent, line.Recent...)
			line.Recent = line.Recent[max(0, len(line.Recent)-maxRecent):]
			for _, id := range sortedKeys(st.hits) {
				line.Hits = append(line.Hits, st.hits[id]...)
			}
		}
		if err := write(line); err != nil {
			return err
		}
		st.tips, st.covered, st.at, st.later = c.tips, line.N, c.at, storeLine{}
		st.unwritten = nil
		return nil
	})
	if err != nil {
		st.unwritten = err
	}
}

// last returns the last commits, at most maxRecent.
func (c coverage) last() []string {
	out := make([]string, min(maxRecent, len(c.order)))
	for id, n := range c.order {
		if i := n - (len(c.order) - len(out)); i >= 0 {
			out[i] = id
		}
	}
	return out
}

// recentSet returns recent as a set.
func (st *store) recentSet() map[string]bool {
	out := make(map[string]bool, len(st.recent))
	for _, id := range st.recent {
		out[id] = true
	}
	return out
}

// learn takes over what others wrote since the file was read, and reports whether the
// file still says what this store knew then: somebody may have emptied the folder.
func (st *store) learn() (kept bool, err error) {
	info, err := os.Stat(st.path)
	if err == nil && st.file != nil && os.SameFile(info, st.file) && info.Size() == st.file.Size() && info.ModTime().Equal(st.file.ModTime()) {
		return st.lines > 0 && !st.bad, nil
	}
	now := &store{path: st.path, key: st.key}
	if err := now.read(); err != nil {
		return false, err
	}
	kept = now.lines > 0 && !now.bad
	for id := range st.held {
		kept = kept && now.held[id]
		now.held[id] = true
	}
	for id := range st.done {
		now.done[id] = true
	}
	for id, hs := range st.hits {
		now.hits[id] = hs
	}
	st.done, st.hits, st.held, st.recent, st.lines, st.bad = now.done, now.hits, now.held, now.recent, now.lines, now.bad
	return kept, nil
}

// onlyGrows reports whether a line more makes a file that says what this store knew
// when it was read say what complete knows of a look at the commits of order: none of
// them stands in it, and it is not long.
func (st *store) onlyGrows(order map[string]int) bool {
	return st.lines < maxLines && len(st.done) == 0 && len(st.later.Done) == len(order)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
