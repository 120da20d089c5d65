package piilog

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Analyzer reports sensitive values in log calls.
var Analyzer = &analysis.Analyzer{
	Name:       "piilog",
	Doc:        "report passwords, tokens and personal data that reach a log call",
	URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/piilog",
	Run:        run,
	ResultType: rule.ResultType,
}

// maxHops bounds how far a value is followed through local variables.
const maxHops = 6

func run(pass *analysis.Pass) (any, error) {
	out := new(rule.Findings)
	for _, file := range pass.Files {
		name := pass.Fset.File(file.FileStart).Name()
		if strings.HasSuffix(name, "_test.go") || ast.IsGenerated(file) {
			continue // tests and generated code are out by default
		}
		for _, decl := range file.Decls {
			symbol := "package"
			if fn, ok := decl.(*ast.FuncDecl); ok {
				symbol = funcName(fn)
			}
			c := &checker{pass: pass, out: out, symbol: symbol, defs: definitions(pass, decl)}
			ast.Inspect(decl, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					c.call(call)
				}
				return true
			})
		}
	}
	return out, nil
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv != nil && len(fn.Recv.List) == 1 {
		return "(" + types.ExprString(fn.Recv.List[0].Type) + ")." + fn.Name.Name
	}
	return fn.Name.Name
}

type checker struct {
	pass   *analysis.Pass
	out    *rule.Findings
	symbol string
	defs   map[types.Object][]ast.Expr
}

// definitions maps local variables to what is assigned to them.
func definitions(pass *analysis.Pass, decl ast.Decl) map[types.Object][]ast.Expr {
	defs := make(map[types.Object][]ast.Expr)
	note := func(lhs ast.Expr, rhs ast.Expr) {
		id, ok := lhs.(*ast.Ident)
		if !ok {
			return
		}
		obj := pass.TypesInfo.Defs[id]
		if obj == nil {
			obj = pass.TypesInfo.Uses[id]
		}
		if obj != nil {
			defs[obj] = append(defs[obj], rhs)
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) {
					note(l, n.Rhs[i])
				} else if i == 0 {
					note(l, n.Rhs[0]) // v, err := f()
				}
			}
		case *ast.ValueSpec:
			for i, l := range n.Names {
				if i < len(n.Values) {
					note(l, n.Values[i])
				}
			}
		case *ast.RangeStmt:
			if n.Value != nil {
				note(n.Value, n.X)
			}
		}
		return true
	})
	return defs
}

// source is a sensitive value and how it got to where it is logged.
type source struct {
	rule  *rule.Rule
	level string
	what  string // "the e-mail address in.Email"
	key   string // identity: names only
	steps []rule.Step
}

func (c *checker) call(call *ast.CallExpr) {
	f, known := callee.Of(c.pass.TypesInfo, call)
	s, ok := sink{}, false
	if known {
		s, ok = lookup(f)
	}
	if !ok {
		s, ok = c.looksLikeLogger(call, f, known)
	}
	if !ok || !s.isSink() {
		return
	}
	name := calleeText(call.Fun)
	seen := make(map[string]bool)
	args := s.arguments(len(call.Args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		var src *source
		switch {
		case a.key == -2: // alternating keys and values
			if c.stringConst(call.Args[a.value]) == "" || i+1 >= len(args) {
				src = c.examine(call.Args[a.value], 0)
			} else {
				src = c.keyed(call.Args[a.value], call.Args[args[i+1].value])
				i++
			}
		case a.key >= 0:
			src = c.keyed(call.Args[a.key], call.Args[a.value])
		default:
			if s.format >= 0 && a.value != s.format && harmlessVerb(c.stringConst(call.Args[s.format]), a.value-s.format-1) {
				continue
			}
			src = c.examine(call.Args[a.value], 0)
		}
		if src == nil || seen[src.rule.ID+src.key] {
			continue
		}
		seen[src.rule.ID+src.key] = true
		c.report(call, name, src)
	}
}

// looksLikeLogger takes calls on the project's own loggers: a type whose name
// says logger, with a method named like a level.
func (c *checker) looksLikeLogger(call *ast.CallExpr, f callee.Func, known bool) (sink, bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return sink{}, false
	}
	level := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(sel.Sel.Name, "ln"), "f"), "w")
	switch level {
	case "Print", "Trace", "Debug", "Info", "Notice", "Warn", "Warning", "Error", "Fatal", "Panic", "Critical":
	default:
		return sink{}, false
	}
	if callee.Package(c.pass.TypesInfo, sel.X) != "" {
		return sink{}, false // a package function: either known or no logger
	}
	typeName := f.Recv
	if !known {
		typeName = types.ExprString(sel.X)
		if i := strings.LastIndexByte(typeName, '.'); i >= 0 {
			typeName = typeName[i+1:]
		}
		if typeName != "log" && typeName != "logger" && typeName != "Log" && typeName != "Logger" {
			return sink{}, false
		}
	}
	if !strings.Contains(strings.ToLower(typeName), "log") {
		return sink{}, false
	}
	if strings.HasSuffix(sel.Sel.Name, "f") {
		return sink{style: "printf", format: 0, args: "1.."}, true
	}
	return sink{style: "kv", format: -1, args: "0.. kv"}, true
}

func (c *checker) report(call *ast.CallExpr, name string, src *source) {
	sev := src.rule.Severity
	switch src.level {
	case "low":
		sev = rule.Low
	case "medium":
		if sev == rule.High {
			sev = rule.Medium
		}
	}
	if lower := strings.ToLower(name); strings.Contains(lower, "debug") || strings.Contains(lower, "trace") {
		sev = oneLower(sev)
	}
	steps := append(src.steps, rule.Step{Pos: call.Pos(), Note: "is logged by " + name})
	c.out.Report(c.pass, rule.Finding{
		Rule: src.rule, Pos: call.Pos(), End: call.End(), Severity: sev,
		Message: fmt.Sprintf("%s reaches the log through %s", src.what, name),
		Symbol:  c.symbol, Key: name + " " + src.key, Evidence: steps,
	})
}

func oneLower(s rule.Severity) rule.Severity {
	return map[rule.Severity]rule.Severity{rule.Critical: rule.High, rule.High: rule.Medium, rule.Medium: rule.Low, rule.Low: rule.Info}[s]
}

// keyed judges a value logged under a key: the key says what the value is.
func (c *checker) keyed(key, value ast.Expr) *source {
	name := c.stringConst(key)
	if m, ok := sensitive.Name(name); ok && c.canHold(value, m) && !c.clean(value) {
		return c.found(value.Pos(), m, fmt.Sprintf("%s (logged as %q)", describe(m), name), "key "+name)
	}
	return c.examine(value, 0)
}

func (c *checker) found(pos token.Pos, m sensitive.Match, what, key string) *source {
	return &source{rule: ruleFor(m.Class), level: m.Level, what: what, key: key, steps: []rule.Step{{Pos: pos, Note: what}}}
}

func describe(m sensitive.Match) string {
	article := "a"
	if strings.ContainsRune("aeiou", rune(m.Term[0])) {
		article = "an"
	}
	return article + " " + m.Term
}

// examine returns the sensitive value inside e, nil if there is none.
func (c *checker) examine(e ast.Expr, hops int) *source {
	if hops > maxHops || c.constant(e) {
		return nil
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.examine(e.X, hops)
	case *ast.StarExpr:
		return c.examine(e.X, hops)
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return c.examine(e.X, hops)
		}
	case *ast.TypeAssertExpr:
		return c.examine(e.X, hops)
	case *ast.SliceExpr:
		return c.examine(e.X, hops)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return nil // a comparison tells nothing of the value
		}
		if s := c.examine(e.X, hops); s != nil {
			return s
		}
		return c.examine(e.Y, hops)
	case *ast.IndexExpr:
		if name := c.stringConst(e.Index); name != "" {
			if s := c.lookupName(e, name, c.isHeader(e.X)); s != nil {
				return s
			}
		}
		return nil
	case *ast.CompositeLit:
		return c.composite(e, hops)
	case *ast.CallExpr:
		return c.callValue(e, hops)
	case *ast.Ident:
		return c.ident(e, hops)
	case *ast.SelectorExpr:
		return c.selector(e, hops)
	}
	return nil
}

func (c *checker) ident(e *ast.Ident, hops int) *source {
	obj := c.pass.TypesInfo.Uses[e]
	if v, ok := obj.(*types.Var); ok || obj == nil {
		if m, ok := sensitive.Name(e.Name); ok && c.canHold(e, m) && !c.cleanDefinition(v) {
			return c.found(e.Pos(), m, fmt.Sprintf("%s (the variable %s)", describe(m), e.Name), e.Name)
		}
		if s := c.whole(e); s != nil {
			return s
		}
		if v != nil {
			for _, rhs := range c.defs[v] {
				if s := c.examine(rhs, hops+1); s != nil {
					s.steps = append(s.steps, rule.Step{Pos: rhs.Pos(), Note: "is assigned to " + e.Name})
					return s
				}
			}
		}
	}
	return nil
}

// cleanDefinition reports whether every value a variable gets is clean: what is
// named token but holds a mask is a mask.
func (c *checker) cleanDefinition(v *types.Var) bool {
	if v == nil || len(c.defs[v]) == 0 {
		return false
	}
	for _, rhs := range c.defs[v] {
		if !c.clean(rhs) {
			return false
		}
	}
	return true
}

func (c *checker) selector(e *ast.SelectorExpr, hops int) *source {
	if callee.Package(c.pass.TypesInfo, e.X) != "" {
		if _, ok := c.pass.TypesInfo.Uses[e.Sel].(*types.Var); !ok {
			return nil
		}
	}
	if m, ok := sensitive.Name(e.Sel.Name); ok && c.canHold(e, m) {
		text := exprName(e)
		return c.found(e.Pos(), m, fmt.Sprintf("%s (%s)", describe(m), text), text)
	}
	if c.isHeader(e) {
		return c.dump(e, "the whole header map "+exprName(e))
	}
	return c.whole(e)
}

func (c *checker) dump(e ast.Expr, what string) *source {
	return &source{rule: &requestDump, what: what + " (it carries Authorization and Cookie)", key: exprName(e), steps: []rule.Step{{Pos: e.Pos(), Note: what}}}
}

// isHeader reports whether e is an http.Header.
func (c *checker) isHeader(e ast.Expr) bool {
	t := c.pass.TypesInfo.TypeOf(e)
	if t == nil {
		return false
	}
	pkg, name := callee.Named(t)
	return pkg == "net/http" && name == "Header"
}

// whole reports a struct that holds a secret and is printed whole.
func (c *checker) whole(e ast.Expr) *source {
	t := c.pass.TypesInfo.TypeOf(e)
	if t == nil || printsItself(t) {
		return nil
	}
	pkg, name := callee.Named(t)
	u := types.Unalias(t)
	if p, ok := u.Underlying().(*types.Pointer); ok {
		u = p.Elem()
	}
	st, ok := u.Underlying().(*types.Struct)
	if !ok || name == "" {
		return nil
	}
	if pkg == "net/http" && name == "Request" {
		return c.dump(e, "the whole request "+exprName(e))
	}
	for i := range st.NumFields() {
		f := st.Field(i)
		m, ok := sensitive.Name(f.Name())
		if !ok || m.Level != "high" || !holds(f.Type(), m) || printsItself(f.Type()) {
			continue
		}
		what := fmt.Sprintf("a whole %s, whose field %s is %s,", name, f.Name(), describe(m))
		return &source{rule: &wholeObject, what: what, key: name, steps: []rule.Step{{Pos: e.Pos(), Note: what}}}
	}
	return nil
}

// printsItself reports whether t decides how it is shown.
func printsItself(t types.Type) bool {
	for _, m := range []string{"LogValue", "String", "Format", "MarshalJSON", "MarshalText", "MarshalZerologObject", "MarshalLogObject", "GoString", "Redacted"} {
		obj, _, _ := types.LookupFieldOrMethod(t, false, nil, m)
		if _, ok := obj.(*types.Func); ok {
			return true
		}
	}
	return false
}

func (c *checker) composite(e *ast.CompositeLit, hops int) *source {
	for _, el := range e.Elts {
		value := el
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			value = kv.Value
			name := c.stringConst(kv.Key)
			if id, ok := kv.Key.(*ast.Ident); ok && name == "" {
				name = id.Name
			}
			if m, ok := sensitive.Name(name); ok && c.canHold(value, m) && !c.clean(value) {
				return c.found(value.Pos(), m, fmt.Sprintf("%s (under the key %q)", describe(m), name), "key "+name)
			}
		}
		if s := c.examine(value, hops+1); s != nil {
			return s
		}
	}
	return nil
}

// passThrough are functions whose result carries what they are given.
var passThrough = map[callee.Func]bool{
	{Pkg: "fmt", Name: "Sprint"}: true, {Pkg: "fmt", Name: "Sprintln"}: true, {Pkg: "fmt", Name: "Sprintf"}: true, {Pkg: "fmt", Name: "Errorf"}: true,
	{Pkg: "errors", Name: "New"}: true, {Pkg: "strings", Name: "ToLower"}: true, {Pkg: "strings", Name: "ToUpper"}: true, {Pkg: "strings", Name: "TrimSpace"}: true,
	{Pkg: "strings", Name: "Trim"}: true, {Pkg: "strings", Name: "TrimPrefix"}: true, {Pkg: "strings", Name: "TrimSuffix"}: true, {Pkg: "strings", Name: "Join"}: true,
	{Pkg: "strings", Name: "ReplaceAll"}: true, {Pkg: "strconv", Name: "Quote"}: true, {Pkg: "encoding/json", Name: "Marshal"}: true, {Pkg: "encoding/json", Name: "MarshalIndent"}: true,
	{Pkg: "net/url", Name: "QueryEscape"}: true, {Pkg: "html", Name: "EscapeString"}: true, {Pkg: "bytes", Name: "TrimSpace"}: true,
}

// inputs are calls that read a named value from a request: the name says what
// it is.
var inputs = map[string]bool{
	"Get": true, "GetHeader": true, "Header": true, "FormValue": true, "PostFormValue": true, "PostForm": true, "Query": true, "DefaultQuery": true, "DefaultPostForm": true,
	"QueryParam": true, "Param": true, "Params": true, "PathValue": true, "Cookie": true, "Cookies": true, "Getenv": true, "LookupEnv": true, "GetString": true, "URLParam": true, "Values": true,
}

func (c *checker) callValue(e *ast.CallExpr, hops int) *source {
	info := c.pass.TypesInfo
	if tv, ok := info.Types[e.Fun]; ok && tv.IsType() && len(e.Args) == 1 {
		return c.examine(e.Args[0], hops) // a conversion
	}
	f, known := callee.Of(info, e)
	if c.clean(e) {
		return nil
	}
	if known && f.Pkg == "net/http/httputil" && strings.HasPrefix(f.Name, "Dump") {
		return c.dump(e.Fun, "a dump of a whole request or response (httputil."+f.Name+")")
	}
	if s, ok := lookup(f); known && ok && (s.style == "ctor" || s.style == "ctor_value") {
		for _, a := range s.arguments(len(e.Args)) {
			var src *source
			if a.key >= 0 {
				src = c.keyed(e.Args[a.key], e.Args[a.value])
			} else {
				src = c.examine(e.Args[a.value], hops)
			}
			if src != nil {
				return src
			}
		}
		return nil
	}
	if known && passThrough[f] {
		format := ""
		if strings.HasSuffix(f.Name, "f") && len(e.Args) > 0 {
			format = c.stringConst(e.Args[0])
		}
		for i, a := range e.Args {
			if format != "" && i > 0 && harmlessVerb(format, i-1) {
				continue
			}
			if s := c.examine(a, hops+1); s != nil {
				s.steps = append(s.steps, rule.Step{Pos: e.Pos(), Note: "goes into " + calleeText(e.Fun)})
				return s
			}
		}
		return nil
	}
	name := f.Name
	if sel, ok := e.Fun.(*ast.SelectorExpr); ok {
		name = sel.Sel.Name
	}
	if inputs[name] && len(e.Args) >= 1 {
		if lit := c.stringConst(e.Args[0]); lit != "" {
			header := name == "GetHeader" || name == "Header"
			if sel, ok := e.Fun.(*ast.SelectorExpr); ok {
				header = header || c.isHeader(sel.X) || strings.HasSuffix(exprName(sel.X), "Header")
			}
			return c.lookupName(e, lit, header)
		}
	}
	if len(e.Args) == 0 { // a getter
		if m, ok := sensitive.Name(strings.TrimPrefix(name, "Get")); ok && c.canHold(e, m) {
			return c.found(e.Pos(), m, fmt.Sprintf("%s (from %s)", describe(m), calleeText(e.Fun)), calleeText(e.Fun))
		}
	}
	return nil
}

// lookupName judges a value read under a literal name.
func (c *checker) lookupName(e ast.Expr, name string, header bool) *source {
	var m sensitive.Match
	var ok bool
	if header {
		m, ok = sensitive.Header(name)
	} else {
		m, ok = sensitive.Name(name)
	}
	if !ok {
		return nil
	}
	what := "value"
	if header {
		what = "header"
	}
	return c.found(e.Pos(), m, fmt.Sprintf("%s (the %s %q)", describe(m), what, name), what+" "+name)
}

// redactors are words that say a function takes the secret out.
var redactors = map[string]bool{}

func init() {
	for _, w := range strings.Fields(`redact redacted mask masked sanitize sanitise scrub obfuscate censor anonymize anonymise pseudonymize hash digest hmac sum
		encrypt seal cipher bcrypt argon scrypt fingerprint last4 tokenize filtersensitive len cap sha256 sha512 sha1 md5 compare equal validate verify check is has count`) {
		redactors[w] = true
	}
}

// clean reports whether e is a call that tells nothing of what it is given.
func (c *checker) clean(e ast.Expr) bool {
	if c.constant(e) {
		return true
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		b, ok := e.(*ast.BinaryExpr)
		return ok && b.Op != token.ADD
	}
	name := calleeText(call.Fun)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	for _, w := range words.Split(name) {
		if redactors[w] {
			return true
		}
	}
	return name == "Repeat"
}

func (c *checker) constant(e ast.Expr) bool {
	tv, ok := c.pass.TypesInfo.Types[e]
	if ok && tv.Value != nil {
		return true
	}
	_, lit := e.(*ast.BasicLit)
	return lit
}

func (c *checker) stringConst(e ast.Expr) string {
	if tv, ok := c.pass.TypesInfo.Types[e]; ok && tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value)
	}
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return s
		}
	}
	return ""
}

// canHold reports whether e's type can hold what its name promises; an unknown
// type can.
func (c *checker) canHold(e ast.Expr, m sensitive.Match) bool {
	t := c.pass.TypesInfo.TypeOf(e)
	return t == nil || holds(t, m) && !printsItself(t)
}

func holds(t types.Type, m sensitive.Match) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.Invalid || u.Info()&types.IsString != 0 {
			return true
		}
		numeric := m.Class == sensitive.GovID || m.Class == sensitive.Payment || m.Term == "otp" || m.Term == "pin code" || m.Class == sensitive.Contact && m.Term != "email"
		return u.Info()&types.IsNumeric != 0 && numeric
	case *types.Pointer:
		return holds(u.Elem(), m)
	case *types.Slice:
		return holds(u.Elem(), m) || isByte(u.Elem())
	case *types.Map:
		return holds(u.Elem(), m)
	case *types.Struct:
		pkg, name := callee.Named(t)
		if pkg == "time" {
			return m.Term == "date of birth" || m.Term == "dob" || m.Term == "birthdate" || m.Term == "birthday"
		}
		return pkg == "database/sql" && strings.HasPrefix(name, "Null")
	case *types.Interface:
		_, name := callee.Named(t)
		return name != "error" && u.NumMethods() == 0
	}
	return false
}

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

// harmlessVerb reports whether the verb for the n-th operand of format prints
// no value: %T a type, %p an address.
func harmlessVerb(format string, n int) bool {
	seen := 0
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
		if seen == n {
			return format[i] == 'T' || format[i] == 'p'
		}
		seen++
	}
	return false
}

// calleeText writes a callee for people: log.Printf, c.logger.Info.
func calleeText(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if _, ok := x.X.(*ast.CallExpr); ok {
			return "…." + x.Sel.Name
		}
		return exprName(x)
	case *ast.ParenExpr:
		return calleeText(x.X)
	case *ast.IndexExpr:
		return calleeText(x.X)
	}
	return "a function"
}

// exprName writes a chain of names, never a literal.
func exprName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return exprName(x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return exprName(x.X)
	case *ast.ParenExpr:
		return exprName(x.X)
	case *ast.CallExpr:
		return calleeText(x.Fun) + "()"
	case *ast.IndexExpr:
		return exprName(x.X) + "[…]"
	}
	return "…"
}
