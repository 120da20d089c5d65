package secrets

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ref is what a name points at. kind is "" while it is not known.
type ref struct{ kind, id, name string }

// refs lists every ref of the repository. Those of an ordinary repository are read
// from its files, which spares the process that is a tenth of a look at a push; git
// is asked of whatever is not quite ordinary.
func (r repo) refs(ctx context.Context) ([]ref, error) {
	if list, ok := readRefs(r.dir); ok {
		return list, nil
	}
	out, err := r.output(ctx, 256<<20, nil, "for-each-ref", "--format=%(objecttype) %(objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	var list []ref
	for line := range strings.Lines(string(out)) {
		if f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3); len(f) == 3 {
			list = append(list, ref{f[0], f[1], f[2]})
		}
	}
	return list, nil
}

// maxRefFile bounds what is read of one file.
const maxRefFile = 256 << 20

// readRefs reads the refs of a repository that keeps them in files, sorted by name
// (gitrepository-layout(5)). It reports false for everything it does not know to be
// what git would say: a linked worktree, another storage, a symbolic ref to
// nowhere, an odd name or content.
func readRefs(dir string) ([]ref, bool) {
	config, err := os.ReadFile(filepath.Join(dir, "config"))
	if err != nil || strings.Contains(strings.ToLower(string(config)), "refstorage") {
		return nil, false
	}
	for _, other := range []string{"commondir", "reftable", "config.worktree"} {
		if _, err := os.Lstat(filepath.Join(dir, other)); err == nil {
			return nil, false
		}
	}
	found := make(map[string]ref)
	symbolic := make(map[string]string)
	// Loose refs first: git packs one before it removes its file.
	if !looseRefs(dir, "refs", found, symbolic, 0) || !packedRefs(dir, found, symbolic) {
		return nil, false
	}
	for name, target := range symbolic {
		to, ok := found[target]
		if !ok {
			return nil, false
		}
		found[name] = ref{to.kind, to.id, name}
	}
	list := make([]ref, 0, len(found))
	for _, r := range found {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b ref) int { return strings.Compare(a.name, b.name) })
	return list, true
}

// looseRefs reads the refs in a folder of a repository.
func looseRefs(dir, folder string, found map[string]ref, symbolic map[string]string, depth int) bool {
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if err != nil || depth > 64 {
		return false
	}
	for _, e := range entries {
		name := folder + "/" + e.Name()
		switch {
		case strings.HasPrefix(e.Name(), "."), strings.HasSuffix(e.Name(), ".lock"):
			continue // git takes neither for a ref
		case !plainRefName(e.Name()):
			return false
		case e.IsDir():
			if !looseRefs(dir, name, found, symbolic, depth+1) {
				return false
			}
			continue
		case !e.Type().IsRegular():
			return false
		}
		data, err := readSmall(filepath.Join(dir, name), 4096)
		if err != nil {
			return false // perhaps it is being packed
		}
		line, ended := strings.CutSuffix(data, "\n")
		target, isSymbolic := strings.CutPrefix(line, "ref: ")
		switch {
		case !ended:
			return false
		case isSymbolic:
			symbolic[name] = target
		case isObjectName(line):
			found[name] = ref{id: line, name: name}
		default:
			return false
		}
	}
	return true
}

// packedRefs adds the refs of packed-refs that no file of their own overrides.
func packedRefs(dir string, found map[string]ref, symbolic map[string]string) bool {
	data, err := readSmall(filepath.Join(dir, "packed-refs"), maxRefFile)
	if os.IsNotExist(err) {
		return true
	}
	if err != nil || data != "" && !strings.HasSuffix(data, "\n") {
		return false
	}
	kind, last := "", "" // of refs that are not followed by what they peel to; the last
	for line := range strings.Lines(data) {
		line = line[:len(line)-1]
		switch {
		case strings.HasPrefix(line, "#"):
			if strings.Contains(line, " fully-peeled ") {
				kind = "no tag"
			}
			continue
		case strings.HasPrefix(line, "^"):
			if r, ok := found[last]; ok && last != "" {
				r.kind = "tag"
				found[last] = r
			}
			last = ""
			continue
		}
		id, name, ok := strings.Cut(line, " ")
		if !ok || !isObjectName(id) || !strings.HasPrefix(name, "refs/") || slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return !plainRefName(part) }) {
			return false
		}
		last = ""
		if _, loose := found[name]; !loose && symbolic[name] == "" {
			found[name], last = ref{kind, id, name}, name
		}
	}
	return true
}

// readSmall reads a regular file.
func readSmall(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fs.ErrInvalid
	}
	return string(data), err
}

// plainRefName reports whether a part of a ref's name is one that git surely
// accepts (git-check-ref-format(1)).
func plainRefName(part string) bool {
	for i := range len(part) {
		c := part[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-+#=%,!$'()&;|", c) >= 0 || c >= 0x80) {
			return false
		}
	}
	return part != "" && part[0] != '.' && part[len(part)-1] != '.' && !strings.Contains(part, "..") && !strings.HasSuffix(part, ".lock")
}

// isObjectName reports whether s is the full name of an object, and not the null
// name.
func isObjectName(s string) bool {
	return (len(s) == 40 || len(s) == 64) && isHex([]byte(s)) && strings.Trim(s, "0") != ""
}
