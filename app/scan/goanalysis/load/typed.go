package load

import (
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

// Typedness says how far a package is typed.
type Typedness struct {
	Exprs, ExprsTyped int
	Funcs, FuncsTyped int
	// Untyped are the functions that are not fully typed, in source order.
	Untyped []UntypedFunc
	byDecl  map[*ast.FuncDecl]bool
}

// UntypedFunc is a function that is not fully typed, and the first reason.
type UntypedFunc struct {
	Name string
	Pos  token.Position
	Why  string
}

// Full reports whether everything is typed.
func (t Typedness) Full() bool { return t.Exprs == t.ExprsTyped && t.Funcs == t.FuncsTyped }

// FuncTyped reports whether every expression of a function has its type, so
// that SSA can be built for it.
func (t Typedness) FuncTyped(d *ast.FuncDecl) bool { return !t.byDecl[d] }

// measure counts what is typed. A package without errors is typed throughout.
func measure(fset *token.FileSet, p *Package) Typedness {
	t := Typedness{byDecl: map[*ast.FuncDecl]bool{}}
	bad := map[string][]Error{} // hard errors by file
	hard := len(p.Missing) > 0
	for _, e := range p.Errors {
		// A message that begins with a tab only continues the one before: "other
		// declaration of F" does not make the first F wrong.
		if e.Kind != "soft" && e.Kind != "version" && !strings.HasPrefix(e.Msg, "\t") {
			hard = true
			bad[e.Pos.Filename] = append(bad[e.Pos.Filename], e)
		}
	}
	for _, es := range bad {
		sort.Slice(es, func(i, j int) bool { return es[i].Pos.Offset < es[j].Pos.Offset })
	}
	missing := missingNames(p)
	for _, f := range p.Files {
		tf := fset.File(f.Syntax.FileStart)
		for _, d := range f.Syntax.Decls {
			n, ok := countTyped(d, p.Info)
			t.Exprs += n
			t.ExprsTyped += ok
			fd, isFunc := d.(*ast.FuncDecl)
			if !isFunc {
				continue
			}
			t.Funcs++
			why := ""
			if hard {
				from, to := tf.Offset(d.Pos()), tf.Offset(min(d.End(), token.Pos(tf.Base()+tf.Size())))
				es := bad[f.Path]
				if i := sort.Search(len(es), func(i int) bool { return es[i].Pos.Offset >= from }); i < len(es) && es[i].Pos.Offset <= to {
					why = es[i].String()
					if dep := blame(missing, es[i].Msg); dep != "" {
						why = "missing dependency " + dep
					}
				}
				if why == "" && n != ok {
					why = "uses what is not typed"
					if len(p.Missing) > 0 {
						why = "missing dependency " + p.Missing[0]
					}
				}
			}
			if why == "" {
				t.FuncsTyped++
				continue
			}
			t.byDecl[fd] = true
			t.Untyped = append(t.Untyped, UntypedFunc{Name: funcName(fd), Pos: fset.PositionFor(d.Pos(), false), Why: why})
		}
	}
	return t
}

// missingNames maps what an error message may call a missing dependency, its
// package name or its quoted path, to its path.
func missingNames(p *Package) map[string]string {
	if len(p.Missing) == 0 {
		return nil
	}
	names, missing := map[string]string{}, map[string]bool{}
	for _, path := range p.Missing {
		missing[path] = true
		names[path] = path
	}
	for _, t := range p.Types.Imports() {
		if missing[t.Path()] && names[t.Name()] == "" {
			names[t.Name()] = t.Path()
		}
	}
	return names
}

// blame returns the missing dependency an error is due to: one whose types its
// message mentions, as name.Type or "path".Type.
func blame(missing map[string]string, msg string) string {
	for i := 1; i < len(msg) && len(missing) > 0; i++ {
		if msg[i] != '.' {
			continue
		}
		from, to := i, i
		if msg[i-1] == '"' {
			to--
			from = strings.LastIndexByte(msg[:to], '"') + 1
		} else {
			for from > 0 && (msg[from-1] == '_' || '0' <= msg[from-1] && msg[from-1] <= '9' || 'a' <= msg[from-1]|0x20 && msg[from-1]|0x20 <= 'z' || msg[from-1] >= 0x80) {
				from--
			}
		}
		if dep := missing[msg[from:to]]; dep != "" {
			return dep
		}
	}
	return ""
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// countTyped counts the expressions of a declaration and those with a type.
// What the type checker never records (labels, keys of struct literals, the
// package clause) does not count.
func countTyped(root ast.Node, info *types.Info) (all, typed int) {
	skip := map[ast.Node]bool{}
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.FuncDecl:
			skip[n.Type] = true
		case *ast.Field:
			skip[n.Tag] = true
		case *ast.LabeledStmt:
			skip[n.Label] = true
		case *ast.BranchStmt:
			skip[n.Label] = true
		case *ast.TypeSwitchStmt:
			// Neither the symbolic variable nor "x.(type)" has an entry.
			switch a := n.Assign.(type) {
			case *ast.AssignStmt:
				skip[a.Lhs[0]], skip[a.Rhs[0]] = true, true
			case *ast.ExprStmt:
				skip[a.X] = true
			}
		case *ast.KeyValueExpr, *ast.Ellipsis, *ast.BadExpr:
		case ast.Expr:
			if !skip[n] {
				count(n, info, &all, &typed)
			}
		}
		return true
	})
	return all, typed
}

func count(e ast.Expr, info *types.Info, all, typed *int) {
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "_" {
			return
		}
		*all++
		obj := info.Uses[e]
		if obj == nil {
			obj = info.Defs[e]
		}
		switch obj.(type) {
		case nil:
		case *types.PkgName, *types.Builtin, *types.Nil, *types.Label:
			*typed++
			return
		default:
			if known(obj.Type()) {
				*typed++
			}
			return
		}
	case *ast.CompositeLit:
		// A literal of a synthesised type has an unknown structure.
		*all++
		if t := info.Types[e].Type; t != nil && known(t) && known(t.Underlying()) {
			*typed++
		}
		return
	default:
		*all++
	}
	if tv, ok := info.Types[e]; ok && known(tv.Type) {
		*typed++
	}
}

// known reports whether t, down to named types, holds nothing invalid.
func known(t types.Type) bool {
	switch t := t.(type) {
	case nil:
		return true // an expression without a value
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Pointer:
		return known(t.Elem())
	case *types.Slice:
		return known(t.Elem())
	case *types.Array:
		return known(t.Elem())
	case *types.Chan:
		return known(t.Elem())
	case *types.Map:
		return known(t.Key()) && known(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			if !known(v.Type()) {
				return false
			}
		}
	case *types.Signature:
		return known(t.Params()) && known(t.Results())
	}
	return true
}
