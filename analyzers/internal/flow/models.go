package flow

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// carriers are packages whose functions make text, bytes or containers of what
// they are given: the results carry what receiver and arguments carry, as far
// as their types can.
var carriers = func() map[string]bool {
	m := make(map[string]bool)
	for _, p := range strings.Fields(`strings bytes fmt errors strconv path path/filepath net/url html text/template html/template regexp slices maps sort bufio io io/ioutil
		unicode/utf8 unicode encoding encoding/base64 encoding/base32 encoding/hex encoding/json encoding/xml encoding/gob encoding/csv encoding/pem encoding/binary compress/gzip
		sync sync/atomic container/list container/ring container/heap reflect mime mime/multipart mime/quotedprintable text/tabwriter iter unique
		github.com/pkg/errors golang.org/x/xerrors github.com/cockroachdb/errors github.com/hashicorp/go-multierror go.uber.org/multierr github.com/go-errors/errors github.com/juju/errors
		gopkg.in/yaml.v2 gopkg.in/yaml.v3 github.com/json-iterator/go github.com/goccy/go-json github.com/bytedance/sonic github.com/spf13/cast github.com/samber/lo
		github.com/davecgh/go-spew/spew github.com/kr/pretty github.com/valyala/bytebufferpool go.yaml.in/yaml/v3`) {
		m[p] = true
	}
	return m
}()

// modelled interprets calls into packages that are known by heart.
func (v *invocation) modelled() ([]*value, bool) {
	if !v.known {
		return nil, false
	}
	id := v.id
	f := v.f
	if out, ok := v.library(); ok {
		return out, true
	}
	switch id.Pkg {
	case "context":
		switch id.Name {
		case "WithValue":
			if len(v.args) == 3 {
				return []*value{setPart(f.deref(v.args[0].val), f.contextKey(v.args[1].expr), v.args[2].val)}, true
			}
		case "Value":
			return []*value{v.contextValue()}, true
		case "WithCancel", "WithTimeout", "WithDeadline", "WithoutCancel", "WithCancelCause":
			if len(v.args) > 0 {
				return []*value{v.args[0].val, clean}, true
			}
		}
		return []*value{unknown}, true
	case "os/exec":
		switch {
		case id.Name == "Command" || id.Name == "CommandContext":
			var ls []label
			for _, a := range v.args {
				ls = f.add(ls, f.collect(a.val))
			}
			if len(ls) == 0 {
				return []*value{unknown}, true
			}
			return []*value{setPart(&value{}, "Args", hop(&value{labels: ls}, v.call.Pos(), "is an argument of "+v.text))}, true
		case id.Recv == "Cmd" && id.Name == "String" && v.recv != nil:
			return []*value{{labels: f.collect(f.partOf(v.recv, "Args"))}}, true
		}
	case "net/http":
		return v.httpModel()
	case "encoding/json", "encoding/xml", "encoding/gob", "gopkg.in/yaml.v3", "gopkg.in/yaml.v2", "github.com/json-iterator/go", "github.com/goccy/go-json":
		if out, ok := v.codec(); ok {
			return out, true
		}
	case "fmt":
		if out, ok := v.format(); ok {
			return out, true
		}
	case "errors":
		if id.Name == "As" && len(v.args) == 2 {
			if ls := f.collect(v.args[0].val); len(ls) > 0 {
				v.into(v.args[1], hop(&value{labels: ls}, v.call.Pos(), "is found in the error by "+v.text).labels)
			}
			return []*value{clean}, true
		}
	case "regexp":
		if strings.HasPrefix(id.Name, "ReplaceAll") && len(v.args) == 2 && masks(f.literalText(v.args[1].expr)) {
			return []*value{clean}, true
		}
	case "io", "bufio", "compress/gzip", "text/tabwriter", "encoding/csv":
		if id.Name == "Pipe" && id.Pkg == "io" {
			p := f.alloc(v.call, &value{})
			return []*value{p, p}, true
		}
		if id.Name == "MultiWriter" || id.Name == "NewWriter" || id.Name == "NewWriterSize" {
			var refs []*loc // what is written goes there
			for _, a := range v.args {
				refs = append(refs, a.val.refs...)
			}
			if len(refs) > maxTargets {
				refs = refs[:maxTargets]
				f.meet("targets of one pointer")
			}
			if len(refs) > 0 {
				return []*value{{refs: refs}}, true
			}
		}
	case "text/template", "html/template":
		if v.rendered() {
			return []*value{unknown}, true
		}
	case "strings", "bytes":
		if out, ok := v.replaces(); ok {
			return out, true
		}
		if (id.Recv == "Builder" || id.Recv == "Buffer") && (id.Name == "Reset" || id.Name == "Truncate" && f.literalZero(v.args)) && v.recvX != nil {
			if len(v.recv.refs) > 0 {
				f.storeRefs(v.recv.refs, func(*value) *value { return clean })
			} else {
				f.store(v.recvX, func(*value) *value { return clean })
			}
			return []*value{clean}, true
		}
	case "flag":
		if out, ok := v.flag(); ok {
			return out, true
		}
		return all(clean, v.n), true
	case "reflect":
		if _, name := namedType(v.resultType(0)); name == "Type" || name == "Kind" || name == "StructTag" || name == "StructField" || name == "Method" {
			return all(clean, v.n), true
		}
		if out, ok := v.reflected(); ok {
			return out, true
		}
	case "time", "math", "math/rand", "runtime", "testing", "embed":
		return all(clean, v.n), v.recv == nil || v.recv.clean || id.Pkg != "time"
	}
	if out, ok := v.copiedFields(); ok {
		return out, true
	}
	if out := v.internalError(nil); out != nil {
		return out, true
	}
	if s, ok := sinks.Lookup(id); ok && s.Constructs() {
		return []*value{v.ctor(s)}, true
	}
	if !carriers[id.Pkg] {
		return nil, false
	}
	return v.carry(isError(v.resultType(max(v.n-1, 0))) && (id.Pkg == "errors" || strings.Contains(id.Pkg, "error") || id.Name == "Errorf")), true
}

// replaces takes from a text what is replaced in it: strings.ReplaceAll(msg,
// token, "***") and a strings.Replacer.
func (v *invocation) replaces() ([]*value, bool) {
	f := v.f
	without := func(from []label, old *value) []label {
		gone := f.collect(old)
		return slices.DeleteFunc(slices.Clone(from), func(l label) bool {
			return slices.ContainsFunc(gone, func(g label) bool {
				return g.src == l.src && g.in == l.in || g.src != nil && l.src != nil && g.src.id() == l.src.id()
			})
		})
	}
	switch {
	case (v.name == "ReplaceAll" || v.name == "Replace") && v.recvX == nil && len(v.args) >= 3:
		ls := without(f.collect(v.args[0].val), v.args[1].val)
		into := f.collect(v.args[2].val)
		if f.stringConst(v.args[1].expr) == "" {
			into = filled.after(into) // one of many placeholders
		}
		ls = f.add(ls, into)
		if len(ls) == 0 {
			return []*value{unknown}, true
		}
		return []*value{hop(&value{labels: ls}, v.call.Pos(), "goes through "+v.text)}, true
	case v.name == "NewReplacer":
		out := &value{}
		for i, a := range v.args {
			if ls := f.collect(a.val); i%2 == 1 || a.spread {
				if len(v.args) > 2 || a.spread {
					ls = filled.after(ls) // one of many placeholders
				}
				out = withLabels(out, ls...)
			} else if !a.val.clean && !a.spread {
				out = setPart(out, replaced, join(out.parts[replaced], a.val))
			}
		}
		return []*value{out}, true
	case v.id.Recv == "Replacer" && v.name == "Replace" && len(v.args) == 1 && v.recv != nil:
		r := f.deref(v.recv)
		ls := f.add(without(f.collect(v.args[0].val), part(r, replaced)), r.labels)
		if len(ls) == 0 {
			return []*value{unknown}, true
		}
		return []*value{hop(&value{labels: ls}, v.call.Pos(), "goes through "+v.text)}, true
	}
	return nil, false
}

// replaced is the part of a strings.Replacer that stands for what it takes out.
const replaced = "()-"

// rendered writes what a template is given into where it is rendered.
func (v *invocation) rendered() bool {
	if v.name != "Execute" && v.name != "ExecuteTemplate" || len(v.args) < 2 || isResponseWriter(v.f.typeOf(v.args[0].expr)) {
		return false
	}
	// What of an object a template shows is not known.
	data := v.args[len(v.args)-1]
	object := !textual(v.f.typeOf(data.expr))
	ls := slices.DeleteFunc(contents(v.f.collect(data.val)), func(l label) bool {
		return l.src != nil && l.src.Kind == Dump || l.src == nil && l.in.path == "" && object
	})
	if len(ls) > 0 {
		w := hop(&value{labels: cutOut.after(ls)}, v.call.Pos(), "is rendered by "+v.text)
		v.into(v.args[0], w.labels)
	}
	return true
}

// into adds labels to what an argument is or points to.
func (v *invocation) into(a argument, ls []label) {
	set := func(old *value) *value { return withLabels(old, ls...) }
	if len(a.val.refs) > 0 {
		v.f.storeRefs(a.val.refs, set)
		return
	}
	v.f.store(a.expr, set)
}

func (f *fn) literalZero(args []argument) bool {
	if len(args) != 1 {
		return false
	}
	tv, ok := f.info.Types[args[0].expr]
	return ok && tv.Value != nil && tv.Value.ExactString() == "0"
}

// flag reads a flag of the command line: its name says what it is.
func (v *invocation) flag() ([]*value, bool) {
	i := 0
	if strings.HasSuffix(v.name, "Var") {
		i = 1
	}
	if v.name != "String" && v.name != "StringVar" || len(v.args) != i+3 {
		return nil, false
	}
	name := v.f.stringConst(v.args[i].expr)
	m, ok := v.f.e.voc.Lexicon.Name(name)
	if !ok {
		if i == 1 {
			v.escape()
		}
		return all(unknown, 1), true
	}
	l := named(ByAPI, m, v.call.Pos(), "the flag "+quoted(name), "flag "+name)
	if i == 1 {
		v.into(v.args[0], []label{l})
		return all(clean, 1), true
	}
	return []*value{{labels: []label{l}}}, true
}

// contextKey is the part of a context under a key, the same in every package.
func (f *fn) contextKey(x ast.Expr) string {
	s := f.stringConst(x)
	if s == "" {
		s = exprName(x)
		s = s[strings.LastIndexByte(s, '.')+1:]
	}
	return "ctx " + strings.ReplaceAll(s, ".", "·")
}

// contextValue finds what was put into a context under the same key.
func (v *invocation) contextValue() *value {
	if len(v.args) != 1 {
		return unknown
	}
	key, s := v.f.contextKey(v.args[0].expr), v.f.stringConst(v.args[0].expr)
	val := unknown
	if v.recv != nil {
		r := v.f.deref(v.recv)
		if p := r.parts[key]; p != nil {
			return p
		}
		// What callers have put there.
		val = part(&value{labels: slices.DeleteFunc(slices.Clone(r.labels), func(l label) bool { return l.src != nil })}, key)
	}
	if s == "" {
		s = exprName(v.args[0].expr)
		s = strings.TrimSuffix(strings.TrimSuffix(s[strings.LastIndexByte(s, '.')+1:], "{…}"), "Key")
	}
	return v.f.readKey(v.call, s, false, val)
}

// carry gives the results what receiver and arguments carry, and the receiver
// what is written into it.
func (v *invocation) carry(asErr bool) []*value {
	f := v.f
	var in *value
	content := &value{}
	format := ""
	if strings.HasSuffix(v.name, "f") && len(v.args) > 0 {
		format = f.keyText(v.args[0].expr)
	}
	formatIn := -1
	if format == "" && strings.HasSuffix(v.name, "f") && v.id.Pkg == "fmt" && len(v.args) > 1 {
		formatIn = inputOf(v.args[0].val)
	}
	for i, a := range v.args {
		if format != "" && i > 0 && harmlessVerb(format, i-1) {
			continue
		}
		if a.val.clean || a.val == unknown || i > 0 && (v.id.Pkg == "strings" || v.id.Pkg == "bytes") && firstOnly(v.name) {
			continue
		}
		ls := f.collect(a.val)
		if g := v.drained(a); g != nil {
			ls = f.add(ls, g)
		}
		if id := v.id.Pkg; id == "fmt" || id == "log" {
			if showsAddress(f.typeOf(a.expr)) && !strings.Contains(v.name, "scan") {
				continue
			}
			if t := f.typeOf(a.expr); t != nil && len(ls) == 0 && !slices.ContainsFunc(ownPrinting(t), func(m *types.Func) bool { return slices.Contains(fmtMethods, m.Name()) }) {
				ls = f.bare(a.expr, a.val).labels
			}
			ls = asText(unshown(ls, fmtMethods...))
			if formatIn >= 0 && i > 0 {
				for j := range ls {
					if ls[j].src == nil {
						ls[j].format = formatIn + 1
					}
				}
			}
		} else if id == "reflect" {
			// What is taken apart by reflection is rarely shown whole.
			ls = slices.DeleteFunc(f.beneath(a.val), func(l label) bool { return l.src == nil })
		} else if id == "path" || id == "path/filepath" {
			// A folder that is called what some token is.
			if ls = pathName.after(ls); v.name == "Dir" || v.name == "Ext" || v.name == "VolumeName" {
				ls = nil // what has one is a path and no connection string
			}
		} else if id == "regexp" && strings.HasPrefix(v.name, "Find") || id == "strings" && cuts(v.name) {
			ls = cutOut.after(ls)
		} else if id == "github.com/samber/lo" || id == "slices" || id == "maps" || id == "iter" {
			if textual(v.resultType(0)) && !textual(f.typeOf(a.expr)) {
				ls = cutOut.after(ls) // lo.Map(users, func(u User) string { … })
			}
		}
		content = withLabels(content, ls...)
		for _, c := range a.val.funcs {
			if c.lit != nil { // strings.Map, slices.SortFunc
				content = withLabels(content, f.collectAll(f.callLit(c, v.elementArgs(c), v.call.Pos()))...)
			}
		}
		in = join(in, a.val)
	}
	if asErr {
		content = &value{labels: asError(content.labels)}
	}
	if v.recvX != nil && v.recv != nil {
		if writes(v.name) && len(content.labels) > 0 {
			text := v.text
			w := hop(&value{labels: content.labels}, v.call.Pos(), "is written by "+text)
			target := v.recv
			set := func(old *value) *value { return withLabels(old, w.labels...) }
			if len(target.refs) > 0 {
				f.storeRefs(target.refs, set)
			} else {
				f.store(v.recvX, set)
			}
		}
		content = withLabels(content, f.collect(v.recv)...)
	}
	// fmt.Fprint, io.Copy, io.WriteString: into the first argument.
	if v.recvX == nil && len(v.args) > 1 && intoFirst[v.name] && len(v.args[0].val.refs)+1 > 0 {
		var ls []label
		for i, a := range v.args[1:] {
			if format2 := v.lateFormat(); format2 != "" && i > 0 && harmlessVerb(format2, i-1) {
				continue
			}
			ls = append(ls, f.collect(a.val)...)
		}
		if len(ls) > 0 {
			w := hop(&value{labels: ls}, v.call.Pos(), "is written by "+v.text)
			v.into(v.args[0], w.labels)
			v.writesThrough(w)
		}
		return all(clean, v.n)
	}
	if len(content.labels) == 0 {
		if v.onlyClean() {
			return all(clean, v.n)
		}
		return all(unknown, v.n)
	}
	note := "goes through " + v.text
	if asErr {
		note = "is put into an error by " + v.text
	}
	res := hop(content, v.call.Pos(), note)
	if v.id.Pkg == "strings" && (strings.HasPrefix(v.name, "Split") || v.name == "Fields") {
		c := *res
		c.split = true
		res = &c
	}
	// A container keeps its shape when it goes through a function that returns
	// one of the same type.
	if in != nil && !asErr && len(v.args) == 1 && v.recv == nil && sameType(v.resultType(0), f.typeOf(v.args[0].expr)) {
		res = hop(in, v.call.Pos(), note)
	}
	out := all(unknown, v.n)
	for i := range out {
		t := v.resultType(i)
		switch {
		case isError(t) && quotes(v.id.Pkg, v.name):
			out[i] = hop(&value{labels: quote.after(asError(content.labels))}, v.call.Pos(), "is quoted in the error of "+v.text)
		case isError(t) && !asErr:
			// What went wrong, not what it went wrong with; unless it is about
			// another error.
			out[i] = v.errorsOf(note)
		case t == nil && i > 0:
		default:
			out[i] = res
		}
	}
	return out
}

// quotes reports whether the errors of a function of the standard library repeat
// what it was given.
func quotes(pkg, name string) bool {
	switch pkg {
	case "strconv":
		return strings.HasPrefix(name, "Parse") || name == "Atoi"
	case "net/url":
		return name == "Parse" || name == "ParseRequestURI"
	}
	return false
}

// cuts reports whether a function of package strings gives pieces of texts.
func cuts(name string) bool {
	return strings.HasPrefix(name, "Cut")
}

// errorsOf is what the errors among the arguments carry.
func (v *invocation) errorsOf(note string) *value {
	var ls []label
	for _, a := range v.args {
		if isError(v.f.typeOf(a.expr)) {
			ls = append(ls, v.f.collect(a.val)...)
		}
	}
	if len(ls) == 0 {
		return unknown
	}
	return hop(&value{labels: ls}, v.call.Pos(), note)
}

// asText is what fmt has made of objects: the same for whoever prints it.
func asText(ls []label) []label {
	var out []label
	for _, l := range ls {
		l.text = l.text || l.src == nil
		if l.src != nil && l.src.Kind == Whole {
			if l.src.What == "" {
				continue
			}
			if l.src.JSON != l.src.What || len(l.src.Shown) > 0 {
				c := *l.src
				c.JSON, c.Shown = c.What, nil
				l.src = &c
			}
		}
		out = append(out, l)
	}
	return out
}

func (v *invocation) elementArgs(c *closure) []argument {
	sig, _ := v.f.info.TypeOf(c.lit).(*types.Signature)
	if sig == nil {
		return nil
	}
	var args []argument
	for i := range sig.Params().Len() {
		args = append(args, argument{val: v.f.matching(sig.Params().At(i).Type(), v.args)})
	}
	return args
}

func (f *fn) collectAll(vs []*value) []label {
	var out []label
	for _, v := range vs {
		out = append(out, f.collect(v)...)
	}
	return out
}

func (v *invocation) lateFormat() string {
	if v.name == "Fprintf" && len(v.args) > 1 {
		return v.f.stringConst(v.args[1].expr)
	}
	return ""
}

// writesThrough follows what fmt.Fprint and its kin write into the Write method of
// a writer of the project's own.
func (v *invocation) writesThrough(w *value) {
	t := v.f.typeOf(v.args[0].expr)
	if t == nil || types.IsInterface(t) {
		return
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Write")
	fn, ok := obj.(*types.Func)
	if !ok || !v.f.e.moduleFunc(fn) {
		return
	}
	if s := v.f.e.summaryOf(fn); s != nil {
		c := *v
		c.obj, c.id, c.known, c.recv, c.recvX = fn, funcID(fn), true, v.args[0].val, v.args[0].expr
		c.args = []argument{{expr: v.call.Fun, val: w}}
		c.apply(s)
	}
}

func sameType(a, b types.Type) bool { return a != nil && b != nil && types.Identical(a, b) }

func (v *invocation) onlyClean() bool {
	if len(v.args) == 0 {
		return false
	}
	for _, a := range v.args {
		if !a.val.clean {
			return false
		}
	}
	return v.recv == nil || v.recv.clean
}

// intoFirst are functions that write their other arguments into the first.
var intoFirst = map[string]bool{"Fprint": true, "Fprintf": true, "Fprintln": true, "WriteString": true, "Copy": true, "CopyN": true, "CopyBuffer": true, "Indent": true, "Compact": true, "HTMLEscape": true}

// writes reports whether a method of a known container or writer changes its
// receiver.
func writes(name string) bool {
	for _, p := range []string{"Write", "Set", "Add", "Store", "Put", "Push", "Append", "Swap", "LoadOrStore", "Insert", "ReadFrom", "Encode", "Send"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// ctor is a field built for a structured logger: a key and its value.
func (v *invocation) ctor(s sinks.Sink) *value {
	var out []label
	f := v.f
	list := s.Args(len(v.args))
	for i := 0; i < len(list); i++ {
		a := list[i]
		val, x := v.args[a.Index].val, v.args[a.Index].expr
		switch a.Role {
		case sinks.Keyed:
			val = f.underLogKey(val, x, f.stringConst(v.args[a.Key].expr))
		case sinks.Pair:
			if key := f.stringConst(x); key != "" && i+1 < len(list) {
				next := v.args[list[i+1].Index]
				val = f.underLogKey(next.val, next.expr, key)
				i++
			}
		}
		out = f.add(out, f.collect(val))
	}
	if len(out) == 0 {
		return unknown
	}
	return hop(&value{labels: out}, v.call.Pos(), "goes into "+v.text)
}

// format interprets fmt.Sprint and its kin by their verbs.
func (v *invocation) format() ([]*value, bool) {
	f := v.f
	switch v.id.Name {
	case "Sscan", "Sscanf", "Sscanln", "Fscan", "Fscanf", "Fscanln":
		v.escape() // first: the names of what is read into count, too
		for _, a := range v.args[min(1, len(v.args)):] {
			if ls := f.collect(v.args[0].val); len(ls) > 0 {
				f.store(a.expr, func(old *value) *value { return withLabels(old, ls...) })
				f.storeRefs(a.val.refs, func(old *value) *value { return withLabels(old, ls...) })
			}
		}
		return []*value{clean, unknown}, true
	}
	return nil, false
}

// codec interprets encoding and decoding.
func (v *invocation) codec() ([]*value, bool) {
	f := v.f
	switch v.id.Name {
	case "Marshal", "MarshalIndent", "MarshalToString":
		if len(v.args) == 0 {
			return nil, false
		}
		var ls []label
		for _, l := range f.collect(v.args[0].val) {
			if l.src != nil && l.src.Kind == Whole {
				if l.src.JSON == "" || l.src.shownBy(jsonMethods...) {
					continue
				}
				c := *l.src
				c.What, c.Shown = c.JSON, nil
				l.src = &c
			}
			ls = append(ls, l)
		}
		if len(ls) == 0 {
			return []*value{unknown, unknown}, true
		}
		out := &value{labels: ls}
		if parts := f.underKeys(v.args[0], "json"); v.id.Pkg == "encoding/json" && len(parts.parts) > 0 {
			out = setPart(out, encoded, &value{parts: parts.parts})
		}
		return []*value{hop(out, v.call.Pos(), "is encoded by "+v.text), unknown}, true
	case "Unmarshal", "UnmarshalFromString", "Decode":
		var from []label
		var to argument
		switch {
		case v.id.Name == "Decode" && len(v.args) == 1 && v.recv != nil:
			from, to = f.collect(v.recv), v.args[0]
		case len(v.args) >= 2:
			from, to = f.collect(v.args[0].val), v.args[1]
		default:
			return nil, false
		}
		var ls []label
		for _, l := range from {
			// What a request or an object as a whole carried, its fields have
			// names for.
			if l.src == nil || l.src.Kind != Dump && l.src.Kind != Whole {
				ls = append(ls, l)
			}
		}
		known := clean // an object that was encoded here
		if v.id.Name == "Unmarshal" && v.id.Pkg == "encoding/json" {
			known = f.partOf(v.args[0].val, encoded)
		}
		if len(known.parts) == 0 {
			f.dirty(to.val) // first: the name of what is read into counts, too
		}
		if t := f.typeOf(to.expr); t != nil && textual(t) && len(ls) > 0 {
			f.storeRefs(to.val.refs, func(old *value) *value { return withLabels(old, ls...) })
			f.store(to.expr, func(old *value) *value { return withLabels(old, ls...) })
		}
		if len(known.parts) > 0 {
			f.fill(to, &value{parts: known.parts}, "json")
		}
		return []*value{unknown}, true
	case "NewEncoder":
		if len(v.args) == 1 {
			w := v.args[0]
			if isResponseWriter(f.typeOf(w.expr)) {
				return []*value{unknown}, true
			}
			if len(w.val.refs) > 0 {
				return []*value{{refs: w.val.refs}}, true // writes go there
			}
			return []*value{unknown}, true
		}
	case "NewDecoder":
		if len(v.args) == 1 {
			return []*value{{labels: f.collect(v.args[0].val)}}, true
		}
	case "Encode":
		if len(v.args) == 1 && v.recv != nil && len(v.recv.refs) > 0 {
			if ls := f.collect(v.args[0].val); len(ls) > 0 {
				w := hop(&value{labels: ls}, v.call.Pos(), "is encoded by "+v.text)
				f.storeRefs(v.recv.refs, func(old *value) *value { return withLabels(old, w.labels...) })
			}
		}
		return []*value{unknown}, true
	}
	return nil, false
}

func (v *invocation) httpModel() ([]*value, bool) {
	f := v.f
	id := v.id
	switch {
	case id.Recv == "Request" && (id.Name == "WithContext" || id.Name == "Clone"):
		if v.recv != nil && len(v.args) == 1 {
			return []*value{setPart(f.deref(v.recv), "ctx", v.args[0].val)}, true
		}
	case id.Recv == "Request" && id.Name == "Context":
		if v.recv != nil {
			return []*value{f.partOf(v.recv, "ctx")}, true
		}
	case id.Recv == "Request" && id.Name == "ParseForm":
		return []*value{unknown}, true
	}
	if id.Recv == "" && strings.HasPrefix(id.Name, "NewRequest") {
		at := 1
		if id.Name == "NewRequestWithContext" {
			at = 2
		}
		if at < len(v.args) {
			if ls := f.collect(v.args[at].val); len(ls) > 0 {
				return []*value{setPart(&value{}, "URL", hop(&value{labels: ls}, v.call.Pos(), "is the URL of a request")), unknown}, true
			}
		}
	}
	if out := v.internalError(nil); out != nil {
		// Its error repeats the URL.
		url := unknown
		if len(v.args) > 0 {
			if url = v.args[0].val; id.Name == "Do" {
				url = f.partOf(url, "URL")
			}
		}
		if ls := quote.after(asError(f.collect(url))); len(ls) > 0 && len(out) > 1 {
			out[len(out)-1] = withLabels(out[len(out)-1], hop(&value{labels: ls}, v.call.Pos(), "is quoted in the error of "+v.text).labels...)
		}
		return out, true
	}
	return nil, false
}

// transforming are words in the names of functions that return their argument
// in another form.
var transforming = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`to string str bytes copy clone lower upper title camel snake trim join format sprint sprintf encode decode quote unquote escape unescape convert conv cast ternary coalesce
		or first last must ptr deref pointer concat replace normalize render marshal wrap wrapf errorf unsafe clean cut split append prepend pad indent dump pretty json yaml`) {
		m[w] = true
	}
	return m
}()

// guess is what a call of a function nobody has read is taken to do.
func (v *invocation) guess() []*value {
	f := v.f
	out := all(unknown, v.n)
	if out2 := v.internalError(nil); out2 != nil {
		out = out2
	}
	first := v.resultType(0)
	transforms := false
	for _, w := range words.Split(v.name) {
		transforms = transforms || transforming[w]
	}
	if strings.HasPrefix(v.name, "Wrap") || strings.HasPrefix(v.name, "WithMessage") || strings.HasPrefix(v.name, "WithStack") || v.name == "Errorf" || v.name == "Join" {
		if isError(first) {
			return v.carry(true)
		}
	}
	switch {
	case v.recvX == nil && transforms && len(v.args) > 0 && len(v.args) <= 4 && textual(first) && !isError(first):
		return append(v.carry(false)[:1], all(unknown, v.n)[1:]...) // what else it returns is about it
	case v.recvX != nil && isError(f.typeOf(v.recvX)):
		// err.Error(), err.Unwrap()
		return []*value{{labels: f.collect(v.recv)}}
	case v.recvX != nil && v.recv != nil:
		rt := f.typeOf(v.recvX)
		if v.name == "String" || v.name == "Error" || v.name == "Bytes" || v.name == "Text" || v.name == "Unwrap" {
			if ls := contents(f.collect(v.recv)); len(ls) > 0 {
				return []*value{{labels: ls}}
			}
			return out
		}
		if sameType(rt, first) { // a chain
			chain := v.recv
			if writes(v.name) || strings.HasPrefix(v.name, "With") {
				var ls []label
				for _, a := range v.args {
					ls = append(ls, contents(f.collect(a.val))...)
				}
				chain = withLabels(chain, ls...)
			}
			out[0] = chain
		}
	}
	return out
}

// contents leaves out what holds for an object as a whole only.
func contents(ls []label) []label {
	var out []label
	for _, l := range ls {
		if l.src == nil || l.src.Kind != Whole {
			out = append(out, l)
		}
	}
	return out
}
