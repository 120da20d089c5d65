package declstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// What was worked out about a repository's own code quotes it: a route's path, a
// constant's value, a compiler's error. A store that outlives a review must not hold
// that in the clear, for there may be a secret in it; nor under a name that tells
// whether the code is what somebody guesses. A sealed store writes entries that only
// the installation's key opens, under names that only this key makes. It reads those of
// others, such as a store that an operator filled with the declarations of modules.

// shortestKey is how many bytes a key has at least.
const shortestKey = 16

// seal encrypts entries and names.
type seal struct {
	aead  cipher.AEAD
	names []byte
}

// OpenSealed opens the store in a folder, and seals what is put into it under the key
// of this installation.
func OpenSealed(dir string, key []byte) (*Store, error) {
	if len(key) < shortestKey {
		return nil, fmt.Errorf("open store: a key of at least %d bytes is needed", shortestKey)
	}
	block, err := aes.NewCipher(derived(key, "declarations: entries"))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := Open(dir)
	if err != nil {
		return nil, err
	}
	s.seal = &seal{aead: aead, names: derived(key, "declarations: names")}
	return s, nil
}

func derived(key []byte, use string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(use))
	return mac.Sum(nil)
}

// name is the key that an entry is kept under.
func (s *seal) name(key string) string { return hex.EncodeToString(derived(s.names, key)) }

func (s *seal) close(name string, data []byte) []byte {
	return s.aead.Seal(nil, nil, data, []byte(name))
}

func (s *seal) open(name string, data []byte) ([]byte, bool) {
	plain, err := s.aead.Open(nil, nil, data, []byte(name))
	return plain, err == nil
}
