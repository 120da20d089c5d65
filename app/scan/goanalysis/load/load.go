package load

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"
)

// Options say what to load and from where.
type Options struct {
	Dir      string // the checkout
	Platform Platform
	Limits   Limits
	// Modules are asked in order for dependencies the vendor folder lacks.
	Modules []ModuleSource
	// Store keeps declarations between runs; nil: nothing is kept.
	Store Store
	// Embedded are the declarations that travel with the program.
	Embedded Embedded
	// Skip names packages that are not typed, with the reason: the worker died
	// on them before. They are named by their folder or, for dependencies, by
	// their import path.
	Skip map[string]string
	// Progress is told how many packages are typed; it must not block.
	Progress func(done, total int)
	// Working is told which package is being typed, named as in Skip (and ""
	// when it is done), by slot; it lets a supervisor name the package a crash is due to.
	Working func(slot int, pkg string)
	Workers int // parallel type checkers; 0: two
	// Tests adds, for each folder with test files, the package as its own tests
	// see it and the external test package.
	Tests bool
	// Reuse reports whether the caller still has what it made of a package with
	// this key. Such a package is typed only if one that must be looked at
	// anew imports it.
	Reuse func(key string) bool
}

// Error is one thing wrong with a package.
type Error struct {
	Pos token.Position // relative to the checkout; Filename may be empty
	Msg string
	// Kind is "syntax", "type", "missing", "cycle", "read" or "crash".
	Kind string
}

func (e Error) String() string {
	if e.Pos.Filename == "" {
		return e.Msg
	}
	if e.Pos.Line == 0 { // the file as a whole
		return e.Pos.Filename + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d: %s", e.Pos.Filename, e.Pos.Line, e.Msg)
}

// File is one file of a package.
type File struct {
	Path      string // slash-separated, relative to the checkout
	Syntax    *ast.File
	Source    []byte
	Generated bool // carries the "Code generated … DO NOT EDIT." line
}

// Package is one package of the repository itself.
type Package struct {
	ID      string // its folder, plus what tells variants apart
	PkgPath string
	Name    string
	Dir     string // slash-separated, relative to the checkout
	Module  *Module
	Files   []*File
	Types   *types.Package
	Info    *types.Info
	Errors  []Error
	// Imports are the packages of the repository it imports, by import path.
	Imports map[string]*Package
	// Missing are imports whose declarations could not be had.
	Missing []string
	Typed   Typedness

	// Test says that the package is there for its test files: those of the
	// package itself together with the rest of it, or the external ones.
	Test bool
	// Key names everything the package and what it imports are made from; it
	// is "" if that cannot be named.
	Key string
	// Reused says that Options.Reuse knew the package. Then Types may be nil.
	Reused bool

	version string // language version it was checked with
}

// Syntax returns the files' syntax trees, in order.
func (p *Package) Syntax() []*ast.File {
	var fs []*ast.File
	for _, f := range p.Files {
		fs = append(fs, f.Syntax)
	}
	return fs
}

// Dependency is a package outside the repository.
type Dependency struct {
	Path   string
	Module module.Version // zero for the standard library
	Origin Origin
	// StandIn is the version the embedded declarations are from.
	StandIn module.Version
	// Errors counts what was wrong with its declarations; First is the first.
	Errors int
	First  string
}

// Tagged is a Go file that is not built because tags are not set that the program
// has for itself, and the tags that would do.
type Tagged struct {
	Path   string
	Tags   []string
	Source []byte
}

// Result is what a repository was made into.
type Result struct {
	Fset     *token.FileSet
	Sizes    types.Sizes
	Modules  []*Module
	Packages []*Package // a package comes after those it imports
	Deps     []Dependency
	// Excluded are Go files no considered configuration includes.
	Excluded []string
	// Tagged are those of them that other tags of the program's own would include.
	Tagged []Tagged
	// Skipped was left out on purpose, Unread should have been read.
	Skipped, Unread []Skip

	loader *loader
}

// Load reads and types a repository. An error means that nothing can be said
// about it at all (no such folder, cancelled); everything else is in the
// Result. It honours ctx between packages.
func Load(ctx context.Context, opt Options) (*Result, error) {
	if opt.Platform.GOOS == "" {
		opt.Platform.GOOS, opt.Platform.GOARCH = DefaultPlatform.GOOS, DefaultPlatform.GOARCH
	}
	if opt.Workers <= 0 {
		opt.Workers = 2
	}
	opt.Limits = opt.Limits.orDefault()
	t, err := openTree(opt.Dir, opt.Limits)
	if err != nil {
		return nil, err
	}
	defer t.close()
	ld := &loader{opt: opt, tree: t, fset: token.NewFileSet(), mods: t.modules(),
		sizes: types.SizesFor("gc", opt.Platform.GOARCH)}
	if ld.sizes == nil {
		ld.sizes = types.SizesFor("gc", "amd64")
	}
	if opt.Embedded != nil {
		if ld.std, err = opt.Embedded.Standard(ld.fset); err != nil {
			return nil, err
		}
	}
	res := &Result{Fset: ld.fset, Sizes: ld.sizes, Modules: ld.mods, loader: ld}
	for _, g := range ld.groups() {
		err := g.discover(ctx)
		if err == nil {
			err = g.check(ctx)
		}
		g.build.close()
		if err != nil {
			return nil, err
		}
		g.collect(res)
	}
	sort.Strings(ld.excluded)
	res.Excluded = ld.excluded
	slices.SortFunc(ld.tagged, func(a, b Tagged) int { return strings.Compare(a.Path, b.Path) })
	res.Tagged = ld.tagged
	res.Skipped, res.Unread = t.skipped, t.unread
	return res, nil
}

type loader struct {
	opt   Options
	tree  *tree
	fset  *token.FileSet
	sizes types.Sizes
	std   map[string]*types.Package
	mods  []*Module

	mu       sync.Mutex
	excluded []string
	tagged   []Tagged
	done     atomic.Int64
	total    atomic.Int64
}

func (ld *loader) unread(what, why string) {
	ld.mu.Lock()
	defer ld.mu.Unlock()
	ld.tree.unread = append(ld.tree.unread, Skip{what, why})
}

// group is a set of modules that see each other, and the one version of every
// dependency they share.
type group struct {
	*loader
	modules []*Module
	build   *buildList
	nodes   map[string]*node // by import path, "./dir" for packages without one
	pkgs    map[string]*types.Package

	decodeMu sync.Mutex
	decoded  map[string]*types.Package // what store entries may refer to
}

// node is a package on its way from files to types.
type node struct {
	path    string
	dir     string // of the checkout, or of fsys
	fsys    fs.FS  // files of a module version; nil: the checkout
	mod     *Module
	own     bool
	name    string
	version string // language version
	files   []*File
	imports map[string]*node
	missing []string
	cyclic  []string
	origin  Origin
	module  module.Version
	standIn module.Version // whose embedded declarations are used instead
	errs    []Error
	pkg     *Package
	types   *types.Package
	test    bool
	tests   []*File       // test files, of a package that is not itself one of tests
	tested  *node         // of external tests: the package as its own tests see it
	index   *packageIndex // from the store; then files may be nil
	keyOf   string        // where the index is kept
	digest  string        // of the files
	key     string        // of the declarations
	blob    []byte        // the declarations, from the store
	gone    bool          // neither declarations nor source could be had
	ident   string        // names what the package is made from
	reused  bool
	needed  bool
	nErrs   int
	first   string
	order   int
	visited bool
	onPath  bool
	deps    []*node
}

// groups joins modules linked by replace or go.work.
func (ld *loader) groups() []*group {
	byDir := map[string]int{}
	parent := make([]int, len(ld.mods))
	for i, m := range ld.mods {
		parent[i], byDir[m.Dir] = i, i
	}
	var find func(int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	for i, m := range ld.mods {
		for _, dir := range m.local {
			if j, ok := byDir[dir]; ok {
				parent[find(j)] = find(i)
			}
		}
	}
	byRoot := map[int]*group{}
	var groups []*group
	for i, m := range ld.mods {
		g := byRoot[find(i)]
		if g == nil {
			g = &group{loader: ld, nodes: map[string]*node{}, pkgs: map[string]*types.Package{}}
			for p, t := range ld.std {
				g.pkgs[p] = t
			}
			byRoot[find(i)] = g
			groups = append(groups, g)
		}
		g.modules = append(g.modules, m)
	}
	for _, g := range groups {
		g.build = newBuildList(ld, g.modules)
	}
	return groups
}

// ownDirs lists the folders of the group's modules that hold packages.
func (g *group) ownDirs() map[string]*Module {
	in := map[*Module]bool{}
	for _, m := range g.modules {
		in[m] = true
	}
	dirs := map[string]*Module{}
	for dir := range g.tree.goFiles {
		m := owner(g.mods, dir)
		if m == nil || !in[m] || hasElement(strings.TrimPrefix(dir, m.Dir), "vendor") || ignored(m, dir) {
			continue
		}
		dirs[dir] = m
	}
	return dirs
}

func ignored(m *Module, dir string) bool {
	for _, i := range m.ignore {
		if dir == i || strings.HasPrefix(dir, i+"/") {
			return true
		}
	}
	return false
}

func hasElement(p, elem string) bool {
	for e := range strings.SplitSeq(p, "/") {
		if e == elem {
			return true
		}
	}
	return false
}

// discover parses the group's own packages and, level by level, what they
// import.
func (g *group) discover(ctx context.Context) error {
	var level []*node
	for dir, m := range g.ownDirs() {
		level = append(level, &node{dir: dir, mod: m, own: true, path: m.importPath(dir), version: m.GoVersion})
	}
	sort.Slice(level, func(i, j int) bool { return level[i].dir < level[j].dir })
	if err := g.each(ctx, level, g.parseOwn); err != nil {
		return err
	}
	g.nameImplicit(level)
	var split []*node
	for _, n := range level {
		parts := g.splitNames(n)
		split = append(split, parts...)
		if len(parts) == 1 {
			split = append(split, testNodes(n)...)
		}
	}
	level = level[:0]
	for _, n := range split {
		if len(n.files) == 0 && len(n.errs) == 0 {
			continue
		}
		if _, taken := g.nodes[n.path]; taken {
			n.errs = append(n.errs, Error{Msg: "import path " + n.path + " is used by two folders", Kind: "type"})
			g.nodes["./"+n.dir] = n
		} else {
			g.nodes[n.path] = n
		}
		level = append(level, n)
	}
	for len(level) > 0 {
		var next []*node
		for _, n := range level {
			next = append(next, g.link(n)...)
		}
		if err := g.each(ctx, next, g.parseDep); err != nil {
			return err
		}
		level = next
	}
	return nil
}

// each runs f on the nodes, two at a time.
func (g *group) each(ctx context.Context, nodes []*node, f func(*node)) error {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range g.opt.Workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(nodes) {
					return
				}
				f(nodes[i])
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// nameImplicit gives the packages of a repository without go.mod the import
// paths it uses itself.
func (g *group) nameImplicit(nodes []*node) {
	for _, m := range g.modules {
		if !m.Implicit || m.Path != "" {
			continue
		}
		dirs, imports := map[string]bool{}, map[string]int{}
		for _, n := range nodes {
			if n.mod == m {
				dirs[n.dir] = true
				for _, p := range importPaths(n.files) {
					imports[p]++
				}
			}
		}
		m.Path = guessPath(dirs, imports)
		for _, n := range nodes {
			if n.mod == m {
				n.path = m.importPath(n.dir)
				if n.path == "" {
					n.path = loosePath
				}
			}
		}
	}
}

// loosePath is the import path of a package that has none, as the go command
// calls it: without one its types would be named as nobody's, and their methods
// not be found.
const loosePath = "command-line-arguments"

// testNodes makes the packages that the test files of a folder add.
func testNodes(n *node) []*node {
	var inside, outside []*File
	for _, f := range n.tests {
		if n.name != "" && f.Syntax.Name.Name == n.name {
			inside = append(inside, f)
		} else {
			outside = append(outside, f)
		}
	}
	var out []*node
	variant := n
	if len(inside) > 0 {
		variant = &node{dir: n.dir, mod: n.mod, own: true, test: true, path: n.path + testMark, name: n.name, version: n.version,
			files: append(append([]*File{}, n.files...), inside...)}
		out = append(out, variant)
	}
	if len(outside) > 0 {
		out = append(out, &node{dir: n.dir, mod: n.mod, own: true, test: true, path: n.path + "_test", name: outside[0].Syntax.Name.Name,
			version: n.version, files: outside, tested: variant})
	}
	return out
}

// testMark ends the internal name of a package as its own tests see it.
const testMark = " [test]"

// splitNames makes one node per package name: files of another name than most
// do not compile together, but are still code to look at.
func (g *group) splitNames(n *node) []*node {
	count := map[string]int{}
	for _, f := range n.files {
		count[f.Syntax.Name.Name]++
	}
	var names []string
	for name := range count {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if count[names[i]] != count[names[j]] {
			return count[names[i]] > count[names[j]]
		}
		return names[i] < names[j]
	})
	if len(names) <= 1 {
		if len(names) == 1 {
			n.name = names[0]
		}
		return []*node{n}
	}
	all := n.files
	var out []*node
	for i, name := range names {
		m := n
		if i > 0 {
			m = &node{dir: n.dir, mod: n.mod, own: true, path: n.path + "#" + name, version: n.version}
			m.errs = append(m.errs, Error{Msg: fmt.Sprintf("folder %s holds packages %s and %s", n.dir, names[0], name), Kind: "type"})
		}
		m.name, m.files = name, nil
		for _, f := range all {
			if f.Syntax.Name.Name == name {
				m.files = append(m.files, f)
			}
		}
		out = append(out, m)
	}
	return out
}

// importPath returns the path of an import, "" if its literal is broken.
func importPath(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return ""
	}
	return p
}

func importPaths(files []*File) []string {
	seen := map[string]bool{}
	var paths []string
	for _, f := range files {
		for _, s := range f.Syntax.Imports {
			p := importPath(s)
			if !seen[p] {
				seen[p] = true
				paths = append(paths, p)
			}
		}
	}
	sort.Strings(paths)
	return paths
}

// link resolves the imports of n; it returns nodes that are new.
func (g *group) link(n *node) []*node {
	n.imports = map[string]*node{}
	var fresh []*node
	for _, p := range g.importsOf(n) {
		if p == "C" || p == "unsafe" || p == "" {
			continue
		}
		if n.tested != nil && p+testMark == n.tested.path {
			n.imports[p] = n.tested
			continue
		}
		if d, ok := g.nodes[p]; ok {
			if d != nil {
				n.imports[p] = d
			}
			continue
		}
		d := g.resolve(p)
		g.nodes[p] = d
		if d != nil {
			n.imports[p] = d
			if d.types == nil {
				fresh = append(fresh, d)
			}
		}
	}
	return fresh
}

// resolve finds where the package at an import path comes from; nil if it is
// nowhere.
func (g *group) resolve(p string) *node {
	if t := g.std[p]; t != nil {
		return &node{path: p, types: t, origin: FromStandard, name: t.Name()}
	}
	if module.CheckImportPath(p) != nil || g.opt.Skip[p] != "" {
		return nil
	}
	for _, m := range g.modules {
		for _, folder := range m.vendors {
			if dir := path.Join(folder.dir, p); g.tree.goFiles[dir] != nil {
				v := folder.pkgs[p]
				return &node{path: p, dir: dir, mod: m, origin: FromVendor, module: v.module, version: v.goMinor}
			}
		}
	}
	if n := g.build.resolve(p); n != nil {
		return n
	}
	if g.opt.Embedded != nil {
		if v, ok := g.opt.Embedded.Module(p); ok {
			// Decoding is cheap and changes shared packages, so it is done
			// here, by one goroutine, before any type checking starts.
			t, err := g.opt.Embedded.Decode(p, g.fset, g.pkgs)
			if err == nil {
				return &node{path: p, types: t, name: t.Name(), origin: FromEmbedded, module: g.build.versionOf(p), standIn: v}
			}
		}
	}
	return nil
}

// collect adds the group's packages, in dependency order, to the result.
func (g *group) collect(res *Result) {
	var own []*node
	for p, n := range g.nodes {
		switch {
		case n == nil:
			if !isStandard(p) || g.std != nil {
				res.Deps = append(res.Deps, Dependency{Path: p, Origin: FromUse, Module: g.build.versionOf(p)})
			}
		case n.own:
			own = append(own, n)
		default:
			res.Deps = append(res.Deps, Dependency{Path: n.path, Module: n.module, Origin: n.origin, StandIn: n.standIn, Errors: n.nErrs, First: n.first})
		}
	}
	sort.Slice(own, func(i, j int) bool { return own[i].order < own[j].order })
	for _, n := range own {
		for p, d := range n.imports {
			if d.own && d.pkg != nil {
				n.pkg.Imports[p] = d.pkg
			}
		}
		res.Packages = append(res.Packages, n.pkg)
	}
	sort.Slice(res.Deps, func(i, j int) bool { return res.Deps[i].Path < res.Deps[j].Path })
}

var errTooMuch = errors.New("the repository's limit of Go source is reached")

// ReadFile returns the source of one of the package's files, by its path in the
// file set. It opens nothing.
func (p *Package) ReadFile(name string) ([]byte, error) {
	for _, f := range p.Files {
		if f.Path == name {
			return f.Source, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
