package load

import (
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Module is one module of the repository.
type Module struct {
	Path      string // from its module directive; made up when there is none
	Dir       string // slash-separated, relative to the checkout, "." at its root
	GoVersion string // "1.24.0"; empty: none given
	// Implicit says that there is no go.mod: Path is guessed from how the
	// repository imports itself.
	Implicit bool
	// Notes are remarks on its files: refused directives, newer language
	// versions, broken syntax.
	Notes []string

	file    *modfile.File
	vendors []*vendorFolder    // its own and that of its go.work
	work    []*modfile.Replace // of its go.work, by versions of modules
	sums    map[module.Version]string
	local   map[string]string // module path -> folder of the checkout (replace)
	ignore  []string
	noted   int // remarks made, of which Notes holds the first
}

// maxNotes bounds the remarks kept of one module: a file can be made of nothing
// else.
const maxNotes = 20

func (m *Module) note(s string) {
	if m.noted++; m.noted <= maxNotes {
		m.Notes = append(m.Notes, s)
	}
}

// vendorFolder is a vendor folder and what its modules.txt says.
type vendorFolder struct {
	dir  string
	pkgs map[string]vendored // by import path
}

// vendored is a package of a vendor folder.
type vendored struct {
	module  module.Version
	goMinor string
}

// The most that is read of a go.mod or go.work, of a go.sum or modules.txt, and
// of all of them together, in bytes. The server reads them itself when it
// downloads, so they must not fill its memory: what is parsed is ten times as
// large.
const (
	maxModFile  = 4 << 20
	maxSumFile  = 16 << 20
	maxModFiles = 64 << 20
)

// readMod reads one of the files that describe modules.
func (t *tree) readMod(name string, max int64) ([]byte, error) {
	if t.modBytes >= maxModFiles {
		return nil, fmt.Errorf("there are more than %d bytes of module files", maxModFiles)
	}
	data, err := t.read(name, max)
	t.modBytes += int64(len(data))
	return data, err
}

// modules reads every go.mod and go.work of the tree. It returns modules in
// order of their folder's depth.
func (t *tree) modules() []*Module {
	var mods []*Module
	for _, dir := range t.mods {
		mods = append(mods, t.readModule(dir))
	}
	if len(mods) == 0 && len(t.goFiles) > 0 {
		mods = append(mods, &Module{Dir: ".", Implicit: true, local: map[string]string{}})
	}
	for _, dir := range t.works {
		t.readWork(dir, mods)
	}
	renameReplacements(mods)
	requireNeighbours(mods)
	for _, m := range mods {
		if n := m.noted - maxNotes; n > 0 {
			m.Notes = append(m.Notes, fmt.Sprintf("and %d more remarks on the files of module %s", n, m.Path))
		}
	}
	return mods
}

// requireNeighbours takes modules that a module requires by a version from their
// folders, where the same checkout has them: that is their code, and often nearer
// to what runs than the version, of which there are declarations at most.
func requireNeighbours(mods []*Module) {
	byPath := map[string]*Module{}
	for _, m := range mods {
		if m.Path != "" && byPath[m.Path] == nil {
			byPath[m.Path] = m
		}
	}
	for _, m := range mods {
		if m.file == nil {
			continue
		}
		for _, r := range m.file.Require {
			n := byPath[r.Mod.Path]
			if n == nil || n == m || m.local[r.Mod.Path] != "" || slices.ContainsFunc(m.file.Replace, func(o *modfile.Replace) bool { return o.Old.Path == r.Mod.Path }) {
				continue
			}
			m.local[r.Mod.Path] = n.Dir
			m.note(path.Join(m.Dir, "go.mod") + ": " + r.Mod.Path + " is taken from " + n.Dir + ", not from " + r.Mod.Version)
		}
	}
}

// renameReplacements gives a folder that replaces a module that module's path:
// the go command asks for no particular module line there.
func renameReplacements(mods []*Module) {
	byDir := map[string]*Module{}
	for _, m := range mods {
		byDir[m.Dir] = m
	}
	renamed := map[*Module]bool{}
	for _, m := range mods {
		for _, p := range slices.Sorted(maps.Keys(m.local)) {
			if r := byDir[m.local[p]]; r != nil && r != m && r.Path != p && !renamed[r] {
				renamed[r] = true
				r.note(path.Join(r.Dir, "go.mod") + ": module " + r.Path + " stands in for " + p)
				r.Path = p
			}
		}
	}
}

func (t *tree) readModule(dir string) *Module {
	m := &Module{Dir: dir, local: map[string]string{}, sums: map[module.Version]string{}}
	name := path.Join(dir, "go.mod")
	data, err := t.readMod(name, maxModFile)
	if err != nil {
		t.unread = append(t.unread, Skip{name, reason(err)})
		m.Implicit = true
		return m
	}
	f, err := modfile.ParseLax(name, data, nil)
	if err == nil {
		// ParseLax leaves out replace and exclude; it is the fallback for
		// directives newer than this reader.
		if strict, err := modfile.Parse(name, data, nil); err == nil {
			f = strict
		} else {
			m.note(name + ": not every directive is understood: " + firstLine(err))
		}
	}
	if err != nil || f == nil {
		m.note(name + ": cannot be parsed: " + firstLine(err))
		m.Path = modfile.ModulePath(data)
		m.Implicit = m.Path == ""
		f = &modfile.File{}
	}
	m.file = f
	if f.Module != nil {
		m.Path = f.Module.Mod.Path
	}
	if m.Path == "" {
		m.Implicit = true
	}
	if f.Go != nil {
		m.GoVersion = f.Go.Version
		if newest := fmt.Sprintf("go1.%d", goMinor); version.Compare(version.Lang("go"+m.GoVersion), newest) > 0 {
			m.note(fmt.Sprintf("%s asks for go %s, newer than the %s this build knows", name, m.GoVersion, newest))
		}
	}
	for _, i := range f.Ignore {
		m.ignore = append(m.ignore, path.Join(dir, strings.TrimPrefix(i.Path, "./")))
	}
	required := map[string]string{}
	for _, r := range f.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range f.Replace {
		if r.New.Version != "" || r.Old.Version != "" && r.Old.Version != required[r.Old.Path] {
			continue
		}
		if at, ok := inside(dir, r.New.Path); ok {
			m.local[r.Old.Path] = at
		} else {
			m.note(name + ": replace of " + r.Old.Path + " leaves the checkout and is refused")
		}
	}
	m.vendors = append(m.vendors, t.readVendor(dir, m.note))
	t.readSums(path.Join(dir, "go.sum"), m)
	return m
}

// inside joins a relative path of a directive to dir and reports whether the
// result stays in the checkout.
func inside(dir, rel string) (string, bool) {
	rel = filepath.ToSlash(rel)
	if path.IsAbs(rel) || strings.Contains(rel, "\\") || strings.ContainsRune(rel, ':') {
		return "", false
	}
	at := path.Join(dir, rel)
	return at, at == "." || fs.ValidPath(at)
}

// readWork joins the modules a go.work uses: each sees the others as folders.
func (t *tree) readWork(dir string, mods []*Module) {
	byDir := map[string]*Module{}
	for _, m := range mods {
		byDir[m.Dir] = m
	}
	name := path.Join(dir, "go.work")
	data, err := t.readMod(name, maxModFile)
	if err != nil {
		t.unread = append(t.unread, Skip{name, reason(err)})
		return
	}
	note := func(s string) {
		if len(mods) > 0 {
			mods[0].note(name + ": " + s)
		}
	}
	w, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		note("cannot be parsed: " + firstLine(err))
		return
	}
	var used []*Module
	seen := map[*Module]bool{}
	for _, u := range w.Use {
		at, ok := inside(dir, u.Path)
		if !ok {
			note("use of " + u.Path + " leaves the checkout and is refused")
		} else if m := byDir[at]; m != nil && !seen[m] {
			seen[m] = true
			used = append(used, m)
		}
	}
	vendor := t.readVendor(dir, note)
	for i, a := range used {
		// A chain makes them one group; each sees all the others by path.
		if i > 0 {
			a.local[used[i-1].Path] = used[i-1].Dir
		}
		if a.Dir != dir {
			a.vendors = append(a.vendors, vendor)
		}
		t.readSums(path.Join(dir, "go.work.sum"), a)
	}
	for _, r := range w.Replace {
		if r.New.Version != "" {
			for _, a := range used {
				a.work = append(a.work, r)
			}
			continue
		}
		at, ok := inside(dir, r.New.Path)
		if !ok {
			note("replace of " + r.Old.Path + " leaves the checkout and is refused")
			continue
		}
		for _, a := range used {
			a.local[r.Old.Path] = at
		}
	}
}

// readVendor reads a vendor/modules.txt. Only the folder below vendor that has a
// package's own import path is ever opened, whatever the file says. Without the
// file, as in a folder made by hand, packages are found by path.
func (t *tree) readVendor(dir string, note func(string)) *vendorFolder {
	v := &vendorFolder{dir: path.Join(dir, "vendor"), pkgs: map[string]vendored{}}
	name := path.Join(v.dir, "modules.txt")
	data, err := t.readMod(name, maxSumFile)
	if err != nil {
		return v
	}
	var cur vendored
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			cur = vendored{}
			f := strings.Fields(rest)
			if len(f) > 0 {
				cur.module.Path = f[0]
			}
			if len(f) > 1 && semver.IsValid(f[1]) {
				cur.module.Version = f[1]
			}
		} else if rest, ok := strings.CutPrefix(line, "## "); ok {
			for part := range strings.SplitSeq(rest, ";") {
				if v, ok := strings.CutPrefix(strings.TrimSpace(part), "go "); ok {
					cur.goMinor = v
				}
			}
		} else if module.CheckImportPath(line) == nil {
			v.pkgs[line] = cur
		} else if line != "" {
			note(name + ": a line that is no import path is ignored")
		}
	}
	return v
}

// readSums adds the zip hashes of a go.sum, by module version, to a module's.
func (t *tree) readSums(name string, m *Module) {
	data, err := t.readMod(name, maxSumFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			m.note(name + ": not read: " + reason(err))
		}
		return
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 3 && m.sums[module.Version{Path: f[0], Version: f[1]}] == "" {
			m.sums[module.Version{Path: f[0], Version: f[1]}] = f[2]
		}
	}
}

// owner returns the module whose folder holds dir most closely, or nil.
func owner(mods []*Module, dir string) *Module {
	var best *Module
	for _, m := range mods {
		if m.Dir == "." || dir == m.Dir || strings.HasPrefix(dir, m.Dir+"/") {
			if best == nil || len(m.Dir) > len(best.Dir) || best.Dir == "." {
				best = m
			}
		}
	}
	return best
}

// importPath returns the import path of a folder of m.
func (m *Module) importPath(dir string) string {
	rel := dir
	if m.Dir != "." {
		rel = strings.TrimPrefix(strings.TrimPrefix(dir, m.Dir), "/")
	}
	if rel == "." || rel == "" {
		return m.Path
	}
	if m.Path == "" {
		return rel
	}
	return m.Path + "/" + rel
}

// guessPath finds the prefix under which a repository without go.mod imports
// its own folders: the prefix most of its imports agree on.
func guessPath(dirs map[string]bool, imports map[string]int) string {
	votes := map[string]int{}
	for imp, n := range imports {
		for i := 0; i < len(imp); i++ {
			if imp[i] == '/' && dirs[imp[i+1:]] {
				votes[imp[:i]] += n
			}
		}
	}
	var best string
	var prefixes []string
	for p := range votes {
		prefixes = append(prefixes, p)
	}
	sort.Strings(prefixes)
	for _, p := range prefixes {
		if votes[p] > votes[best] {
			best = p
		}
	}
	return best
}

func firstLine(err error) string {
	if err == nil {
		return ""
	}
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// reason is err without the path it names, for texts that name it already.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
