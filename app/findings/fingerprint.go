package findings

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/launchgate/launchgate/app/review"
)

// secretsFamily is the rule family whose identity is the secret alone: the same
// secret in another file is the same leak, and its Key is a keyed HMAC.
const secretsFamily = "secrets"

// identity is everything of a finding that survives line moves and a rebase.
// path is the finding's path in the head's naming.
func identity(f review.Finding, path string) [sha256.Size]byte {
	fields := []string{string(f.Rule), path, f.Place.Side.String(), f.Symbol, f.Key}
	if f.Rule.Family() == secretsFamily {
		fields = []string{string(f.Rule), f.Key}
	}
	h := sha256.New()
	for _, s := range fields {
		// Length prefixes keep ("ab","c") and ("a","bc") apart.
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// fingerprint tells the n-th occurrence of one identity apart from the others.
func fingerprint(id [sha256.Size]byte, n int) review.Fingerprint {
	var ord [8]byte
	binary.BigEndian.PutUint64(ord[:], uint64(n))
	sum := sha256.Sum256(append(id[:], ord[:]...))
	return review.Fingerprint(hex.EncodeToString(sum[:16]))
}
