package flow

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// Kind says why a value is sensitive.
type Kind byte

// The kinds of sources.
const (
	// ByName: the name of the variable, field, key or function says so.
	ByName Kind = iota + 1
	// ByAPI: it was read from where such values come from (a header, a cookie, a
	// form value).
	ByAPI
	// Dump: a whole request, its headers or body.
	Dump
	// Whole: an object with a sensitive field.
	Whole
	// Internal: the text of an error of a database, a file or another server, or
	// a stack.
	Internal
)

// Source is a sensitive value at the place where it first is one.
type Source struct {
	Kind  Kind
	Class sensitive.Class // of the value, or of the worst field of a whole object
	Level string          // high, medium, low
	What  string          // "an email (the field u.Email)"
	Term  string          // "email": what exactly
	Key   string          // identity for fingerprints: names only
	// JSON is the same for whoever prints the value as JSON (Whole only): empty
	// if nothing sensitive shows then.
	JSON string
	// Type is the printed type of a whole object, Shown the methods with which it
	// decides itself how it is shown.
	Type  string
	Shown []string

	// Weak says that only a word that means many things speaks for it (the token
	// of a map tile) and nothing around it speaks of signing in.
	Weak bool

	// Login says that it serves as a user name.
	Login bool

	// Held is the personal data in a whole object.
	Held []Datum

	digits  bool // a number can be it
	written bool // a constant in the code: says nothing about others in its field
	local   bool // the name of a parameter: says nothing to callers
	foreign bool // a whole object of a service's own type
	pos     token.Pos
	file    string
	line    int
}

func (s *Source) id() [3]string {
	kind := rune(s.Kind)
	if s.local {
		kind += 128
	}
	return [3]string{string(kind), string(s.Class), s.Key}
}

func describe(m sensitive.Match) string {
	if strings.HasSuffix(m.Term, "s") && !strings.HasSuffix(m.Term, "ss") && !strings.HasSuffix(m.Term, "is") {
		return m.Term
	}
	article := "a"
	if m.Term != "" && strings.ContainsRune("aeiou", rune(m.Term[0])) && !strings.HasPrefix(m.Term, "user") {
		article = "an"
	}
	return article + " " + m.Term
}

// named makes a label of a name that says what its value is.
func named(kind Kind, m sensitive.Match, pos token.Pos, where, key string) label {
	what := describe(m)
	switch {
	case where != "" && m.Why != "":
		what += " (" + where + ": " + m.Why + ")"
	case where != "":
		what += " (" + where + ")"
	}
	src := &Source{Kind: kind, Class: m.Class, Level: m.Level, What: what, Term: m.Term, Key: key, digits: sensitive.Holds(types.Typ[types.Int], m), pos: pos}
	src.Weak = kind == ByName && sensitive.WeakName(m, key)
	return label{src: src, step: (*step)(nil).then(pos, what)}
}

// holds reports whether a type can hold what a name promises; an unknown type
// can. A type that shows itself is asked when it is shown.
func holds(t types.Type, m sensitive.Match) bool {
	if t == nil {
		return true
	}
	if pkg, _ := callee.Named(t); pkg == "time" {
		return sensitive.Holds(t, m) // it shows itself in full
	}
	return sensitive.Holds(t, m) && !(t.Underlying() != t && printsItself(t))
}

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

// tellsNothing reports whether a type is too small to hold anything sensitive.
func tellsNothing(t types.Type) bool {
	if t == nil {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsBoolean != 0 || u.Kind() == types.UntypedNil
	case *types.Struct:
		pkg, name := callee.Named(t)
		return pkg == "time" && name != "Time" || pkg == "sync" && name != "Map" && name != "Pool" || u.NumFields() == 0 && name == ""
	}
	return false
}

func isNumeric(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

// numbers reports whether values of t are numbers or lists of such: positions,
// lengths, counts.
func numbers(t types.Type) bool {
	for t != nil {
		switch u := t.Underlying().(type) {
		case *types.Basic:
			return u.Info()&types.IsNumeric != 0
		case *types.Slice:
			t = u.Elem()
		case *types.Array:
			t = u.Elem()
		default:
			return false
		}
		if isCharacter(t) {
			return false
		}
	}
	return false
}

// isCharacter reports whether values of t are pieces of texts.
func isCharacter(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Byte || b.Kind() == types.Rune)
}

func isError(t types.Type) bool {
	if t == nil {
		return false
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

// textual reports whether values of t are text, raw bytes, or something that
// could be either: what a function makes of text it is given.
func textual(t types.Type) bool {
	if t == nil {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.Invalid || u.Info()&types.IsString != 0
	case *types.Slice:
		return isByte(u.Elem()) || textual(u.Elem())
	case *types.Array:
		return isByte(u.Elem()) || textual(u.Elem())
	case *types.Pointer:
		return textual(u.Elem())
	case *types.Map:
		return textual(u.Elem())
	case *types.Interface:
		return true
	}
	return false
}

// selfPrinting are methods that decide how a value is shown.
var selfPrinting = []string{"LogValue", "String", "Error", "Format", "GoString", "MarshalJSON", "MarshalText", "MarshalZerologObject", "MarshalLogObject", "MarshalLog", "Redacted", "MaskSensitive"}

// fmtMethods are those that fmt asks, jsonMethods those of encoding/json.
var (
	fmtMethods  = []string{"String", "Error", "Format", "GoString"}
	jsonMethods = []string{"MarshalJSON", "MarshalText"}
)

// ownPrinting lists the methods with which t decides how it is shown.
func ownPrinting(t types.Type) []*types.Func {
	var out []*types.Func
	switch t.Underlying().(type) {
	case *types.Basic, *types.Signature, *types.Tuple:
		if _, ok := types.Unalias(t).(*types.Named); !ok {
			return nil
		}
	}
	for _, m := range selfPrinting {
		obj, _, _ := types.LookupFieldOrMethod(t, false, nil, m)
		if fn, ok := obj.(*types.Func); ok {
			out = append(out, fn)
		}
	}
	return out
}

// printsItself reports whether t decides how it is shown.
func printsItself(t types.Type) bool { return len(ownPrinting(t)) > 0 }

// wholeType is what a struct type shows when it is printed.
type wholeType struct {
	name    string
	pkg     string
	fields  []wholeField
	methods []*types.Func // with which it shows itself
	deep    bool          // fields within fields of it were not looked at
}

type wholeField struct {
	path  string // "Profile.Email"
	match sensitive.Match
	json  bool // shown in JSON too
	fmt   bool // shown by fmt
}

// whole looks for what t shows, nil if that is nothing sensitive.
func (e *engine) whole(t types.Type) *wholeType {
	if t == nil {
		return nil
	}
	if w, ok := e.wholes[t]; ok {
		return w
	}
	e.wholes[t] = nil // types may contain themselves
	w := e.wholeOf(t)
	e.wholes[t] = w
	return w
}

func (e *engine) wholeOf(t types.Type) *wholeType {
	u := types.Unalias(t)
	w := &wholeType{}
	for range 4 { // *T, []T, []*T, map[K]T
		if w.methods == nil {
			w.methods = ownPrinting(u)
		}
		switch x := u.Underlying().(type) {
		case *types.Pointer:
			u = types.Unalias(x.Elem())
			continue
		case *types.Slice:
			u = types.Unalias(x.Elem())
			continue
		case *types.Map:
			u = types.Unalias(x.Elem())
			continue
		}
		break
	}
	pkg, name := callee.Named(u)
	st, ok := u.Underlying().(*types.Struct)
	if !ok {
		if name == "" || len(w.methods) == 0 || !e.moduleFunc(w.methods[0]) {
			return nil
		}
		w.name = name
		return w
	}
	if opaque(pkg) {
		return nil
	}
	if name == "" {
		name = "struct"
	}
	w.name, w.pkg = name, pkg
	list := e.fieldsOf(u, st)
	w.fields, w.deep = list.fields, list.deep
	if len(w.fields) == 0 && !w.deep && (len(w.methods) == 0 || !e.moduleFunc(w.methods[0])) {
		return nil
	}
	return w
}

// Cache keeps what was found out about struct types, which many packages use. It
// has an entry for each that is used whole, so it grows with the code as the types
// themselves do.
type Cache struct {
	mu     sync.Mutex
	fields map[types.Type]*fieldList
	keys   map[*types.Package]map[*types.Var]string // see keysOf
}

// fieldsOf lists the sensitive fields of a struct type.
func (e *engine) fieldsOf(t types.Type, st *types.Struct) *fieldList {
	c := e.voc.Cache
	if c != nil {
		c.mu.Lock()
		fields, ok := c.fields[t]
		c.mu.Unlock()
		if ok {
			return fields
		}
	}
	w := &fieldList{}
	e.sensitiveFields(w, t, st, "", true, true, []types.Type{t})
	if c != nil {
		c.mu.Lock()
		if c.fields == nil {
			c.fields = make(map[types.Type]*fieldList)
		}
		c.fields[t] = w
		c.mu.Unlock()
	}
	return w
}

// fieldList is what a struct type shows of what is sensitive.
type fieldList struct {
	fields []wholeField
	deep   bool // there were fields within fields that nobody looked at
}

// opaque are packages whose structs hold nothing of people, or are judged
// otherwise.
func opaque(pkg string) bool {
	switch pkg {
	case "net/http", "time", "net/url", "crypto/tls", "context", "math/big", "net/netip", "reflect", "log", "log/slog", "testing", "database/sql":
		return true
	}
	return strings.HasPrefix(pkg, "sync") || strings.HasPrefix(pkg, "crypto/")
}

// sensitiveFields collects the fields that a print of st shows.
// on are the types around it.
func (e *engine) sensitiveFields(w *fieldList, owner types.Type, st *types.Struct, prefix string, inJSON, inFmt bool, on []types.Type) {
	for i := range st.NumFields() {
		f := st.Field(i)
		if len(w.fields) >= maxParts {
			w.deep = true
			return
		}
		tag := reflect.StructTag(st.Tag(i))
		json := inJSON && f.Exported() && tag.Get("json") != "-"
		if hidden(tag) || !json && !inFmt {
			continue
		}
		path := joinPath(prefix, f.Name())
		if m, ok := e.voc.Lexicon.Field(owner, f, st.Tag(i)); ok && holds(f.Type(), m) {
			if b, ok := f.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsNumeric != 0 && m.Term == "pin" {
				continue // pinned, more often than not
			}
			_, ptr := f.Type().Underlying().(*types.Pointer)
			w.fields = append(w.fields, wholeField{path: path, match: m, json: json, fmt: inFmt && !ptr})
			continue
		}
		ft, fmtToo := types.Unalias(f.Type()), inFmt
		if printsItself(ft) {
			continue
		}
		switch x := ft.Underlying().(type) {
		case *types.Pointer:
			ft, fmtToo = x.Elem(), false // fmt prints the address
		case *types.Slice:
			ft = x.Elem()
		}
		if sub, ok := ft.Underlying().(*types.Struct); ok && !printsItself(ft) {
			if pkg, _ := callee.Named(ft); opaque(pkg) || slices.Contains(on, ft) {
				continue
			}
			if len(on) > maxWithin {
				w.deep = true
				continue
			}
			e.sensitiveFields(w, ft, sub, path, json, fmtToo, append(on, ft))
		}
	}
}

// hidden reports whether a tag says that a field is kept out of logs.
func hidden(tag reflect.StructTag) bool {
	if tag.Get("log") == "-" {
		return true
	}
	for _, k := range []string{"mask", "redact", "masq"} {
		if v, ok := tag.Lookup(k); ok && v != "false" && v != "-" {
			return true
		}
	}
	return false
}

var levels = map[string]int{"high": 3, "medium": 2, "low": 1}

// wholeLabel says that a value of a type with sensitive fields is at hand as a
// whole. Fields that were overwritten with something clean do not count.
func (e *engine) wholeLabel(t types.Type, v *value, pos token.Pos, text string) []label {
	w := e.whole(t)
	if w == nil {
		return nil
	}
	var out []label
	var shown []string
	for _, m := range w.methods {
		shown = append(shown, m.Name())
		// What shows itself may show too much.
		if s := e.summaryOf(m); s != nil && len(s.results) > 0 && s.results[0] != nil {
			for _, l := range s.results[0].labels {
				if l.src != nil && l.src.Kind != Internal {
					l.step = l.step.then(pos, "is what "+w.name+" shows of itself by "+m.Name())
					out = append(out, l)
				}
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	var worst, worstJSON *wholeField
	for i := range w.fields {
		f := &w.fields[i]
		if cleanAt(v, f.path) || f.match.Level == sensitive.Low {
			continue
		}
		if f.fmt && (worst == nil || rank(f.match) > rank(worst.match)) {
			worst = f
		}
		if f.json && (worstJSON == nil || rank(f.match) > rank(worstJSON.match)) {
			worstJSON = f
		}
	}
	if worst == nil && worstJSON == nil {
		return nil
	}
	say := func(f *wholeField) string {
		if f == nil {
			return ""
		}
		return fmt.Sprintf("a whole %s, whose field %s is %s,", w.name, f.path, describe(f.match))
	}
	f := worst
	if f == nil {
		f = worstJSON
	}
	_, foreign := e.sdk(w.pkg)
	src := &Source{Kind: Whole, Class: f.match.Class, Level: f.match.Level, What: say(worst), JSON: say(worstJSON), Key: w.name, Type: w.name, Shown: shown, Held: w.held(v), foreign: foreign, pos: pos}
	note := fmt.Sprintf("%s is a %s; its field %s is %s", text, w.name, f.path, describe(f.match))
	return []label{{src: src, step: (*step)(nil).then(pos, note)}}
}

// held is the personal data in a whole object, without what was overwritten with
// something clean.
func (w *wholeType) held(v *value) []Datum {
	var out []Datum
	for _, f := range w.fields {
		d := Datum{f.match.Class, f.match.Term}
		if d.Class.Personal() && !(d.Class == sensitive.Contact && f.match.Level == sensitive.Low) && !cleanAt(v, f.path) && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// shownBy reports whether a whole object decides itself what one who asks these
// methods gets to see.
func (s *Source) shownBy(methods ...string) bool {
	return slices.ContainsFunc(s.Shown, func(m string) bool { return slices.Contains(methods, m) })
}

// unshown leaves out objects that mask themselves before those who ask these
// methods.
func unshown(ls []label, methods ...string) []label {
	var out []label
	for _, l := range ls {
		if l.src == nil || l.src.Kind != Whole || !l.src.shownBy(methods...) {
			out = append(out, l)
		}
	}
	return out
}

func rank(m sensitive.Match) int {
	n := levels[m.Level]*10 + 1
	if m.Class == sensitive.Credential {
		n += 2
	}
	return n
}

// cleanAt reports whether the part of v under path was given a clean value.
func cleanAt(v *value, path string) bool {
	for _, name := range strings.Split(path, ".") {
		if v == nil {
			return false
		}
		p := v.parts[name]
		if v.clean || v.whole && p == nil {
			return true
		}
		v = p
	}
	return v != nil && v.clean
}
