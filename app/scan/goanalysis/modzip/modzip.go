// Package modzip reads module versions from a folder of zip files, as package
// modproxy puts them there after it has verified their hashes. Nothing is
// unpacked to disk.
//
// It imports load for the contract it fulfils and golang.org/x/mod. It must
// never open a network connection.
package modzip

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/module"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// MaxMod bounds a go.mod file of a module, in bytes.
const MaxMod = 16 << 20

// Dir is a folder of module zips. It implements load.ModuleSource.
type Dir struct{ Path string }

var _ load.ModuleSource = Dir{}

// Name returns the file a module version is kept in, below a Dir. sum is the
// hash go.sum demands: what one repository vouches for is never handed to
// another that vouches for something else.
func Name(mod module.Version, sum, ext string) string {
	h := sha256.Sum256([]byte(mod.Path + "\x00" + mod.Version + "\x00" + sum))
	return hex.EncodeToString(h[:]) + ext
}

// Open implements load.ModuleSource. A version no go.sum vouches for is not
// handed out.
func (d Dir) Open(mod module.Version, sum string) (fs.FS, load.Origin, error) {
	if sum == "" {
		return nil, "", fmt.Errorf("%s: go.sum does not vouch for it: %w", mod, fs.ErrNotExist)
	}
	f, err := os.Open(filepath.Join(d.Path, Name(mod, sum, ".zip")))
	if err != nil {
		return nil, "", err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, "", err
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		f.Close()
		return nil, "", fmt.Errorf("%s: %w", mod, err)
	}
	sub, err := fs.Sub(z, mod.Path+"@"+mod.Version)
	if err != nil {
		f.Close()
		return nil, "", err
	}
	return &locked{fs: sub, file: f}, load.FromDownload, nil
}

// GoMod implements load.ModuleSource.
func (d Dir) GoMod(mod module.Version) ([]byte, error) {
	f, err := os.Open(filepath.Join(d.Path, Name(mod, "", ".mod")))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxMod))
}

// locked lets several goroutines list folders of a zip, whose index is built on
// first use.
type locked struct {
	mu   sync.Mutex
	fs   fs.FS
	file *os.File
}

// Close closes the zip; the loader calls it when it has read what it needs.
func (l *locked) Close() error { return l.file.Close() }

func (l *locked) Open(name string) (fs.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fs.Open(name)
}
