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
	decls := func(typed func(*ast.FuncDecl) bool) []*ast.File {
		var files []*ast.File
		for _, f := range pass.Files {
			files = append(files, strip(f, pass.TypesInfo, typed))
		}
		return files
	}
	for _, f := range pass.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
				r.SSAOf++
			}
		}
	}
	result, err := tryBuild(pass, cfgs, decls(p.Typed.FuncTyped), p)
	if err != nil {
		r.SSANote = err.Error()
		// Nothing is built, but whoever asked for SSA still runs, on syntax.
		result, err = tryBuild(pass, cfgs, nil, p)
	}
	if err != nil {
		return nil, err
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

// strip returns f with the bodies of functions that are not well-typed removed.
func strip(f *ast.File, info *types.Info, typed func(*ast.FuncDecl) bool) *ast.File {
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
		if fd.Body != nil && !typed(fd) {
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

func tryBuild(pass *analysis.Pass, cfgs *ctrlflow.CFGs, files []*ast.File, p *load.Package) (res *buildssa.SSA, err error) {
	defer func() {
		if x := recover(); x != nil {
			res, err = nil, fmt.Errorf("SSA could not be built: %v at %s", x, panicSite(debug.Stack()))
		}
	}()
	prog := ssa.NewProgram(pass.Fset, ssa.BuilderMode(0))
	prog.SetNoReturn(func(fn *types.Func) bool {
		return noReturn[fn.FullName()] || cfgs != nil && cfgs.NoReturn(fn)
	})
	created := map[*types.Package]bool{pass.Pkg: true}
	for _, imp := range pass.Pkg.Imports() {
		if !created[imp] {
			created[imp] = true
			prog.CreatePackage(imp, nil, nil, true)
		}
	}
	info := *pass.TypesInfo
	if !p.Typed.Full() {
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
	for _, file := range files {
		for _, d := range file.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && (fd.Body != nil || p.Typed.FuncTyped(fd)) {
				if f := prog.FuncValue(pass.TypesInfo.Defs[fd.Name].(*types.Func)); f != nil {
					add(f)
				}
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
