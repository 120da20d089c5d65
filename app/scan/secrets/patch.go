package secrets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// patchSink receives what a stream of patches holds, in order. Slices are only
// valid during the call.
type patchSink interface {
	// commit begins the patches of a commit.
	commit(id string) error
	// file begins the patch of one file.
	file(f patchFile) error
	// hunk is a run of added and removed lines of the last file. Merges are
	// told apart by merge: there, added holds every line that at least one
	// parent lacks.
	hunk(h patchHunk) error
	// marker is a line git echoed because it names no object.
	marker(line string) error
}

// patchFile is what a file's patch begins with.
type patchFile struct {
	path    string // after the change; before it for deletions
	deleted bool
	added   bool   // the path did not exist before
	binary  bool   // git shows no lines: binary, or larger than bigFileBytes
	from    string // that it was renamed from, of no merge
	module  bool   // it becomes a submodule, whose commit is in another repository
	blob    string
	merge   bool
	same    bool // of a merge: all parents have the same content, and only the mode is new
}

type patchHunk struct {
	newStart, oldStart int
	added, removed     []byte
	// edit is what the hunk replaces and by what, of no merge.
	edit editHunk
}

// errPatch is a stream that does not follow git's patch format. It is a gap: we
// no longer know what we are reading.
var errPatch = errors.New("git's patch output is not understood")

// patchReader reads "git diff-tree --stdin -p -U0" line by line. The format is
// unambiguous because hunk headers say how many lines follow; nothing in a
// file's content can pose as a header.
type patchReader struct {
	br   *bufio.Reader
	sink patchSink
	// removed says whether removed lines are wanted.
	removed bool
	// other, if set, is told of lines that begin nothing a patch has.
	other func(line string) error
	// merge, if set, is told of each file of a merge instead of sink, and its patch is
	// not read: without a line of context git 2.39 prints hunk headers that cannot be.
	merge  func() error
	long   []byte // a line longer than br's buffer
	line   []byte // the current line, without its newline
	peeked bool
	add    []byte
	del    []byte
}

func newPatchReader(r io.Reader, sink patchSink, removed bool) *patchReader {
	return &patchReader{br: bufio.NewReaderSize(r, 256<<10), sink: sink, removed: removed}
}

// next reads the next line into p.line.
func (p *patchReader) next() error {
	if p.peeked {
		p.peeked = false
		return nil
	}
	line, err := p.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		p.long = append(p.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(p.long) > 4*bigFileBytes {
				return fmt.Errorf("%w: a line of more than %d bytes", errPatch, 4*bigFileBytes)
			}
			line, err = p.br.ReadSlice('\n')
			p.long = append(p.long, line...)
		}
		line = p.long
	}
	if err == io.EOF && len(line) > 0 {
		return fmt.Errorf("%w: it ends in mid-line", errPatch) // git always ends lines
	}
	if err != nil {
		return err
	}
	p.line = line[:len(line)-1]
	return nil
}

func (p *patchReader) unread() { p.peeked = true }

// run reads until the stream ends, or until sink.marker returns errStop.
func (p *patchReader) run() error {
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case len(p.line) == 0:
		case isHex(p.line) && (len(p.line) == 40 || len(p.line) == 64):
			err = p.sink.commit(string(p.line))
		case bytes.HasPrefix(p.line, []byte("diff --git ")):
			err = p.fileHeader(1)
		case bytes.HasPrefix(p.line, []byte("diff --combined ")), bytes.HasPrefix(p.line, []byte("diff --cc ")):
			if p.merge != nil {
				err = errors.Join(p.merge(), p.skipMerge())
				break
			}
			err = p.fileHeader(2)
		case bytes.HasPrefix(p.line, []byte(markerPrefix)):
			err = p.sink.marker(string(p.line))
		case p.other != nil:
			err = p.other(string(p.line))
		default:
			return fmt.Errorf("%w: a line that begins nothing", errPatch)
		}
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errStop ends patchReader.run without an error.
var errStop = errors.New("stop")

// markerPrefix begins the lines we ask git to echo between batches.
const markerPrefix = "launchgate-batch "

// moduleMode is the mode of a submodule.
const moduleMode = "160000"

// fileHeader reads the extended header and the hunks of one file. parents is 1
// for an ordinary patch; a combined one says how many in its hunk headers.
func (p *patchReader) fileHeader(parents int) error {
	f := patchFile{merge: parents > 1}
	var name string
	if parents > 1 {
		_, rest, _ := strings.Cut(string(p.line), " --")
		_, rest, _ = strings.Cut(rest, " ")
		n, err := patchName(rest, 0)
		if err != nil {
			return err
		}
		name = n
	} else {
		name = gitHeaderName(string(p.line[len("diff --git "):]))
	}
	var oldName, newName string
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		switch {
		case f.deleted && oldName != "":
			f.path = oldName
		case newName != "":
			f.path = newName
		default:
			f.path = name
		}
		if f.path == "" {
			return fmt.Errorf("%w: a file without a name", errPatch)
		}
		return p.sink.file(f)
	}
	for {
		err := p.next()
		if errors.Is(err, io.EOF) {
			return begin()
		}
		if err != nil {
			return err
		}
		line := p.line
		switch {
		case bytes.HasPrefix(line, []byte("@@")):
			if err := begin(); err != nil {
				return err
			}
			if err := p.hunks(f); err != nil {
				return err
			}
			continue
		case bytes.HasPrefix(line, []byte("--- ")):
			if oldName, err = patchName(string(line[4:]), 1); err != nil {
				return err
			}
			if oldName == "/dev/null" {
				f.added, oldName = true, ""
			}
		case bytes.HasPrefix(line, []byte("+++ ")):
			if newName, err = patchName(string(line[4:]), 1); err != nil {
				return err
			}
			if newName == "/dev/null" {
				f.deleted, newName = true, ""
			}
		case bytes.HasPrefix(line, []byte("index ")):
			f.blob, f.same = indexLine(string(line))
			f.module = f.module || bytes.HasSuffix(line, []byte(moduleMode))
		case bytes.HasPrefix(line, []byte("deleted file mode ")):
			f.deleted = true
		case bytes.HasPrefix(line, []byte("new file mode ")):
			f.added = true
			f.module = bytes.HasSuffix(line, []byte(moduleMode))
		case bytes.HasPrefix(line, []byte("mode ")), bytes.HasPrefix(line, []byte("new mode ")):
			f.module = bytes.HasSuffix(line, []byte(moduleMode))
		case bytes.HasPrefix(line, []byte("old mode ")),
			bytes.HasPrefix(line, []byte("similarity index ")), bytes.HasPrefix(line, []byte("dissimilarity index ")),
			bytes.HasPrefix(line, []byte("copy from ")):
		case bytes.HasPrefix(line, []byte("rename from ")):
			if f.from, err = patchName(string(line[len("rename from "):]), 0); err != nil {
				return err
			}
		case bytes.HasPrefix(line, []byte("rename to ")), bytes.HasPrefix(line, []byte("copy to ")):
			_, rest, _ := strings.Cut(string(line), " to ")
			if newName, err = patchName(rest, 0); err != nil {
				return err
			}
			f.added = true
		case bytes.HasPrefix(line, []byte("Binary files ")):
			f.binary = true
			return begin()
		default:
			p.unread()
			return begin()
		}
	}
}

// skipMerge reads what follows the first line of a merge's file, up to what begins
// something else: none of it begins as the first line of a file or a commit does, nor
// with a colon, lines of text having a column for each parent before them.
func (p *patchReader) skipMerge() error {
	for {
		switch err := p.next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case bytes.HasPrefix(p.line, []byte("diff --")), bytes.HasPrefix(p.line, []byte("commit ")), bytes.HasPrefix(p.line, []byte(":")):
			p.unread()
			return nil
		}
	}
}

// hunks reads one hunk, whose header is the current line, and delivers it.
func (p *patchReader) hunks(f patchFile) error {
	marks, spans, err := hunkHeader(string(p.line))
	if err != nil {
		return err
	}
	p.add, p.del = p.add[:0], p.del[:0]
	parents := marks - 1
	left := make([]int, marks)
	for i, s := range spans {
		left[i] = s.lines
	}
	remaining := func() bool {
		for _, n := range left {
			if n > 0 {
				return true
			}
		}
		return false
	}
	last := byte(0)
	start, number := spans[parents].start, spans[parents].start
	for remaining() {
		if err := p.next(); err != nil {
			return fmt.Errorf("%w: a hunk ends early", errPatch)
		}
		line := p.line
		if len(line) > 0 && line[0] == '\\' {
			p.dropNewline(last)
			continue
		}
		if len(line) < parents {
			return fmt.Errorf("%w: a short line in a hunk", errPatch)
		}
		ops, text := line[:parents], line[parents:]
		minus, plus := bytes.IndexByte(ops, '-') >= 0, bytes.IndexByte(ops, '+') >= 0
		for i, op := range ops {
			switch {
			case op == '-', op == ' ' && !minus:
				left[i]--
			case op == '+', op == ' ':
			default:
				return fmt.Errorf("%w: a line in a hunk begins with none of ' +-'", errPatch)
			}
		}
		last = ' '
		switch {
		case plus:
			if len(p.add) == 0 {
				start = number
			}
			p.add, last = append(append(p.add, text...), '\n'), '+'
		case minus && p.removed:
			p.del, last = append(append(p.del, text...), '\n'), '-'
		case !minus && len(p.add) > 0:
			// Context, which only merges have, ends a run of added lines.
			if err := p.sink.hunk(patchHunk{newStart: start, added: p.add}); err != nil {
				return err
			}
			p.add = p.add[:0]
		}
		if !minus {
			left[parents]--
			number++
		}
	}
	for _, n := range left {
		if n < 0 {
			return fmt.Errorf("%w: a hunk with too many lines", errPatch)
		}
	}
	switch err := p.next(); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return err
	case len(p.line) > 0 && p.line[0] == '\\':
		p.dropNewline(last)
	default:
		p.unread()
	}
	return p.sink.hunk(patchHunk{newStart: start, oldStart: spans[0].start, added: p.add, removed: p.del, edit: editHunkOf(spans[0], spans[parents])})
}

func (p *patchReader) dropNewline(last byte) {
	switch {
	case last == '+' && len(p.add) > 0:
		p.add = p.add[:len(p.add)-1]
	case last == '-' && len(p.del) > 0:
		p.del = p.del[:len(p.del)-1]
	}
}

type span struct{ start, lines int }

// hunkHeader parses "@@ -a,b +c,d @@" and "@@@ -a,b -c,d +e,f @@@". It returns
// the number of ranges, the last of which is the result's.
func hunkHeader(line string) (int, []span, error) {
	bad := fmt.Errorf("%w: a hunk header", errPatch)
	fence, rest, ok := strings.Cut(line, " ")
	if !ok || strings.Trim(fence, "@") != "" || len(fence) < 2 {
		return 0, nil, bad
	}
	body, _, ok := strings.Cut(rest, " "+fence)
	if !ok {
		return 0, nil, bad
	}
	fields := strings.Fields(body)
	if len(fields) != len(fence) {
		return 0, nil, bad
	}
	spans := make([]span, len(fields))
	for i, f := range fields {
		want := byte('-')
		if i == len(fields)-1 {
			want = '+'
		}
		if f[0] != want {
			return 0, nil, bad
		}
		start, lines, more := strings.Cut(f[1:], ",")
		s, err := strconv.Atoi(start)
		if err != nil {
			return 0, nil, bad
		}
		n := 1
		if more {
			if n, err = strconv.Atoi(lines); err != nil || n < 0 {
				return 0, nil, bad
			}
		}
		spans[i] = span{s, n}
	}
	return len(fields), spans, nil
}

// indexLine reads "index a..b [mode]" or "index a,b..c": the id of the result, and
// whether all others are the same.
func indexLine(line string) (id string, same bool) {
	ids, _, _ := strings.Cut(strings.TrimPrefix(line, "index "), " ")
	before, id, _ := strings.Cut(ids, "..")
	for parent := range strings.SplitSeq(before, ",") {
		if parent != id {
			return id, false
		}
	}
	return id, true
}

// patchName undoes git's quoting of a name and drops leading components (the a/
// and b/ of a patch).
func patchName(s string, drop int) (string, error) {
	if strings.HasPrefix(s, `"`) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", fmt.Errorf("%w: a quoted name", errPatch)
		}
		if s, err = strconv.Unquote(q); err != nil {
			return "", fmt.Errorf("%w: a quoted name", errPatch)
		}
	} else {
		s, _, _ = strings.Cut(s, "\t")
	}
	if s == "/dev/null" {
		return s, nil
	}
	for ; drop > 0; drop-- {
		_, rest, ok := strings.Cut(s, "/")
		if !ok {
			return "", fmt.Errorf("%w: a name without prefix", errPatch)
		}
		s = rest
	}
	return s, nil
}

// gitHeaderName reads the name of "diff --git a/x b/x", which is the only place
// that names a file whose patch has no ---/+++ lines (binary, empty, mode).
// Both halves are equal then, because renames name their ends apart.
func gitHeaderName(s string) string {
	if strings.HasPrefix(s, `"`) {
		if q, err := strconv.QuotedPrefix(s); err == nil {
			if name, err := patchName(q, 1); err == nil {
				return name
			}
		}
		return ""
	}
	half := (len(s) - 1) / 2
	if len(s)%2 == 1 && s[half] == ' ' && strings.TrimPrefix(s[:half], "a/") == strings.TrimPrefix(s[half+1:], "b/") {
		return strings.TrimPrefix(s[:half], "a/")
	}
	return ""
}

func isHex(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return len(b) > 0
}
