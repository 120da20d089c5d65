package load

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"syscall"
)

// Limits bound what one repository may cost. A zero field means its default.
type Limits struct {
	FileBytes  int64 `json:"file_bytes,omitempty"`  // largest Go file read
	TotalBytes int64 `json:"total_bytes,omitempty"` // sum over all Go files read
	Files      int   `json:"files,omitempty"`       // Go files read
	Entries    int   `json:"entries,omitempty"`     // directory entries visited
	Depth      int   `json:"depth,omitempty"`       // nesting of a syntax tree
}

// DefaultLimits hold for every application measured with a factor of ten to
// spare (the largest has 4,500 Go files and 30 MB).
var DefaultLimits = Limits{FileBytes: 8 << 20, TotalBytes: 512 << 20, Files: 50_000, Entries: 1_000_000, Depth: 2_000}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		FileBytes: cmp.Or(l.FileBytes, d.FileBytes), TotalBytes: cmp.Or(l.TotalBytes, d.TotalBytes),
		Files: cmp.Or(l.Files, d.Files), Entries: cmp.Or(l.Entries, d.Entries), Depth: cmp.Or(l.Depth, d.Depth),
	}
}

// Skip is a file or folder that was not read, and why.
type Skip struct{ What, Why string }

// tree is the checkout: a root no path leaves and, per folder, its Go files.
type tree struct {
	root    *os.Root
	limits  Limits
	goFiles map[string][]string // folder -> base names, sorted
	mods    []string            // folders with a go.mod, shortest first
	works   []string            // folders with a go.work, in lexical order
	bytes   int64
	files   int
	// modBytes counts what was read of files that describe modules.
	modBytes int64

	skipped []Skip // left out on purpose
	unread  []Skip // should have been read and could not
}

// errIrregular is returned for what is not a regular file.
var errIrregular = errors.New("not a regular file")

// openTree lists the checkout. Symbolic links, pipes, devices and sockets are
// never opened. Where their name would have mattered they are listed: links as
// unread, for the go command follows them, the others as skipped, as it does.
func openTree(dir string, limits Limits) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open checkout: %w", err)
	}
	t := &tree{root: root, limits: limits, goFiles: map[string][]string{}}
	if err := t.walk("."); err != nil {
		root.Close()
		return nil, err
	}
	sort.Slice(t.mods, func(i, j int) bool {
		if len(t.mods[i]) != len(t.mods[j]) {
			return len(t.mods[i]) < len(t.mods[j])
		}
		return t.mods[i] < t.mods[j]
	})
	return t, nil
}

func (t *tree) close() { t.root.Close() }

func (t *tree) walk(top string) error {
	entries := 0
	return fs.WalkDir(t.root.FS(), top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			t.unread = append(t.unread, Skip{name, "cannot be listed"})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entries++; entries > t.limits.Entries {
			t.unread = append(t.unread, Skip{".", fmt.Sprintf("more than %d files and folders", t.limits.Entries)})
			return fs.SkipAll
		}
		base := path.Base(name)
		if d.IsDir() {
			if name == "." {
				return nil
			}
			// The go command's own rule for "./...": these never hold packages.
			if base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		goFile := strings.HasSuffix(base, ".go") && base[0] != '_' && base[0] != '.'
		switch {
		case !goFile && base != "go.mod" && base != "go.work":
		case d.Type()&fs.ModeSymlink != 0:
			// The go command would follow it, so code may hide behind it.
			t.unread = append(t.unread, Skip{name, "is a symbolic link, which is not followed"})
		case !d.Type().IsRegular():
			t.skipped = append(t.skipped, Skip{name, "is a " + kindOf(d.Type()) + ", not a regular file"})
		case goFile:
			dir := path.Dir(name)
			t.goFiles[dir] = append(t.goFiles[dir], base)
		case base == "go.work":
			t.works = append(t.works, path.Dir(name))
		default:
			t.mods = append(t.mods, path.Dir(name))
		}
		return nil
	})
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDir != 0:
		return "folder"
	}
	return "device"
}

// read returns a regular file of at most max bytes. It never blocks on a pipe
// and never follows a link out of the checkout (os.Root).
func (t *tree) read(name string, max int64) ([]byte, error) {
	return readRegular(t.root, name, max)
}

func readRegular(root *os.Root, name string, max int64) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errIrregular
	}
	if st.Size() > max {
		return nil, fmt.Errorf("larger than %d bytes", max)
	}
	b := make([]byte, 0, st.Size()+1)
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		if int64(len(b)) > max {
			return nil, fmt.Errorf("larger than %d bytes", max)
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}
