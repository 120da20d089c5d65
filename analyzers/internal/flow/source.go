package flow

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"strings"

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
	Key   string          // identity for fingerprints: names only
	// JSON is the same for whoever prints the value as JSON (Whole only): empty
	// if nothing sensitive shows then.
	JSON string
	// Type is the printed type of a whole object.
	Type string

	pos  token.Pos
	file string
	line int
}

func (s *Source) id() [3]string { return [3]string{string(rune(s.Kind)), string(s.Class), s.Key} }

func describe(m sensitive.Match) string {
	article := "a"
	if m.Term != "" && strings.ContainsRune("aeiou", rune(m.Term[0])) {
		article = "an"
	}
	return article + " " + m.Term
}

// named makes a label of a name that says what its value is.
func named(kind Kind, m sensitive.Match, pos token.Pos, where, key string) label {
	what := describe(m)
	if where != "" {
		what += " (" + where + ")"
	}
	src := &Source{Kind: kind, Class: m.Class, Level: m.Level, What: what, Key: key, pos: pos}
	return label{src: src, step: (*step)(nil).then(pos, what)}
}

// holds reports whether a type can hold what a name promises; an unknown type
// can.
func holds(t types.Type, m sensitive.Match) bool {
	if t == nil {
		return true
	}
	return holdsDepth(t, m, 0) && !(t.Underlying() != t && printsItself(t))
}

func holdsDepth(t types.Type, m sensitive.Match, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.Invalid || u.Info()&types.IsString != 0 {
			return true
		}
		return u.Info()&types.IsNumeric != 0 && numeric(m)
	case *types.Pointer:
		return holdsDepth(u.Elem(), m, depth+1)
	case *types.Slice:
		return isByte(u.Elem()) || holdsDepth(u.Elem(), m, depth+1)
	case *types.Array:
		return isByte(u.Elem()) && u.Len() >= 16 || holdsDepth(u.Elem(), m, depth+1) && !isByte(u.Elem())
	case *types.Map:
		return holdsDepth(u.Elem(), m, depth+1)
	case *types.Struct:
		pkg, name := callee.Named(t)
		if pkg == "time" {
			return m.Term == "date of birth" || m.Term == "dob" || m.Term == "birthdate" || m.Term == "birthday"
		}
		return strings.HasPrefix(name, "Null")
	case *types.Interface:
		if _, ok := types.Unalias(t).(*types.TypeParam); ok {
			return true
		}
		_, name := callee.Named(t)
		return name != "error" && u.NumMethods() == 0
	}
	return false
}

func numeric(m sensitive.Match) bool {
	return m.Class == sensitive.GovID || m.Class == sensitive.Payment || m.Term == "otp" || m.Term == "pin code" || m.Class == sensitive.Contact && m.Term != "email"
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
var selfPrinting = []string{"LogValue", "String", "Format", "GoString", "MarshalJSON", "MarshalText", "MarshalZerologObject", "MarshalLogObject", "MarshalLog", "Redacted", "MaskSensitive"}

// printsItself reports whether t decides how it is shown.
func printsItself(t types.Type) bool {
	for _, m := range selfPrinting {
		obj, _, _ := types.LookupFieldOrMethod(t, false, nil, m)
		if _, ok := obj.(*types.Func); ok {
			return true
		}
	}
	return false
}

// wholeType is what a struct type shows when it is printed.
type wholeType struct {
	name   string
	fields []wholeField
}

type wholeField struct {
	path  string // "Profile.Email"
	match sensitive.Match
	json  bool // shown in JSON too
	fmt   bool // shown by fmt
}

// whole looks for sensitive fields of t, nil if there are none.
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
	for range 3 { // *T, []T, []*T, map[K]T
		if printsItself(u) {
			return nil
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
	st, ok := u.Underlying().(*types.Struct)
	if !ok || printsItself(u) {
		return nil
	}
	pkg, name := callee.Named(u)
	if pkg == "net/http" || pkg == "time" || pkg == "net/url" || pkg == "crypto/tls" || strings.HasPrefix(pkg, "sync") {
		return nil
	}
	if name == "" {
		name = "struct"
	}
	w := &wholeType{name: name}
	e.sensitiveFields(w, st, "", true, true, 0)
	if len(w.fields) == 0 {
		return nil
	}
	return w
}

// sensitiveFields collects the fields that a print of st shows.
func (e *engine) sensitiveFields(w *wholeType, st *types.Struct, prefix string, inJSON, inFmt bool, depth int) {
	for i := range st.NumFields() {
		f := st.Field(i)
		if len(w.fields) >= maxParts {
			return
		}
		tag := reflect.StructTag(st.Tag(i))
		jsonTag := tag.Get("json")
		json := inJSON && f.Exported() && jsonTag != "-"
		if hidden(tag) || !json && !inFmt {
			continue
		}
		path := joinPath(prefix, f.Name())
		if m, ok := sensitive.Name(f.Name()); ok && holds(f.Type(), m) {
			_, ptr := f.Type().Underlying().(*types.Pointer)
			w.fields = append(w.fields, wholeField{path: path, match: m, json: json, fmt: inFmt && !ptr})
			continue
		}
		if depth >= maxDepth-1 {
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
			if pkg, _ := callee.Named(ft); pkg == "time" || pkg == "net/http" || strings.HasPrefix(pkg, "sync") {
				continue
			}
			e.sensitiveFields(w, sub, path, json, fmtToo, depth+1)
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
func (e *engine) wholeLabel(t types.Type, v *value, pos token.Pos, text string) (label, bool) {
	w := e.whole(t)
	if w == nil {
		return label{}, false
	}
	var worst, worstJSON *wholeField
	for i := range w.fields {
		f := &w.fields[i]
		if cleanAt(v, f.path) || f.match.Level != "high" {
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
		return label{}, false
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
	src := &Source{Kind: Whole, Class: f.match.Class, Level: f.match.Level, What: say(worst), JSON: say(worstJSON), Key: w.name, Type: w.name, pos: pos}
	note := fmt.Sprintf("%s is a %s; its field %s is %s", text, w.name, f.path, describe(f.match))
	return label{src: src, step: (*step)(nil).then(pos, note)}, true
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
		if v.clean {
			return true
		}
		v = v.parts[name]
	}
	return v != nil && v.clean
}

// matchOf restores what a source's name was recognised as.
func matchOf(s *Source, name string) sensitive.Match {
	if m, ok := sensitive.Name(name); ok {
		return m
	}
	return match(s)
}
