package load

import (
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"path"
	"path/filepath"
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

	file   *modfile.File
	vendor map[string]vendored // import path -> folder below vendor
	sums   map[module.Version]string
	local  map[string]string // module path -> folder of the checkout (replace)
	ignore []string
	noted  int // remarks made, of which Notes holds the first
}

// maxNotes bounds the remarks kept of one module: a file can be made of nothing
// else.
const maxNotes = 20

func (m *Module) note(s string) {
	if m.noted++; m.noted <= maxNotes {
		m.Notes = append(m.Notes, s)
	}
}

// vendored is a package of a vendor folder.
type vendored struct {
	module  module.Version
	goMinor string
}

const maxModFile = 16 << 20 // bytes of a go.mod, go.sum, go.work or modules.txt

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
	t.readWork(mods)
	for _, m := range mods {
		if n := m.noted - maxNotes; n > 0 {
			m.Notes = append(m.Notes, fmt.Sprintf("and %d more remarks on the files of module %s", n, m.Path))
		}
	}
	return mods
}

func (t *tree) readModule(dir string) *Module {
	m := &Module{Dir: dir, local: map[string]string{}, sums: map[module.Version]string{}}
	name := path.Join(dir, "go.mod")
	data, err := t.read(name, maxModFile)
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
	for _, r := range f.Replace {
		if r.New.Version != "" {
			continue
		}
		if at, ok := inside(dir, r.New.Path); ok {
			m.local[r.Old.Path] = at
		} else {
			m.note(name + ": replace of " + r.Old.Path + " leaves the checkout and is refused")
		}
	}
	m.readVendor(t)
	m.readSums(t)
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
func (t *tree) readWork(mods []*Module) {
	byDir := map[string]*Module{}
	for _, m := range mods {
		byDir[m.Dir] = m
	}
	data, err := t.read("go.work", maxModFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.unread = append(t.unread, Skip{"go.work", reason(err)})
		return
	}
	note := func(s string) {
		if len(mods) > 0 {
			mods[0].note(s)
		}
	}
	w, err := modfile.ParseWork("go.work", data, nil)
	if err != nil {
		note("go.work: cannot be parsed: " + firstLine(err))
		return
	}
	var used []*Module
	for _, u := range w.Use {
		at, ok := inside(".", u.Path)
		if !ok {
			note("go.work: use of " + u.Path + " leaves the checkout and is refused")
		} else if m := byDir[at]; m != nil {
			used = append(used, m)
		}
	}
	for _, a := range used {
		for _, b := range used {
			if a != b {
				a.local[b.Path] = b.Dir
			}
		}
	}
	for _, r := range w.Replace {
		if r.New.Version != "" {
			continue
		}
		at, ok := inside(".", r.New.Path)
		if !ok {
			note("go.work: replace of " + r.Old.Path + " leaves the checkout and is refused")
			continue
		}
		for _, a := range used {
			a.local[r.Old.Path] = at
		}
	}
}

// readVendor reads vendor/modules.txt. Only the folder below vendor that has a
// package's own import path is ever opened, whatever the file says.
func (m *Module) readVendor(t *tree) {
	name := path.Join(m.Dir, "vendor", "modules.txt")
	data, err := t.read(name, maxModFile)
	if err != nil {
		return // no vendor folder, or one by hand: folders are found by path
	}
	m.vendor = map[string]vendored{}
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
			m.vendor[line] = cur
		} else if line != "" {
			m.note(name + ": a line that is no import path is ignored")
		}
	}
}

// readSums keeps the zip hashes of go.sum, by module version.
func (m *Module) readSums(t *tree) {
	name := path.Join(m.Dir, "go.sum")
	data, err := t.read(name, maxModFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			m.note(name + ": not read: " + reason(err))
		}
		return
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 3 {
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
