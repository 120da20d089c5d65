package load

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

// check types the group's packages, each after those it imports, two at a time.
func (g *group) check(ctx context.Context) error {
	nodes := g.order()
	own := 0
	for _, n := range nodes {
		if n.own {
			own++
		}
	}
	g.total.Add(int64(own))
	if err := g.materialise(ctx, nodes); err != nil {
		return err
	}
	nodes = slices.DeleteFunc(nodes, func(n *node) bool { return n.gone })
	g.synthesise(nodes)
	g.decoded = maps.Clone(g.pkgs)
	nodes = g.needed(nodes)

	var mu sync.Mutex
	waiting := map[*node]int{}
	users := map[*node][]*node{}
	ready := make(chan *node, len(nodes)+1)
	left := len(nodes)
	for _, n := range nodes {
		for _, d := range n.deps {
			if d.types == nil && d != n && !d.gone {
				waiting[n]++
				users[d] = append(users[d], n)
			}
		}
		if waiting[n] == 0 {
			ready <- n
		}
	}
	if left == 0 {
		return ctx.Err()
	}
	var wg sync.WaitGroup
	for slot := range g.opt.Workers {
		wg.Go(func() {
			for n := range ready {
				if ctx.Err() == nil {
					g.checkNode(slot, n)
				}
				mu.Lock()
				for _, u := range users[n] {
					if waiting[u]--; waiting[u] == 0 {
						ready <- u
					}
				}
				if left--; left == 0 {
					close(ready)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// order returns the nodes that need typing so that imports come first; an
// import that closes a cycle is dropped and named.
func (g *group) order() []*node {
	var roots []*node
	for _, n := range g.nodes {
		if n != nil && n.types == nil {
			roots = append(roots, n)
		}
	}
	sort.Slice(roots, func(i, j int) bool {
		if roots[i].path != roots[j].path {
			return roots[i].path < roots[j].path
		}
		return roots[i].dir < roots[j].dir
	})
	var out []*node
	var visit func(n *node)
	visit = func(n *node) {
		n.visited, n.onPath = true, true
		var paths []string
		for p := range n.imports {
			paths = append(paths, p)
		}
		sort.Strings(paths)
		for _, p := range paths {
			d := n.imports[p]
			if d.types != nil {
				continue
			}
			if !d.visited {
				visit(d)
			}
			if d.onPath {
				delete(n.imports, p)
				n.errs = append(n.errs, Error{Pos: importPos(g.fset, n, p), Msg: "import cycle through " + p, Kind: "cycle"})
				n.cyclic = append(n.cyclic, p)
				continue
			}
			n.deps = append(n.deps, d)
		}
		n.onPath = false
		n.order = len(out)
		out = append(out, n)
	}
	for _, n := range roots {
		if !n.visited {
			visit(n)
		}
	}
	return out
}

func importPos(fset *token.FileSet, n *node, p string) token.Position {
	for _, f := range n.files {
		for _, s := range f.Syntax.Imports {
			if importPath(s) == p {
				return fset.PositionFor(s.Pos(), false)
			}
		}
	}
	return token.Position{}
}

// synthesise makes the packages nobody has, from all uses of them.
func (g *group) synthesise(nodes []*node) {
	missing := func(p string) bool {
		d, known := g.nodes[p]
		return known && d == nil
	}
	users := map[string][]*importingFile{}
	for _, n := range nodes {
		for _, f := range n.files {
			var file *importingFile
			for _, s := range f.Syntax.Imports {
				if p := importPath(s); missing(p) {
					if file == nil {
						file = nameUses(f.Syntax, missing, g.pkgs)
					}
					users[p] = append(users[p], file)
				}
			}
		}
		if n.blob != nil {
			continue
		}
		for _, p := range g.importsOf(n) {
			if missing(p) {
				n.missing = append(n.missing, p)
			}
		}
	}
	for p, files := range users {
		g.pkgs[p] = synthesise(p, files, g.pkgs[p])
	}
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// checkNode types one package. Nothing that goes wrong in it stops the others.
func (g *group) checkNode(slot int, n *node) {
	if g.opt.Working != nil {
		g.opt.Working(slot, n.mark())
		defer g.opt.Working(slot, "")
	}
	if n.blob != nil {
		err := g.decode(n)
		n.blob = nil
		if err == nil {
			g.register(n.path, n.types)
			return
		}
		// The entry is whole but cannot be read: made by another version.
		if g.parseSource(n); len(n.files) == 0 {
			g.parseSource(n) // the first call may only have found the index
		}
	}
	var files []*ast.File
	for _, f := range n.files {
		files = append(files, f.Syntax)
	}
	conf := types.Config{
		GoVersion:   clampVersion(n),
		FakeImportC: true,
		Sizes:       g.sizes,
		Importer: importerFunc(func(p string) (*types.Package, error) {
			if p == "unsafe" {
				return types.Unsafe, nil
			}
			if d := n.imports[p]; d != nil && d.types != nil {
				return d.types, nil
			}
			if t := g.pkgs[p]; t != nil {
				return t, nil
			}
			return nil, fmt.Errorf("no declarations of package %q", p)
		}),
	}
	if !n.own {
		conf.IgnoreFuncBodies = true
		conf.DisableUnusedImportCheck = true
		conf.Error = func(err error) { n.fail(strings.TrimSpace(err.Error())) }
		n.types = g.run(n, &conf, files, nil)
		n.files = nil // the syntax is not needed any more
		g.register(n.path, n.types)
		g.encode(n)
		return
	}
	info := newInfo()
	p := n.newPackage()
	p.version, p.Info = conf.GoVersion, info
	conf.Error = func(err error) {
		te, ok := err.(types.Error) //nolint:errorlint // the type checker hands it over unwrapped
		if !ok {
			n.errs = append(n.errs, Error{Msg: err.Error(), Kind: "type"})
			return
		}
		kind := "type"
		if te.Soft {
			kind = "soft"
		}
		n.errs = append(n.errs, Error{Pos: g.fset.PositionFor(te.Pos, false), Msg: te.Msg, Kind: kind})
	}
	if why := g.opt.Skip[n.dir]; why != "" {
		n.errs = append(n.errs, Error{Msg: why, Kind: "crash"})
		n.types = types.NewPackage(n.path, n.name)
	} else {
		n.types = g.run(n, &conf, files, info)
	}
	p.Types, p.Errors = n.types, n.errs
	p.Typed = measure(g.fset, p)
	n.pkg = p
	if g.opt.Progress != nil {
		g.opt.Progress(int(g.done.Add(1)), int(g.total.Load()))
	}
}

// mark names a node for Options.Working and Options.Skip: its folder or, for a
// dependency, its import path.
func (n *node) mark() string {
	if n.own {
		return n.dir
	}
	return n.path
}

func (n *node) newPackage() *Package {
	p := &Package{ID: n.dir, PkgPath: strings.TrimSuffix(n.path, testMark), Test: n.test, Name: n.name, Dir: n.dir, Module: n.mod, Files: n.files,
		Imports: map[string]*Package{}, Missing: n.missing, Key: n.ident, Reused: n.reused}
	if i := strings.IndexByte(n.path, '#'); i >= 0 {
		p.ID += n.path[i:]
	}
	if n.test {
		p.ID += testMark + n.name
	}
	return p
}

func newInfo() *types.Info {
	return &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
}

// run calls the type checker and turns a panic into an error of the package.
func (g *group) run(n *node, conf *types.Config, files []*ast.File, info *types.Info) (pkg *types.Package) {
	defer func() {
		if r := recover(); r != nil {
			n.errs = append(n.errs, Error{Msg: fmt.Sprintf("the type checker failed: %v", r), Kind: "crash"})
			n.fail("the type checker failed")
			pkg = types.NewPackage(n.path, n.name)
		}
	}()
	name := strings.TrimSuffix(n.path, testMark)
	if i := strings.IndexByte(name, '#'); i >= 0 {
		name = name[:i]
	}
	pkg, _ = conf.Check(name, g.fset, files, info)
	if pkg == nil {
		pkg = types.NewPackage(n.path, n.name)
	}
	pkg.MarkComplete()
	return pkg
}

// clampVersion returns the language version to check n with: the go directive,
// but never newer than this checker knows.
func clampVersion(n *node) string {
	if n.version == "" {
		return ""
	}
	v := "go" + n.version
	if !version.IsValid(v) {
		return ""
	}
	if newest := fmt.Sprintf("go1.%d", goMinor); version.Compare(version.Lang(v), newest) > 0 {
		if n.own {
			n.errs = append(n.errs, Error{Msg: "go.mod asks for " + v + ", newer than the " + newest + " this build knows", Kind: "version"})
		}
		return newest
	}
	return v
}
