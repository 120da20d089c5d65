// Package local is what launchgate keeps for the user who calls it: results that can
// be made anew, and the key of the fingerprints of secrets.
package local

import (
	"os"
	"path/filepath"

	"github.com/launchgate/launchgate/cmd/internal/keyfile"
)

// Cache returns a folder for results that can be made anew, "" if the user
// has no place for one.
func Cache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	dir = filepath.Join(dir, "launchgate")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ""
	}
	return dir
}

// Key returns the key of this user's fingerprints, made once. Without a
// place to keep it, fingerprints of secrets last for one run.
func Key() ([]byte, error) {
	dir := Cache()
	if dir == "" {
		return keyfile.New(), nil
	}
	path := filepath.Join(dir, "fingerprint.key")
	// Earlier versions wrote the key's bytes themselves.
	if data, err := os.ReadFile(path); err == nil && len(data) == keyfile.Bytes {
		return data, nil
	}
	return keyfile.ReadOrMake(path, keyfile.Bytes, keyfile.New)
}
