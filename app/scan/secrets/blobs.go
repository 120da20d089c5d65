package secrets

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/launchgate/launchgate/app/review"
)

// Sizes of the windows a large file is looked at through. A secret on the seam
// of two windows is found when it is shorter than the overlap.
const (
	windowBytes  = 4 << 20
	overlapBytes = 64 << 10
)

// blobCounts says what became of the files a diff shows no lines of.
type blobCounts struct {
	binary, text map[string]bool // by blob: a file may come with several commits
	examples     []string
}

// lookAtBlobs looks at files that git shows no lines of, or not all: those too large
// for a diff, text in UTF-16 and files that allowlists left out until they moved are
// streamed; real binaries are counted. One that comes with several commits under the
// same name is looked at once, and each of them is a place of what it holds.
func (s *session) lookAtBlobs(ctx context.Context, res *walkResult, files []named) error {
	n := blobCounts{binary: make(map[string]bool), text: make(map[string]bool)}
	defer func() { s.count(n) }()
	files, err := s.nameBlobs(ctx, files)
	if err != nil {
		return err
	}
	var ids []string
	var todo []named
	for _, f := range files {
		if s.rules.pathAllowed(f.path) {
			n.add(f)
			continue
		}
		if hs, known := s.heldBy(&s.blobs, f.key(), f.commit); known {
			s.add(res, hs)
			continue
		}
		ids, todo = append(ids, f.blob), append(todo, f)
	}
	if len(ids) == 0 {
		return nil
	}
	return s.repo.contents(ctx, ids, func(i int, o objectInfo, body io.Reader) error {
		f := todo[i]
		if o.kind != "blob" {
			return fmt.Errorf("git answered %s %s for a file", o.kind, o.id)
		}
		w := inBlob
		if f.moved {
			w = inMoved
		}
		hs, isText, err := s.lookAtStream(ctx, body, o.size, text{path: f.path, commit: f.commit}, w)
		if err != nil {
			return err
		}
		switch {
		case !isText:
			n.add(f)
			hs = s.hits(ctx, text{path: f.path, commit: f.commit}, w) // rules about paths
		case !f.moved:
			n.text[f.blob] = true
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.noteHeld(&s.blobs, f.key(), hs)
		s.add(res, hs)
		return nil
	})
}

// key tells a file from those under other names and with other contents.
func (f named) key() string {
	if f.moved {
		return "moved " + f.blob + " " + f.path
	}
	return f.blob + " " + f.path
}

// nameBlobs returns those of files that are there, with the blobs of those that git
// said to have moved unchanged, of which it names none.
func (s *session) nameBlobs(ctx context.Context, files []named) ([]named, error) {
	var out []named
	moved := make(map[string][]string) // paths by commit
	for _, f := range files {
		switch {
		case f.blob == "":
			moved[f.commit] = append(moved[f.commit], f.path)
		case strings.Trim(f.blob, "0") != "":
			out = append(out, f)
		}
	}
	for _, commit := range sortedKeys(moved) {
		there, err := s.repo.files(ctx, review.SHA(commit), moved[commit])
		if err != nil {
			return nil, err
		}
		for _, f := range there {
			f.moved = true
			out = append(out, f)
		}
	}
	return out, nil
}

func (s *session) count(n blobCounts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen.binary == nil {
		s.seen.binary, s.seen.text = make(map[string]bool), make(map[string]bool)
	}
	fresh := false
	for id := range n.binary {
		fresh = fresh || !s.seen.binary[id]
		s.seen.binary[id] = true
	}
	for id := range n.text {
		s.seen.text[id] = true
	}
	if fresh {
		s.seen.examples = append(s.seen.examples, n.examples[:min(len(n.examples), 3-min(3, len(s.seen.examples)))]...)
	}
}

func (n *blobCounts) add(f named) {
	if !n.binary[f.blob] && len(n.examples) < 3 {
		n.examples = append(n.examples, f.path)
	}
	n.binary[f.blob] = true
}

// streamBuffers are what a file is read through. Most files are small, and the memory
// of a window costs more than to look at them, so that one is for the next.
type streamBuffers struct {
	in     *bufio.Reader
	window []byte
}

var idleBuffers = sync.Pool{New: func() any { return &streamBuffers{in: bufio.NewReaderSize(nil, 64<<10)} }}

// lookAtStream looks at a file of any size, which is size bytes, through overlapping
// windows. It reports false, having read only the beginning, when the file is binary.
func (s *session) lookAtStream(ctx context.Context, r io.Reader, size int64, t text, w where) ([]hit, bool, error) {
	b := idleBuffers.Get().(*streamBuffers)
	defer idleBuffers.Put(b)
	b.in.Reset(r)
	head, err := b.in.Peek(firstBytes)
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("read a large file: %w", err)
	}
	src := io.Reader(b.in)
	if isBinary(head) {
		order := utf16Order(head)
		if order == nil {
			return nil, false, nil
		}
		src = &utf16Reader{r: b.in, order: order}
	}
	var out []hit
	seen := make(map[string]bool)
	// What was UTF-16 takes half as much again at most.
	if need := int(min(windowBytes, max(256<<10, size+size/2+1))); cap(b.window) < need {
		b.window = make([]byte, 0, need)
	}
	buf := b.window[:0]
	line := 1
	for {
		n, err := io.ReadFull(src, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return out, true, fmt.Errorf("read a large file: %w", err)
		}
		s.bytes.Add(int64(n))
		t.content, t.line = buf, line
		if line > 1 || !last || src != b.in {
			t.lines = nil // it is not what git compared by lines
		}
		for _, h := range s.hits(ctx, t, w) {
			if at := fmt.Sprintf("%s %s %d", h.Rule, h.Key, h.Line); !seen[at] {
				seen[at] = true
				out = s.gather(out, []hit{h})
			}
		}
		if last || ctx.Err() != nil {
			return out, true, ctx.Err()
		}
		if len(out) == maxHits {
			s.cutList()
			return out, true, nil
		}
		// The next window begins at a line within the overlap if there is one,
		// so that line numbers and rules about line beginnings hold.
		keep := len(buf) - overlapBytes
		if i := bytes.IndexByte(buf[keep:], '\n'); i >= 0 && i < overlapBytes/2 {
			keep += i + 1
		}
		line += bytes.Count(buf[:keep], []byte("\n"))
		buf = buf[:copy(buf, buf[keep:])]
	}
}

// utf16Order tells the byte order of UTF-16 text, nil when it is none: either a
// byte order mark, or nearly every second byte zero.
func utf16Order(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return binary.BigEndian
	}
	var zero [2]int
	for i, c := range head {
		if c == 0 {
			zero[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 8 && zero[1] > half*9/10 && zero[0] == 0:
		return binary.LittleEndian
	case half >= 8 && zero[0] > half*9/10 && zero[1] == 0:
		return binary.BigEndian
	}
	return nil
}

// utf16Reader turns UTF-16 into UTF-8. Halves of broken pairs become U+FFFD.
type utf16Reader struct {
	r       *bufio.Reader
	order   binary.ByteOrder
	pending []byte
}

// Read implements io.Reader.
func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.pending) == 0 {
		raw := make([]byte, 4096)
		n, err := io.ReadFull(u.r, raw)
		units := make([]uint16, n/2)
		for i := range units {
			units[i] = u.order.Uint16(raw[2*i:])
		}
		u.pending = []byte(string(utf16.Decode(units)))
		if len(u.pending) == 0 && err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return 0, err
		}
	}
	n := copy(p, u.pending)
	u.pending = u.pending[n:]
	return n, nil
}
