package declstore_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
)

// TestTheCacheHoldsNoSecretInTheClear: what was worked out about a package quotes it.
func TestTheCacheHoldsNoSecretInTheClear(t *testing.T) {
	dir, secret := t.TempDir(), []byte("a route named after "+strings.Repeat("x8Fq2Lr9", 4))
	open := func(key string) *declstore.Store {
		t.Helper()
		s, err := declstore.OpenSealed(dir, []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	ours, others := open("the key of this installation"), open("the key of another installation")
	key := declstore.Key("package", "example.com/m")
	if err := ours.Put(key, secret); err != nil {
		t.Fatal(err)
	}
	if got, ok := ours.Get(key); !ok || !bytes.Equal(got, secret) {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := others.Get(key); ok {
		t.Errorf("another installation reads %q", got)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, secret[20:32]) {
			t.Error("the entry holds the text")
		}
		if strings.Contains(path, key[8:]) {
			t.Error("the entry's name is a hash that anybody can make")
		}
		return err
	})
	if err != nil || files != 1 {
		t.Errorf("%d files, %v", files, err)
	}

	// What an operator put there for everybody is read by everybody.
	plain, err := declstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.Put(declstore.Key("module"), []byte("declarations")); err != nil {
		t.Fatal(err)
	}
	if got, ok := ours.Get(declstore.Key("module")); !ok || string(got) != "declarations" {
		t.Errorf("got %q, %v", got, ok)
	}
	// An entry in another's place is none.
	other := declstore.Key("package", "example.com/other")
	if err := ours.Put(other, []byte("other")); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, pattern := range []string{"??/*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	for _, from := range names {
		for _, to := range names {
			if from != to {
				data, err := os.ReadFile(from)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(to, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if got, ok := ours.Get(key); ok && !bytes.Equal(got, secret) {
		t.Errorf("an entry that was moved is read as %q", got)
	}
	if _, err := declstore.OpenSealed(dir, []byte("short")); err == nil {
		t.Error("a store is sealed with next to no key")
	}
}
