package declstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync/atomic"
	"time"
)

// Store is a folder of content-addressed entries. Its methods may be called by
// several goroutines and processes at once. A nil Store has nothing and keeps
// nothing.
type Store struct {
	root    *os.Root
	seal    *seal // nil for a store without a key
	hits    atomic.Int64
	misses  atomic.Int64
	damaged atomic.Int64
}

// magic begins every entry; the SHA-256 of the payload and the payload follow.
const magic = "lgstore1"

// touchAfter is how old an entry's mark of use may grow before it is renewed.
const touchAfter = time.Hour

// MaxEntry bounds one entry, in bytes.
const MaxEntry = 256 << 20

// Open opens the store in a folder, which is made if need be.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Store{root: root}, nil
}

// Close releases the folder.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	return s.root.Close()
}

// Key makes a key of parts; their lengths keep ("ab","c") and ("a","bc") apart.
func Key(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func place(key string) (string, bool) {
	if len(key) != 2*sha256.Size {
		return "", false
	}
	for _, c := range []byte(key) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return "", false
		}
	}
	return filepath.Join(key[:2], key[2:]), true
}

// Get returns the entry at key. A damaged entry is removed and not returned.
func (s *Store) Get(key string) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	data, ok := s.sealed(key)
	if !ok {
		data, ok = s.get(key)
	}
	if ok {
		s.hits.Add(1)
	} else {
		s.misses.Add(1)
	}
	return data, ok
}

// sealed returns the entry that was sealed under key.
func (s *Store) sealed(key string) ([]byte, bool) {
	if s.seal == nil {
		return nil, false
	}
	name := s.seal.name(key)
	data, ok := s.get(name)
	if !ok {
		return nil, false
	}
	plain, ok := s.seal.open(name, data)
	if !ok {
		s.damaged.Add(1)
	}
	return plain, ok
}

func (s *Store) get(key string) ([]byte, bool) {
	name, ok := place(key)
	if !ok {
		return nil, false
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() > MaxEntry {
		return nil, false
	}
	raw := make([]byte, st.Size())
	if _, err := io.ReadFull(f, raw); err == nil && len(raw) >= len(magic)+sha256.Size {
		sum, payload := raw[len(magic):len(magic)+sha256.Size], raw[len(magic)+sha256.Size:]
		got := sha256.Sum256(append([]byte(key), payload...))
		if bytes.HasPrefix(raw, []byte(magic)) && bytes.Equal(got[:], sum) {
			if now := time.Now(); now.Sub(st.ModTime()) > touchAfter {
				_ = s.root.Chtimes(name, now, now) // only Trim's choice gets worse
			}
			return payload, true
		}
	}
	s.damaged.Add(1)
	_ = s.root.Remove(name) // the next write replaces it
	return nil, false
}

// Put keeps data under key. It writes beside and renames, so that readers see
// all of an entry or nothing. A full disk is no reason for a review to fail: the
// caller may ignore the error.
func (s *Store) Put(key string, data []byte) error {
	if s == nil || len(data) > MaxEntry {
		return nil
	}
	if s.seal != nil {
		if _, ok := place(key); ok {
			key = s.seal.name(key)
			data = s.seal.close(key, data)
		}
	}
	name, ok := place(key)
	if !ok {
		return fmt.Errorf("store: key %q is not a hash", key)
	}
	if err := s.root.Mkdir(filepath.Dir(name), 0o750); err != nil && !os.IsExist(err) {
		return fmt.Errorf("store: %w", err)
	}
	tmp := fmt.Sprintf("%s.%d.%d.tmp", name, os.Getpid(), serial.Add(1))
	f, err := s.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	sum := sha256.Sum256(append([]byte(key), data...))
	_, err = f.Write(append(append([]byte(magic), sum[:]...), data...))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.root.Rename(tmp, name)
	}
	if err != nil {
		_ = s.root.Remove(tmp) // the error that counts is the first
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

var serial atomic.Int64

// Stats says how often Get found something, did not, and found damage.
func (s *Store) Stats() (hits, misses, damaged int64) {
	if s == nil {
		return 0, 0, 0
	}
	return s.hits.Load(), s.misses.Load(), s.damaged.Load()
}

// Trim removes the entries that were not asked for longest until at most max
// bytes are left. Others may read and write meanwhile; what they need again is
// made again.
func (s *Store) Trim(max int64) (removed int, err error) {
	if s == nil {
		return 0, nil
	}
	type entry struct {
		name string
		used time.Time
		size int64
	}
	var all []entry
	var total int64
	err = fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if st, err := d.Info(); err == nil {
			all = append(all, entry{name, st.ModTime(), st.Size()})
			total += st.Size()
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("list the store: %w", err)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].used.Before(all[j].used) })
	for _, e := range all {
		if total <= max {
			break
		}
		if err := s.root.Remove(e.name); err != nil && !os.IsNotExist(err) {
			return removed, fmt.Errorf("trim the store: %w", err)
		}
		total -= e.size
		removed++
	}
	return removed, nil
}

// Size returns the number of entries and their bytes.
func (s *Store) Size() (entries int, size int64, err error) {
	if s == nil {
		return 0, 0, nil
	}
	err = fs.WalkDir(s.root.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			entries, size = entries+1, size+st.Size()
		}
		return nil
	})
	return entries, size, err
}
