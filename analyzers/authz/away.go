package authz

import (
	"go/token"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/eval"
	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// The reasons that the code of a handler gives: it reads nothing that the request
// does not bring.
const (
	sendsAway = "a redirect or an error, and nothing is read"
	fixedText = "a fixed text, and nothing is read"
)

// unharmful returns the reason why a public route to read is harmless whatever it
// is called: its handler answers every request with a redirect, an error or, at
// the address of the API as a whole, a text that stands in the code, and calls
// nothing that could do or read more. Everything it does has to be known as such:
// what is not understood counts as doing something. A fixed text elsewhere is no
// reason, for it is what handlers answer that did something, or will.
func (c *calls) unharmful(r routes.Route) string {
	switch r.Handler.Func {
	case "http.RedirectHandler", "http.NotFoundHandler", "http.NotFound":
		if r.Handler.File == "" {
			return sendsAway
		}
	}
	f := c.at[routes.Place{File: r.Handler.File, Line: r.Handler.Line}]
	reads := r.Method == "GET" || r.Method == "HEAD"
	if f == nil || !reads && r.Method != "*" {
		return ""
	}
	w := &walk{calls: c, reads: reads}
	var args []origin
	for _, p := range f.Params {
		if eval.IsRequest(p.Type) {
			args = append(args, request)
		} else {
			args = append(args, state)
		}
	}
	if res, ok := w.function(f, args); !ok || !res.answered {
		return ""
	}
	switch {
	case w.answers == away:
		return sendsAway
	case w.answers == text && wholeAPI(r.Path):
		return fixedText
	}
	return ""
}

// wholeAPI reports whether a path is that of an API as a whole: /, /api, /api/v1.
func wholeAPI(path string) bool {
	for _, s := range segments(path) {
		if _, err := strconv.Atoi(strings.TrimPrefix(s, "v")); err != nil && s != "api" && s != "rest" && s != "{$}" {
			return false
		}
	}
	return true
}

// origin is where a value comes from, in rising order of what it may hold.
type origin uint8

const (
	code    origin = iota // the code itself
	request               // the request, or what is read of it
	config                // a field or variable as it stands: an address to redirect to, at most
	judged                // what a library makes of the request: to decide by, not to answer
	state                 // anything else, as what is found under a key: to decide by, not to answer
)

// answer is how a handler answers, in rising order of what it gives.
type answer uint8

const (
	none answer = iota
	away        // a redirect or an error
	text        // a text of the code
)

// walk follows a handler and the functions of the program it calls.
type walk struct {
	calls   *calls
	reads   bool // for requests that only read
	depth   int
	answers answer
}

// result is what following a function gives.
type result struct {
	value    origin
	answered bool // whatever way it took
}

// body is one function being followed.
type body struct {
	*walk
	vars     map[int32]origin
	answered bool // on every way up to here
	result
}

// function follows a function; ok is false if something in it is not known to be
// harmless.
func (w *walk) function(f *program.Func, args []origin) (res result, ok bool) {
	if f.Body == nil || f.Variadic || w.depth >= maxCallDepth {
		return result{}, false
	}
	w.depth++
	defer func() { w.depth-- }()
	b := &body{walk: w, vars: make(map[int32]origin), result: result{answered: true}}
	if f.Recv != nil {
		b.vars[f.Recv.ID] = config
	}
	for i, p := range f.Params {
		b.vars[p.ID] = state
		if i < len(args) {
			b.vars[p.ID] = args[i]
		}
	}
	ended, ok := b.statement(f.Body)
	if !ended {
		b.result.answered = b.result.answered && b.answered
	}
	return b.result, ok
}

// statement reports whether a statement always leaves the function, and whether
// it is harmless.
func (b *body) statement(n *program.Node) (ended, ok bool) {
	if n == nil {
		return false, true
	}
	switch n.Op {
	case program.Block:
		for _, k := range n.K {
			if ended, ok = b.statement(k); ended || !ok {
				return ended, ok
			}
		}
		return false, true
	case program.If:
		if _, ok := b.value(n.K[0]); !ok {
			return false, false
		}
		return b.branches(len(n.K) > 2, n.K[1:]...)
	case program.Switch:
		if n.K[0].Op != program.Nil && n.K[0].Op != program.Bad {
			if _, ok := b.value(n.K[0]); !ok {
				return false, false
			}
		}
		all := false
		var bodies []*program.Node
		for _, k := range n.K[1:] {
			for _, e := range k.K[:len(k.K)-1] {
				if _, ok := b.value(e); !ok {
					return false, false
				}
			}
			all = all || k.N < 0
			bodies = append(bodies, k.K[len(k.K)-1])
		}
		return b.branches(all, bodies...)
	case program.Assign:
		return false, b.assign(n)
	case program.Expr:
		return false, n.K[0].Op == program.Call && b.does(n.K[0])
	case program.Return:
		ok := b.leaves(n)
		b.result.answered = b.result.answered && b.answered
		return true, ok
	}
	return false, false
}

// branches are statements of which one is carried out, or none unless all is true.
func (b *body) branches(all bool, list ...*program.Node) (ended, ok bool) {
	before := b.answered
	ended, answered := all, true
	for _, k := range list {
		b.answered = before
		e, ok := b.statement(k)
		if !ok {
			return false, false
		}
		if !e {
			ended, answered = false, answered && b.answered
		}
	}
	b.answered = before || all && answered
	return ended, true
}

// leaves reports whether a return is harmless.
func (b *body) leaves(n *program.Node) bool {
	if len(n.K) == 1 && n.K[0].Op == program.Call && b.does(n.K[0]) {
		return true
	}
	if len(n.K) == 1 && n.K[0].Op == program.Global && libraryError(n.K[0].S) {
		b.gives(away)
		return true
	}
	o, ok := b.all(n.K)
	b.result.value = max(b.result.value, o)
	return ok
}

func (b *body) gives(a answer) {
	b.answered = true
	b.walk.answers = max(b.walk.answers, a)
}

// assign takes local variables only: to set anything else is to do something.
func (b *body) assign(n *program.Node) bool {
	left, right := n.K[:n.N], n.K[n.N:]
	for _, l := range left {
		if l.Op != program.Local {
			return false
		}
	}
	if len(right) == 0 { // declared, to be set later
		for _, l := range left {
			b.vars[l.N] = code
		}
	}
	for i, r := range right {
		o, ok := b.value(r)
		if !ok || len(right) < len(left) && o > request {
			return false
		}
		to := left[min(i, len(left)-1):]
		if len(right) == len(left) {
			to = to[:1]
		}
		for _, l := range to {
			b.vars[l.N] = max(b.vars[l.N], o)
		}
	}
	return true
}

// value returns where the value of an expression comes from; ok is false if its
// evaluation may do something.
func (b *body) value(n *program.Node) (origin, bool) {
	switch n.Op {
	case program.Const, program.Nil, program.TypeOf:
		return code, true
	case program.Local:
		if o, known := b.vars[n.N]; known {
			return o, true
		}
		return config, true // of the function around a literal
	case program.Global:
		return config, true
	case program.Call:
		return b.called(n)
	case program.Binary:
		x, ok1 := b.value(n.K[0])
		y, ok2 := b.value(n.K[1])
		// An error of a library, or a record that it looks for, would be compared so.
		if x == judged && n.K[1].Op == program.Nil || y == judged && n.K[0].Op == program.Nil {
			return 0, false
		}
		return max(x, y), ok1 && ok2
	case program.Unary:
		if n.S == token.ARROW.String() {
			return 0, false
		}
		return b.value(n.K[0])
	case program.Index:
		o, ok := b.all(n.K)
		if o > request {
			o = state
		}
		return o, ok
	case program.Field, program.SliceOf, program.Conv, program.Composite, program.KV:
		return b.all(n.K)
	}
	return 0, false
}

// all evaluates arguments.
func (b *body) all(list []*program.Node) (origin, bool) {
	o := code
	for _, k := range list {
		x, ok := b.value(k)
		if !ok {
			return 0, false
		}
		o = max(o, x)
	}
	return o, true
}

// called is a call whose result is used.
func (b *body) called(n *program.Node) (origin, bool) {
	fun, args := n.K[0], n.K[1:]
	o, ok := b.all(args)
	if !ok {
		return 0, false
	}
	switch fun.Op {
	case program.Global:
		if f := b.calls.byName[fun.S]; f != nil {
			res, ok := b.followed(f, args)
			return res.value, ok
		}
		pkg, name := fun.S, ""
		if i := strings.LastIndexByte(fun.S, '.'); i >= 0 {
			pkg, name = fun.S[:i], fun.S[i+1:]
		}
		switch {
		case fun.S == "len" || computes(pkg, name):
			return o, true
		case b.reads && strings.Contains(pkg, ".") && o == request && !strings.HasPrefix(n.T, "("):
			return judged, true // one value of nothing but the request, as what a browser calls itself
		}
	case program.Method, program.Field:
		x, ok := b.value(fun.K[0])
		if ok && x == request && readsRequest(fun.S) && (fun.S != "String" || len(args) == 0) {
			return request, o <= request
		}
	}
	return 0, false
}

// followed is a call of a function of the program.
func (b *body) followed(f *program.Func, args []*program.Node) (result, bool) {
	var from []origin
	for _, k := range args {
		o, ok := b.value(k)
		if !ok {
			return result{}, false
		}
		from = append(from, o)
	}
	return b.walk.function(f, from)
}

// does is a call for its effect: an answer, a header, or a function of the program
// that gives one.
func (b *body) does(n *program.Node) bool {
	fun, args := n.K[0], n.K[1:]
	if fun.Op == program.Global {
		return b.doesFunction(fun.S, args)
	}
	if fun.Op != program.Method && fun.Op != program.Field {
		return false
	}
	on := fun.K[0]
	if on.Op == program.Call && (on.K[0].S == "Status" || on.K[0].S == "Redirect") {
		if !b.does(on) {
			return false
		}
	} else if x, ok := b.value(on); !ok || x != request {
		return false
	}
	from, ok := b.all(args)
	status := statusAnswer(args)
	switch {
	case !ok:
	case fun.S == "Redirect", fun.S == "To" && on.Op == program.Call && on.K[0].S == "Redirect":
		b.gives(away)
		return from <= config
	case from != code:
	default:
		switch fun.S {
		case "Set", "SetHeader", "Header", "Abort", "Type":
			return true
		case "Status", "SendStatus", "WriteHeader", "NoContent", "AbortWithStatus", "StopWithStatus":
			b.gives(status)
			return status != none
		case "String", "JSON", "HTML", "Write", "WriteString", "SendString", "XML", "Data", "AbortWithStatusJSON", "PlainText":
			b.says(status)
			return true
		}
	}
	return false
}

// doesFunction is a call of a function for its effect.
func (b *body) doesFunction(name string, args []*program.Node) bool {
	if f := b.calls.byName[name]; f != nil {
		res, ok := b.followed(f, args)
		b.answered = b.answered || ok && res.answered
		return ok
	}
	from, ok := b.all(args)
	if !ok || len(args) == 0 {
		return false
	}
	texts, _ := b.all(args[1:]) // behind the answer that they go to
	switch name {
	case "net/http.Redirect", "net/http.NotFound":
		b.gives(away)
		return from <= config
	case "net/http.Error":
		b.gives(away)
		return texts == code
	case "fmt.Fprint", "fmt.Fprintf", "fmt.Fprintln", "io.WriteString":
		if x, _ := b.value(args[0]); x != request {
			return false
		}
		b.says(none)
		return texts == code
	}
	if pkg, fn, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], "."); strings.HasPrefix(name, "log") && (pkg == "log" || pkg == "slog") {
		return !strings.HasPrefix(fn, "Fatal") && !strings.HasPrefix(fn, "Panic")
	}
	switch importpath.Unversioned(name) {
	case "github.com/labstack/echo.NewHTTPError", "github.com/gofiber/fiber.NewError":
		b.gives(away)
		return from == code && statusAnswer(args) == away
	}
	return false
}

// says is a text, with a status unless one was given before.
func (b *body) says(status answer) {
	if status == none && !b.answered {
		status = text
	}
	b.gives(status)
}

// statusAnswer is what the status among the arguments of an answer makes of it.
func statusAnswer(args []*program.Node) answer {
	for _, k := range args {
		if k.Op != program.Const || k.T != "int" {
			continue
		}
		if n, err := strconv.Atoi(k.S); err == nil && 200 <= n && n < 300 {
			return text
		} else if err == nil && 300 <= n && n < 600 {
			return away
		}
	}
	return none
}

// libraryError reports whether a variable is the error that a library answers an
// address with that is not there.
func libraryError(name string) bool {
	return strings.HasSuffix(name, ".ErrNotFound") && (strings.Contains(name, "/echo") || strings.Contains(name, "/fiber"))
}

// computes reports whether a function of the standard library only makes a value
// of its arguments.
func computes(pkg, name string) bool {
	switch pkg {
	case "strings", "strconv", "path", "unicode", "unicode/utf8", "slices", "net/url":
		return true
	case "fmt":
		return name == "Sprintf" || name == "Sprint"
	case "net/http":
		return name == "StatusText"
	case "html":
		return name == "EscapeString"
	}
	return false
}

// readsRequest reports whether a method of a request or of a router's context
// reads what the request brings.
func readsRequest(name string) bool {
	switch name {
	case "UserAgent", "Referer", "Header", "GetHeader", "Get", "Query", "QueryParam", "QueryParams", "Param", "Params", "PathValue", "FormValue", "URL", "Path", "FullPath", "Method", "Host", "Hostname",
		"Request", "Response", "String", "Values", "Encode", "RequestURI", "OriginalURL", "Protocol", "Scheme", "Cookie", "Accepts", "ClientIP", "IP", "RealIP":
		return true
	}
	return false
}
