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
	"os"
	"path/filepath"
	"sync"
)

// store remembers which commits of a repository were scanned under which rules
// and held nothing. Commits that held something are named, not remembered as
// done: they are read again, because what they hold is never written down.
//
// It is one file of lines for each repository and rule set. Each line carries a
// MAC under the installation's key, so that a torn or foreign line counts for
// nothing and its commits are scanned again. Several processes may append.
type store struct {
	path string
	key  []byte

	mu    sync.Mutex
	clean map[string]bool
	dirty map[string]bool
	// held are the dirty commits that complete looks at history covered.
	held map[string]bool
	// tips are refs below which everything was scanned; commits reachable from
	// them are not in clean.
	tips []string
}

// storeLine is one line of a store.
type storeLine struct {
	Clean []string `json:"c,omitempty"`
	Dirty []string `json:"d,omitempty"`
	Tips  []string `json:"t,omitempty"`
	Held  []string `json:"h,omitempty"`
}

// openStore reads the store of a repository under cacheDir; with an empty
// cacheDir nothing is remembered.
func openStore(cacheDir string, r repo, rules *ruleSet, key []byte) (*store, error) {
	st := &store{key: key, clean: make(map[string]bool), dirty: make(map[string]bool), held: make(map[string]bool)}
	if cacheDir == "" {
		return st, nil
	}
	where := sha256.Sum256([]byte(r.dir))
	st.path = filepath.Join(cacheDir, Name, rules.hash[:32], hex.EncodeToString(where[:12])+".log")
	f, err := os.Open(st.path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the store of scanned commits: %w", err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 64<<10), 64<<20)
	for sc.Scan() {
		mac, body, ok := bytes.Cut(sc.Bytes(), []byte(" "))
		if !ok || !hmac.Equal(mac, st.mac(body)) {
			continue
		}
		var line storeLine
		if json.Unmarshal(body, &line) == nil {
			st.apply(line)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read the store of scanned commits: %w", err)
	}
	return st, nil
}

func (st *store) mac(body []byte) []byte {
	m := hmac.New(sha256.New, st.key)
	m.Write([]byte("store of scanned commits\n" + filepath.Base(filepath.Dir(st.path)) + "\n"))
	m.Write(body)
	return hex.AppendEncode(nil, m.Sum(nil)[:16])
}

func (st *store) apply(line storeLine) {
	for _, id := range line.Clean {
		st.clean[id] = true
	}
	for _, id := range line.Dirty {
		st.dirty[id] = true
	}
	for _, id := range line.Held {
		st.held[id] = true
	}
	if line.Tips != nil {
		st.tips = line.Tips
	}
}

// known reports whether a commit was scanned and held nothing.
func (st *store) known(id string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.clean[id] && !st.dirty[id]
}

// add remembers commits. It may be called concurrently.
func (st *store) add(clean, dirty []string) error {
	if st.path == "" || len(clean)+len(dirty) == 0 {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	line := storeLine{Clean: clean, Dirty: dirty}
	st.apply(line)
	b, err := st.encode(line)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(st.path), 0o700); err != nil {
		return fmt.Errorf("make the store of scanned commits: %w", err)
	}
	f, err := os.OpenFile(st.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the store of scanned commits: %w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the store of scanned commits: %w", err)
	}
	return nil
}

func (st *store) encode(line storeLine) ([]byte, error) {
	body, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("encode the store of scanned commits: %w", err)
	}
	return append(append(append(st.mac(body), ' '), body...), '\n'), nil
}

// complete remembers that everything reachable from tips was scanned, which
// takes the place of the list of clean commits; walked are the commits that were
// scanned for it.
func (st *store) complete(tips, walked []string) error {
	if st.path == "" {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, id := range walked {
		if st.dirty[id] {
			st.held[id] = true
		}
	}
	line := storeLine{Tips: tips, Dirty: sortedKeys(st.dirty), Held: sortedKeys(st.held)}
	b, err := st.encode(line)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(st.path), 0o700); err != nil {
		return fmt.Errorf("make the store of scanned commits: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(st.path), ".store-*")
	if err != nil {
		return fmt.Errorf("write the store of scanned commits: %w", err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), st.path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write the store of scanned commits: %w", err)
	}
	st.clean, st.tips = make(map[string]bool), tips
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return sorted(out)
}
