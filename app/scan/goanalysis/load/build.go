package load

import (
	"io"
	"io/fs"
	"sort"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// buildList is the one version of every module a group of modules uses: what
// the go command calls the build list, found by minimal version selection.
type buildList struct {
	*loader
	// selected maps a module path to the version selected and to what replaces
	// it (equal to it, normally).
	selected map[string]selection

	opening sync.Mutex
	open    map[string]*openModule // by module path
}

type selection struct {
	version string
	real    module.Version
	sum     string
}

type openModule struct {
	fsys   fs.FS // nil: cannot be had
	origin Origin
	why    string
}

// newBuildList selects versions. Since Go 1.17 a go.mod lists every module
// that packages of its module need, so nothing else is read; for older ones the
// requirements' own go.mod files are followed as far as they can be had.
func newBuildList(ld *loader, mods []*Module) *buildList {
	b := &buildList{loader: ld, selected: map[string]selection{}, open: map[string]*openModule{}}
	max := func(path, version string) bool {
		if cur, ok := b.selected[path]; ok && semver.Compare(cur.version, version) >= 0 {
			return false
		}
		b.selected[path] = selection{version: version, real: module.Version{Path: path, Version: version}}
		return true
	}
	follow := false
	var queue []module.Version
	replaced := map[string][]*modfile.Replace{} // those of go.work first: they win
	for _, m := range mods {
		for _, r := range m.work {
			replaced[r.Old.Path] = append(replaced[r.Old.Path], r)
		}
	}
	for _, m := range mods {
		if m.file == nil {
			continue
		}
		follow = follow || !prunedGraph(m.GoVersion)
		for _, r := range m.file.Require {
			if max(r.Mod.Path, r.Mod.Version) {
				queue = append(queue, r.Mod)
			}
		}
		for _, r := range m.file.Replace {
			replaced[r.Old.Path] = append(replaced[r.Old.Path], r)
		}
	}
	replace := func(v module.Version) module.Version {
		for _, r := range replaced[v.Path] {
			if (r.Old.Version == "" || r.Old.Version == v.Version) && r.New.Version != "" {
				return r.New
			}
		}
		return v
	}
	seen := map[module.Version]bool{}
	for follow && len(queue) > 0 && len(seen) < 5000 {
		v := queue[0]
		queue = queue[1:]
		if seen[v] {
			continue
		}
		seen[v] = true
		for _, s := range ld.opt.Modules {
			data, err := s.GoMod(replace(v))
			if err != nil {
				continue
			}
			f, err := modfile.ParseLax("go.mod", data, nil)
			if err != nil {
				break
			}
			for _, r := range f.Require {
				max(r.Mod.Path, r.Mod.Version)
				queue = append(queue, r.Mod)
			}
			break
		}
	}
	for p, s := range b.selected {
		s.real = replace(s.real)
		for _, m := range mods {
			if sum := m.sums[s.real]; sum != "" {
				s.sum = sum
			}
		}
		b.selected[p] = s
	}
	return b
}

// prunedGraph reports whether a go.mod of this language version is complete.
func prunedGraph(goVersion string) bool {
	return goVersion != "" && semver.Compare("v"+strings.TrimSuffix(goVersion, ".x"), "v1.17") >= 0
}

// versionOf returns the module version that should hold a package.
func (b *buildList) versionOf(pkg string) module.Version {
	for p := pkg; p != ""; p = parent(p) {
		if s, ok := b.selected[p]; ok {
			return module.Version{Path: p, Version: s.version}
		}
	}
	return module.Version{}
}

// resolve returns a node for the package at an import path, or nil.
func (b *buildList) resolve(pkg string) *node {
	for p := pkg; p != ""; p = parent(p) {
		sel, ok := b.selected[p]
		if !ok {
			continue
		}
		n := &node{path: pkg, module: module.Version{Path: p, Version: sel.version}, keyOf: b.moduleKey(sel.real, sel.sum, pkg)}
		if idx := b.loadIndex(n.keyOf); idx != nil {
			if idx.Absent {
				continue
			}
			n.index, n.name, n.digest, n.origin = idx, idx.Name, idx.Digest, FromStore
			return n
		}
		if m := b.module(p); m.fsys != nil {
			if b.locate(n, m) {
				return n
			}
			b.saveIndex(n.keyOf, &packageIndex{Absent: true})
		}
	}
	return nil
}

// parent returns an import path without its last element, "" if it has one only.
func parent(p string) string {
	return p[:max(strings.LastIndexByte(p, '/'), 0)]
}

// locate gives a node the folder of its module that holds it.
func (b *buildList) locate(n *node, m *openModule) bool {
	dir := strings.TrimPrefix(strings.TrimPrefix(n.path, n.module.Path), "/")
	if dir == "" {
		dir = "."
	}
	if !hasGoFile(m.fsys, dir) {
		return false
	}
	n.dir, n.fsys, n.origin = dir, m.fsys, m.origin
	return true
}

func (b *buildList) module(p string) *openModule {
	b.opening.Lock()
	defer b.opening.Unlock()
	if m := b.open[p]; m != nil {
		return m
	}
	m := &openModule{}
	b.open[p] = m
	sel := b.selected[p]
	for _, s := range b.opt.Modules {
		fsys, origin, err := s.Open(sel.real, sel.sum)
		if err == nil {
			m.fsys, m.origin = fsys, origin
			break
		}
		m.why = reason(err)
	}
	return m
}

// close closes the sources that were opened.
func (b *buildList) close() {
	b.opening.Lock()
	defer b.opening.Unlock()
	for _, m := range b.open {
		if c, ok := m.fsys.(io.Closer); ok {
			_ = c.Close() // it was only read
		}
	}
	clear(b.open)
}

func hasGoFile(fsys fs.FS, dir string) bool {
	if !fs.ValidPath(dir) {
		return false
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && e.Type().IsRegular() {
			return true
		}
	}
	return false
}

// Requirement is a module version a checkout needs and the hash its go.sum
// demands of it, "" if it demands none.
type Requirement struct {
	Mod module.Version
	Sum string
}

// Requirements lists the module versions a checkout's modules select, without
// reading any Go code. Versions no go.sum has a zip hash for are not needed to
// build any of its packages and are left out. mods hands out the go.mod files
// of requirements; it may be nil.
func Requirements(dir string, mods ModuleSource) ([]Requirement, error) {
	t, err := openTree(dir, DefaultLimits)
	if err != nil {
		return nil, err
	}
	defer t.close()
	ld := &loader{opt: Options{Dir: dir, Platform: DefaultPlatform, Limits: DefaultLimits}, tree: t, mods: t.modules()}
	if mods != nil {
		ld.opt.Modules = []ModuleSource{mods}
	}
	seen := map[Requirement]bool{}
	var out []Requirement
	for _, g := range ld.groups() {
		for _, s := range g.build.selected {
			q := Requirement{Mod: s.real, Sum: s.sum}
			if q.Sum != "" && !seen[q] {
				seen[q] = true
				out = append(out, q)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Mod.String() < out[j].Mod.String() })
	return out, nil
}
