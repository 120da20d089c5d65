package secrets

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/launchgate/launchgate/app/scan/secrets/filelock"
)

// A store's file has a line for each thing that was remembered: JSON, a space and a seal,
// a MAC under the installation's key. It covers which repository and rules the file is
// about, the end of the line before and the line itself, so that a line which is torn,
// changed, of another file, twice there or not where it was written counts for nothing,
// and neither does the one after a line that is gone. What such lines said is looked at
// again. That lines are gone from the end is not noticed: then the file says what it said
// when they were not yet written.

// sealBytes is how long a line's seal is, and how much of a line the next one's covers.
const sealBytes = 32

// read makes st what the file says.
func (st *store) read() error {
	st.done, st.hits, st.held, st.tips, st.at = make(map[string]bool), make(map[string][]hit), make(map[string]bool), nil, nil
	st.recent, st.silent, st.covered = nil, false, 0
	st.file, st.lines, st.bad, st.lost = nil, 0, false, false
	if st.path == "" {
		return nil
	}
	f, err := os.Open(st.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &storeError{err}
	}
	defer f.Close()
	if st.file, err = f.Stat(); err != nil {
		return &storeError{err}
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, min(st.file.Size()+1, 64<<10)), 256<<20)
	size, before := int64(0), []byte(nil)
	for sc.Scan() {
		st.lines++
		size += int64(len(sc.Bytes())) + 1
		line, ok := st.open(before, sc.Bytes())
		before = append(before[:0], sealOf(sc.Bytes())...)
		if !ok {
			// One that does not end was not written when the process was killed.
			st.bad, st.lost = true, st.lost || size <= st.file.Size() && !sealedBefore(sc.Bytes())
			continue
		}
		if st.bad {
			// That all is covered is so only with what the line that is lost said.
			line.Tips, line.At = nil, nil
		}
		st.apply(line)
	}
	if err := sc.Err(); err != nil {
		return &storeError{err}
	}
	// Every line was written with what it says; nobody makes a file without one.
	st.lost = st.lost || st.lines == 0
	return nil
}

// open returns what a line says, false when it is not as it was written after one that
// ends with before.
func (st *store) open(before, raw []byte) (line storeLine, ok bool) {
	n := len(raw) - sealBytes - 1
	if n < 0 || raw[n] != ' ' || !hmac.Equal(raw[n+1:], st.seal(before, raw[:n])) {
		return line, false
	}
	ok = json.Unmarshal(raw[:n], &line) == nil
	for i := range line.Hits {
		if path := line.Hits[i].Raw; path != nil {
			line.Hits[i].Path = string(path)
		}
	}
	return line, ok
}

// sealedBefore reports whether a line is as earlier versions wrote it, with its seal
// first. It counts for nothing, and nothing happened to it.
func sealedBefore(raw []byte) bool {
	return len(raw) > sealBytes+1 && isHex(raw[:sealBytes]) && string(raw[sealBytes:sealBytes+2]) == " {"
}

func (st *store) seal(before, body []byte) []byte {
	m := hmac.New(sha256.New, st.key)
	fmt.Fprintf(m, "store of scanned commits 2\n%s/%s\n%d\n", filepath.Base(filepath.Dir(st.path)), filepath.Base(st.path), len(before))
	m.Write(before)
	m.Write(body)
	return hex.AppendEncode(nil, m.Sum(nil)[:sealBytes/2])
}

// sealOf returns the end of a line, whatever is in it.
func sealOf(raw []byte) []byte { return raw[max(0, len(raw)-sealBytes):] }

func (st *store) encode(before []byte, line storeLine) ([]byte, error) {
	body, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("encode it: %w", err)
	}
	return append(append(append(body, ' '), st.seal(before, body)...), '\n'), nil
}

// append writes a line at the end of the file, whoever wrote the one before.
func (st *store) append(line storeLine) error {
	f, err := os.OpenFile(st.path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(st.appendTo(f, line), f.Close())
}

func (st *store) appendTo(f *os.File, line storeLine) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := make([]byte, min(info.Size(), sealBytes+1))
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	before, ends := bytes.CutSuffix(end, []byte("\n"))
	before = sealOf(before[bytes.LastIndexByte(before, '\n')+1:])
	b, err := st.encode(before, line)
	if err != nil {
		return err
	}
	if !ends && len(end) > 0 {
		b = append([]byte("\n"), b...)
	}
	if _, err = f.Write(b); err != nil {
		// Half a line, as a full disk leaves it, would be one that is lost.
		return errors.Join(err, f.Truncate(info.Size()))
	}
	return nil
}

// rewrite makes the file one line.
func (st *store) rewrite(line storeLine) error {
	b, err := st.encode(nil, line)
	if err != nil {
		return err
	}
	// Only who holds the lock writes it, so that one a kill left is used by the next.
	tmp, err := os.OpenFile(st.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = tmp.Write(b); err == nil {
		err = tmp.Sync() // else a power cut may leave an empty file under the name
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), st.path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// locked runs write while no other process writes to the store.
func (st *store) locked(write func() error) error {
	if err := os.MkdirAll(filepath.Dir(st.path), 0o700); err != nil {
		return err
	}
	unlock, err := filelock.Lock(st.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	return write()
}

// storeError is a store that could not be read.
type storeError struct{ err error }

func (e *storeError) Error() string {
	return "what earlier looks saw could not be read: " + causeOf(e.err)
}

func (e *storeError) Unwrap() error { return e.err }

// causeOf says what went wrong with a file without the folders of this machine.
func causeOf(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Op + ": " + p.Err.Error()
	case errors.As(err, &l):
		return l.Op + ": " + l.Err.Error()
	}
	return err.Error()
}

// warnings says what became of what earlier looks saw, and will become of this one.
func (st *store) warnings(lost bool) []string {
	var out []string
	if lost {
		out = append(out, "What earlier looks saw was damaged in the cache folder. It was looked at again, but for commits that no branch or tag reaches any more: secrets that only those held may be missing from the list.")
	}
	if st.unwritten != nil {
		out = append(out, "What was looked at could not be written to the cache folder ("+causeOf(st.unwritten)+"), so that the next look looks at it again. Make room there, or let Launchgate write to it.")
	}
	return out
}
