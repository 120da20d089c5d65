package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/thirdparty"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// SinkKind says where a sink leads.
type SinkKind byte

// The kinds of sinks.
const (
	Log              SinkKind = iota + 1
	ThirdParty                // error trackers, traces, analytics
	Response                  // the answer to the client
	Service                   // what the program makes use of: the customer data map
	throughInterface          // a method of an interface: not known yet
)

// Sink says which arguments of a call leave the program, and how.
type Sink struct {
	Kind SinkKind
	Who  string // the third party
	// Category and Via say of a Service what kind it is, and the import path or
	// host through which it is reached.
	Category, Via string
	Stdout        bool // standard output: no log in a program for the terminal
	JSON          bool // values are printed as JSON
	Text          bool // values are printed as fmt prints them, where the library knows both ways

	call    sinks.Sink
	guessed bool // taken for a log by its name: nobody knows how it prints objects

	args []int // those that are sent, for responses; -n: all from n-1 on
}

// Vocabulary is what the engine is told about the world.
type Vocabulary struct {
	// Lexicon decides what is sensitive.
	Lexicon *sensitive.Lexicon
	// Sanitizes reports whether the result of a call tells nothing of its
	// arguments.
	Sanitizes func(callee.Func) bool
	// SafeLog reports whether a function writes to a log with access control.
	SafeLog func(callee.Func) bool
	// Cache is shared by the packages of a program; nil for none.
	Cache *Cache
}

// list lists which of n arguments leave the program.
func (s Sink) list(n int) []sinks.Arg {
	if s.args == nil {
		return s.call.Args(n)
	}
	var out []sinks.Arg
	for _, i := range s.args {
		last := i
		if i < 0 {
			i, last = -i-1, n-1
		}
		for ; i <= last && i < n; i++ {
			out = append(out, sinks.Arg{Role: sinks.Value, Index: i, Key: -1, Verb: -1})
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
	text   bool   // fmt has made text of it
	thin   thin   // what is left of it
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
	url    int  // one more than the input that is the URL of the service, 0 for none
	// wrapper: the function is there to log: its callers are the ones who log.
	wrapper bool
	// held: it is kept as a sink of a field, so callers need not.
	held bool
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
	if s, ok := v.writes(); ok {
		return s, true
	}
	if v.known {
		if f.e.voc.SafeLog(v.id) || v.recvX != nil && f.e.discards(v.recvX, 0) {
			return Sink{}, false
		}
		if s, ok := sinks.Lookup(v.id); ok {
			return v.inTables(s)
		}
		if s, ok := v.response(); ok {
			return s, true
		}
		if s, ok := v.telemetry(); ok {
			return s, true
		}
		if v.obj != nil && !v.interfaceCall() && f.e.moduleFunc(v.obj) {
			return Sink{}, false // it has been read
		}
		var sig *types.Signature
		if v.obj != nil {
			sig, _ = v.obj.Type().(*types.Signature)
		}
		if s, ok := sinks.Guess(v.id, sig); ok && !carriers[v.id.Pkg] {
			return Sink{Kind: Log, call: s, guessed: true}, true
		}
	}
	return v.looksLikeLogger()
}

// inTables is a sink of the tables.
func (v *invocation) inTables(s sinks.Sink) (Sink, bool) {
	if !s.Emits() {
		return Sink{}, false
	}
	out := v.renders(Sink{Kind: Log, call: s, JSON: s.Rendering() == sinks.JSON})
	switch s.Dest {
	case sinks.Console:
		out.Stdout = true
		return out, !v.f.e.terminal && !v.painted()
	case sinks.Writer:
		return v.writer(out)
	case sinks.Telemetry:
		out.Kind, out.Who = ThirdParty, "a telemetry service"
		if who, ok := thirdparty.Package(v.id.Pkg); ok {
			out.Who = who.Name
		}
	}
	return out, true
}

// writer decides what fmt.Fprint and its kin write to.
func (v *invocation) writer(s Sink) (Sink, bool) {
	if len(v.args) == 0 {
		return Sink{}, false
	}
	w := ast.Unparen(v.args[0].expr)
	if out, ok := v.logWriter(w, s); ok {
		return out, !out.Stdout || !v.f.e.terminal
	}
	if isResponseWriter(v.f.typeOf(w)) {
		s.Kind = Response
		return s, true
	}
	return Sink{}, false
}

// logWriter reports whether an expression is a writer that logs go to.
func (v *invocation) logWriter(w ast.Expr, s Sink) (Sink, bool) {
	switch x := ast.Unparen(w).(type) {
	case *ast.SelectorExpr:
		switch callee.Package(v.f.info, x.X) + "." + x.Sel.Name {
		case "os.Stdout", "os.Stderr":
			s.Stdout = true
			return s, true
		case "github.com/gin-gonic/gin.DefaultWriter", "github.com/gin-gonic/gin.DefaultErrorWriter":
			return s, true
		}
	case *ast.CallExpr:
		id, ok := callee.Of(v.f.info, x)
		if !ok {
			break
		}
		id.Pkg = sinks.Canonical(id.Pkg)
		switch {
		case id.Pkg == "log" && id.Name == "Writer", id.Pkg == "github.com/sirupsen/logrus" && strings.HasPrefix(id.Name, "Writer"):
			sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
			return s, !ok || id.Recv == "" || !v.f.e.discards(sel.X, 0)
		case id.Pkg == "io" && id.Name == "MultiWriter", id.Pkg == "bufio" && strings.HasPrefix(id.Name, "NewWriter") && len(x.Args) > 0:
			for _, a := range x.Args {
				if out, ok := v.logWriter(a, s); ok {
					return out, true
				}
			}
		}
	case *ast.Ident:
		obj := v.f.object(x)
		if obj == nil || !v.f.e.follow(obj) {
			break
		}
		defer delete(v.f.e.following, obj)
		list := v.f.e.definitions()[obj]
		out := s
		for _, d := range list {
			var ok bool
			if out, ok = v.logWriter(d, s); !ok {
				list = nil
				break
			}
		}
		if len(list) > 0 {
			return out, true
		}
	}
	switch pkg, name := namedType(v.f.typeOf(w)); {
	case pkg == "log/syslog" && name == "Writer", strings.HasPrefix(pkg, "gopkg.in/natefinch/lumberjack") && name == "Logger":
		return s, true
	}
	return s, false
}

// writes recognises what is written to where logs go without a log call:
// log.Writer().Write(b), io.WriteString(os.Stderr, s).
func (v *invocation) writes() (Sink, bool) {
	to, from := v.recvX, 0
	switch {
	case v.recvX != nil && (v.name == "Write" || v.name == "WriteString") && len(v.args) == 1:
	case v.known && v.id.Pkg == "io" && (v.name == "WriteString" || v.name == "Copy") && len(v.args) == 2:
		to, from = v.args[0].expr, 1
	case v.known && v.id.Recv == "Encoder" && v.name == "Encode" && len(v.args) == 1 && v.recvX != nil:
		to = v.f.encoderWriter(v.recvX)
	default:
		return Sink{}, false
	}
	if to == nil {
		return Sink{}, false
	}
	s, ok := v.logWriter(to, Sink{Kind: Log, args: []int{from}, call: sinks.Sink{Format: -1}, JSON: v.name == "Encode"})
	if s.Stdout {
		ok = ok && !v.f.e.terminal
	}
	return s, ok
}

func isResponseWriter(t types.Type) bool {
	pkg, name := namedType(t)
	return name == "ResponseWriter" && (pkg == "net/http" || pkg == "github.com/gin-gonic/gin")
}

// logLevels are names of methods of loggers.
var logLevels = words.NewSet("print trace debug info notice warn warning error fatal panic critical alert emergency log")

// looksLikeLogger takes calls without type information on what is called log or
// logger, with a method named like a level.
func (v *invocation) looksLikeLogger() (Sink, bool) {
	sel, ok := ast.Unparen(v.call.Fun).(*ast.SelectorExpr)
	if !ok || v.recvX == nil || v.known && v.id.Recv != "" {
		return Sink{}, false
	}
	name := exprName(sel.X)
	switch name = strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "()"); name {
	case "log", "logger", "Log", "Logger":
	default:
		return Sink{}, false
	}
	s, ok := sinks.Guess(callee.Func{Recv: "Logger", Name: sel.Sel.Name}, nil)
	return Sink{Kind: Log, call: s, guessed: true}, ok
}

// saysLog reports whether a name speaks of a log: Logger, appLog, log, but not
// Catalog, Login or Dialog.
func saysLog(name string) bool {
	for _, w := range words.Split(name) {
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
	format, at := "", s.call.Format
	if s.args != nil {
		at = -1
	}
	formatIn := -1
	if at >= 0 && at < len(v.args) {
		if format = f.keyText(v.args[at].expr); format == "" {
			formatIn = inputOf(v.args[at].val)
		}
	}
	list := s.list(len(v.args))
	for i := 0; i < len(list); i++ {
		a := list[i]
		x := v.args[a.Index].expr
		if w := f.e.whole(f.typeOf(x)); w != nil && w.deep && len(w.fields) == 0 {
			f.meet("fields within fields of " + w.name)
		}
		val := f.shown(v.args[a.Index].val, x, s.call.Honours)
		if (a.Role == sinks.Operand || a.Role == sinks.Value) && s.Kind == Log && !s.guessed && s.args == nil && s.call.Rendering() == sinks.Fmt && showsAddress(f.typeOf(x)) {
			val = clean
		}
		if a.Role != sinks.Closure {
			val = f.showsFields(s, val, x)
		}
		switch a.Role {
		case sinks.Closure:
			for _, c := range val.funcs {
				if c.lit != nil {
					for _, r := range f.callLit(c, nil, x.Pos()) {
						v.emit(s, r, false, -1, -1)
					}
				}
			}
		case sinks.Pair:
			key, spread := f.keyText(x), v.args[a.Index].spread
			if i+1 < len(list) && !spread {
				next := v.args[list[i+1].Index]
				if key != "" {
					v.emit(s, f.underLogKey(f.shown(next.val, next.expr, s.call.Honours), next.expr, key), false, -1, -1)
					i++
					continue
				}
				if keyIn := inputOf(val); keyIn >= 0 {
					v.emit(s, val, false, -1, -1)
					v.emit(s, next.val, next.spread, -1, keyIn)
					i++
					continue
				}
			}
			v.emit(s, val, spread, -1, -1)
		case sinks.Keyed:
			key := v.args[a.Key]
			v.emit(s, f.underLogKey(val, x, f.stringConst(key.expr)), false, -1, inputOf(key.val))
		case sinks.Operand:
			if format == "" || !harmlessVerb(format, a.Verb) {
				v.emit(s, val, false, formatIn, -1)
			}
		default:
			v.emit(s, val, false, -1, -1)
		}
	}
	v.escapeFuncs() // who logs a value does not change it
	return all(unknown, v.n)
}

// shown is what one who lets these methods decide gets to see of a value: what
// they return, whatever else its fields hold.
func (f *fn) shown(v *value, x ast.Expr, honours func(method string) bool) *value {
	t := f.typeOf(x)
	if t == nil || v.clean || v.sealed {
		return v
	}
	if !slices.ContainsFunc(ownPrinting(t), func(m *types.Func) bool { return honours(m.Name()) }) {
		return f.bare(x, v)
	}
	for _, m := range ownPrinting(t) {
		if m.Name() == "Error" || !honours(m.Name()) {
			continue
		}
		s := f.e.summaryOf(m)
		if !f.e.moduleFunc(m) || s == nil || len(s.results) != 1 || s.results[0] == nil {
			return v
		}
		out := f.subst(s.results[0], []*value{v}, x.Pos(), exprName(x)+"."+m.Name(), 0)
		return &value{labels: f.collect(out), sealed: true}
	}
	return v
}

// showsAddress reports whether fmt prints the address of values of t, not what is
// there.
func showsAddress(t types.Type) bool {
	if t == nil {
		return false
	}
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	_, basic := p.Elem().Underlying().(*types.Basic)
	return basic && !printsItself(t)
}

// inputOf is the input that a value is, -1 if it is none.
func inputOf(v *value) int {
	for _, l := range v.labels {
		if l.src == nil && l.in.path == "" && l.in.global == "" {
			return l.in.param
		}
	}
	return -1
}

// underLogKey is a value logged under a key: the key says what it is.
func (f *fn) underLogKey(v *value, x ast.Expr, key string) *value {
	if key == "" || v.quiet || told(v) {
		return v
	}
	m, ok := f.e.voc.Lexicon.Name(key)
	if !ok || !holds(f.typeOf(x), m) || aboutIt(x) || v.clean && !secretText(f.literalText(x), key, m, keyValue) {
		return v
	}
	if sensitive.Harmless(m, exprName(x)) || m.Term == "session id" && f.besideSecret(x) {
		return v
	}
	if v.clean {
		v = unknown
	}
	l := named(ByName, m, x.Pos(), "logged as "+quoted(key), "key "+key)
	f.doubt(l.src)
	return withLabels(v, l)
}

// besideSecret reports whether an expression is a field of an object that keeps a
// secret or its hash in another: then it is not this one that lets somebody in.
func (f *fn) besideSecret(x ast.Expr) bool {
	sel, ok := ast.Unparen(x).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	owner, _, _ := f.fieldOwner(sel)
	if owner == nil {
		return false
	}
	st, ok := owner.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range st.NumFields() {
		for _, w := range words.Split(st.Field(i).Name()) {
			if w == "secret" || w == "token" || w == "hash" {
				return true
			}
		}
	}
	return false
}

// aboutIt reports whether an expression's own name says that it is something
// about what the key names: its file, its name, its length.
func aboutIt(x ast.Expr) bool {
	name := exprName(x)
	ws := words.Split(strings.TrimSuffix(name[strings.LastIndexByte(strings.TrimSuffix(name, "()"), '.')+1:], "()"))
	if len(ws) == 0 {
		return false
	}
	switch ws[len(ws)-1] {
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
	debug := isDebug(v.text) || f.debugs[v.call]
	var told []string
	for _, l := range labels {
		if l.src == nil {
			continue
		}
		if s.guessed && l.src.Kind == Whole && l.src.JSON != "" && l.src.What != "" && l.src.JSON != l.src.What {
			// Name the field that shows however it prints.
			c := *l.src
			c.What = c.JSON
			l.src = &c
		}
		at, st, quiet := f.loggedBy(l, place{pos: v.call.Pos(), end: v.call.End(), symbol: f.symbol, name: v.text})
		if f.report(l, s, debug || quiet, at, st.then(v.call.Pos(), leaves(s, v.text))) {
			told = append(told, l.rule())
		}
	}
	for _, l := range labels {
		if l.src != nil {
			continue
		}
		f.addSink(&sinkUse{in: l.in, sink: s, name: v.text, debug: debug, err: l.err, text: l.text, thin: l.thin, symbol: f.symbol, pos: v.call.Pos(), end: v.call.End(),
			step: l.step.then(v.call.Pos(), leaves(s, v.text)), told: told, kv: kv, format: max(format, l.format-1), key: key, wrapper: f.sum.wrapper})
	}
}

// loggedBy is where a value is logged: at the call of a function literal that is
// there to log, if that was given it, and else where at says.
func (f *fn) loggedBy(l label, at place) (_ place, st *step, debug bool) {
	first := l.step.first()
	var calls []*invocation
	for fr := f.frame; fr != nil; fr = fr.outer {
		if fr.by == nil || fr.lit.Pos() <= first && first < fr.lit.End() {
			continue
		}
		at.pos, at.end, at.name = fr.by.call.Pos(), fr.by.call.End(), fr.by.text
		calls = append(calls, fr.by)
		debug = debug || isDebug(at.name)
	}
	st = l.step
	for _, c := range slices.Backward(calls) {
		st = st.then(c.call.Pos(), "is passed to "+c.text)
	}
	return at, st, debug
}

func leaves(s Sink, text string) string {
	switch s.Kind {
	case Response:
		return "is sent to the client by " + text
	case ThirdParty, Service:
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
	if use.url > 0 {
		if use = v.hosted(s, use); use == nil {
			return
		}
	}
	var parts []*value
	formatIn := -1
	if use.format >= 0 && use.sink.Kind != throughInterface {
		if x := v.inputExpr(s, use.format); x != nil {
			// Which operand a label came from is not known: a format of verbs
			// that print no value is all that can be told.
			format := f.stringConst(x)
			if format != "" && allHarmless(format) {
				return
			}
			parts = v.operands(s, use, format)
		}
		if use.format < len(in) {
			formatIn = inputOf(in[use.format])
		}
	}
	if use.kv {
		parts = v.spreadPairs(s, use.in.param)
	}
	if parts == nil {
		got := in[use.in.param]
		if use.in.path == under {
			if p := v.readUnder(s, use.in.param); p != nil {
				got = p
			} else {
				got = f.at(got, under)
			}
		} else if use.in.path != "" {
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
		v.reachInsideWith(use, p, debug, formatIn)
	}
}

// operands are the values that a constant format string passed to a wrapper
// shows, nil if that is all of them.
func (v *invocation) operands(s *summary, use *sinkUse, format string) []*value {
	first := use.in.param
	if s.method {
		first--
	}
	verbs := formatVerbs(format)
	if !s.variadic || use.in.param != s.inputs-1 || first < 0 || len(v.args)-first != len(verbs) || len(verbs) == 0 || v.args[len(v.args)-1].spread {
		return nil
	}
	var out []*value
	for i, a := range v.args[first:] {
		if !harmlessVerb(format, i) {
			out = append(out, a.val)
		}
	}
	if len(out) == len(verbs) {
		return nil
	}
	return out
}

func (v *invocation) reachInsideWith(use *sinkUse, p *value, debug bool, formatIn int) {
	f := v.f
	var told []string
	labels := use.thin.after(f.collect(p))
	if use.text {
		labels = asText(unshown(labels, fmtMethods...))
	}
	if use.in.path == "" && f.e.judgedWhole(v.inputType(use.in.param)) {
		labels = contents(labels) // the callee knows the type, and has judged it
	}
	for _, l := range labels {
		if l.src == nil || contains(use.told, l.rule()) {
			continue
		}
		l.err = l.err || use.err
		st := l.step.then(v.call.Pos(), "is passed to "+v.text)
		for _, h := range use.step.list() {
			st = follow(st, h)
		}
		if use.sink.Kind == throughInterface {
			f.e.pend(&pending{method: use.sink.Who, input: use.format, src: l.src, err: l.err, step: st})
			continue
		}
		at, _, quiet := f.loggedBy(l, place{pos: v.call.Pos(), end: v.call.End(), symbol: f.symbol, name: v.text})
		debug := debug || quiet
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
		u.in, u.step, u.err, u.text, u.thin, u.debug = l.in, st, l.err || use.err, l.text || use.text, l.thin|use.thin, debug
		u.told = append(append([]string{}, use.told...), told...)
		u.kv, u.key = use.kv && strings.HasSuffix(l.in.path, elem), -1
		if use.sink.Kind != throughInterface {
			u.format = formatIn
		}
		if use.wrapper {
			// The call of a wrapper is where it is logged.
			u.pos, u.end, u.symbol, u.name, u.file, u.line = v.call.Pos(), v.call.End(), f.symbol, v.text, "", 0
		}
		u.wrapper = f.sum.wrapper
		f.addSink(&u)
	}
}

// judgedWhole reports whether values of a type are judged as objects where they
// are printed.
func (e *engine) judgedWhole(t types.Type) bool {
	w := e.whole(t)
	return w != nil && (len(w.fields) > 0 || len(w.methods) > 0)
}

// inputType is the declared type of one of the callee's inputs, nil if unknown.
func (v *invocation) inputType(i int) types.Type {
	if v.obj == nil {
		return nil
	}
	sig, ok := v.obj.Type().(*types.Signature)
	if !ok {
		return nil
	}
	if sig.Recv() != nil {
		if i == 0 {
			return sig.Recv().Type()
		}
		i--
	}
	if i >= sig.Params().Len() || sig.Variadic() && i == sig.Params().Len()-1 {
		return nil
	}
	return sig.Params().At(i).Type()
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

// toConsole are words of calls that speak to whoever sits at the terminal.
var toConsole = words.NewSet("console stdout terminal tty")

// report records that a source reaches a sink; one finding for each sink call
// and rule. It returns false for what is no matter for this kind of sink.
func (f *fn) report(l label, s Sink, debug bool, at place, st *step) bool {
	src := l.src
	switch {
	case s.Kind == Service && (s.Who == "" || len(src.Data()) == 0):
		return false
	case s.Kind == Service:
	case s.Kind == ThirdParty && s.args != nil && len(src.Data()) == 0:
		return false // the program's own keys to the service
	case src.Kind == Internal && s.Kind != Response:
		return false
	case s.Kind == Response && src.Kind != Internal && (!l.err || l.thin&quote != 0):
		return false // what a client sent, quoted to it
	case s.Kind == Response && src.Kind != Internal && (src.Kind == Whole || src.Kind == Dump || src.Class == sensitive.Contact || src.Class == sensitive.Identity || src.Class == sensitive.Device):
		return false
	case src.Kind == Whole && slices.ContainsFunc(src.Shown, s.call.Honours):
		return false // it masks itself
	case src.Kind == Whole && s.Kind == ThirdParty && src.foreign && !src.Class.Personal():
		return false // the key to the service itself
	case src.Kind == Whole && s.JSON && src.JSON == "":
		return false
	case src.Kind == Whole && !s.JSON && src.What == "" && (s.Text || l.text || s.Kind != Log || s.call.Rendering() != sinks.Either):
		return false
	}
	if f.muted {
		return true
	}
	if st != nil && st.cut {
		f.meet("hops of a path")
	}
	if s.Kind == Log && toConsole.HasAny(words.Split(at.name)) {
		s.Stdout = true
	}
	f.e.found(&Flow{Source: src, Sink: s, Name: at.name, Debug: debug, InError: l.err, Pos: at.pos, End: at.end, File: at.file, Line: at.line, Symbol: at.symbol, Rule: l.rule(), steps: st})
	return true
}

// formatVerbs are the verbs of a format string by the operand that each prints, in
// order: 0 for one that an index ("%[2]s") leaves out.
func formatVerbs(format string) []byte {
	var out []byte
	n := 0 // the next operand
	put := func(verb byte) {
		for len(out) <= n {
			out = append(out, 0)
		}
		if out[n] == 0 || strings.IndexByte(printsNothing, out[n]) >= 0 {
			out[n] = verb
		}
		n++
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
	flags:
		for ; i < len(format); i++ {
			switch {
			case format[i] == '*':
				put('*')
			case format[i] == '[':
				end := strings.IndexByte(format[i:], ']')
				if end < 0 {
					break flags
				}
				if k, err := strconv.Atoi(format[i+1 : i+end]); err == nil && k > 0 && k <= maxEntries {
					n = k - 1
				}
				i += end
			case strings.IndexByte("+-# 0123456789.", format[i]) < 0:
				break flags
			}
		}
		if i < len(format) && format[i] != '%' {
			put(format[i])
		}
	}
	return out
}

// printsNothing are the verbs that print no value: %T a type, %p an address, %t true
// or false, and none at all.
const printsNothing = "Tpt\x00"

// harmlessVerb reports whether the verb for the n-th operand of format prints no
// value.
func harmlessVerb(format string, n int) bool {
	verbs := formatVerbs(format)
	if n >= len(verbs) && strings.Contains(format, "%[") {
		return true // left out, and nobody says so
	}
	return n >= 0 && n < len(verbs) && strings.IndexByte(printsNothing, verbs[n]) >= 0
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

// Asks reports whether a sink lets a method of a value (LogValue, String) decide
// what is shown of it.
func (s Sink) Asks(method string) bool { return s.call.Honours(method) }
