package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// SinkKind says where a sink leads.
type SinkKind byte

// The kinds of sinks.
const (
	Log        SinkKind = iota + 1
	ThirdParty          // error trackers, traces, analytics
	Response            // the answer to the client
)

// Sink says which arguments of a call leave the program, and how.
type Sink struct {
	Kind   SinkKind
	Style  string // as in the tables of package sinks
	Format int    // index of the format string, -1 for none
	Args   string // "0 msg;1.. kv"
	JSON   bool   // values are printed as JSON
	Who    string // the third party
	Stdout bool   // standard output: no log in a program for the terminal
}

// Vocabulary is what the engine is told about the world.
type Vocabulary struct {
	// Sink finds the sink a call names.
	Sink func(callee.Func) (Sink, bool)
}

// emits reports whether a call of this style emits what it is given, now or
// when its chain ends. Constructors of fields emit nothing by themselves.
func (s Sink) emits() bool {
	switch s.Style {
	case "ctor", "ctor_value", "name", "source_dump", "":
		return false
	}
	return true
}

// logged is one logged argument of a call: a value, or a key and its value.
type logged struct {
	key, value int // key -1: none, -2: keys and values alternate
}

// arguments lists which of n arguments are logged.
func (s Sink) arguments(n int) []logged {
	var out []logged
	if s.Format >= 0 && s.Format < n {
		out = append(out, logged{-1, s.Format})
	}
	for _, part := range strings.Split(s.Args, ";") {
		f := strings.Fields(part)
		if len(f) == 0 || f[0] == "-" {
			continue
		}
		from, open := strings.CutSuffix(f[0], "..")
		first, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		role := ""
		if len(f) > 1 {
			role = f[1]
		}
		switch {
		case role == "key":
		case role == "val" && first > 0:
			last := first + 1
			if open {
				last = n
			}
			for i := first; i < last && i < n; i++ {
				out = append(out, logged{first - 1, i})
			}
		case role == "kv":
			for i := first; i < n; i++ {
				out = append(out, logged{-2, i})
			}
		case open:
			for i := first; i < n; i++ {
				if i != s.Format {
					out = append(out, logged{-1, i})
				}
			}
		case first < n && first != s.Format:
			out = append(out, logged{-1, first})
		}
	}
	return out
}

// sinkUse says that an input of a function reaches a sink inside it.
type sinkUse struct {
	in     port
	sink   Sink
	name   string // of the sink's callee, for people
	debug  bool
	err    bool
	symbol string // the function the sink stands in
	pos    token.Pos
	end    token.Pos
	file   string // where, if the sink is in another package
	line   int
	step   *step // from the input to the sink
	told   []string
	kv     bool // the input is spread over keys and values
	format int  // the input that is the format string of this one, -1 for none
	key    int  // the input that is the key of this one, -1 for none
	// wrapper: the function is there to log: its callers are the ones who log.
	wrapper bool
}

// rule is the part of a label that decides which rule it falls under.
func (l label) rule() string {
	switch {
	case l.src == nil:
		return ""
	case l.src.Kind == Whole:
		return "whole"
	case l.src.Kind == Dump:
		return "dump"
	case l.src.Kind == Internal:
		return "internal"
	}
	return string(l.src.Class)
}

// sink finds out whether the call is a sink.
func (v *invocation) sink() (Sink, bool) {
	f := v.f
	if v.known {
		if s, ok := f.e.voc.Sink(v.id); ok {
			switch {
			case strings.HasPrefix(s.Style, "stdout_"):
				s.Stdout = true
				return s, !f.e.terminal
			case strings.HasPrefix(s.Style, "writer_"):
				return v.writer(s)
			case s.emits():
				return s, true
			}
			return Sink{}, false
		}
		if s, ok := v.response(); ok {
			return s, true
		}
	}
	return v.looksLikeLogger()
}

// writer decides what fmt.Fprint and its kin write to.
func (v *invocation) writer(s Sink) (Sink, bool) {
	if len(v.args) == 0 {
		return Sink{}, false
	}
	w := ast.Unparen(v.args[0].expr)
	switch x := w.(type) {
	case *ast.SelectorExpr:
		switch callee.Package(v.f.info, x.X) + "." + x.Sel.Name {
		case "os.Stdout", "os.Stderr":
			s.Stdout = true
			return s, !v.f.e.terminal
		case "github.com/gin-gonic/gin.DefaultWriter", "github.com/gin-gonic/gin.DefaultErrorWriter":
			return s, true
		}
	case *ast.CallExpr:
		if id, ok := callee.Of(v.f.info, x); ok && id.Pkg == "log" && id.Name == "Writer" {
			return s, true
		}
	}
	if isResponseWriter(v.f.typeOf(w)) {
		s.Kind = Response
		return s, true
	}
	return Sink{}, false
}

func isResponseWriter(t types.Type) bool {
	pkg, name := namedType(t)
	return name == "ResponseWriter" && (pkg == "net/http" || pkg == "github.com/gin-gonic/gin")
}

// logLevels are method names of loggers.
var logLevels = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields("Print Trace Debug Info Notice Warn Warning Error Fatal Panic Critical Alert Emergency Log") {
		m[w] = true
	}
	return m
}()

// looksLikeLogger takes calls on the project's own loggers that cannot be
// followed: an interface or an unknown type whose name says logger, with a
// method named like a level.
func (v *invocation) looksLikeLogger() (Sink, bool) {
	sel, ok := ast.Unparen(v.call.Fun).(*ast.SelectorExpr)
	if !ok {
		return Sink{}, false
	}
	name := sel.Sel.Name
	level := strings.TrimSuffix(name, "Context")
	level = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(level, "ln"), "f"), "w")
	if !logLevels[level] {
		return Sink{}, false
	}
	typeName := v.id.Recv
	if v.recvX == nil {
		// A package nobody has read that is called log or logger.
		if !v.known || v.id.Recv != "" || carriers[v.id.Pkg] || v.obj != nil && v.f.e.moduleFunc(v.obj) {
			return Sink{}, false
		}
		typeName = exprName(sel.X)
	}
	if v.obj != nil && !v.interfaceCall() && v.f.e.summaryOf(v.obj) != nil {
		return Sink{}, false // it has been read
	}
	if v.recvX != nil && (!v.known || typeName == "") {
		typeName = types.ExprString(sel.X)
		if i := strings.LastIndexByte(typeName, '.'); i >= 0 {
			typeName = typeName[i+1:]
		}
		switch typeName {
		case "log", "logger", "Log", "Logger":
		default:
			return Sink{}, false
		}
	}
	if !saysLog(typeName) {
		return Sink{}, false
	}
	if strings.HasSuffix(name, "f") {
		return Sink{Kind: Log, Style: "printf", Format: 0, Args: "1.."}, true
	}
	return Sink{Kind: Log, Style: "kv", Format: -1, Args: "0.. kv"}, true
}

// saysLog reports whether a name speaks of a log: Logger, appLog, log, but not
// Catalog, Login or Dialog.
func saysLog(name string) bool {
	for _, w := range sensitive.Split(name) {
		switch w {
		case "log", "logger", "logging", "logs", "logr", "slog", "zlog", "klog", "audit", "auditor", "auditlog", "syslog", "logf", "loggerf":
			return true
		}
		if strings.HasSuffix(w, "logger") {
			return true
		}
	}
	return false
}

// reach judges the arguments of a sink.
func (v *invocation) reach(s Sink) []*value {
	f := v.f
	format := ""
	if s.Format >= 0 && s.Format < len(v.args) {
		format = f.stringConst(v.args[s.Format].expr)
	}
	list := s.arguments(len(v.args))
	formatIn := -1
	if s.Format >= 0 && s.Format < len(v.args) && format == "" {
		formatIn = inputOf(v.args[s.Format].val)
	}
	for i := 0; i < len(list); i++ {
		a := list[i]
		val := v.args[a.value].val
		x := v.args[a.value].expr
		if s.Style == "closure" {
			for _, c := range val.funcs {
				if c.lit != nil {
					for _, r := range f.callLit(c, nil, x.Pos()) {
						v.emit(s, r, false, -1, -1)
					}
				}
			}
			continue
		}
		switch {
		case a.key == -2: // alternating keys and values
			key := f.stringConst(x)
			if key != "" && i+1 < len(list) && !v.args[a.value].spread {
				next := v.args[list[i+1].value]
				v.emit(s, f.underLogKey(next.val, next.expr, key), false, -1, -1)
				i++
				continue
			}
			keyIn := inputOf(val)
			if keyIn >= 0 && !v.args[a.value].spread && i+1 < len(list) {
				next := v.args[list[i+1].value]
				v.emit(s, val, false, -1, -1)
				v.emit(s, next.val, next.spread, -1, keyIn)
				i++
				continue
			}
			v.emit(s, val, v.args[a.value].spread, -1, -1)
		case a.key >= 0:
			v.emit(s, f.underLogKey(val, x, f.stringConst(v.args[a.key].expr)), false, -1, inputOf(v.args[a.key].val))
		default:
			if format != "" && a.value != s.Format && harmlessVerb(format, a.value-s.Format-1) {
				continue
			}
			fi := -1
			if a.value != s.Format {
				fi = formatIn
			}
			v.emit(s, val, false, fi, -1)
		}
	}
	v.escape()
	return all(unknown, v.n)
}

// inputOf is the input that a value is, -1 if it is none.
func inputOf(v *value) int {
	for _, l := range v.labels {
		if l.src == nil && l.in.path == "" {
			return l.in.param
		}
	}
	return -1
}

// underLogKey is a value logged under a key: the key says what it is.
func (f *fn) underLogKey(v *value, x ast.Expr, key string) *value {
	if v.clean || key == "" || told(v) {
		return v
	}
	m, ok := sensitive.Name(key)
	if !ok || !holds(f.typeOf(x), m) || aboutIt(x) {
		return v
	}
	return withLabels(v, named(ByName, m, x.Pos(), "logged as "+quoted(key), "key "+key))
}

// aboutIt reports whether an expression's own name says that it is something
// about what the key names: its file, its name, its length.
func aboutIt(x ast.Expr) bool {
	name := exprName(x)
	words := sensitive.Split(strings.TrimSuffix(name[strings.LastIndexByte(strings.TrimSuffix(name, "()"), '.')+1:], "()"))
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "path", "file", "filename", "dir", "name", "type", "kind", "status", "state", "len", "length", "count", "err", "error", "msg", "message", "expiry", "version", "format", "provider":
		return true
	}
	return false
}

// emit says that a value reaches a sink here.
func (v *invocation) emit(s Sink, val *value, kv bool, format, key int) {
	f := v.f
	labels := f.collect(val)
	if len(labels) == 0 {
		return
	}
	debug := isDebug(v.text)
	var told []string
	for _, l := range labels {
		if l.src == nil {
			continue
		}
		if f.report(l, s, debug, place{pos: v.call.Pos(), end: v.call.End(), symbol: f.symbol, name: v.text}, l.step.then(v.call.Pos(), leaves(s, v.text))) {
			told = append(told, l.rule())
		}
	}
	for _, l := range labels {
		if l.src != nil {
			continue
		}
		f.sum.addSink(&sinkUse{in: l.in, sink: s, name: v.text, debug: debug, err: l.err, symbol: f.symbol, pos: v.call.Pos(), end: v.call.End(),
			step: l.step.then(v.call.Pos(), leaves(s, v.text)), told: told, kv: kv, format: format, key: key, wrapper: f.sum.wrapper})
	}
}

func leaves(s Sink, text string) string {
	switch s.Kind {
	case Response:
		return "is sent to the client by " + text
	case ThirdParty:
		return "is sent to " + s.Who + " by " + text
	}
	return "is logged by " + text
}

func isDebug(name string) bool {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	name = strings.ToLower(name)
	return strings.Contains(name, "debug") || strings.Contains(name, "trace") || strings.HasPrefix(name, "verbose")
}

// reachInside judges what reaches a sink inside the callee.
func (v *invocation) reachInside(s *summary, use *sinkUse, in []*value) {
	f := v.f
	if use.in.param >= len(in) {
		return
	}
	if use.format >= 0 {
		if x := v.inputExpr(s, use.format); x != nil {
			// Which operand a label came from is not known: a format of verbs
			// that print no value is all that can be told.
			if format := f.stringConst(x); format != "" && allHarmless(format) {
				return
			}
		}
	}
	var parts []*value
	if use.kv {
		parts = v.spreadPairs(s, use.in.param)
	}
	if parts == nil {
		got := in[use.in.param]
		if use.in.path != "" {
			got = f.at(got, use.in.path)
		}
		if use.key >= 0 && use.in.path == "" {
			if k, x := v.inputExpr(s, use.key), v.inputExpr(s, use.in.param); k != nil && x != nil {
				got = f.underLogKey(got, x, f.stringConst(k))
			}
		}
		parts = []*value{got}
	}
	debug := use.debug || isDebug(v.text) && use.wrapper
	for _, p := range parts {
		v.reachInsideWith(use, p, debug)
	}
}

func (v *invocation) reachInsideWith(use *sinkUse, p *value, debug bool) {
	f := v.f
	var told []string
	labels := f.collect(p)
	for _, l := range labels {
		if l.src == nil || contains(use.told, l.rule()) {
			continue
		}
		l.err = l.err || use.err
		st := l.step.then(v.call.Pos(), "is passed to "+v.text)
		for _, h := range use.step.list() {
			st = follow(st, h)
		}
		at := place{pos: v.call.Pos(), end: v.call.End(), symbol: f.symbol, name: v.text}
		if !use.wrapper {
			at = place{pos: use.pos, end: use.end, file: use.file, line: use.line, symbol: use.symbol, name: use.name}
		}
		if f.report(l, use.sink, debug, at, st) {
			told = append(told, l.rule())
		}
	}
	for _, l := range labels {
		if l.src != nil {
			continue
		}
		st := l.step.then(v.call.Pos(), "is passed to "+v.text)
		for _, h := range use.step.list() {
			st = follow(st, h)
		}
		u := *use
		u.in, u.step, u.err, u.debug = l.in, st, l.err || use.err, debug
		u.told = append(append([]string{}, use.told...), told...)
		u.kv, u.format, u.key = use.kv && strings.HasSuffix(l.in.path, elem), -1, -1
		if use.wrapper {
			// The call of a wrapper is where it is logged.
			u.pos, u.end, u.symbol, u.name, u.file, u.line = v.call.Pos(), v.call.End(), f.symbol, v.text, "", 0
		}
		u.wrapper = f.sum.wrapper
		f.sum.addSink(&u)
	}
}

// follow appends a step of another path.
func follow(st, h *step) *step {
	out := st.then(h.pos, h.note)
	if out != st && !h.pos.IsValid() {
		out.file, out.line = h.file, h.line
	}
	return out
}

// spreadPairs are the values a call passes to a variadic input, each under the
// key before it; nil if they are not keys and values.
func (v *invocation) spreadPairs(s *summary, input int) []*value {
	first := input
	if s.method {
		first--
	}
	if !s.variadic || input != s.inputs-1 || first < 0 || first >= len(v.args) || v.args[first].spread {
		return nil
	}
	var out []*value
	for i := first; i < len(v.args); i++ {
		key := v.f.stringConst(v.args[i].expr)
		if key != "" && i+1 < len(v.args) {
			out = append(out, v.f.underLogKey(v.args[i+1].val, v.args[i+1].expr, key))
			i++
			continue
		}
		out = append(out, v.args[i].val)
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// place is where a sink stands.
type place struct {
	pos, end token.Pos
	file     string // where, if it is in another package
	line     int
	symbol   string // the function around it
	name     string // of its callee, for people
}

// report records that a source reaches a sink; one finding for each sink call
// and rule. It returns false for what is no matter for this kind of sink.
func (f *fn) report(l label, s Sink, debug bool, at place, st *step) bool {
	src := l.src
	switch {
	case src.Kind == Internal && s.Kind != Response:
		return false
	case src.Class == sensitive.Device && src.Level == "low":
		return false // the client's address is in every access log
	case s.Kind == Response && src.Kind != Internal && !l.err:
		return false
	case s.Kind == Response && src.Kind != Internal && (src.Kind == Whole || src.Kind == Dump || src.Class == sensitive.Contact || src.Class == sensitive.Identity || src.Class == sensitive.Device):
		return false
	case src.Kind == Whole && s.JSON && src.JSON == "":
		return false
	case src.Kind == Whole && !s.JSON && src.What == "":
		return false
	}
	if f.muted {
		return true
	}
	f.e.found(&Flow{Source: src, Sink: s, Name: at.name, Debug: debug, InError: l.err, Pos: at.pos, End: at.end, File: at.file, Line: at.line, Symbol: at.symbol, Rule: l.rule(), steps: st})
	return true
}

// verbs of a format string, in order; nil entries do not exist.
func formatVerbs(format string) []byte {
	var out []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		for i < len(format) && strings.IndexByte("+-# 0123456789.[]", format[i]) >= 0 {
			i++
		}
		if i >= len(format) || format[i] == '%' {
			continue
		}
		out = append(out, format[i])
	}
	return out
}

// harmlessVerb reports whether the verb for the n-th operand of format prints
// no value: %T a type, %p an address.
func harmlessVerb(format string, n int) bool {
	verbs := formatVerbs(format)
	return n >= 0 && n < len(verbs) && (verbs[n] == 'T' || verbs[n] == 'p' || verbs[n] == 't')
}

func allHarmless(format string) bool {
	verbs := formatVerbs(format)
	for i := range verbs {
		if !harmlessVerb(format, i) {
			return false
		}
	}
	return len(verbs) > 0
}
