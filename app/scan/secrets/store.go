package secrets

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/filelock"
)

// store remembers which commits of a repository were scanned under which rules,
// and what they held as far as it may leave the process: rule, place, keyed
// fingerprint, entropy class. So no commit is read twice.
//
// It is one file of lines for each repository and rule set. Each line carries a
// MAC under the installation's key, so that a torn or foreign line counts for
// nothing and its commits are scanned again. Several processes may write.
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
	torn  bool        // the last does not end
	// later is what complete is to write, beside what it is told.
	later storeLine
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
	for _, hs := range st.hits {
		for i := range hs {
			hs[i].Ignored = rules.ignored(hs[i].scannedPath(), hs[i].Rule, hs[i].Line, hs[i].Commit)
		}
	}
	return st, nil
}

// read makes st what the file says.
func (st *store) read() error {
	st.done, st.hits, st.held, st.tips, st.at = make(map[string]bool), make(map[string][]hit), make(map[string]bool), nil, nil
	st.recent, st.silent = nil, false
	st.file, st.lines, st.bad, st.torn = nil, 0, false, false
	if st.path == "" {
		return nil
	}
	f, err := os.Open(st.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the store of scanned commits: %w", err)
	}
	defer f.Close()
	if st.file, err = f.Stat(); err != nil {
		return fmt.Errorf("read the store of scanned commits: %w", err)
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, min(st.file.Size()+1, 64<<10)), 256<<20)
	size := int64(0)
	for sc.Scan() {
		st.lines++
		size += int64(len(sc.Bytes())) + 1
		mac, body, ok := bytes.Cut(sc.Bytes(), []byte(" "))
		var line storeLine
		if !ok || !hmac.Equal(mac, st.mac(body)) || json.Unmarshal(body, &line) != nil {
			st.bad = true
			continue
		}
		if st.bad {
			// That all is covered is so only with what the line that is lost said.
			line.Tips, line.At = nil, nil
		}
		st.apply(line)
	}
	st.torn = size > st.file.Size()
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read the store of scanned commits: %w", err)
	}
	return nil
}

func (st *store) mac(body []byte) []byte {
	m := hmac.New(sha256.New, st.key)
	m.Write([]byte("store of scanned commits\n" + filepath.Base(filepath.Dir(st.path)) + "\n"))
	m.Write(body)
	return hex.AppendEncode(nil, m.Sum(nil)[:16])
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
func (st *store) add(done []string, hits []hit) error {
	if st.path == "" || len(done) == 0 {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	line := storeLine{Done: done, Hits: hits}
	st.apply(line)
	return st.locked(func() error { return st.append(line) })
}

// hold is add for what only complete is to write.
func (st *store) hold(done []string, hits []hit) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.apply(storeLine{Done: done, Hits: hits})
	st.later.Done, st.later.Hits = append(st.later.Done, done...), append(st.later.Hits, hits...)
	return nil
}

// holdTags is hold for what tags among hits hold.
func (st *store) holdTags(hits []hit) error {
	var fresh []hit
	for _, h := range hits {
		if h.Tag != "" && len(st.hits[h.Tag]) == 0 {
			fresh = append(fresh, h)
		}
	}
	return st.hold(nil, fresh)
}

// append writes a line at the end of the file.
func (st *store) append(line storeLine) error {
	b, err := st.encode(line)
	if err != nil {
		return err
	}
	if st.torn {
		b, st.torn = append([]byte("\n"), b...), false
	}
	f, err := os.OpenFile(st.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func (st *store) encode(line storeLine) ([]byte, error) {
	body, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("encode the store of scanned commits: %w", err)
	}
	return append(append(append(st.mac(body), ' '), body...), '\n'), nil
}

// locked runs write while no other process writes to the store.
func (st *store) locked(write func() error) error {
	err := os.MkdirAll(filepath.Dir(st.path), 0o700)
	if err == nil {
		var unlock func()
		if unlock, err = filelock.Lock(st.path + ".lock"); err == nil {
			err = write()
			unlock()
		}
	}
	if err != nil {
		return fmt.Errorf("write the store of scanned commits: %w", err)
	}
	return nil
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
func (st *store) complete(c coverage) error {
	if st.path == "" {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.locked(func() error {
		if err := st.reread(); err != nil { // what others added meanwhile
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
		if len(c.order) == 0 && slices.Equal(c.tips, st.tips) && c.at.equal(st.at) {
			return nil // the file says so
		}
		line := storeLine{Tips: c.tips, N: st.covered + len(c.order), At: c.at, Recent: c.last(), Silent: !c.configures && (st.silent || len(st.tips) == 0)}
		write := st.rewrite
		if st.onlyGrows(c.order) {
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
		return nil
	})
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

// reread reads the file if it is not what was read, and holds what was held.
func (st *store) reread() error {
	now, err := os.Stat(st.path)
	if err == nil && st.file != nil && os.SameFile(now, st.file) && now.Size() == st.file.Size() && now.ModTime().Equal(st.file.ModTime()) {
		return nil
	}
	if err := st.read(); err != nil {
		return err
	}
	st.apply(st.later)
	return nil
}

// onlyGrows reports whether a line more makes the file say what complete knows of a
// look at the commits of order: none of them stands in it, and it is neither long nor
// damaged.
func (st *store) onlyGrows(order map[string]int) bool {
	return st.lines > 0 && st.lines < maxLines && !st.bad && len(st.done) == 0 && len(st.later.Done) == len(order)
}

// rewrite makes the file one line.
func (st *store) rewrite(line storeLine) error {
	b, err := st.encode(line)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(st.path), ".store-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), st.path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
