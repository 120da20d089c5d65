// Package refs reads from its files what the names of a repository point at, which
// spares the git process that it takes to ask. It knows ordinary repositories
// (gitrepository-layout(5)) and reports false for everything that it does not know
// to be what git would say, such as a linked worktree, another storage, a symbolic
// ref to nowhere, an odd name or content: git is to be asked then.
//
// It imports the standard library only, and writes nothing.
package refs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Ref is what a name points at. Kind is "" while it is not known, and "no tag" for
// any object that is none.
type Ref struct{ Kind, ID, Name string }

// Head returns the name of the commit that HEAD points at. Whether the repository
// has that commit is not looked at.
func Head(gitDir string) (string, bool) {
	if !inFiles(gitDir) {
		return "", false
	}
	line, ok := readLine(filepath.Join(gitDir, "HEAD"))
	name, symbolic := strings.CutPrefix(line, "ref: ")
	if !ok || !symbolic {
		return line, ok && isObjectName(line)
	}
	if !strings.HasPrefix(name, "refs/heads/") || !plainPath(name) {
		return "", false
	}
	// The loose one first: git packs a ref before it removes its file.
	if id, ok := readLine(filepath.Join(gitDir, name)); ok {
		return id, isObjectName(id)
	}
	if _, err := os.Lstat(filepath.Join(gitDir, name)); !os.IsNotExist(err) {
		return "", false
	}
	data, err := readSmall(filepath.Join(gitDir, "packed-refs"), maxFile)
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(data) {
		if id, found := strings.CutSuffix(line, " "+name+"\n"); found {
			return id, isObjectName(id)
		}
	}
	return "", false
}

// inFiles reports whether a repository keeps its refs in files of its own.
func inFiles(gitDir string) bool {
	config, err := os.ReadFile(filepath.Join(gitDir, "config"))
	if err != nil || strings.Contains(strings.ToLower(string(config)), "refstorage") {
		return false
	}
	for _, other := range []string{"commondir", "reftable", "config.worktree"} {
		if _, err := os.Lstat(filepath.Join(gitDir, other)); err == nil {
			return false
		}
	}
	return true
}

// maxFile bounds what is read of one file.
const maxFile = 256 << 20

// Read reads the refs of a repository, sorted by name.
func Read(gitDir string) ([]Ref, bool) {
	if !inFiles(gitDir) {
		return nil, false
	}
	found := make(map[string]Ref)
	symbolic := make(map[string]string)
	// Loose refs first: git packs one before it removes its file.
	if !loose(gitDir, "refs", found, symbolic, 0) || !packed(gitDir, found, symbolic) {
		return nil, false
	}
	for name, target := range symbolic {
		to, ok := found[target]
		if !ok {
			return nil, false
		}
		found[name] = Ref{to.Kind, to.ID, name}
	}
	list := make([]Ref, 0, len(found))
	for _, r := range found {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return list, true
}

// loose reads the refs in a folder of a repository.
func loose(dir, folder string, found map[string]Ref, symbolic map[string]string, depth int) bool {
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if err != nil || depth > 64 {
		return false
	}
	for _, e := range entries {
		name := folder + "/" + e.Name()
		switch {
		case strings.HasPrefix(e.Name(), "."), strings.HasSuffix(e.Name(), ".lock"):
			continue // git takes neither for a ref
		case !plainName(e.Name()):
			return false
		case e.IsDir():
			if !loose(dir, name, found, symbolic, depth+1) {
				return false
			}
			continue
		case !e.Type().IsRegular():
			return false
		}
		line, ok := readLine(filepath.Join(dir, name))
		if !ok {
			return false // perhaps it is being packed
		}
		target, isSymbolic := strings.CutPrefix(line, "ref: ")
		switch {
		case isSymbolic:
			symbolic[name] = target
		case isObjectName(line):
			found[name] = Ref{ID: line, Name: name}
		default:
			return false
		}
	}
	return true
}

// packed adds the refs of packed-refs that no file of their own overrides.
func packed(dir string, found map[string]Ref, symbolic map[string]string) bool {
	data, err := readSmall(filepath.Join(dir, "packed-refs"), maxFile)
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
				r.Kind = "tag"
				found[last] = r
			}
			last = ""
			continue
		}
		id, name, ok := strings.Cut(line, " ")
		if !ok || !isObjectName(id) || !strings.HasPrefix(name, "refs/") || !plainPath(name) {
			return false
		}
		last = ""
		if _, own := found[name]; !own && symbolic[name] == "" {
			found[name], last = Ref{kind, id, name}, name
		}
	}
	return true
}

// readLine reads a file of one line, without its end.
func readLine(path string) (string, bool) {
	data, err := readSmall(path, 4096)
	line, ended := strings.CutSuffix(data, "\n")
	return line, err == nil && ended
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

// plainPath reports whether all parts of a ref's name are plain.
func plainPath(name string) bool {
	return !slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return !plainName(part) })
}

// plainName reports whether a part of a ref's name is one that git surely
// accepts (git-check-ref-format(1)).
func plainName(part string) bool {
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
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}
