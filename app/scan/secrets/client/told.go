package client

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Told remembers which look's list one user was given of a repository, beside the
// command line's cache. A look that ended before its list was written was for nobody,
// and what it found must not count as old.
type Told struct{ path string }

// OpenTold returns what is kept under cacheDir of the repository in gitDir.
func OpenTold(cacheDir, gitDir string) Told {
	if cacheDir == "" {
		return Told{}
	}
	where := sha256.Sum256([]byte(gitDir))
	return Told{path: filepath.Join(cacheDir, Name, "told", hex.EncodeToString(where[:12]))}
}

// Mark returns the mark of the look whose list was given last, "" for none.
func (t Told) Mark() string {
	if t.path == "" {
		return ""
	}
	data, err := os.ReadFile(t.path)
	if err != nil || len(data) > 64 {
		return "" // then all is listed
	}
	return string(data)
}

// Set notes that the list of the look with a mark was given.
func (t Told) Set(mark string) error {
	if t.path == "" || mark == "" || mark == t.Mark() {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(t.path), 0o700)
	if err == nil {
		err = replaceFile(t.path, []byte(mark))
	}
	if err != nil {
		return fmt.Errorf("note that the list was written, so that --since-last lists it no more: %w", err)
	}
	return nil
}
