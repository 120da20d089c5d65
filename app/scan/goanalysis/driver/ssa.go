package driver

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"runtime/debug"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/ssa"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// noReturn are functions of the standard library that never return. Under go
// vet the ctrlflow analyzer learns this from their bodies; here dependencies
// have none.
var noReturn = map[string]bool{
	"log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true, "log.Panic": true, "log.Panicf": true, "log.Panicln": true,
	"(*log.Logger).Fatal": true, "(*log.Logger).Fatalf": true, "(*log.Logger).Fatalln": true,
	"(*log.Logger).Panic": true, "(*log.Logger).Panicf": true, "(*log.Logger).Panicln": true,
	"os.Exit": true, "syscall.Exit": true, "runtime.Goexit": true,
	"(*testing.common).FailNow": true, "(*testing.common).Fatal": true, "(*testing.common).Fatalf": true,
	"(*testing.common).Skip": true, "(*testing.common).Skipf": true, "(*testing.common).SkipNow": true,
}

// buildSSA stands in for buildssa.Analyzer. It builds the well-typed functions;
// the others become functions without a body, as if they lived elsewhere.
func buildSSA(pass *analysis.Pass, p *load.Package, r *Analysed) (any, error) {
	cfgs, _ := pass.ResultOf[ctrlflow.Analyzer].(*ctrlflow.CFGs)
	var bodies []*ast.FuncDecl
	for _, f := range pass.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
				r.SSAOf++
				if p.Typed.FuncTyped(fd) {
					bodies = append(bodies, fd)
				}
			}
		}
	}
	b := &ssaBuild{pass: pass, cfgs: cfgs, p: p, inits: true}
	result, err := b.build(bodies)
	if err != nil {
		r.SSANote = err.Error()
		if result, err = b.salvage(bodies); err != nil {
			return nil, err
		}
	}
	for _, f := range result.SrcFuncs {
		if f.Parent() == nil && f.Blocks != nil {
			r.SSAFuncs++
		}
	}
	if r.SSANote == "" && r.SSAFuncs < r.SSAOf {
		r.SSANote = "functions that are not fully typed have no SSA"
	}
	return result, nil
}

// ssaBuild builds one package with a choice of its functions' bodies.
type ssaBuild struct {
	pass  *analysis.Pass
	cfgs  *ctrlflow.CFGs
	p     *load.Package
	inits bool // build the initialisers of package variables
	tries int
}

// maxTries bounds how often one package is built to find the functions SSA
// cannot cope with.
const maxTries = 48

// salvage finds, by halving, which functions can be built together. What it has
// no tries left for is left out.
func (b *ssaBuild) salvage(bodies []*ast.FuncDecl) (*buildssa.SSA, error) {
	if _, err := b.build(nil); err != nil {
		b.inits = false
		if _, err := b.build(nil); err != nil {
			// Not even the declarations: SSA without any function, so that
			// whoever asked for it still runs, on syntax.
			prog := ssa.NewProgram(b.pass.Fset, ssa.BuilderMode(0))
			pkg := prog.CreatePackage(types.NewPackage(b.pass.Pkg.Path(), b.pass.Pkg.Name()), nil, nil, true)
			return &buildssa.SSA{Pkg: pkg}, nil //nolint:nilerr // said above: on syntax
		}
	}
	var good []*ast.FuncDecl
	var find func(part []*ast.FuncDecl)
	find = func(part []*ast.FuncDecl) {
		if len(part) == 0 || b.tries >= maxTries {
			return
		}
		if _, err := b.build(part); err == nil {
			good = append(good, part...)
			return
		}
		if len(part) > 1 {
			find(part[:len(part)/2])
			find(part[len(part)/2:])
		}
	}
	find(bodies)
	res, err := b.build(good)
	if err != nil {
		return b.build(nil)
	}
	return res, nil
}

// strip returns f with the bodies removed of functions that are not to be
// built: they become functions that live elsewhere.
func strip(f *ast.File, info *types.Info, keep map[*ast.FuncDecl]bool) *ast.File {
	g := *f
	g.Decls = nil
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok {
			g.Decls = append(g.Decls, d)
			continue
		}
		if fn, ok := info.Defs[fd.Name].(*types.Func); !ok || !namedReceiver(fn) {
			continue
		}
		if fd.Body != nil && !keep[fd] {
			c := *fd
			c.Body = nil
			fd = &c
		}
		g.Decls = append(g.Decls, fd)
	}
	return &g
}

// namedReceiver reports whether a method belongs to a type that exists.
func namedReceiver(fn *types.Func) bool {
	sig, ok := fn.Type().(*types.Signature)
	if !ok {
		return false
	}
	if sig.Recv() == nil {
		return true
	}
	t := types.Unalias(sig.Recv().Type())
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	_, ok = t.(*types.Named)
	return ok
}

func (b *ssaBuild) build(bodies []*ast.FuncDecl) (res *buildssa.SSA, err error) {
	defer func() {
		if x := recover(); x != nil {
			res, err = nil, fmt.Errorf("SSA could not be built for every function: %v at %s", x, panicSite(debug.Stack()))
		}
	}()
	b.tries++
	pass, p := b.pass, b.p
	keep := map[*ast.FuncDecl]bool{}
	for _, fd := range bodies {
		keep[fd] = true
	}
	var files []*ast.File
	for _, f := range pass.Files {
		files = append(files, strip(f, pass.TypesInfo, keep))
	}
	prog := ssa.NewProgram(pass.Fset, ssa.BuilderMode(0))
	prog.SetNoReturn(func(fn *types.Func) bool {
		return noReturn[fn.FullName()] || b.cfgs != nil && b.cfgs.NoReturn(fn)
	})
	created := map[*types.Package]bool{pass.Pkg: true}
	for _, imp := range pass.Pkg.Imports() {
		if !created[imp] {
			created[imp] = true
			prog.CreatePackage(imp, nil, nil, true)
		}
	}
	info := *pass.TypesInfo
	if !b.inits {
		info.InitOrder = nil
	} else if !p.Typed.Full() {
		info.InitOrder = nil
		for _, in := range pass.TypesInfo.InitOrder {
			if typedExpr(pass.TypesInfo, in.Rhs) {
				info.InitOrder = append(info.InitOrder, in)
			}
		}
	}
	pkg := prog.CreatePackage(pass.Pkg, files, &info, false)
	pkg.Build()
	var funcs []*ssa.Function
	var add func(f *ssa.Function)
	add = func(f *ssa.Function) {
		funcs = append(funcs, f)
		for _, anon := range f.AnonFuncs {
			add(anon)
		}
	}
	for _, fd := range bodies {
		if fn, ok := pass.TypesInfo.Defs[fd.Name].(*types.Func); ok {
			if f := prog.FuncValue(fn); f != nil {
				add(f)
			}
		}
	}
	return &buildssa.SSA{Pkg: pkg, SrcFuncs: funcs}, nil
}

func typedExpr(info *types.Info, e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		if id, isIdent := n.(*ast.Ident); isIdent && id.Name != "_" && info.Uses[id] == nil && info.Defs[id] == nil {
			if tv, has := info.Types[id]; !has || tv.Type == nil {
				ok = false
			}
		}
		if x, isExpr := n.(ast.Expr); isExpr {
			if tv, has := info.Types[x]; has && tv.Type == types.Typ[types.Invalid] {
				ok = false
			}
		}
		return ok
	})
	return ok && e.Pos() != token.NoPos
}
