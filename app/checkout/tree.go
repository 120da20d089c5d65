package checkout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
)

// TreeLimits bound one tree that is laid down. Zero fields take the default.
type TreeLimits struct {
	Files     int   // default 200,000
	Bytes     int64 // default 1 GiB
	FileBytes int64 // default 16 MiB
}

func (l TreeLimits) orDefault() TreeLimits {
	if l.Files == 0 {
		l.Files = 200_000
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	if l.FileBytes == 0 {
		l.FileBytes = 16 << 20
	}
	return l
}

// MaterialiseOptions say which files of a tree are laid down.
type MaterialiseOptions struct {
	// Keep chooses regular files by path and size; nil keeps all.
	Keep   func(path string, size int64) bool
	Limits TreeLimits
	// Like is a tree laid down before, in a folder beside this one and still as
	// it was. A file that both have with the same content is a hard link to
	// its, where the file system makes links: two trees of one pull request
	// differ in a few files, and making a file costs ten times a link. What was
	// said of a file (Materialised.Skipped) is not said again of a link to it.
	Like *Materialised
}

// Materialised is what was laid down.
type Materialised struct {
	Files int
	Bytes int64
	// Skipped are entries that are no regular files, Gaps files that were
	// wanted and could not be laid down.
	Skipped []review.Skip
	Gaps    []review.Gap

	dir   string
	files map[string]review.SHA // by path: the content of what is there
}

// ForScanners keeps what the code and readiness scanners read.
func ForScanners(p string, size int64) bool {
	base := path.Base(p)
	switch path.Ext(base) {
	case ".go", ".mod", ".sum", ".work", ".yml", ".yaml", ".toml", ".tf", ".hcl", ".zone", ".env", ".conf":
		return true
	case ".json", ".md", ".html", ".txt":
		return size <= 1<<20
	}
	lower := strings.ToLower(base)
	return strings.HasPrefix(lower, "dockerfile") || strings.HasSuffix(lower, ".dockerfile") || strings.HasSuffix(lower, ".containerfile") || strings.HasPrefix(lower, "containerfile") || strings.HasPrefix(lower, ".env") ||
		lower == "caddyfile" || lower == "procfile" || lower == "codeowners" || lower == "makefile"
}

// Materialise writes the chosen files of a commit below dir, which must not
// exist, as regular files without execute bits. git's checkout never sees the
// tree: blobs are read with cat-file and written through os.Root, which no path
// can leave. Symlinks and submodules are skipped and said; a name that a file
// system could confuse with another is a gap.
func (r *Repo) Materialise(ctx context.Context, commit review.SHA, dir string, opt MaterialiseOptions) (Materialised, error) {
	limits := opt.Limits.orDefault()
	out, err := r.git.output(ctx, 512<<20, "ls-tree", "-r", "-z", "--long", "--full-tree", string(commit))
	if err != nil {
		return Materialised{}, err
	}
	var res Materialised
	var wanted []treeEntry
	seen := make(map[string]string)
	symlinks, submodules := 0, 0
	for _, line := range splitNUL(out) {
		e, err := parseEntry(line, true)
		if err != nil {
			return res, err
		}
		switch {
		case e.kind == "commit":
			submodules++
			continue
		case !e.regular():
			symlinks++
			continue
		case opt.Keep != nil && !opt.Keep(e.path, e.size):
			continue
		case e.missing:
			res.Gaps = append(res.Gaps, review.Gap{Code: review.CodeHistoryIncomplete, What: e.path, Why: "the repository lacks its content, as a partial or damaged clone does", Do: "fetch the repository anew (git fetch --refetch)"})
			continue
		}
		if why := badPath(e.path); why != "" {
			res.Gaps = append(res.Gaps, unreadable(e.path, why))
			continue
		}
		folded := strings.ToLower(e.path)
		if other, ok := seen[folded]; ok {
			// Git keeps both; this file system would too, but a reader's may
			// not: say it, and look at both.
			res.Skipped = append(res.Skipped, review.Skip{What: e.path, Why: "differs only in case from " + other + "; both were looked at"})
		}
		seen[folded] = e.path
		if e.size > limits.FileBytes {
			res.Gaps = append(res.Gaps, unreadable(e.path, fmt.Sprintf("it has %d bytes, %d are the most that is read of one file", e.size, limits.FileBytes)))
			continue
		}
		wanted = append(wanted, e)
		res.Files++
		res.Bytes += e.size
	}
	if symlinks > 0 {
		res.Skipped = append(res.Skipped, review.Skip{What: strconv.Itoa(symlinks) + " symbolic links", Why: "links are never followed"})
	}
	if submodules > 0 {
		res.Skipped = append(res.Skipped, review.Skip{What: strconv.Itoa(submodules) + " submodules", Why: "their content belongs to other repositories"})
	}
	if res.Files > limits.Files || res.Bytes > limits.Bytes {
		return res, &review.Error{Code: review.CodeTooLarge, Op: "lay down the tree", What: fmt.Sprintf("of %d files and %d MiB", res.Files, res.Bytes>>20),
			Do: "raise limits.tree_files and limits.tree_bytes in the server's configuration"}
	}
	if err := r.write(ctx, dir, wanted, opt.Like, &res); err != nil {
		return res, err
	}
	return res, nil
}

func unreadable(path, why string) review.Gap {
	return review.Gap{Code: review.CodeFileUnreadable, What: path, Why: why, Do: "rename or shrink the file, or exclude it in the policy"}
}

// badPath says why a path of a tree is not written, "" if it is.
func badPath(p string) string {
	if len(p) > 4000 || !utf8.ValidString(p) {
		return "its name is not valid UTF-8 or too long"
	}
	if strings.ContainsAny(p, "\\\x00") || path.IsAbs(p) || path.Clean(p) != p {
		return "its name is not a plain relative path"
	}
	for _, part := range strings.Split(p, "/") {
		if strings.EqualFold(part, ".git") || part == ".." || len(part) > 255 {
			return "its name has a part that is not allowed"
		}
	}
	return ""
}

// write lays entries down below dir: what like has as links, the others with one
// cat-file --batch.
func (r *Repo) write(ctx context.Context, dir string, entries []treeEntry, like *Materialised, res *Materialised) (err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	w, err := newTreeWriter(dir, like, res)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var left []treeEntry
	for _, e := range entries {
		if !w.link(e) {
			left = append(left, e)
		}
	}
	if len(left) == 0 {
		return nil
	}
	var names strings.Builder
	for _, e := range left {
		names.WriteString(string(e.sha))
		names.WriteByte('\n')
	}
	pr, pw := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := w.blobs(bufio.NewReaderSize(pr, 1<<16), left)
		pr.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		written <- err
	}()
	err = r.git.stream(ctx, strings.NewReader(names.String()), 1<<40, pw, "cat-file", "--batch")
	pw.CloseWithError(io.ErrUnexpectedEOF)
	if werr := <-written; werr != nil && err == nil {
		err = fmt.Errorf("lay down the tree: %w", werr)
	}
	return err
}

// treeWriter writes files below one folder, which no path can leave. It is for
// one goroutine at a time.
type treeWriter struct {
	beside *os.Root // the folder that holds the tree and the one it is like
	root   *os.Root // the tree
	folder *os.Root // the folder of the last file: entries come sorted
	at     string   // its path below root; "" if folder is nil
	name   string   // the tree's name in beside
	like   *Materialised
	res    *Materialised
}

func newTreeWriter(dir string, like, res *Materialised) (*treeWriter, error) {
	parent, name := filepath.Split(filepath.Clean(dir))
	beside, err := os.OpenRoot(filepath.Clean(parent))
	if err != nil {
		return nil, fmt.Errorf("open the folder around %s: %w", dir, err)
	}
	root, err := beside.OpenRoot(name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", dir, err), beside.Close())
	}
	res.dir, res.files = filepath.Clean(dir), make(map[string]review.SHA)
	if like != nil && filepath.Dir(like.dir) != filepath.Dir(res.dir) {
		like = nil
	}
	return &treeWriter{beside: beside, root: root, name: name, like: like, res: res}, nil
}

func (w *treeWriter) close() error {
	err := errors.Join(w.root.Close(), w.beside.Close())
	if w.folder != nil {
		err = errors.Join(err, w.folder.Close())
	}
	return err
}

// link makes e a link to the file the other tree has at the same path, and
// reports false if it has none or no link can be made: then e is to be written,
// which tells what is wrong.
func (w *treeWriter) link(e treeEntry) bool {
	if w.like == nil || w.like.files[e.path] != e.sha || w.enter(path.Dir(e.path)) != nil {
		return false
	}
	if w.beside.Link(path.Join(filepath.Base(w.like.dir), e.path), path.Join(w.name, e.path)) != nil {
		return false
	}
	w.res.files[e.path] = e.sha
	return true
}

// enter makes the folder d below the tree and holds it open.
func (w *treeWriter) enter(d string) error {
	if w.folder != nil && w.at == d {
		return nil
	}
	if w.folder != nil {
		if err := w.folder.Close(); err != nil {
			return fmt.Errorf("close a folder of the tree: %w", err)
		}
		w.folder = nil
	}
	if err := w.root.MkdirAll(d, 0o700); err != nil {
		return err
	}
	folder, err := w.root.OpenRoot(d)
	if err != nil {
		return err
	}
	w.folder, w.at = folder, d
	return nil
}

// lfsPointer is how the file begins that Git LFS keeps in place of another.
const lfsPointer = "version https://git-lfs.github.com/spec/v1\n"

// blobs writes entries as they come from cat-file --batch.
func (w *treeWriter) blobs(r *bufio.Reader, entries []treeEntry) error {
	for _, e := range entries {
		header, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file ended early: %w", err)
		}
		fields := strings.Fields(header)
		if len(fields) != 3 || fields[1] != "blob" {
			return &review.Error{Code: review.CodeHistoryIncomplete, Op: "read a file of the tree", What: e.path, Do: "the repository lacks objects; fetch it anew"}
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || size != e.size {
			return fmt.Errorf("git cat-file announced another size for %s", e.sha)
		}
		if start, err := r.Peek(int(min(size, int64(len(lfsPointer))))); err == nil && string(start) == lfsPointer {
			w.res.Skipped = append(w.res.Skipped, review.Skip{What: e.path, Why: "is a pointer to a file that Git LFS keeps elsewhere"})
		}
		var f *os.File
		if err = w.enter(path.Dir(e.path)); err == nil {
			f, err = w.folder.OpenFile(path.Base(e.path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		}
		switch {
		case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
			// A tree made by hand can name one path twice, as a file and a folder.
			w.res.Files, w.res.Bytes = w.res.Files-1, w.res.Bytes-size
			w.res.Gaps = append(w.res.Gaps, unreadable(e.path, "another entry of the tree has the same name"))
			_, err = io.CopyN(io.Discard, r, size)
		case err == nil:
			_, err = io.CopyN(f, r, size)
			err = errors.Join(err, f.Close())
			w.res.files[e.path] = e.sha
		}
		if err != nil {
			return err
		}
		if _, err := r.Discard(1); err != nil {
			return fmt.Errorf("git cat-file ended early: %w", err)
		}
	}
	return nil
}
