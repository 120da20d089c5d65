package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/filelock"
)

// hexDigits are what a key of a secret is written in.
const hexDigits = "0123456789abcdef"

// Marks are what one user decided about secrets, by key, kept in a file beside
// the command line's cache. A server keeps them in its database.
type Marks struct{ path string }

// OpenMarks returns the decisions kept under cacheDir.
func OpenMarks(cacheDir string) Marks {
	if cacheDir == "" {
		return Marks{}
	}
	return Marks{path: filepath.Join(cacheDir, Name, "states.json")}
}

// All returns every decision.
func (m Marks) All() (map[string]review.Mark, error) {
	marks := make(map[string]review.Mark)
	if m.path == "" {
		return marks, nil
	}
	data, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return marks, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &marks)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was decided about secrets: %w", err)
	}
	return marks, nil
}

// listed is beside the decisions: the keys of what was listed, so that the beginning of
// one will do and a mistyped one is noticed.
func (m Marks) listed() string { return filepath.Join(filepath.Dir(m.path), "listed") }

// maxListed is how many keys are remembered.
const maxListed = 200_000

// Listed remembers the keys of what a user was shown.
func (m Marks) Listed(rs []review.Rotation) error {
	if m.path == "" || len(rs) == 0 {
		return nil
	}
	unlock, err := m.lock()
	if err != nil {
		return fmt.Errorf("remember the keys of the list: %w", err)
	}
	defer unlock()
	keys, err := m.keys()
	if err != nil {
		return err
	}
	before := len(keys)
	known := make(map[string]bool, before)
	for _, r := range keys {
		known[r.Key] = true
	}
	for _, r := range rs {
		if !known[r.Key] {
			known[r.Key] = true
			keys = append(keys, r)
		}
	}
	if len(keys) == before {
		return nil
	}
	var b strings.Builder
	for _, r := range keys[max(0, len(keys)-maxListed):] {
		b.WriteString(r.Key + "\n")
	}
	if err := replaceFile(m.listed(), []byte(b.String())); err != nil {
		return fmt.Errorf("remember the keys of the list: %w", err)
	}
	return nil
}

func (m Marks) keys() ([]review.Rotation, error) {
	data, err := os.ReadFile(m.listed())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the keys of the lists: %w", err)
	}
	var out []review.Rotation
	for key := range strings.Lines(string(data)) {
		out = append(out, review.Rotation{Key: strings.TrimSuffix(key, "\n")})
	}
	return out, nil
}

// Find returns the one key that a user was shown and that begins with short.
func (m Marks) Find(short string) (string, error) {
	if m.path == "" {
		return short, nil // Set says so
	}
	keys, err := m.keys()
	if err != nil {
		return "", err
	}
	return review.FindKey(keys, short)
}

// Set notes what became of the secret with a key.
func (m Marks) Set(key string, mark review.Mark) error {
	bad := func(what, do string) error {
		return &review.Error{Code: review.CodeBadRequest, Op: "mark a secret", What: what, Do: do}
	}
	if err := mark.Check(); err != nil {
		return err
	}
	if m.path == "" {
		return bad("without a folder to keep it in", "name one with --cache")
	}
	key = strings.ToLower(key)
	if len(key) != 64 || strings.Trim(key, hexDigits) != "" {
		return bad("by something that is not a key of 64 hexadecimal digits", "take the key from the list")
	}
	unlock, err := m.lock()
	if err != nil {
		return fmt.Errorf("keep what was decided about secrets: %w", err)
	}
	defer unlock()
	marks, err := m.All()
	if err != nil {
		return err
	}
	mark.At = mark.At.UTC()
	marks[key] = mark
	data, err := json.MarshalIndent(marks, "", "\t")
	if err != nil {
		return fmt.Errorf("encode what was decided about secrets: %w", err)
	}
	if err := replaceFile(m.path, data); err != nil {
		return fmt.Errorf("keep what was decided about secrets: %w", err)
	}
	return nil
}

// lock makes the folder and keeps other processes from changing what is in it.
func (m Marks) lock() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(m.path), 0o700); err != nil {
		return nil, err
	}
	return filelock.Lock(m.path + ".lock")
}

// replaceFile writes a file as a whole or not at all.
func replaceFile(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
