package piilog

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/words"
	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// maxShown bounds the fields of a LogValue method: a log line is no copy of the
// table.
const maxShown = 12

// shownByItself suggests a LogValue method for a struct of the program that slog
// prints as a whole: whoever logs it next, anywhere, is safe too.
func shownByItself(pass *analysis.Pass, judge *privacy.Judge, flows []*flow.Flow) []rule.Addition {
	var of *types.TypeName
	for _, fl := range flows {
		if fl.Source.Kind != flow.Whole || !fl.Sink.Asks("LogValue") {
			return nil
		}
		l := leakOf(pass, judge, fl)
		if l == nil {
			return nil
		}
		t := types.Unalias(pass.TypesInfo.TypeOf(l.value))
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = types.Unalias(p.Elem())
		}
		n, ok := t.(*types.Named)
		if !ok || of != nil && of != n.Obj() {
			return nil
		}
		of = n.Obj()
	}
	if of == nil || of.Pkg() == nil || of.Parent() != of.Pkg().Scope() || of.Pkg() != pass.Pkg && !ours(pass, of.Pkg()) {
		return nil
	}
	code, ok := logValue(judge, of)
	if !ok {
		return nil
	}
	return []rule.Addition{{Message: "Let " + of.Name() + " say itself what a log shows of it", After: of, Code: code, Imports: []string{"log/slog"}}}
}

// logValue writes the method: the plain fields that are not sensitive, under the
// names they have in JSON.
func logValue(judge *privacy.Judge, of *types.TypeName) (string, bool) {
	named, ok := of.Type().(*types.Named)
	if !ok || named.TypeParams().Len() > 0 {
		return "", false
	}
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		return "", false
	}
	for _, m := range []string{"LogValue", "MarshalText", "MarshalJSON"} {
		if obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, of.Pkg(), m); obj != nil {
			return "", false
		}
	}
	recv := strings.ToLower(of.Name()[:1])
	if named.NumMethods() > 0 {
		if r := named.Method(0).Type().(*types.Signature).Recv(); r != nil && r.Name() != "" && r.Name() != "_" {
			recv = r.Name()
		}
	}
	var attrs []string
	for i := range st.NumFields() {
		f, tag := st.Field(i), reflect.StructTag(st.Tag(i))
		if _, ptr := f.Type().Underlying().(*types.Pointer); !ptr {
			if pkg, _ := callee.Named(f.Type()); pkg == "sync" || pkg == "sync/atomic" {
				return "", false // a method on the value would copy the lock
			}
		}
		key, _, _ := strings.Cut(tag.Get("json"), ",")
		if f.Name() == "_" || key == "-" || tag.Get("log") == "-" || len(attrs) == maxShown {
			continue
		}
		if _, sensitive := judge.Lexicon.Field(named, f, st.Tag(i)); sensitive || strings.EqualFold(f.Name(), "id") && secretID(judge, named) {
			continue
		}
		how, ok := attr(f.Type())
		if !ok {
			continue
		}
		if key == "" {
			key = strings.Join(words.Split(f.Name()), "_")
		}
		if strings.IndexFunc(key, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r)
		}) >= 0 {
			continue
		}
		attrs = append(attrs, fmt.Sprintf("slog.%s(%q, %s.%s)", how, key, recv, f.Name()))
	}
	if len(attrs) == 0 {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// LogValue is what a log shows of a %s: no personal data and no secrets.\n", of.Name())
	fmt.Fprintf(&b, "func (%s %s) LogValue() slog.Value {\n\treturn slog.GroupValue(\n", recv, of.Name())
	for _, a := range attrs {
		fmt.Fprintf(&b, "\t\t%s,\n", a)
	}
	b.WriteString("\t)\n}")
	return b.String(), true
}

// attr is the function of slog that makes an attribute of a plain value.
func attr(t types.Type) (string, bool) {
	switch pkg, name := callee.Named(t); {
	case pkg == "time" && (name == "Time" || name == "Duration"):
		if _, ptr := t.Underlying().(*types.Pointer); ptr {
			return "", false
		}
		return name, true
	}
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		a, isArray := t.Underlying().(*types.Array) // a UUID
		return "Any", isArray && identifier(a)
	}
	if types.Unalias(t) != types.Type(b) {
		return "Any", b.Kind() != types.UnsafePointer
	}
	switch b.Kind() {
	case types.String:
		return "String", true
	case types.Bool:
		return "Bool", true
	case types.Int:
		return "Int", true
	case types.Int64:
		return "Int64", true
	case types.Uint64:
		return "Uint64", true
	case types.Float64:
		return "Float64", true
	case types.UnsafePointer, types.Invalid:
		return "", false
	}
	return "Any", true
}
