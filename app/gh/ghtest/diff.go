package ghtest

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// fileDiff is one file of a pull request's diff, as git computes it between
// merge base and head with three lines of context.
type fileDiff struct {
	Path, OldPath string
	Status        string // added, modified, removed, renamed
	Blob          string
	Binary        bool
	Patch         string // from the first @@ on
	Lines         []diffLine
	Added         int
	Removed       int
}

// diffLine is one line of a hunk.
type diffLine struct {
	Kind     byte // ' ', '+', '-', '@' for the hunk's head
	Old, New int  // line numbers, 0 on the side it is not on
	Text     string
	Hunk     int
}

// on returns the line's number on a side, 0 when it is not there.
func (l diffLine) on(side review.Side) int {
	if side == review.Left {
		return l.Old
	}
	return l.New
}

// find returns the index of a line on a side, -1 when the diff does not show it.
func (f *fileDiff) find(line int, side review.Side) int {
	if line <= 0 {
		return -1
	}
	for i, l := range f.Lines {
		if l.Kind != '@' && l.on(side) == line {
			return i
		}
	}
	return -1
}

var hunkHead = lazyregexp.New(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// diff returns what base...head changes: nothing where they have no history in
// common, which a forced push can bring an open pull request to.
func diff(dir string, base, head review.SHA) ([]*fileDiff, error) {
	out, err := git(dir, nil, "merge-base", string(base), string(head))
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the merge base: %w", err)
	}
	from := strings.TrimSpace(string(out))
	return diffCommits(dir, from, string(head), "-U3")
}

func diffCommits(dir, from, to, context string) ([]*fileDiff, error) {
	common := []string{"--no-ext-diff", "--no-textconv", "--no-color", "-M", "--no-abbrev", "--ignore-submodules=none", from, to}
	raw, err := git(dir, nil, append([]string{"diff", "--raw", "-z"}, common...)...)
	if err != nil {
		return nil, err
	}
	var files []*fileDiff
	fields := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i++ {
		meta := strings.Fields(fields[i])
		if len(meta) != 5 {
			return nil, fmt.Errorf("raw diff: %q", fields[i])
		}
		f := &fileDiff{Path: fields[i+1], Blob: meta[3]}
		i++
		switch meta[4][0] {
		case 'A':
			f.Status = "added"
		case 'D':
			f.Status, f.Blob = "removed", meta[2]
		case 'R':
			f.Status, f.OldPath = "renamed", f.Path
			i++
			f.Path = fields[i]
		default:
			f.Status = "modified"
		}
		files = append(files, f)
	}
	patch, err := git(dir, nil, append([]string{"diff", "-p", context, "--src-prefix=a/", "--dst-prefix=b/"}, common...)...)
	if err != nil {
		return nil, err
	}
	parts := bytes.Split(append([]byte("\n"), patch...), []byte("\ndiff --git "))[1:]
	if len(parts) != len(files) {
		return nil, fmt.Errorf("the diff has %d patches for %d files", len(parts), len(files))
	}
	for i, part := range parts {
		files[i].parse(string(part))
	}
	return files, nil
}

func (f *fileDiff) parse(part string) {
	f.Binary = strings.Contains(part, "\nBinary files ")
	_, body, ok := strings.Cut(part, "\n@@ ")
	if !ok {
		return
	}
	f.Patch = strings.TrimSuffix("@@ "+body, "\n")
	before, after, hunk := 0, 0, -1
	for _, text := range strings.Split(f.Patch, "\n") {
		if m := hunkHead().FindStringSubmatch(text); m != nil {
			before, _ = strconv.Atoi(m[1])
			after, _ = strconv.Atoi(m[2])
			hunk++
			f.Lines = append(f.Lines, diffLine{Kind: '@', Text: text, Hunk: hunk})
			continue
		}
		if text == "" || text[0] == '\\' {
			continue // "\ No newline at end of file"
		}
		l := diffLine{Kind: text[0], Text: text[1:], Hunk: hunk}
		switch l.Kind {
		case '+':
			l.New, after, f.Added = after, after+1, f.Added+1
		case '-':
			l.Old, before, f.Removed = before, before+1, f.Removed+1
		default:
			l.Old, l.New, before, after = before, after, before+1, after+1
		}
		f.Lines = append(f.Lines, l)
	}
}

// moveLine says where a line of one commit's file is in a later commit, 0 when
// it was rewritten or the file is gone: GitHub calls such a comment outdated.
func moveLine(dir, from, to, path string, line int) int {
	files, err := diffCommits(dir, from, to, "-U0")
	if err != nil {
		return 0
	}
	for _, f := range files {
		if f.Path != path && f.OldPath != path {
			continue
		}
		if f.Path != path || f.Status == "removed" {
			return 0
		}
		shift := 0
		for _, l := range f.Lines {
			switch {
			case l.Kind == '-' && l.Old == line:
				return 0
			case l.Kind == '-' && l.Old < line:
				shift--
			case l.Kind == '+' && l.New <= line+shift:
				shift++
			}
		}
		return line + shift
	}
	return line
}
