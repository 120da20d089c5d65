package checkout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// The most that is read of a diff: beyond it, nothing true could be said about
// which lines a pull request touched.
const (
	maxRawDiff = 128 << 20
	maxPatch   = 2 << 30
)

// Diff returns the change from base to head with renames followed and three
// lines of context, which is what GitHub shows and lets one comment on.
func (r *Repo) Diff(ctx context.Context, base, head review.SHA) (review.Diff, error) {
	raw, err := r.git.output(ctx, maxRawDiff, "diff-tree", "-r", "-z", "-M", "--raw", "--no-commit-id", string(base), string(head))
	if err != nil {
		return review.Diff{}, err
	}
	files, segments, err := parseRaw(splitNUL(raw))
	if err != nil {
		return review.Diff{}, fmt.Errorf("list of changed files: %w", err)
	}
	pr, pw := io.Pipe()
	parsed := make(chan error, 1)
	go func() {
		err := parsePatch(bufio.NewReaderSize(pr, 1<<16), files, segments)
		pr.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		parsed <- err
	}()
	err = r.git.stream(ctx, nil, maxPatch, pw, "diff-tree", "-r", "-M", "-p", "-U3", "--no-color", "--no-ext-diff", "--no-textconv",
		"--no-commit-id", "--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers", "--no-indent-heuristic", string(base), string(head))
	pw.CloseWithError(io.EOF)
	if perr := <-parsed; perr != nil && err == nil {
		err = fmt.Errorf("read the patch: %w", perr)
	}
	if err != nil {
		return review.Diff{}, err
	}
	return review.Diff{Files: files}, nil
}

// parseRaw reads git diff-tree --raw -z. segments[i] is how many pieces of the
// patch belong to file i: a change of type (file to symlink) is shown as a
// deletion and an addition.
func parseRaw(fields []string) (files []review.FileDiff, segments []int, err error) {
	for i := 0; i < len(fields); {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 || i+1 >= len(fields) {
			return nil, nil, errors.New("git diff-tree printed a line of another form")
		}
		f := review.FileDiff{Path: fields[i+1], OldPath: fields[i+1], Status: review.FileModified}
		n := 1
		i += 2
		switch meta[4][0] {
		case 'A':
			f.Status = review.FileAdded
		case 'D':
			f.Status = review.FileDeleted
		case 'T':
			n = 2
		case 'R', 'C':
			if i >= len(fields) {
				return nil, nil, errors.New("git diff-tree printed a rename without a target")
			}
			f.Status, f.Path = review.FileRenamed, fields[i]
			i++
		}
		files = append(files, f)
		segments = append(segments, n)
	}
	return files, segments, nil
}

// parsePatch reads a patch whose files come in the order of files. Only hunk
// headers and the first byte of each line matter, so no file name is parsed.
func parsePatch(r *bufio.Reader, files []review.FileDiff, segments []int) error {
	file, left := -1, 0
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			if file != len(files)-1 || left > 1 {
				return fmt.Errorf("the patch ends at file %d of %d", file+1, len(files))
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case strings.HasPrefix(line, "diff --git "):
			if left > 1 {
				left--
				continue
			}
			file++
			if file >= len(files) {
				return errors.New("the patch has more files than the list")
			}
			left = segments[file]
		case strings.HasPrefix(line, "Binary files "):
			if file >= 0 {
				files[file].Binary = true
			}
		case strings.HasPrefix(line, "@@ "):
			if file < 0 {
				return errors.New("the patch begins with a hunk")
			}
			hunk, err := readHunk(r, line)
			if err != nil {
				return err
			}
			files[file].Hunks = append(files[file].Hunks, hunk)
		}
	}
}

// readHunk reads the body that the header "@@ -a,b +c,d @@" announces. The
// counts decide where it ends, so content that looks like a header is content.
func readHunk(r *bufio.Reader, header string) (review.Hunk, error) {
	fields := strings.Fields(header)
	if len(fields) < 4 {
		return review.Hunk{}, fmt.Errorf("hunk header %.80q", header)
	}
	oldStart, oldLines, err1 := parseRange(fields[1], "-")
	newStart, newLines, err2 := parseRange(fields[2], "+")
	if err := errors.Join(err1, err2); err != nil {
		return review.Hunk{}, err
	}
	var ops strings.Builder
	for oldLines > 0 || newLines > 0 {
		line, err := readLine(r)
		if err != nil {
			return review.Hunk{}, fmt.Errorf("inside a hunk: %w", err)
		}
		if line == "" {
			line = " " // some gits print an empty context line without its space
		}
		switch line[0] {
		case ' ':
			oldLines--
			newLines--
		case '-':
			oldLines--
		case '+':
			newLines--
		case '\\': // "\ No newline at end of file"
			continue
		default:
			return review.Hunk{}, fmt.Errorf("a line of a hunk begins with %q", line[0])
		}
		ops.WriteByte(line[0])
	}
	return review.Hunk{OldStart: oldStart, NewStart: newStart, Ops: ops.String()}, nil
}

func parseRange(s, sign string) (start, lines int, err error) {
	s, ok := strings.CutPrefix(s, sign)
	if !ok {
		return 0, 0, fmt.Errorf("hunk range %.40q", s)
	}
	first, count, ok := strings.Cut(s, ",")
	if !ok {
		count = "1"
	}
	start, err1 := strconv.Atoi(first)
	lines, err2 := strconv.Atoi(count)
	return start, lines, errors.Join(err1, err2)
}

// readLine returns the beginning of the next line, without its end; a minified
// line of megabytes is read but not kept.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	head := string(line[:min(len(line), 256)])
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err != nil && (len(head) == 0 || !errors.Is(err, io.EOF)) {
		return "", err
	}
	return strings.TrimSuffix(head, "\n"), nil
}
