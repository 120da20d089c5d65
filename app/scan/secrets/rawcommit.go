package secrets

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the hash that names git's objects
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
)

// git log shows commits nearly as they are: it leaves out white space at the ends of
// lines and of the message, and everything after a NUL. Whether what it shows is all
// of a commit, the commit's own name says: it is the hash of it.

// rawCommit is a commit as "git log --format=raw" shows it.
type rawCommit struct {
	commitHeader
	header  []byte   // with the newline of its last line
	message [][]byte // its lines, without the indent
}

// readCommit is what was seen of a commit whose object git showed whole.
type readCommit struct {
	dates dates
	hits  []hit // in its message
}

// messageIndent stands before every line of a message that is not empty.
const messageIndent = "    "

// rawCommit reads a commit below its "commit" line: its header, an empty line, its
// message. No line of a message can pose for anything else, all being indented.
func (p *patchReader) rawCommit() (rawCommit, error) {
	c := rawCommit{commitHeader: commitHeader{parents: []string{}}}
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			return c, nil // the last commit, without a message
		}
		if err != nil {
			return c, err
		}
		if len(p.line) == 0 {
			break
		}
		if c.header = append(append(c.header, p.line...), '\n'); len(c.header) > bigFileBytes {
			return c, fmt.Errorf("%w: a commit's header of more than %d bytes", errPatch, bigFileBytes)
		}
		c.note(string(p.line))
	}
	size, blank := 0, 0
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		line, indented := bytes.CutPrefix(p.line, []byte(messageIndent))
		if !indented {
			if len(p.line) > 0 {
				p.unread()
				return c, nil
			}
			blank++ // within the message, or after it
			continue
		}
		for ; blank > 0; blank-- {
			c.message = append(c.message, nil)
		}
		if size += len(line) + 1; size > bigFileBytes {
			return c, fmt.Errorf("%w: a commit's message of more than %d bytes", errPatch, bigFileBytes)
		}
		c.message = append(c.message, bytes.Clone(line))
	}
}

// verified returns the message as it is in the commit of that name; false when what
// git showed is not all of it. It tries how messages usually end: a line's end, or
// none, or an empty line; and line ends as web forms have them, which begin after the
// subject.
func (c rawCommit) verified(name string) ([]byte, bool) {
	plain := bytes.Join(c.message, []byte("\n"))
	for _, end := range []string{"\n", "", "\n\n"} {
		if message := append(bytes.Clone(plain), end...); c.is(name, message) {
			return message, true
		}
	}
	if len(c.message) < 4 {
		return nil, false
	}
	subject := len(c.message[0]) + len(c.message[1]) + 2
	web := append(bytes.Clone(plain[:subject]), bytes.ReplaceAll(plain[subject:], []byte("\n"), []byte("\r\n"))...)
	for _, end := range []string{"", "\n", "\r\n"} {
		if message := append(bytes.Clone(web), end...); c.is(name, message) {
			return message, true
		}
	}
	return nil, false
}

// is reports whether a commit with this message has that name.
func (c rawCommit) is(name string, message []byte) bool {
	var h hash.Hash = sha1.New() //nolint:gosec // as above
	if len(name) == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	}
	h.Write([]byte("commit " + strconv.Itoa(len(c.header)+1+len(message)) + "\x00"))
	h.Write(c.header)
	h.Write([]byte("\n"))
	h.Write(message)
	return hex.EncodeToString(h.Sum(nil)) == name
}
