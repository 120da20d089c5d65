package flow

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// What one package puts into a field of another package's object a third may log:
// login fills session.State.Note, audit logs state.Note. Objects are not followed
// through stores and maps, so a field stands for that of all objects of its type:
// what any package puts there, if all that is known to be put there is sensitive.
// Who reads a field after that package has its facts. Who reads it before, or beside
// it, has it as an input of the summary as a package variable is, and whoever sees
// all that take part binds it (bindGlobals).

// fieldKey names a field of an exported struct type of the module, "" for others.
func (e *engine) fieldKey(obj *types.Var) string {
	obj = obj.Origin()
	p := obj.Pkg()
	if p == nil || p != e.pass.Pkg && e.factsOf(p) == nil {
		return ""
	}
	keys, ok := e.keys[p]
	if !ok {
		keys = e.voc.Cache.keysOf(p)
		e.keys[p] = keys
	}
	return keys[obj]
}

// keysOf names the fields of a package's exported struct types, worked out once for
// all that import it.
func (c *Cache) keysOf(p *types.Package) map[*types.Var]string {
	if c != nil {
		c.mu.Lock()
		keys, ok := c.keys[p]
		c.mu.Unlock()
		if ok {
			return keys
		}
	}
	keys := map[*types.Var]string{}
	scope := p.Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() || !tn.Exported() {
			continue
		}
		n, ok := tn.Type().(*types.Named)
		if !ok || n.TypeParams().Len() > 0 {
			continue
		}
		st, ok := n.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range st.NumFields() {
			if x := st.Field(i); keys[x] == "" && isText(x.Type()) && !digests.HasAny(words.Split(x.Name())) {
				keys[x] = p.Path() + " " + name + "." + x.Name()
			}
		}
	}
	if c != nil {
		c.mu.Lock()
		if c.keys == nil {
			c.keys = make(map[*types.Package]map[*types.Var]string)
		}
		c.keys[p] = keys
		c.mu.Unlock()
	}
	return keys
}

// digests are words of fields that hold what was made of a secret, more often than
// not where nobody could follow how.
var digests = words.NewSet("hash hashed digest checksum fingerprint hmac sum encrypted ciphertext cipher masked redacted")

// ofField reports whether the name of an input is that of a field.
func ofField(key string) bool {
	return strings.LastIndexByte(key, '.') > strings.LastIndexByte(key, ' ')
}

// isText reports whether a field can hold a text: one, several, or anything.
func isText(t types.Type) bool {
	if i, ok := t.Underlying().(*types.Interface); ok {
		return i.NumMethods() == 0
	}
	return !isError(t) && textual(t)
}

// filled is what the packages this one imports put into a field of another
// package's objects, nil if that is nothing, or not always sensitive.
func (e *engine) filled(key string) *value {
	if e.fills == nil {
		e.fills = map[string]*value{}
		var all []*pkgFacts
		for _, p := range e.inOrder() {
			all = append(all, e.factsOf(p))
		}
		for _, p := range all {
			for _, k := range sortedKeys(p.fields) {
				e.fills[k] = join(e.fills[k], p.fields[k])
			}
		}
		for k := range e.fills {
			if slices.ContainsFunc(all, func(p *pkgFacts) bool { return p.mixed[k] }) {
				delete(e.fills, k)
			}
		}
	}
	return e.fills[key]
}

// settled lets fields be read, once it is known what all functions put into them.
func (e *engine) settled() {
	e.fieldsKnown = true
	for obj, fd := range e.fields {
		fd.stale = fd.stale || !fd.other && (fd.val != nil || obj.Pkg() != e.pass.Pkg && e.filled(e.fieldKey(obj)) != nil)
	}
}

// inOrder lists the packages with facts that this one imports, directly or not.
func (e *engine) inOrder() []*types.Package {
	if e.below == nil {
		e.below = []*types.Package{}
		for p := range reachable(e.pass.Pkg) {
			if p != e.pass.Pkg && e.factsOf(p) != nil {
				e.below = append(e.below, p)
			}
		}
		slices.SortFunc(e.below, func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) })
	}
	return e.below
}

// awaits is the key of a field that a package interpreted later may fill, "" if
// nobody can or it is known to hold this and that.
func (e *engine) awaits(obj *types.Var) string {
	if obj == nil || !obj.IsField() || !isText(obj.Type()) {
		return ""
	}
	own := obj.Pkg() == e.pass.Pkg
	if own && e.pass.Pkg.Name() == "main" {
		return ""
	}
	key := e.fieldKey(obj)
	if key == "" {
		return ""
	}
	fd := e.fieldOf(obj)
	if fd.other || !obj.Exported() && !fd.fed || !own && e.factsOf(obj.Pkg()).mixed[key] {
		return ""
	}
	return key
}

// withField adds to a field of an object nobody knows the origin of that others
// may have filled it.
func (f *fn) withField(x *ast.SelectorExpr, obj *types.Var, v *value) *value {
	if f.muted || slices.ContainsFunc(v.labels, func(l label) bool { return l.src == nil }) {
		return v // what a parameter holds: see heldBy
	}
	key := f.e.awaits(obj)
	if key == "" {
		return v
	}
	return withLabels(v, label{in: port{param: outer, global: key}, step: (*step)(nil).then(x.Sel.Pos(), "is read from "+exprName(x))})
}

// lastField follows a path from a type to the last field on it, and says what of
// the path is left.
func lastField(t types.Type, path string) (field *types.Var, rest string) {
	names := strings.Split(path, ".")
	for i, name := range names {
		for t != nil {
			p, ok := t.Underlying().(*types.Pointer)
			if !ok {
				break
			}
			t = p.Elem()
		}
		if t == nil {
			return field, rest
		}
		if name == elem {
			switch u := t.Underlying().(type) {
			case *types.Slice:
				t = u.Elem()
			case *types.Array:
				t = u.Elem()
			case *types.Map:
				t = u.Elem()
			case *types.Chan:
				t = u.Elem()
			default:
				t = nil
			}
			continue
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return field, rest
		}
		t = nil
		for j := range st.NumFields() {
			if st.Field(j).Name() == name {
				field, rest, t = st.Field(j), strings.Join(names[i+1:], "."), st.Field(j).Type()
			}
		}
	}
	return field, rest
}

// heldBy keeps the sinks that fields of a function's inputs reach: who calls it may
// know no more of the object than its type.
func (e *engine) heldBy(d *declared) {
	sig, ok := d.obj.Type().(*types.Signature)
	if !ok {
		return
	}
	typeOf := func(n int) types.Type {
		if r := sig.Recv(); r != nil {
			if n == 0 {
				return r.Type()
			}
			n--
		}
		if n < sig.Params().Len() {
			return sig.Params().At(n).Type()
		}
		return nil
	}
	for _, u := range d.sum.sinks {
		if u.in.global != "" || u.in.path == "" || u.held || u.url > 0 || u.sink.Kind == throughInterface || u.sink.Kind == Service || len(u.told) > 0 {
			continue
		}
		field, rest := lastField(typeOf(u.in.param), u.in.path)
		key := e.awaits(field)
		if key == "" {
			continue
		}
		u.held = true
		c := *u
		c.in = port{param: outer, global: key, path: rest}
		e.outerUses([]*sinkUse{&c})
	}
}

// noteFilled notes what a call puts into the fields of an object, which x is if it
// is not the result: what the callee says of its inputs, and what this call gives
// for them.
func (f *fn) noteFilled(t types.Type, x ast.Expr, says, got *value, depth int) {
	if t == nil || says == nil || got == nil || len(says.parts) == 0 || depth > maxWithin {
		return
	}
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	st, ok := u.(*types.Struct)
	if !ok {
		return
	}
	for i := range st.NumFields() {
		field := st.Field(i)
		s, g := says.parts[field.Name()], got.parts[field.Name()]
		if s == nil {
			continue
		}
		if slices.ContainsFunc(s.labels, func(l label) bool { return l.src == nil && l.in.global == "" }) {
			if g == nil {
				g = unknown
			}
			f.e.putField(field, g, builder(f.symbol) || x != nil && f.sets(x, g))
		}
		f.noteFilled(field.Type(), x, s, g, depth+1)
	}
}

// showsFields adds to an object that leaves the program as a whole what its fields
// are filled with elsewhere.
func (f *fn) showsFields(s Sink, v *value, x ast.Expr) *value {
	if v.clean || v.sealed || len(v.parts) > 0 || f.muted || s.Kind == Response || told(v) ||
		slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil && l.src.Kind == Whole }) {
		return v
	}
	for _, r := range v.refs {
		if c := f.cur.get(r); c == nil || c.clean || c.whole || len(c.parts) > 0 {
			return v
		}
	}
	t := f.typeOf(x)
	for t != nil {
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Slice:
			t = u.Elem()
			continue
		}
		break
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.TypeArgs().Len() > 0 || printsItself(types.NewPointer(n)) {
		return v
	}
	st, ok := n.Underlying().(*types.Struct)
	if !ok || st.NumFields() == 0 || n.Obj().Pkg() != f.e.pass.Pkg && f.e.factsOf(n.Obj().Pkg()) == nil {
		return v
	}
	waits := false
	for i := range st.NumFields() {
		field := st.Field(i)
		if !isText(field.Type()) || s.JSON && !field.Exported() {
			continue
		}
		if w := f.e.readField(field, f); w != nil {
			v = withLabels(v, hop(w, x.Pos(), "is held by "+exprName(x)).labels...)
		} else if !waits {
			waits = f.e.awaits(field) != ""
		}
	}
	if waits {
		v = withLabels(v, label{in: port{param: outer, global: n.Obj().Pkg().Path() + " " + n.Obj().Name() + ".*"}, step: (*step)(nil).then(x.Pos(), "is held by "+exprName(x))})
	}
	return v
}

// exportFields adds to the facts what the package puts into fields.
func (e *engine) exportFields(p *pkgFacts, x *exporter) {
	for key, v := range e.puts() {
		if len(p.fields) >= maxGlobals {
			e.met("fields filled")
			break
		}
		if p.fields == nil {
			p.fields = map[string]*value{}
		}
		p.fields[key] = x.value(v, 0)
	}
	for obj, fd := range e.fields {
		if fd.other && isText(obj.Type()) {
			if key := e.fieldKey(obj); key != "" {
				if p.mixed == nil {
					p.mixed = map[string]bool{}
				}
				p.mixed[key] = true
			}
		}
	}
}

// puts is what of all that this package puts into fields is always sensitive.
func (e *engine) puts() map[string]*value {
	out := map[string]*value{}
	for obj, fd := range e.fields {
		if fd.val == nil || fd.other {
			continue
		}
		if key := e.fieldKey(obj); key != "" {
			// What only the name of a parameter says of it, callers know better.
			if ls := forCallers(fd.val.labels); len(ls) > 0 {
				out[key] = &value{labels: ls}
			}
		}
	}
	return out
}
