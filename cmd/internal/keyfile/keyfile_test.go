package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAKeyFileIsMadeWhereThereAreNoHardLinks: a data folder on a file system
// without them kept the server from its first start.
func TestAKeyFileIsMadeWhereThereAreNoHardLinks(t *testing.T) {
	refuse := func(string, string) error { return unix.EPERM }
	for name, how := range map[string]struct{ link, rename func(from, to string) error }{
		"hard links":      {os.Link, refuse},
		"no hard links":   {refuse, renameNew},
		"no such renames": {refuse, func(string, string) error { return unix.EINVAL }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			made, path := filepath.Join(dir, "made"), filepath.Join(dir, "key")
			for _, content := range []string{"first", "second"} {
				_ = os.Remove(made) // it is the key's file where there are links
				if err := os.WriteFile(made, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := placeNew(made, path, how.link, how.rename); (err != nil) != (content == "second") || err != nil && !errors.Is(err, fs.ErrExist) {
					t.Errorf("%s: %v", content, err)
				}
			}
			if got, err := os.ReadFile(path); string(got) != "first" || err != nil {
				t.Errorf("the file holds %q, %v", got, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

func TestAKeyIsMadeOnceByManyAndOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	var wg sync.WaitGroup
	keys := make([]string, 16)
	for i := range keys {
		wg.Go(func() {
			key, err := ReadOrMake(path, Bytes, New)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Fatal("two processes hold different keys")
		}
	}
	if err := Write(path, New()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a key was overwritten: %v", err)
	}
	if err := os.WriteFile(path, []byte("a passphrase\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadOrMake(path, Bytes, New); err == nil {
		t.Error("a passphrase is taken for a key")
	}
}
