// Package keyfile keeps a key in a file that nobody but its owner may read.
package keyfile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/launchgate/launchgate/app/review"
	"golang.org/x/sys/unix"
)

// Bytes is the length of a key; a file has two digits for each.
const Bytes = 32

// New returns a new key.
func New() []byte {
	key := make([]byte, Bytes)
	rand.Read(key)
	return key
}

// ReadOrMake returns the key in a file, and makes the file if there is none.
// Of several processes that do so at once, all return the key of the first.
func ReadOrMake(path string, size int, create func() []byte) ([]byte, error) {
	bad := func(err error) error {
		return &review.Error{Code: review.CodeBadConfig, Op: "read the key", What: path, Do: fmt.Sprintf("it must be a file of %d hexadecimal digits that nobody but this user may read", 2*size), Err: err}
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := Write(path, create()); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, bad(err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != size {
		return nil, bad(nil)
	}
	return key, nil
}

// Write makes a file with a key. It is whole or not there, and takes the place
// of none.
func Write(path string, key []byte) error {
	fail := func(err error) error { return fmt.Errorf("keep the key in %s: %w", path, err) }
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%x\n", key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := placeNew(f.Name(), path, os.Link, renameNew); err != nil {
		return fail(err)
	}
	// The database forgets its copy next, and that outlives a power failure: so
	// must the file's name.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fail(err)
	}
	return nil
}

// placeNew gives a whole file its name unless there is one of that name. Some file
// systems have no hard links (FAT, exFAT, some network shares and mounts into
// containers), some no renaming that replaces nothing; on one with neither the file
// is made in its place, and taken away if it does not become whole.
func placeNew(made, path string, link, rename func(from, to string) error) error {
	err := link(made, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if e := rename(made, path); e == nil || errors.Is(e, fs.ErrExist) {
		return e
	}
	content, e := os.ReadFile(made)
	if e != nil {
		return errors.Join(err, e)
	}
	f, e := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if e != nil {
		return errors.Join(err, e)
	}
	_, e = f.Write(content)
	if e = errors.Join(e, f.Sync(), f.Close()); e != nil {
		return errors.Join(err, e, os.Remove(path))
	}
	return nil
}

func renameNew(from, to string) error {
	return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
}
