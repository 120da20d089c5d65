package declstore_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
)

func TestDamageIsDetectedAndRebuilt(t *testing.T) {
	dir := t.TempDir()
	s, err := declstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key := declstore.Key("gin", "v1")
	if _, ok := s.Get(key); ok {
		t.Fatal("an empty store has an entry")
	}
	if err := s.Put(key, []byte("declarations")); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Get(key); !ok || string(got) != "declarations" {
		t.Fatalf("got %q, %v", got, ok)
	}
	file := filepath.Join(dir, key[:2], key[2:])
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"a flipped bit": append(append([]byte{}, raw[:len(raw)-1]...), raw[len(raw)-1]^1),
		"cut short":     raw[:len(raw)/2],
		"empty":         {},
	} {
		if err := os.WriteFile(file, damaged, 0o640); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Get(key); ok {
			t.Errorf("%s: returned %q", name, got)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%s: the damaged entry was left", name)
		}
		if err := s.Put(key, []byte("declarations")); err != nil {
			t.Fatal(err)
		}
	}
	// An entry moved to another key is damage too.
	other := declstore.Key("other")
	os.MkdirAll(filepath.Join(dir, other[:2]), 0o750)
	os.WriteFile(filepath.Join(dir, other[:2], other[2:]), raw, 0o640)
	if _, ok := s.Get(other); ok {
		t.Error("an entry under a foreign key was returned")
	}
}

func TestKeysCannotEscape(t *testing.T) {
	s, err := declstore.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, key := range []string{"", "../../etc/passwd", "zz" + declstore.Key()[2:]} {
		if s.Put(key, []byte("x")) == nil {
			t.Errorf("key %q was accepted", key)
		}
	}
}

func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := declstore.Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			for i := range 50 {
				key := declstore.Key("k", string(rune('a'+i%5)))
				if got, ok := s.Get(key); ok && string(got) != key {
					t.Errorf("read %q", got)
				}
				if err := s.Put(key, []byte(key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestTrimKeepsWhatWasUsedLast(t *testing.T) {
	dir := t.TempDir()
	s, err := declstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	old := time.Now().Add(-48 * time.Hour)
	for _, name := range []string{"a", "b", "c"} {
		key := declstore.Key(name)
		if err := s.Put(key, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, key[:2], key[2:]), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := s.Get(declstore.Key("b")); !ok {
		t.Fatal("b is gone")
	}
	if n, err := s.Trim(1500); err != nil || n != 2 {
		t.Errorf("removed %d, %v, want 2", n, err)
	}
	if _, ok := s.Get(declstore.Key("b")); !ok {
		t.Error("the entry used last was removed")
	}
	if n, size, err := s.Size(); err != nil || n != 1 || size > 1500 {
		t.Errorf("%d entries of %d bytes left, %v", n, size, err)
	}
}
