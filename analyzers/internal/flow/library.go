package flow

import (
	"go/ast"
	"go/types"
	"net/textproto"
	"os"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// library interprets calls into the standard library that keep what they are given
// under a key, write into an argument, or ask a function.
func (v *invocation) library() ([]*value, bool) {
	f := v.f
	switch v.id.Pkg {
	case "net/url":
		switch v.id.Recv {
		case "Values":
			return v.keyedValues(func(key string) string { return key })
		case "Userinfo":
			if v.name == "Username" {
				return all(clean, v.n), true
			}
		}
	case "net/http":
		if v.id.Recv == "Header" {
			return v.keyedValues(textproto.CanonicalMIMEHeaderKey)
		}
	case "sync":
		if v.id.Recv == "Map" {
			return v.syncMap()
		}
	case "container/list", "container/ring":
		if _, name := namedType(v.resultType(0)); name == "Element" || name == "Ring" {
			out := v.carry(false) // what a link holds stands in its Value
			if ls := f.collect(out[0]); len(ls) > 0 {
				out[0] = setPart(&value{}, "Value", &value{labels: ls})
			}
			return out, true
		}
	case "strings", "bytes":
		if v.name == "Map" && len(v.args) == 2 {
			return v.mapped(v.args[0].val, v.args[1].val), true
		}
	case "regexp":
		if len(v.args) == 2 && (v.name == "ReplaceAllStringFunc" || v.name == "ReplaceAllFunc") && v.masking(v.args[1].val) {
			return all(clean, v.n), true
		}
	case "io":
		switch {
		case v.name == "TeeReader" && len(v.args) == 2:
			ls := f.collect(v.args[0].val)
			if len(ls) > 0 {
				v.into(v.args[1], hop(&value{labels: ls}, v.call.Pos(), "is copied by "+v.text).labels)
				return []*value{{labels: ls}}, true
			}
		case (v.name == "ReadFull" || v.name == "ReadAtLeast") && len(v.args) > 1:
			v.fills(v.args[1], v.args[0].val)
			return []*value{clean, unknown}, true
		}
	case "encoding/hex", "encoding/base64", "encoding/base32":
		if (v.name == "Encode" || v.name == "Decode") && len(v.args) == 2 {
			v.fills(v.args[0], v.args[1].val)
			return all(clean, v.n), true
		}
	}
	if v.name == "Read" && len(v.args) == 1 && v.recv != nil && v.id.Recv != "" && (carriers[v.id.Pkg] || v.id.Pkg == "os") {
		v.fills(v.args[0], v.recv)
		return []*value{clean, unknown}, true
	}
	return nil, false
}

// fills writes what a value carries into an argument.
func (v *invocation) fills(a argument, from *value) {
	if ls := v.f.collect(from); len(ls) > 0 {
		v.into(a, hop(&value{labels: ls}, v.call.Pos(), "is written by "+v.text).labels)
	}
}

// keyedValues interprets the methods of http.Header and url.Values that change or
// read what stands under a key.
func (v *invocation) keyedValues(form func(string) string) ([]*value, bool) {
	f := v.f
	if v.recvX == nil || v.recv == nil || len(v.args) == 0 {
		return nil, false
	}
	name := elem
	key := f.keyText(v.args[0].expr)
	if key != "" {
		name = quoted(form(key))
	}
	switch v.name {
	case "Set", "Add":
		if len(v.args) != 2 {
			return nil, false
		}
		val := v.args[1].val
		if v.id.Recv == "Values" {
			val = f.underKey(val, v.args[1].expr, key)
		}
		add := v.name == "Add" || name == elem
		if val.clean && add {
			return all(clean, v.n), true
		}
		val = hop(val, v.call.Pos(), "is put there by "+v.text)
		f.into(v.recvX, 0, func(old *value) *value {
			if add {
				return setPart(old, name, join(old.parts[name], val))
			}
			return setPart(old, name, val)
		})
		return all(clean, v.n), true
	case "Del":
		if name != elem {
			f.into(v.recvX, 0, func(old *value) *value { return setPart(old, name, clean) })
		}
		return all(clean, v.n), true
	case "Get", "Values":
		if p := f.deref(v.recv).parts[name]; p != nil && name != elem {
			return all(p, v.n), true
		}
	}
	return nil, false
}

// syncMap interprets the methods of sync.Map.
func (v *invocation) syncMap() ([]*value, bool) {
	f := v.f
	if v.recvX == nil || v.recv == nil {
		return nil, false
	}
	name := elem
	if len(v.args) > 0 {
		if key := f.keyText(v.args[0].expr); key != "" {
			name = quoted(key)
		}
	}
	switch v.name {
	case "Store", "Swap", "LoadOrStore", "CompareAndSwap":
		val := v.args[len(v.args)-1].val
		keys := f.collect(v.args[0].val)
		if val.clean && len(keys) == 0 {
			break
		}
		val = hop(val, v.call.Pos(), "is kept by "+v.text)
		if sel, ok := ast.Unparen(v.recvX).(*ast.SelectorExpr); ok {
			if obj, ok := f.info.Uses[sel.Sel].(*types.Var); ok && obj.IsField() {
				f.e.putField(obj, val, false)
			}
		}
		f.into(v.recvX, 0, func(old *value) *value {
			if len(keys) > 0 {
				old = setPart(old, keyed, join(old.parts[keyed], &value{labels: keys}))
			}
			if name == elem {
				return setPart(old, name, join(old.parts[name], val))
			}
			return setPart(old, name, val)
		})
	case "Range":
		if len(v.args) != 1 {
			return nil, false
		}
		args := []argument{{expr: v.args[0].expr, val: f.partOf(v.recv, keyed)}, {expr: v.args[0].expr, val: f.elementsOf(v.recv)}}
		for _, c := range v.args[0].val.funcs {
			f.callFunc(c, args, v.args[0].expr)
		}
		return all(clean, v.n), true
	case "Delete":
		if name != elem {
			f.into(v.recvX, 0, func(old *value) *value { return setPart(old, name, clean) })
		}
		return all(clean, v.n), true
	case "Clear":
		f.into(v.recvX, 0, func(*value) *value { return clean })
		return all(clean, v.n), true
	case "Load", "LoadAndDelete":
	default:
		return nil, false
	}
	got := f.elementsOf(v.recv)
	if name != elem {
		got = f.partOf(v.recv, name)
	}
	if v.name == "LoadOrStore" {
		got = join(got, v.args[1].val)
	}
	return []*value{got, clean}, true
}

// mapped is a text after each of its characters went through a function.
func (v *invocation) mapped(fun, text *value) []*value {
	f := v.f
	ls := f.collect(text)
	if len(fun.funcs) > 0 {
		var out []label
		for _, c := range fun.funcs {
			if c.lit == nil {
				out = f.add(out, ls)
				continue
			}
			out = f.add(out, f.collectAll(f.callLit(c, []argument{{val: &value{labels: ls}}}, v.call.Pos())))
		}
		if ls = out; len(ls) == 0 {
			return all(clean, v.n)
		}
	}
	if len(ls) == 0 {
		return all(unknown, v.n)
	}
	return all(hop(&value{labels: ls}, v.call.Pos(), "goes through "+v.text), v.n)
}

// expanded is a text with variables of the environment put in by their names.
func (v *invocation) expanded() ([]*value, bool) {
	text, ok := v.literal(0)
	if !ok {
		return nil, false
	}
	var out *value
	os.Expand(text, func(name string) string {
		out = join(out, v.f.readKey(v.call, name, false, unknown))
		return ""
	})
	if out == nil {
		out = clean
	}
	return []*value{out}, true
}

// masking reports whether a function puts constants in the place of what it is given.
func (v *invocation) masking(fun *value) bool {
	for _, c := range fun.funcs {
		if c.lit == nil {
			return false
		}
		for _, r := range v.f.callLit(c, []argument{{val: unknown}}, v.call.Pos()) {
			if !r.clean {
				return false
			}
		}
	}
	return len(fun.funcs) > 0
}

// firstOnly reports whether a function of package strings returns pieces of its first
// argument: the others say where to cut.
func firstOnly(name string) bool {
	for _, p := range []string{"Trim", "Split", "Cut", "Fields"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// nullable reports whether t is a struct of a library that holds one value or none,
// as sql.NullString is.
func (e *engine) nullable(t types.Type) bool {
	if t == nil {
		return false
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || e.own(n.Obj().Pkg().Path()) {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Valid")
	valid, ok := obj.(*types.Var)
	return ok && tellsNothing(valid.Type())
}

// urlPart is what a field of a URL carries of the whole: its secrets stand before the
// host, in the query or behind the mark.
func (f *fn) urlPart(x *ast.SelectorExpr, base *value) []label {
	if pkg, name := namedType(f.typeOf(x.X)); pkg != "net/url" || name != "URL" {
		return nil
	}
	switch x.Sel.Name {
	case "RawQuery", "Fragment", "RawFragment", "Opaque", "User":
		return slices.DeleteFunc(contents(f.collect(&value{labels: f.deref(base).labels})), func(l label) bool { return l.src == nil })
	}
	return nil
}

// takesOut is what is left of a URL when the part of it that holds secrets is set to
// nothing.
func (f *fn) takesOut(sel *ast.SelectorExpr, v *value) {
	if !v.clean {
		return
	}
	if pkg, name := namedType(f.typeOf(sel.X)); pkg != "net/url" || name != "URL" {
		return
	}
	var gone func(l label) bool
	switch sel.Sel.Name {
	case "RawQuery":
		gone = func(l label) bool { return l.src != nil && !compound[l.src.Term] }
	case "User":
		gone = func(l label) bool { return l.src != nil && compound[l.src.Term] }
	default:
		return
	}
	f.into(sel.X, 0, func(old *value) *value {
		if !slices.ContainsFunc(old.labels, gone) {
			return old
		}
		w := *old
		w.labels = slices.DeleteFunc(slices.Clone(old.labels), gone)
		return &w
	})
}

// harmlessFiles are endings of files that hold no secret, whatever they are called.
var harmlessFiles = []string{".pub", ".crt", ".cer", ".md", ".html", ".htm", ".tmpl", ".tpl", ".go", ".sql", ".css", ".js", ".svg", ".png"}

// secretFile says what a file holds that is read whole: it is called after it, or a
// variable says whose file it is.
func (f *fn) secretFile(x ast.Expr) (sensitive.Match, string, bool) {
	secret := func(name string) (sensitive.Match, bool) {
		m, ok := f.e.voc.Lexicon.Name(name)
		return m, ok && (m.Class == sensitive.Credential || m.Class == sensitive.Token) && m.Level != sensitive.Low && !compound[m.Term]
	}
	if path := f.keyText(x); path != "" {
		for _, ext := range harmlessFiles {
			if strings.HasSuffix(path, ext) {
				return sensitive.Match{}, "", false
			}
		}
		base := path[strings.LastIndexByte(path, '/')+1:]
		name, _, _ := strings.Cut(base, ".")
		if m, ok := secret(name); ok {
			return m, base, true
		}
		if strings.Contains(path, "/run/secrets/") {
			m, ok := secret("secret")
			return m, base, ok
		}
		return sensitive.Match{}, "", false
	}
	name := exprName(x)
	ws := words.Split(name[strings.LastIndexByte(name, '.')+1:])
	if n := len(ws) - 1; n > 0 {
		switch ws[n] {
		case "file", "path", "filename":
			m, ok := secret(strings.Join(ws[:n], " "))
			return m, name, ok
		}
	}
	return sensitive.Match{}, "", false
}

// readsFile recognises a file with a secret that is read whole.
func (v *invocation) readsFile() ([]*value, bool) {
	if v.name != "ReadFile" || len(v.args) == 0 || v.id.Recv != "" || v.id.Pkg != "os" && v.id.Pkg != "io/ioutil" {
		return nil, false
	}
	m, name, ok := v.f.secretFile(v.args[0].expr)
	if !ok {
		return nil, false
	}
	l := named(ByAPI, m, v.call.Pos(), "what is in "+quoted(name), "file "+name)
	v.f.doubt(l.src)
	return v.internalError([]*value{{labels: []label{l}}, unknown}), true
}

// encoderWriter is what an encoder writes to, nil if that is not known.
func (f *fn) encoderWriter(x ast.Expr) ast.Expr {
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		if id, ok := callee.Of(f.info, x); ok && id.Name == "NewEncoder" && len(x.Args) == 1 {
			return x.Args[0]
		}
	case *ast.Ident:
		if list := f.e.definitions()[f.object(x)]; len(list) == 1 {
			if c, ok := ast.Unparen(list[0]).(*ast.CallExpr); ok {
				return f.encoderWriter(c)
			}
		}
	}
	return nil
}
