package program

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// maxDepth bounds the nesting that is followed; deeper code becomes Bad.
const maxDepth = 400

// Build makes the program form of a package. info may be partial.
func Build(fset *token.FileSet, files []*ast.File, pkg *types.Package, info *types.Info) *Package {
	b := &builder{fset: fset, pkg: pkg, info: info, out: &Package{}, ids: map[types.Object]int32{}, types: map[types.Type]string{}}
	if pkg != nil {
		b.out.Path, b.out.Name = pkg.Path(), pkg.Name()
		for _, im := range pkg.Imports() {
			b.out.Imports = append(b.out.Imports, im.Path())
		}
	}
	for _, f := range files {
		b.file = fset.PositionFor(f.Pos(), false).Filename
		b.test = strings.HasSuffix(b.file, "_test.go")
		if b.test {
			continue
		}
		b.fileImports(f)
		for _, d := range f.Decls {
			b.decl(d)
		}
	}
	b.initOrder()
	return b.out
}

type builder struct {
	fset    *token.FileSet
	pkg     *types.Package
	info    *types.Info
	out     *Package
	ids     map[types.Object]int32
	names   map[string]int32 // locals without an object
	nextID  int32
	types   map[types.Type]string
	imports map[string]string // of the file: local name to path
	file    string
	test    bool
	outer   string
	lits    int
	depth   int
	inits   []*Node
	initOf  map[types.Object]*Node
	// anonymous are the struct types without a name that are kept.
	anonymous map[string]bool
}

func (b *builder) fileImports(f *ast.File) {
	b.imports = map[string]string{}
	for _, s := range f.Imports {
		p, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := importpath.Name(p)
		if s.Name != nil {
			name = s.Name.Name
		}
		b.imports[name] = p
	}
}

func (b *builder) line(p token.Pos) int32 { return int32(b.fset.PositionFor(p, false).Line) }

func (b *builder) qualified(name string) string { return b.out.Path + "." + name }

func (b *builder) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		b.funcDecl(d)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				b.typeSpec(s)
			case *ast.ValueSpec:
				if s.Type != nil {
					b.typeExpr(s.Type)
				}
				if d.Tok == token.VAR && len(s.Values) > 0 {
					b.outer = b.qualified("var")
					if len(s.Names) > 0 {
						b.outer = b.qualified(s.Names[0].Name)
					}
					b.lits = 0
					n := &Node{Op: Assign, S: ":=", N: int32(len(s.Names)), Line: b.line(s.Pos()), T: b.file}
					for _, id := range s.Names {
						n.K = append(n.K, &Node{Op: Global, S: b.qualified(id.Name), Line: b.line(id.Pos())})
					}
					for _, v := range s.Values {
						n.K = append(n.K, b.expr(v))
					}
					b.inits = append(b.inits, n)
					if b.initOf == nil {
						b.initOf = map[types.Object]*Node{}
					}
					for _, id := range s.Names {
						if o := b.info.Defs[id]; o != nil {
							b.initOf[o] = n
						}
					}
				}
			}
		}
	}
}

// initOrder puts variables' initialisations in the order the language gives
// them, as far as the type checker worked it out.
func (b *builder) initOrder() {
	done := map[*Node]bool{}
	for _, i := range b.info.InitOrder {
		for _, v := range i.Lhs {
			if n := b.initOf[v]; n != nil && !done[n] {
				done[n] = true
				b.out.Vars = append(b.out.Vars, n)
			}
		}
	}
	for _, n := range b.inits {
		if !done[n] {
			b.out.Vars = append(b.out.Vars, n)
		}
	}
}

func (b *builder) typeSpec(s *ast.TypeSpec) {
	t := &Type{Name: b.qualified(s.Name.Name), File: b.file}
	if obj := b.info.Defs[s.Name]; obj != nil {
		if s.Assign.IsValid() {
			t.Under = b.typ(obj.Type())
		}
	}
	switch u := s.Type.(type) {
	case *ast.StructType:
		b.structFields(t, u)
	case *ast.InterfaceType:
		t.Interface = []string{}
		for _, f := range u.Methods.List {
			for _, n := range f.Names {
				t.Interface = append(t.Interface, n.Name)
			}
		}
		if obj := b.info.Defs[s.Name]; obj != nil {
			if it, ok := obj.Type().Underlying().(*types.Interface); ok {
				t.Interface = t.Interface[:0]
				for m := range it.Methods() {
					t.Interface = append(t.Interface, m.Name())
				}
			}
		}
		if len(t.Interface) == 0 {
			t.Interface = []string{""}
		}
	default:
		if t.Under == "" {
			t.Under = b.typeExpr(s.Type)
		}
	}
	b.out.Types = append(b.out.Types, t)
}

func (b *builder) structFields(t *Type, u *ast.StructType) {
	for _, f := range u.Fields.List {
		ft := b.typeExpr(f.Type)
		p := Param{Type: ft, Ptr: b.pointer(f.Type)}
		if p.Tag = tagOf(f.Tag); !p.Tag.isZero() || ft == "bool" {
			p.Line = b.line(f.Pos())
		}
		if len(f.Names) == 0 {
			p.Name = baseName(ft)
			if meta := metaOf(p.Name, f.Tag); !meta.isZero() {
				p.Tag = meta
			}
			t.Fields = append(t.Fields, p)
			t.Embedded = append(t.Embedded, p.Name)
		}
		for _, n := range f.Names {
			p.Name = n.Name
			t.Fields = append(t.Fields, p)
		}
	}
}

// structType keeps a struct type that has no name under what typ writes for it, so
// that its fields' tags are known.
func (b *builder) structType(text string, u *ast.StructType) {
	if !strings.HasPrefix(text, "struct{") || b.anonymous[text] {
		return
	}
	if b.anonymous == nil {
		b.anonymous = map[string]bool{}
	}
	b.anonymous[text] = true
	t := &Type{Name: text, File: b.file}
	b.structFields(t, u)
	b.out.Types = append(b.out.Types, t)
}

// baseName is the name an embedded field of a type has.
func baseName(t string) string {
	t = strings.TrimLeft(t, "*[]")
	if i := strings.IndexByte(t, '['); i > 0 {
		t = t[:i]
	}
	return t[strings.LastIndexAny(t, "./")+1:]
}

func (b *builder) funcDecl(d *ast.FuncDecl) {
	name := b.qualified(d.Name.Name)
	var recv *Param
	if d.Recv != nil && len(d.Recv.List) > 0 {
		t := b.typeExpr(d.Recv.List[0].Type)
		recv = &Param{Type: t, Ptr: b.pointer(d.Recv.List[0].Type)}
		if ns := d.Recv.List[0].Names; len(ns) > 0 {
			recv.Name, recv.ID = ns[0].Name, b.define(ns[0])
		}
		name = strings.TrimPrefix(strings.TrimPrefix(generic(t), "*"), "*") + "." + d.Name.Name
	}
	b.outer, b.lits, b.names = name, 0, map[string]int32{}
	f := b.fn(d.Type, d.Body)
	f.Name, f.Recv, f.Line, f.EndLine = name, recv, b.line(d.Name.Pos()), b.line(d.End())
	b.out.Funcs = append(b.out.Funcs, f)
}

// generic takes type arguments off a type's text.
func generic(t string) string {
	if i := strings.IndexByte(t, '['); i > 0 && !strings.HasPrefix(t, "map[") && !strings.HasPrefix(t, "func(") {
		return t[:i]
	}
	return t
}

func (b *builder) fn(t *ast.FuncType, body *ast.BlockStmt) *Func {
	f := &Func{File: b.file, Test: b.test}
	f.Params, f.Variadic = b.fields(t.Params)
	f.Results, _ = b.fields(t.Results)
	if body != nil {
		f.Body = b.block(body)
	}
	return f
}

func (b *builder) fields(l *ast.FieldList) (out []Param, variadic bool) {
	if l == nil {
		return nil, false
	}
	for _, f := range l.List {
		te := f.Type
		if e, ok := te.(*ast.Ellipsis); ok {
			variadic = true
			te = e.Elt
		}
		t := b.typeExpr(te)
		if variadic {
			t = "[]" + t
		}
		if len(f.Names) == 0 {
			out = append(out, Param{Type: t, Ptr: b.pointer(te)})
		}
		for _, n := range f.Names {
			out = append(out, Param{Name: n.Name, ID: b.define(n), Type: t, Ptr: b.pointer(te)})
		}
	}
	return out, variadic
}

func (b *builder) define(id *ast.Ident) int32 {
	if id.Name == "_" {
		return 0
	}
	obj := b.info.Defs[id]
	if obj == nil {
		obj = b.info.Uses[id]
	}
	return b.id(obj, id.Name)
}

func (b *builder) id(obj types.Object, name string) int32 {
	if obj == nil {
		if b.names == nil {
			b.names = map[string]int32{}
		}
		if b.names[name] == 0 {
			b.nextID++
			b.names[name] = b.nextID
		}
		return b.names[name]
	}
	if n, ok := b.ids[obj]; ok {
		return n
	}
	b.nextID++
	b.ids[obj] = b.nextID
	// The checker leaves the arguments of a call it cannot type unresolved.
	if b.names != nil {
		b.names[name] = b.nextID
	}
	return b.nextID
}

// typ writes a type: package paths in full, pointers to named types without
// their star.
func (b *builder) typ(t types.Type) string {
	if t == nil {
		return ""
	}
	if s, ok := b.types[t]; ok {
		return s
	}
	if tu, ok := t.(*types.Tuple); ok {
		var parts []string
		for v := range tu.Variables() {
			parts = append(parts, b.typ(v.Type()))
		}
		s := "(" + strings.Join(parts, ", ") + ")"
		b.types[t] = s
		return s
	}
	s := types.TypeString(deref(t), func(p *types.Package) string { return p.Path() })
	if s == "invalid type" {
		s = ""
	}
	if len(s) > 300 {
		s = s[:300]
	}
	b.types[t] = s
	return s
}

// pointer reports whether a type expression denotes a pointer.
func (b *builder) pointer(e ast.Expr) bool {
	if _, ok := e.(*ast.StarExpr); ok {
		return true
	}
	t := b.info.TypeOf(e)
	if t == nil {
		return false
	}
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

func deref(t types.Type) types.Type {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		return types.Unalias(p.Elem())
	}
	return t
}

// typeExpr writes the type an expression denotes, by its syntax where the
// checker failed.
func (b *builder) typeExpr(e ast.Expr) string {
	if t := b.info.TypeOf(e); t != nil {
		if s := b.typ(t); s != "" && !strings.Contains(s, "invalid type") {
			if u, ok := e.(*ast.StructType); ok {
				b.structType(s, u)
			}
			return s
		}
	}
	switch x := e.(type) {
	case *ast.Ident:
		if x.IsExported() || types.Universe.Lookup(x.Name) == nil {
			return b.qualified(x.Name)
		}
		return x.Name
	case *ast.SelectorExpr:
		if p := b.qualifier(x.X); p != "" {
			return p + "." + x.Sel.Name
		}
	case *ast.StarExpr:
		return b.typeExpr(x.X)
	case *ast.ParenExpr:
		return b.typeExpr(x.X)
	case *ast.ArrayType:
		return "[]" + b.typeExpr(x.Elt)
	case *ast.Ellipsis:
		return "[]" + b.typeExpr(x.Elt)
	case *ast.MapType:
		return "map[" + b.typeExpr(x.Key) + "]" + b.typeExpr(x.Value)
	case *ast.IndexExpr:
		return b.typeExpr(x.X)
	case *ast.FuncType:
		var ps []string
		if x.Params != nil {
			for _, f := range x.Params.List {
				for range max(1, len(f.Names)) {
					ps = append(ps, b.typeExpr(f.Type))
				}
			}
		}
		return "func(" + strings.Join(ps, ", ") + ")"
	case *ast.InterfaceType:
		return "interface{}"
	}
	return ""
}

// qualifier returns the import path an identifier names, "" if it names none.
func (b *builder) qualifier(e ast.Expr) string {
	id, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	switch o := b.info.Uses[id].(type) {
	case *types.PkgName:
		return o.Imported().Path()
	case nil:
		return b.imports[id.Name]
	}
	return ""
}

func (b *builder) block(s *ast.BlockStmt) *Node {
	n := &Node{Op: Block}
	if s == nil {
		return n
	}
	n.Line = b.line(s.Pos())
	for _, x := range s.List {
		n.K = append(n.K, b.stmt(x))
	}
	return n
}

// stmt is a statement, in the few forms that the interpreter knows. Parts are
// built in the order in which they run: a variable has its number from the
// place that is built first.
func (b *builder) stmt(s ast.Stmt) *Node {
	b.depth++
	defer func() { b.depth-- }()
	if s == nil || b.depth > maxDepth/2 {
		return &Node{}
	}
	ln := b.line(s.Pos())
	switch s := s.(type) {
	case *ast.BlockStmt:
		return b.block(s)
	case *ast.ExprStmt:
		return &Node{Op: Expr, Line: ln, K: []*Node{b.expr(s.X)}}
	case *ast.AssignStmt:
		return b.assignment(s, ln)
	case *ast.DeclStmt:
		return b.localDecl(s, ln)
	case *ast.IncDecStmt:
		op := "+="
		if s.Tok == token.DEC {
			op = "-="
		}
		return &Node{Op: Assign, S: op, N: 1, Line: ln, K: []*Node{b.expr(s.X), {Op: Const, T: "int", S: "1"}}}
	case *ast.IfStmt:
		return b.after(s.Init, ln, func() *Node { return b.branches(s, ln) })
	case *ast.ForStmt:
		return b.after(s.Init, ln, func() *Node { return b.loop(s, ln) })
	case *ast.RangeStmt:
		k, v := b.exprOrNil(s.Key), b.exprOrNil(s.Value)
		return &Node{Op: Range, Line: ln, K: []*Node{k, v, b.expr(s.X), b.block(s.Body)}}
	case *ast.SwitchStmt:
		return b.after(s.Init, ln, func() *Node {
			tag := b.exprOrNil(s.Tag)
			return &Node{Op: Switch, Line: ln, K: append([]*Node{tag}, b.cases(s.Body)...)}
		})
	case *ast.TypeSwitchStmt:
		return b.after(s.Init, ln, func() *Node { return b.typeSwitch(s, ln) })
	case *ast.ReturnStmt:
		return b.exprs(&Node{Op: Return, Line: ln}, s.Results...)
	case *ast.GoStmt:
		return &Node{Op: Go, S: "go", Line: ln, K: []*Node{b.expr(s.Call)}}
	case *ast.DeferStmt:
		return &Node{Op: Go, S: "defer", Line: ln, K: []*Node{b.expr(s.Call)}}
	case *ast.BranchStmt:
		return &Node{Op: Branch, S: s.Tok.String(), Line: ln}
	case *ast.LabeledStmt:
		return b.stmt(s.Stmt)
	case *ast.SelectStmt:
		return b.selection(s, ln)
	case *ast.SendStmt:
		return &Node{Op: Expr, Line: ln, K: []*Node{b.expr(s.Value)}}
	}
	return &Node{Line: ln}
}

// after is a statement behind the one that an if, a for or a switch begins with.
func (b *builder) after(init ast.Stmt, ln int32, build func() *Node) *Node {
	if init == nil {
		return build()
	}
	pre := b.stmt(init)
	return &Node{Op: Block, Line: ln, K: []*Node{pre, build()}}
}

// exprOrNil is an expression that may be left out.
func (b *builder) exprOrNil(e ast.Expr) *Node {
	if e == nil {
		return &Node{Op: Nil}
	}
	return b.expr(e)
}

func (b *builder) assignment(s *ast.AssignStmt, ln int32) *Node {
	n := &Node{Op: Assign, S: s.Tok.String(), N: int32(len(s.Lhs)), Line: ln}
	b.exprs(n, s.Lhs...)
	b.exprs(n, s.Rhs...)
	if len(s.Lhs) == 2 && len(s.Rhs) == 1 {
		if r := n.K[2]; r.Op == Assert {
			r.N = 1 // the form that does not panic
		}
	}
	return n
}

// localDecl is a function's own variables, as assignments; its constants are
// known where they are used.
func (b *builder) localDecl(s *ast.DeclStmt, ln int32) *Node {
	out := &Node{Op: Block, Line: ln}
	g, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return out
	}
	for _, sp := range g.Specs {
		switch v := sp.(type) {
		case *ast.ValueSpec:
			if g.Tok == token.VAR {
				out.K = append(out.K, b.localVar(v, ln))
			}
		case *ast.TypeSpec:
			b.typeSpec(v)
		}
	}
	return out
}

func (b *builder) localVar(v *ast.ValueSpec, ln int32) *Node {
	n := &Node{Op: Assign, S: ":=", N: int32(len(v.Names)), Line: ln}
	for _, id := range v.Names {
		n.K = append(n.K, b.expr(id))
	}
	b.exprs(n, v.Values...)
	if len(v.Values) > 0 {
		return n
	}
	n.S = "var"
	if v.Type != nil {
		n.T = b.typeExpr(v.Type)
		if b.pointer(v.Type) {
			n.T = "*" + n.T
		}
	}
	return n
}

func (b *builder) branches(s *ast.IfStmt, ln int32) *Node {
	n := &Node{Op: If, Line: ln, K: []*Node{b.expr(s.Cond), b.block(s.Body)}}
	if s.Else != nil {
		n.K = append(n.K, b.stmt(s.Else))
	}
	return n
}

func (b *builder) loop(s *ast.ForStmt, ln int32) *Node {
	cond, body, post := b.exprOrNil(s.Cond), b.block(s.Body), &Node{Op: Block}
	if s.Post != nil {
		post = b.stmt(s.Post)
	}
	return &Node{Op: For, Line: ln, K: []*Node{cond, body, post}}
}

func (b *builder) typeSwitch(s *ast.TypeSwitchStmt, ln int32) *Node {
	n := &Node{Op: TypeSwitch, Line: ln}
	bound, x := &Node{Op: Nil}, &Node{Op: Nil}
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		if t, ok := a.X.(*ast.TypeAssertExpr); ok {
			x = b.expr(t.X)
		}
	case *ast.AssignStmt:
		if t, ok := a.Rhs[0].(*ast.TypeAssertExpr); ok {
			x = b.expr(t.X)
		}
	}
	n.K = append([]*Node{x, bound}, b.cases(s.Body)...)
	for i, c := range s.Body.List {
		if i+2 >= len(n.K) {
			break
		}
		n.K[i+2].Line = 0
		if o := b.info.Implicits[c]; o != nil {
			n.K[i+2].Line = b.id(o, o.Name()) // the clause's own variable
		}
	}
	return n
}

// selection is a select: each of its clauses may be the one that runs.
func (b *builder) selection(s *ast.SelectStmt, ln int32) *Node {
	n := &Node{Op: SelectStmt, Line: ln}
	for _, c := range s.Body.List {
		cc, ok := c.(*ast.CommClause)
		if !ok {
			continue
		}
		bl := &Node{Op: Block}
		if cc.Comm != nil {
			bl.K = append(bl.K, b.stmt(cc.Comm))
		}
		for _, x := range cc.Body {
			bl.K = append(bl.K, b.stmt(x))
		}
		n.K = append(n.K, bl)
	}
	return n
}

func (b *builder) cases(body *ast.BlockStmt) []*Node {
	var out []*Node
	for _, s := range body.List {
		c, ok := s.(*ast.CaseClause)
		if !ok {
			continue
		}
		n := &Node{Op: Case, N: int32(len(c.List)), Line: b.line(c.Pos())}
		if c.List == nil {
			n.N = -1
		}
		for _, e := range c.List {
			n.K = append(n.K, b.expr(e))
		}
		bl := &Node{Op: Block, Line: n.Line}
		for _, x := range c.Body {
			bl.K = append(bl.K, b.stmt(x))
		}
		n.K = append(n.K, bl)
		out = append(out, n)
	}
	return out
}

func (b *builder) exprs(n *Node, es ...ast.Expr) *Node {
	for _, e := range es {
		n.K = append(n.K, b.expr(e))
	}
	return n
}

// constant is the package's constant that an expression names, nil for any other.
func (b *builder) constant(e ast.Expr) *types.Const {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if sel, isSel := ast.Unparen(e).(*ast.SelectorExpr); isSel {
		id, ok = sel.Sel, true
	}
	if !ok {
		return nil
	}
	c, ok := b.info.Uses[id].(*types.Const)
	if !ok || c.Pkg() == nil || c.Parent() != c.Pkg().Scope() {
		return nil
	}
	return c
}

func (b *builder) expr(e ast.Expr) *Node {
	b.depth++
	defer func() { b.depth-- }()
	if e == nil || b.depth > maxDepth {
		return &Node{}
	}
	ln := b.line(e.Pos())
	tv, typed := b.info.Types[e]
	if typed && tv.Value != nil {
		if n := constNode(tv.Value, ln); n != nil {
			if c := b.constant(e); c != nil && n.T == "string" {
				// What a key is called often says more than its text.
				k := &Node{Op: Global, S: c.Pkg().Path() + "." + c.Name(), Line: ln}
				if c.Pkg() == b.pkg { // another's lines may move without this package being looked at again
					at := b.fset.PositionFor(c.Pos(), false)
					k.Line, k.T = int32(at.Line), at.Filename
				}
				n.K = []*Node{k}
			} else if c != nil && n.T == "int" {
				if _, own := types.Unalias(c.Type()).(*types.Named); own {
					n.K = []*Node{{Op: TypeOf, T: b.typ(c.Type()), Line: ln}}
				}
			}
			return n
		}
	}
	if typed && tv.IsType() {
		return &Node{Op: TypeOf, T: b.typeExpr(e), Line: ln}
	}
	switch x := e.(type) {
	case *ast.ParenExpr:
		return b.expr(x.X)
	case *ast.BasicLit:
		if v := constant.MakeFromLiteral(x.Value, x.Kind, 0); v.Kind() != constant.Unknown {
			if n := constNode(v, ln); n != nil {
				return n
			}
		}
	case *ast.Ident:
		return b.ident(x, ln)
	case *ast.SelectorExpr:
		return b.selector(x, ln)
	case *ast.FuncLit:
		b.lits++
		name := b.outer + "$" + strconv.Itoa(b.lits)
		f := b.fn(x.Type, x.Body)
		f.Name, f.Line, f.EndLine, f.Literal = name, ln, b.line(x.End()), true
		b.out.Funcs = append(b.out.Funcs, f)
		return &Node{Op: Lit, N: int32(len(b.out.Funcs) - 1), S: name, Line: ln}
	case *ast.CompositeLit:
		n := &Node{Op: Composite, T: b.typ(b.info.TypeOf(x)), Line: ln}
		if n.T == "" && x.Type != nil {
			n.T = b.typeExpr(x.Type)
		}
		st := b.structOf(x)
		for i, el := range x.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				var key *Node
				id, isID := kv.Key.(*ast.Ident)
				if isID && (st != nil || b.info.TypeOf(x) == nil || isInvalid(b.info.TypeOf(x).Underlying()) && !strings.HasPrefix(n.T, "map[")) {
					key = &Node{Op: Const, T: "string", S: id.Name, Line: ln}
				} else {
					key = b.expr(kv.Key)
				}
				n.K = append(n.K, &Node{Op: KV, Line: b.line(kv.Pos()), K: []*Node{key, b.expr(kv.Value)}})
				continue
			}
			v := b.expr(el)
			if st != nil && i < st.NumFields() {
				v = &Node{Op: KV, Line: v.Line, K: []*Node{{Op: Const, T: "string", S: st.Field(i).Name(), Line: ln}, v}}
			}
			n.K = append(n.K, v)
		}
		return n
	case *ast.CallExpr:
		return b.call(x, ln)
	case *ast.IndexExpr:
		if t, ok := b.info.Types[x.Index]; ok && t.IsType() {
			n := b.expr(x.X) // instantiation
			if n.Op == Global {
				n.K = []*Node{{Op: TypeOf, T: b.typeExpr(x.Index), Line: ln}}
			}
			return n
		}
		n := b.exprs(&Node{Op: Index, Line: ln}, x.X, x.Index)
		n.T = b.typ(b.elem(x))
		return n
	case *ast.IndexListExpr:
		return b.expr(x.X)
	case *ast.SliceExpr:
		n := b.exprs(&Node{Op: SliceOf, Line: ln}, x.X)
		for _, bound := range []ast.Expr{x.Low, x.High} {
			k := &Node{Op: Nil}
			if bound != nil {
				k = b.expr(bound)
			}
			n.K = append(n.K, k)
		}
		return n
	case *ast.StarExpr:
		return b.exprs(&Node{Op: Deref, Line: ln}, x.X)
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return b.exprs(&Node{Op: Addr, Line: ln}, x.X)
		}
		return b.exprs(&Node{Op: Unary, S: x.Op.String(), Line: ln, T: b.typ(b.info.TypeOf(x))}, x.X)
	case *ast.BinaryExpr:
		return b.exprs(&Node{Op: Binary, S: x.Op.String(), Line: ln}, x.X, x.Y)
	case *ast.TypeAssertExpr:
		n := b.exprs(&Node{Op: Assert, Line: ln}, x.X)
		if x.Type != nil {
			n.T = b.typeExpr(x.Type)
		}
		return n
	case *ast.ArrayType, *ast.MapType, *ast.FuncType, *ast.StructType, *ast.InterfaceType, *ast.ChanType:
		return &Node{Op: TypeOf, T: b.typeExpr(e), Line: ln}
	case *ast.KeyValueExpr:
		return b.exprs(&Node{Op: KV, Line: ln}, x.Key, x.Value)
	}
	return &Node{Line: ln}
}

func isInvalid(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Kind() == types.Invalid
}

func (b *builder) elem(x *ast.IndexExpr) types.Type {
	t := b.info.TypeOf(x)
	if tu, ok := t.(*types.Tuple); ok && tu.Len() > 0 {
		return tu.At(0).Type()
	}
	return t
}

func (b *builder) structOf(x *ast.CompositeLit) *types.Struct {
	t := b.info.TypeOf(x)
	if t == nil {
		return nil
	}
	st, _ := deref(t).Underlying().(*types.Struct)
	return st
}

func constNode(v constant.Value, ln int32) *Node {
	switch v.Kind() {
	case constant.String:
		s := constant.StringVal(v)
		if len(s) > 2000 {
			s = s[:2000]
		}
		return &Node{Op: Const, T: "string", S: s, Line: ln}
	case constant.Bool:
		return &Node{Op: Const, T: "bool", S: fmt.Sprint(constant.BoolVal(v)), Line: ln}
	case constant.Int:
		if v.ExactString(); constant.BitLen(v) > 63 {
			return &Node{Op: Const, T: "float", Line: ln}
		}
		return &Node{Op: Const, T: "int", S: v.ExactString(), Line: ln}
	case constant.Float:
		return &Node{Op: Const, T: "float", S: v.String(), Line: ln}
	}
	return nil
}

func (b *builder) ident(x *ast.Ident, ln int32) *Node {
	if x.Name == "_" {
		return &Node{Op: Nil, S: "_", Line: ln}
	}
	obj := b.info.Uses[x]
	if obj == nil {
		obj = b.info.Defs[x]
	}
	switch o := obj.(type) {
	case *types.Nil:
		return &Node{Op: Nil, Line: ln}
	case *types.Builtin:
		return &Node{Op: Global, S: o.Name(), Line: ln}
	case *types.PkgName:
		return &Node{Line: ln}
	case *types.TypeName:
		return &Node{Op: TypeOf, T: b.typeExpr(x), Line: ln}
	case *types.Func:
		return &Node{Op: Global, S: funcName(o), Line: ln, T: b.typ(o.Type())}
	case *types.Var:
		if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() {
			return &Node{Op: Global, S: o.Pkg().Path() + "." + o.Name(), Line: ln, T: b.typ(o.Type())}
		}
		return &Node{Op: Local, S: x.Name, N: b.id(o, x.Name), Line: ln, T: b.typ(o.Type())}
	case nil:
		switch x.Name {
		case "nil":
			return &Node{Op: Nil, Line: ln}
		case "true", "false":
			return &Node{Op: Const, T: "bool", S: x.Name, Line: ln}
		}
		if n, ok := b.names[x.Name]; ok {
			return &Node{Op: Local, S: x.Name, N: n, Line: ln}
		}
		if types.Universe.Lookup(x.Name) != nil {
			return &Node{Op: Global, S: x.Name, Line: ln}
		}
		return &Node{Op: Global, S: b.qualified(x.Name), Line: ln}
	}
	return &Node{Line: ln}
}

func funcName(o *types.Func) string {
	o = o.Origin()
	if sig, ok := o.Type().(*types.Signature); ok && sig.Recv() != nil {
		if n, ok := deref(sig.Recv().Type()).(*types.Named); ok {
			pkg := ""
			if n.Obj().Pkg() != nil {
				pkg = n.Obj().Pkg().Path() + "."
			}
			return pkg + n.Obj().Name() + "." + o.Name()
		}
	}
	if o.Pkg() == nil {
		return o.Name()
	}
	return o.Pkg().Path() + "." + o.Name()
}

func (b *builder) selector(x *ast.SelectorExpr, ln int32) *Node {
	name := x.Sel.Name
	if p := b.qualifier(x.X); p != "" {
		switch o := b.info.Uses[x.Sel].(type) {
		case *types.Func:
			return &Node{Op: Global, S: p + "." + name, Line: ln, T: b.typ(o.Type())}
		case *types.TypeName:
			return &Node{Op: TypeOf, T: p + "." + name, Line: ln}
		case *types.Var:
			return &Node{Op: Global, S: p + "." + name, Line: ln, T: b.typ(o.Type())}
		}
		return &Node{Op: Global, S: p + "." + name, Line: ln}
	}
	if sel := b.info.Selections[x]; sel != nil {
		recv := b.expr(x.X)
		t := sel.Recv()
		if sel.Kind() == types.MethodExpr {
			if f, ok := sel.Obj().(*types.Func); ok {
				return &Node{Op: Global, S: funcName(f), Line: ln}
			}
		}
		// Spell out the embedded fields that lead to what is selected.
		for _, i := range sel.Index()[:len(sel.Index())-1] {
			st, ok := deref(t).Underlying().(*types.Struct)
			if !ok || i >= st.NumFields() {
				break
			}
			recv = &Node{Op: Field, S: st.Field(i).Name(), K: []*Node{recv}, Line: ln, T: b.typ(st.Field(i).Type())}
			t = st.Field(i).Type()
		}
		if f, ok := sel.Obj().(*types.Func); ok {
			return &Node{Op: Method, S: name, T: strings.TrimSuffix(funcName(f), "."+name), K: []*Node{recv}, Line: ln}
		}
		return &Node{Op: Field, S: name, K: []*Node{recv}, Line: ln, T: b.typ(sel.Type())}
	}
	// Nothing known about the operand: a field or a method, decided by value.
	return &Node{Op: Field, S: name, K: []*Node{b.expr(x.X)}, Line: b.line(x.Sel.Pos())}
}

func (b *builder) call(x *ast.CallExpr, ln int32) *Node {
	if tv, ok := b.info.Types[x.Fun]; ok && tv.IsType() {
		n := &Node{Op: Conv, T: b.typeExpr(x.Fun), Line: ln}
		return b.exprs(n, x.Args...)
	}
	switch f := x.Fun.(type) {
	case *ast.ArrayType, *ast.FuncType, *ast.MapType, *ast.InterfaceType:
		return b.exprs(&Node{Op: Conv, T: b.typeExpr(f), Line: ln}, x.Args...)
	}
	n := &Node{Op: Call, Line: ln}
	n.T = b.typ(b.info.TypeOf(x))
	if x.Ellipsis.IsValid() {
		n.N = 1
	}
	fun := b.expr(x.Fun)
	n.K = append(n.K, fun)
	if fun.Line > ln && (fun.Op == Method || fun.Op == Field) {
		n.Line = fun.Line
	}
	if s, ok := x.Fun.(*ast.SelectorExpr); ok {
		n.Line = b.line(s.Sel.Pos())
	}
	return b.exprs(n, x.Args...)
}
