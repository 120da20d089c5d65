package flow

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Constants are clean, but for what is written into the code under the name of a
// secret (adminPassword = "…"): a password is one wherever it comes from.

// written labels a constant expression that holds a named secret.
func (f *fn) written(x ast.Expr) *value {
	switch x := ast.Unparen(x).(type) {
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			if v := join(f.written(x.X), f.written(x.Y)); len(v.labels) > 0 {
				return v
			}
		}
	case *ast.Ident:
		if c, ok := f.object(x).(*types.Const); ok {
			return f.writtenConst(x, c)
		}
	case *ast.SelectorExpr:
		if c, ok := f.info.Uses[x.Sel].(*types.Const); ok {
			return f.writtenConst(x.Sel, c)
		}
	}
	return clean
}

func (f *fn) writtenConst(id *ast.Ident, c *types.Const) *value {
	if c.Val().Kind() != constant.String {
		return clean
	}
	if _, named := types.Unalias(c.Type()).(*types.Named); named {
		return clean // one of an enumeration
	}
	m, ok := f.e.voc.Lexicon.Name(id.Name)
	if !ok || !secretText(constant.StringVal(c.Val()), id.Name, m, constantValue) {
		return clean
	}
	return withLabels(unknown, named(ByName, m, id.Pos(), "the constant "+id.Name, id.Name))
}

// assigned is the value of rhs as lhs gets it: a constant put into a variable or
// field that is called what a secret is called is one.
func (f *fn) assigned(lhs, rhs ast.Expr, v *value, by writing) *value {
	text := ""
	if v.clean {
		text = f.literalText(rhs)
	}
	if text == "" {
		return v
	}
	var m sensitive.Match
	var ok bool
	name := ""
	switch l := ast.Unparen(lhs).(type) {
	case *ast.Ident:
		obj := f.object(l)
		if obj == nil {
			return v
		}
		name = l.Name
		m, ok = f.e.voc.Lexicon.Variable(name, obj.Type())
	case *ast.SelectorExpr:
		name = l.Sel.Name
		if owner, field, tag := f.fieldOwner(l); field != nil {
			m, ok = f.e.voc.Lexicon.Field(owner, field, tag)
		} else {
			m, ok = f.e.voc.Lexicon.Name(name)
		}
	}
	if !ok || !secretText(text, name, m, by) {
		return v
	}
	return withLabels(unknown, named(ByName, m, lhs.Pos(), "written into the code as "+name, name))
}

// literalText is the text of a constant, converted or not: "…", []byte("…").
func (f *fn) literalText(x ast.Expr) string {
	switch y := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		if len(y.Args) == 1 && f.info.Types[y.Fun].IsType() {
			x = y.Args[0]
		}
	case *ast.CompositeLit:
		if t := f.typeOf(y); t != nil && textual(t) && len(y.Elts) > 0 && !isMapType(t) {
			x = y.Elts[0] // []string{"…", "…"}
		}
	}
	return f.stringConst(x)
}

// writtenField is a constant in a literal of a struct.
func (f *fn) writtenField(t types.Type, st *types.Struct, name string, x ast.Expr, v *value) *value {
	text := ""
	if v.clean {
		text = f.literalText(x)
	}
	if text == "" {
		return v
	}
	for i := range st.NumFields() {
		if st.Field(i).Name() != name {
			continue
		}
		m, ok := f.e.voc.Lexicon.Field(t, st.Field(i), st.Tag(i))
		if ok && secretText(text, name, m, firstValue) {
			l := named(ByName, m, x.Pos(), "written into the code as "+name, name)
			l.src.written = true
			return withLabels(unknown, l)
		}
	}
	return v
}

// writing is how a constant got where it is.
type writing byte

const (
	constantValue writing = iota // const x = "…"
	firstValue                   // x := "…", var x = "…", T{X: "…"}
	keyValue                     // "x": "…": may be a message about it
	laterValue                   // x = "…": more often than not what was there is taken out
)

// instead are texts that stand where a secret was or could be.
var instead = words.NewSet(`redacted masked hidden removed filtered omitted none empty unset null nil na undefined invalid required missing unknown placeholder todo
	obscured scrubbed protected classified sensitive cleared stripped suppressed censored`)

// masks reports whether a text is what one puts in the place of a secret.
func masks(s string) bool {
	return s != "" && (strings.Trim(s, "*xX#•.-_ ") == "" || instead.HasAny(words.Split(s)))
}

// secretText reports whether a text in the code can be what m names: no message,
// no template, no path, no name of a key, and nothing that stands in its place.
func secretText(s, name string, m sensitive.Match, by writing) bool {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if len(s) < 2 || strings.Contains(s, "%") || strings.Trim(s, s[:1]) == "" || instead.HasAny(words.Split(s)) {
		return false
	}
	switch m.Class {
	case sensitive.Credential, sensitive.Token:
	case sensitive.GovID, sensitive.Payment:
		return digits >= 3 && by != constantValue
	case sensitive.Contact:
		if by != firstValue && by != keyValue || m.Level == sensitive.Low {
			return false // an address of the program's own
		}
		return strings.Contains(m.Term, "mail") && strings.Contains(s, "@") || strings.Contains(m.Term, "phone") && digits >= 7
	default:
		return by == firstValue && m.Class.Personal()
	}
	if len(s) < 3 || strings.ContainsAny(s, " \t\r\n{}<>[]") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "~") || strings.HasPrefix(s, "$") ||
		strings.Contains(s, "://") && !strings.Contains(s, "@") {
		return false
	}
	for _, ext := range [...]string{".txt", ".pem", ".key", ".json", ".yaml", ".yml", ".html", ".env"} {
		if strings.HasSuffix(s, ext) {
			return false
		}
	}
	text, called := words.Split(s), words.Split(name)
	if len(text) == 0 {
		return false
	}
	known := 0
	for _, w := range text {
		if slices.Contains(called, w) {
			known++
		}
	}
	if known == len(text) || by == constantValue && known > 0 {
		return false // accessToken = "access_token": what it is read under
	}
	if by == constantValue && m.Class == sensitive.Token && digits == 0 && len(s) < 16 {
		return false // the name of a cookie
	}
	if by == laterValue || by == keyValue {
		return strings.ContainsAny(s, "0123456789!@#$^&*") && strings.Trim(strings.ToLower(s), "x*#-.0123456789") != ""
	}
	return true
}

// untouched reports whether nothing in the package writes to a variable or takes
// its address: then it stands for what its name says.
func (e *engine) untouched(obj types.Object) bool { return e.touches(obj) == 0 }

// touches counts the places that write to a variable, := included, or take its address.
func (e *engine) touches(obj types.Object) int {
	if e.touched == nil {
		e.touched = make(map[types.Object]int)
		note := func(x ast.Expr) {
			for {
				switch y := ast.Unparen(x).(type) {
				case *ast.Ident:
					if obj := e.pass.TypesInfo.Uses[y]; obj != nil {
						e.touched[obj]++
					} else if obj := e.pass.TypesInfo.Defs[y]; obj != nil {
						e.touched[obj]++
					}
					return
				case *ast.SelectorExpr:
					x = y.X
				case *ast.IndexExpr:
					x = y.X
				case *ast.SliceExpr:
					x = y.X
				default:
					return
				}
			}
		}
		for _, file := range e.pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, l := range n.Lhs {
						note(l)
					}
				case *ast.UnaryExpr:
					if n.Op == token.AND {
						note(n.X)
					}
				case *ast.RangeStmt:
					if n.Key != nil {
						note(n.Key)
					}
					if n.Value != nil {
						note(n.Value)
					}
				}
				return true
			})
		}
	}
	return e.touched[obj]
}

// blank is the value of a variable that is declared without one. A text that
// nothing is ever written to is taken for what its name says: nobody declares a
// variable for nothing.
func (f *fn) blank(id *ast.Ident, obj types.Object) *value {
	t := obj.Type()
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 && !isGlobal(obj) {
		if l, ok := f.nameLabel(id, unknown, t); ok && f.e.untouched(obj) {
			return withLabels(unknown, l)
		}
	}
	return zero(t)
}

// stands reports whether a function only holds the place of one: all it does is
// return nothing, or a constant that says nothing about what is kept back.
// Callers are told by its name, as with code that is not there.
func stands(d *ast.FuncDecl, info *types.Info) bool {
	if slices.Contains(selfPrinting, d.Name.Name) || d.Type.Results.NumFields() == 0 || len(d.Body.List) != 1 {
		return false
	}
	ret, ok := d.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 {
		return false
	}
	gives := false
	for _, r := range ret.Results {
		if isError(info.TypeOf(r)) {
			continue
		}
		gives = true
		switch x := ast.Unparen(r).(type) {
		case *ast.Ident:
			if x.Name != "nil" && x.Name != "true" && x.Name != "false" {
				return false
			}
		case *ast.CompositeLit:
			if len(x.Elts) > 0 {
				return false
			}
		case *ast.UnaryExpr:
			if lit, ok := x.X.(*ast.CompositeLit); !ok || x.Op != token.AND || len(lit.Elts) > 0 {
				return false
			}
		case *ast.BasicLit:
			if tv := info.Types[x]; tv.Value != nil && tv.Value.Kind() == constant.String {
				if s := constant.StringVal(tv.Value); s != "" && !secretText(s, d.Name.Name, sensitive.Match{Class: sensitive.Credential}, firstValue) {
					return false
				}
			}
		default:
			return false
		}
	}
	return gives
}
