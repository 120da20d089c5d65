package flow

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// fn interprets one declared function with the literals inside it.
type fn struct {
	e       *engine
	info    *types.Info
	symbol  string
	sum     *building
	locs    map[types.Object]*loc
	cur     *state
	root    *state
	frame   *frame
	fuel    int
	full    int                    // what fuel was at the start
	depth   int                    // of expressions and statements
	backs   int                    // calls of functions that were passed as arguments
	panics  *value                 // what was passed to panic
	debugs  map[*ast.CallExpr]bool // links of chains that log at a level for debugging
	inLits  int                    // literals being interpreted around the current statement
	lits    map[*ast.FuncLit]int
	active  map[*ast.FuncLit]*running
	calling *invocation      // of a literal that is about to be interpreted
	started []*ast.CallExpr  // goroutines that read channels
	sending bool             // they are being interpreted again
	names   func(int) *value // see readUnder
	muted   bool             // generated code: summaries, but no findings
	bounds  []string         // which bounds were met
}

// frame is a call of the function itself or of one of its literals.
type frame struct {
	outer   *frame
	base    *state
	sig     *types.Signature
	ftype   *ast.FuncType
	results []*value
	exits   []*state
	targets []*target
	defers  []func()
	// recovers says that what panics here goes no further.
	recovers bool
	// lit is the literal, by the call of it, if that is there to log.
	lit *ast.FuncLit
	by  *invocation
}

// target is a statement that break or continue can name.
type target struct {
	label         string
	loop          bool
	base, head    *state
	breaks, nexts []*state
	fallen        *state
}

// since returns what happened between base and s, as a layer over base.
func (s *state) since(base *state) *state {
	out := &state{parent: base, m: make(map[*loc]*value)}
	for ; s != nil && s != base; s = s.parent {
		for k, v := range s.m {
			if _, ok := out.m[k]; !ok {
				out.m[k] = v
			}
		}
	}
	return out
}

func (f *fn) block(list []ast.Stmt) {
	for _, s := range list {
		f.stmt(s, "")
	}
}

func (f *fn) stmt(s ast.Stmt, label string) {
	if f.cur.dead {
		if l, ok := s.(*ast.LabeledStmt); !ok || l == nil {
			return
		}
		f.cur.dead = false // a goto may lead here
	}
	if f.depth++; f.depth > maxNesting {
		f.meet("nesting")
		f.depth--
		return
	}
	defer func() { f.depth-- }()
	switch s := s.(type) {
	case *ast.ExprStmt:
		f.noteDebug(s.X)
		f.evalAll(s.X)
		f.cur.dead = f.cur.dead || f.ends(s.X)
	case *ast.AssignStmt:
		f.assignStmt(s)
	case *ast.IncDecStmt:
		if x, ok := ast.Unparen(s.X).(*ast.IndexExpr); ok { // seen[email]++
			f.store(x, func(old *value) *value { return old })
		}
	case *ast.DeclStmt:
		f.declStmt(s)
	case *ast.SendStmt:
		f.send(s)
	case *ast.GoStmt:
		f.start(s.Call)
	case *ast.DeferStmt:
		f.deferStmt(s)
	case *ast.ReturnStmt:
		f.returnStmt(s)
	case *ast.BranchStmt:
		f.branchStmt(s)
	case *ast.BlockStmt:
		f.block(s.List)
	case *ast.LabeledStmt:
		f.stmt(s.Stmt, s.Label.Name)
	case *ast.IfStmt:
		f.ifStmt(s)
	case *ast.SwitchStmt:
		if s.Init != nil {
			f.stmt(s.Init, "")
		}
		if s.Tag != nil {
			f.eval(s.Tag)
		}
		f.clauses(label, s.Body.List, nil)
	case *ast.TypeSwitchStmt:
		f.typeSwitch(s, label)
	case *ast.SelectStmt:
		f.clauses(label, s.Body.List, nil)
	case *ast.ForStmt:
		if s.Init != nil {
			f.stmt(s.Init, "")
		}
		f.loop(label, s.Cond != nil, func() {
			if s.Cond != nil {
				f.eval(s.Cond)
			}
		}, func() { f.block(s.Body.List) }, func() {
			if s.Post != nil {
				f.stmt(s.Post, "")
			}
		})
		if x := f.wiped(s.Body, nil, counter(s)); x != nil {
			f.empty(x)
		}
	case *ast.RangeStmt:
		f.rangeStmt(s, label)
	}
}

// noteDebug remembers the calls of a chain that logs at a level for debugging,
// wherever in the chain the level stands: log.Debug().Str(…).Send(),
// log.WithField(…).Debug(…).
func (f *fn) noteDebug(x ast.Expr) {
	var links []*ast.CallExpr
	debug := false
	for {
		c, ok := ast.Unparen(x).(*ast.CallExpr)
		if !ok {
			break
		}
		sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
		if !ok {
			break
		}
		links = append(links, c)
		level := strings.TrimRight(strings.TrimSuffix(strings.ToLower(sel.Sel.Name), "ln"), "fw")
		debug = debug || level == "debug" || level == "trace"
		x = sel.X
	}
	if !debug || len(links) < 2 {
		return
	}
	if f.debugs == nil {
		f.debugs = make(map[*ast.CallExpr]bool)
	}
	for _, c := range links {
		f.debugs[c] = true
	}
}

func (f *fn) ifStmt(s *ast.IfStmt) {
	if s.Init != nil {
		f.stmt(s.Init, "")
	}
	f.eval(s.Cond)
	if taken, known := f.decided(s.Cond); known {
		switch {
		case taken:
			f.block(s.Body.List)
		case s.Else != nil:
			f.stmt(s.Else, "")
		}
		return
	}
	base := f.cur
	yes, no := base.fork(), base.fork()
	f.cur = yes
	f.equate(s.Cond, token.EQL, token.LAND)
	f.block(s.Body.List)
	f.cur = no
	f.equate(s.Cond, token.NEQ, token.LOR)
	if s.Else != nil {
		f.stmt(s.Else, "")
	}
	base.merge(yes, no)
	f.cur = base
}

// equate notes what a branch knows of a variable: that it is equal to a constant. op
// is how the condition says so, and both how it joins that with more.
func (f *fn) equate(cond ast.Expr, op, both token.Token) {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return
	}
	if b.Op == both {
		f.equate(b.X, op, both)
		f.equate(b.Y, op, both)
		return
	}
	if b.Op != op {
		return
	}
	x, y := ast.Unparen(b.X), ast.Unparen(b.Y)
	if f.info.Types[x].Value != nil {
		x, y = y, x
	}
	if tv := f.info.Types[y]; tv.Value == nil {
		return
	}
	if c, ok := x.(*ast.CallExpr); ok && len(c.Args) == 1 && exprName(c.Fun) == "len" && f.literalZero([]argument{{expr: y}}) {
		x = ast.Unparen(c.Args[0])
	}
	if id, ok := x.(*ast.Ident); ok {
		if obj, ok := f.object(id).(*types.Var); ok && !isGlobal(obj) {
			if v := f.cur.get(f.loc(obj)); v != nil && len(v.refs) == 0 {
				f.cur.set(f.loc(obj), clean)
			}
		}
	}
}

// wiped is what a loop overwrites with a constant, element by element: for i := range
// b { b[i] = 0 }. It is nil if the loop does anything else.
func (f *fn) wiped(body *ast.BlockStmt, of ast.Expr, index *ast.Ident) ast.Expr {
	if index == nil || len(body.List) != 1 {
		return nil
	}
	a, ok := body.List[0].(*ast.AssignStmt)
	if !ok || a.Tok != token.ASSIGN || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
		return nil
	}
	at, ok := ast.Unparen(a.Lhs[0]).(*ast.IndexExpr)
	if !ok || f.info.Types[a.Rhs[0]].Value == nil || isMapType(f.typeOf(at.X)) {
		return nil
	}
	i, ok := ast.Unparen(at.Index).(*ast.Ident)
	if !ok || f.object(i) == nil || f.object(i) != f.object(index) || of != nil && exprName(of) != exprName(at.X) {
		return nil
	}
	return at.X
}

// empty sets all that an object holds to zero.
func (f *fn) empty(x ast.Expr) {
	f.into(x, 0, func(*value) *value { return clean })
	if id, ok := ast.Unparen(x).(*ast.Ident); ok {
		if obj, ok := f.object(id).(*types.Var); ok && !isGlobal(obj) {
			if v := f.cur.get(f.loc(obj)); v != nil && len(v.refs) > 0 {
				f.cur.set(f.loc(obj), &value{refs: v.refs})
			}
		}
	}
}

// counter is the variable that a for statement counts up by one.
func counter(s *ast.ForStmt) *ast.Ident {
	inc, ok := s.Post.(*ast.IncDecStmt)
	if !ok || inc.Tok != token.INC {
		return nil
	}
	id, _ := inc.X.(*ast.Ident)
	return id
}

// clauses interprets the clauses of a switch or select as branches.
func (f *fn) clauses(label string, list []ast.Stmt, bind func(*ast.CaseClause)) {
	base := f.cur
	t := &target{label: label, base: base, head: base}
	f.frame.targets = append(f.frame.targets, t)
	var outs []*state
	whole := false // one clause is always taken
	for _, c := range list {
		f.cur = base.fork()
		if t.fallen != nil {
			for k, v := range t.fallen.m {
				f.cur.set(k, join(base.get(k), v))
			}
			t.fallen = nil
		}
		switch c := c.(type) {
		case *ast.CaseClause:
			whole = whole || c.List == nil
			for _, x := range c.List {
				if bind == nil {
					f.eval(x)
				}
			}
			if bind != nil {
				bind(c)
			}
			f.block(c.Body)
		case *ast.CommClause:
			whole = true
			if c.Comm != nil {
				f.stmt(c.Comm, "")
			}
			f.block(c.Body)
		}
		outs = append(outs, f.cur)
	}
	f.frame.targets = f.frame.targets[:len(f.frame.targets)-1]
	outs = append(outs, t.breaks...)
	if !whole {
		outs = append(outs, base.fork())
	}
	base.merge(outs...)
	f.cur = base
}

func (f *fn) typeSwitch(s *ast.TypeSwitchStmt, label string) {
	if s.Init != nil {
		f.stmt(s.Init, "")
	}
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		x = a.X
	case *ast.AssignStmt:
		if len(a.Rhs) == 1 {
			x = a.Rhs[0]
		}
	}
	var v *value = unknown
	if ta, ok := x.(*ast.TypeAssertExpr); ok {
		v = f.eval(ta.X)
	}
	f.clauses(label, s.Body.List, func(c *ast.CaseClause) {
		if obj := f.info.Implicits[c]; obj != nil {
			w := asserted(v, obj.Type())
			if tellsNothing(obj.Type()) || isNumeric(obj.Type()) {
				w = clean
			}
			f.cur.set(f.loc(obj), w)
		}
	})
}

func (f *fn) loop(label string, ends bool, cond, body, post func()) {
	base := f.cur
	head := base.fork()
	t := &target{label: label, loop: true, base: base, head: head}
	f.frame.targets = append(f.frame.targets, t)
	for i := 0; ; i++ {
		b := head.fork()
		f.cur = b
		cond()
		body()
		if !b.dead || len(t.nexts) > 0 {
			for _, n := range t.nexts {
				n.parent = b // what it does not change, b has not changed before it
			}
			b.merge(append([]*state{b.layerOf()}, t.nexts...)...)
			f.cur = b
			post()
		}
		t.nexts = nil
		changed := head.merge(head.fork(), b)
		if !changed {
			break
		}
		if f.fuel <= 0 {
			break
		}
		if i+1 >= maxLoops {
			f.meet("turns of a loop")
			break
		}
	}
	f.frame.targets = f.frame.targets[:len(f.frame.targets)-1]
	outs := t.breaks
	if ends {
		outs = append(outs, head)
	}
	base.merge(outs...)
	f.cur = base
}

// layerOf returns a live or dead layer over s, for merging s with others.
func (s *state) layerOf() *state {
	l := s.fork()
	l.dead = s.dead
	return l
}

func (f *fn) rangeStmt(s *ast.RangeStmt, label string) {
	x := f.eval(s.X)
	t := f.typeOf(s.X)
	key, val := clean, f.elementsOf(x)
	if t != nil {
		switch u := t.Underlying().(type) {
		case *types.Chan:
			key, val = val, nil
		case *types.Map:
			if textual(u.Key()) {
				if key = f.partOf(x, keyed); key.clean {
					key = unknown
				}
			}
		case *types.Signature: // iterator functions
			key = val
			if g := f.iterate(x, s.X); g != nil {
				key, val = g.at(0), g.at(1)
			}
		case *types.Basic:
			if u.Info()&types.IsInteger != 0 {
				val = nil
			}
		}
	}
	text := exprName(s.X)
	f.loop(label, true, func() {}, func() {
		if s.Key != nil {
			f.assign(s.Key, key, "ranges over "+text)
		}
		if s.Value != nil && val != nil {
			f.assign(s.Value, val, "ranges over "+text)
		}
		f.spareTokens(s)
		f.block(s.Body.List)
	}, func() {})
	if key, ok := s.Key.(*ast.Ident); ok {
		if x := f.wiped(s.Body, s.X, key); x != nil {
			f.empty(x)
		}
	}
}

// spareTokens takes back that a loop variable called token is a credential: what
// a text is split into is called so, too.
func (f *fn) spareTokens(s *ast.RangeStmt) {
	for _, x := range []ast.Expr{s.Key, s.Value} {
		id, ok := x.(*ast.Ident)
		if !ok {
			continue
		}
		m, ok := f.e.voc.Lexicon.Name(id.Name)
		obj := f.object(id)
		if !ok || obj == nil || m.Term != "token" {
			continue
		}
		v := f.cur.get(f.loc(obj))
		if v == nil {
			continue
		}
		w := *v
		w.labels = slices.DeleteFunc(slices.Clone(v.labels), func(l label) bool { return l.src != nil && l.src.pos == id.Pos() })
		f.cur.set(f.loc(obj), &w)
	}
}

func (f *fn) branchStmt(s *ast.BranchStmt) {
	name := ""
	if s.Label != nil {
		name = s.Label.Name
	}
	for _, t := range slices.Backward(f.frame.targets) {
		if name != "" && t.label != name {
			continue
		}
		switch s.Tok {
		case token.BREAK:
			t.breaks = append(t.breaks, f.cur.since(t.base))
		case token.CONTINUE:
			if !t.loop {
				continue
			}
			t.nexts = append(t.nexts, f.cur.since(t.head))
		case token.FALLTHROUGH:
			t.fallen = f.cur.since(t.base)
		case token.GOTO:
			return
		}
		f.cur.dead = true
		return
	}
}

func (f *fn) returnStmt(s *ast.ReturnStmt) {
	fr := f.frame
	n := 0
	if fr.sig != nil {
		n = fr.sig.Results().Len()
	} else if fr.ftype != nil {
		n = fr.ftype.Results.NumFields()
	}
	var vals []*value
	switch {
	case len(s.Results) == 0:
		vals = f.namedResults()
	case len(s.Results) == 1 && n > 1:
		vals = f.evalTuple(s.Results[0], n)
	default:
		for _, r := range s.Results {
			vals = append(vals, f.eval(r))
		}
	}
	for i, v := range vals {
		for len(fr.results) <= i {
			fr.results = append(fr.results, nil)
		}
		fr.results[i] = join(fr.results[i], f.flatten(v))
	}
	if len(s.Results) > 0 {
		// Deferred functions may read and change named results.
		for i, id := range resultNames(fr.ftype) {
			if i < len(vals) && id.Name != "_" {
				if obj := f.info.Defs[id]; obj != nil {
					f.cur.set(f.loc(obj), vals[i])
				}
			}
		}
	}
	fr.exits = append(fr.exits, f.cur.since(fr.base))
	f.cur.dead = true
}

func resultNames(ft *ast.FuncType) []*ast.Ident {
	var out []*ast.Ident
	if ft != nil && ft.Results != nil {
		for _, field := range ft.Results.List {
			out = append(out, field.Names...)
		}
	}
	return out
}

func (f *fn) namedResults() []*value {
	var out []*value
	for _, id := range resultNames(f.frame.ftype) {
		v := unknown
		if obj := f.info.Defs[id]; obj != nil {
			if x := f.cur.get(f.loc(obj)); x != nil {
				v = x
			}
		}
		out = append(out, v)
	}
	return out
}

func (f *fn) deferStmt(s *ast.DeferStmt) {
	if lit, ok := ast.Unparen(s.Call.Fun).(*ast.FuncLit); ok {
		args := f.args(s.Call)
		f.frame.recovers = f.frame.recovers || f.recovers(lit)
		f.frame.defers = append(f.frame.defers, func() { f.callLit(&closure{lit: lit}, args, s.Call.Pos()) })
		return
	}
	f.evalAll(s.Call)
}

// recovers reports whether a function literal calls recover.
func (f *fn) recovers(lit *ast.FuncLit) bool {
	found := false
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if b, ok := f.info.Uses[id].(*types.Builtin); ok && b.Name() == "recover" {
				found = true
			}
		}
		return !found
	})
	return found
}

func (f *fn) declStmt(s *ast.DeclStmt) {
	d, ok := s.Decl.(*ast.GenDecl)
	if !ok || d.Tok != token.VAR {
		return
	}
	for _, spec := range d.Specs {
		vs, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		f.valueSpec(vs)
	}
}

func (f *fn) valueSpec(vs *ast.ValueSpec) {
	switch {
	case len(vs.Values) == 0:
		for _, id := range vs.Names {
			if obj := f.info.Defs[id]; obj != nil {
				f.cur.set(f.loc(obj), f.blank(id, obj))
			}
		}
	case len(vs.Values) == 1 && len(vs.Names) > 1:
		vals := f.evalTuple(vs.Values[0], len(vs.Names))
		for i, id := range vs.Names {
			f.assign(id, vals[i], "is assigned to "+id.Name)
		}
	default:
		for i, id := range vs.Names {
			if i < len(vs.Values) {
				f.assign(id, f.assigned(id, vs.Values[i], f.eval(vs.Values[i]), firstValue), "is assigned to "+id.Name)
			}
		}
	}
}

// zero is the value of a variable that nothing was assigned to. It tells
// nothing, until something is written into it behind its address.
func zero(types.Type) *value { return clean }

func (f *fn) assignStmt(s *ast.AssignStmt) {
	switch {
	case s.Tok != token.ASSIGN && s.Tok != token.DEFINE:
		if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
			v := f.eval(s.Rhs[0])
			if s.Tok == token.ADD_ASSIGN && !isNumeric(f.typeOf(s.Lhs[0])) {
				f.assign(s.Lhs[0], join(f.evalRaw(s.Lhs[0]), v), "is added to "+exprName(s.Lhs[0]))
			}
		}
	case len(s.Lhs) > 1 && len(s.Rhs) == 1:
		vals := f.evalTuple(s.Rhs[0], len(s.Lhs))
		for i, l := range s.Lhs {
			f.assign(l, piece(l, s.Rhs[0], vals[i]), "is assigned to "+exprName(l))
		}
	default:
		vals := make([]*value, len(s.Rhs))
		for i, r := range s.Rhs {
			vals[i] = f.eval(r)
			if i < len(s.Lhs) {
				by := laterValue
				if s.Tok == token.DEFINE {
					by = firstValue
				}
				vals[i] = f.assigned(s.Lhs[i], r, vals[i], by)
			}
		}
		for i, l := range s.Lhs {
			if i < len(vals) {
				f.assign(l, piece(l, s.Rhs[i], vals[i]), "is assigned to "+exprName(l))
			}
		}
	}
}

// compound are terms for texts in which a secret stands beside what is none: the
// user, the host, the file.
var compound = map[string]bool{
	"credential": true, "credentials": true, "creds": true, "dsn": true, "connection string": true, "conn str": true, "connstr": true, "conn string": true,
	"connection uri": true, "db url": true, "database url": true, "db uri": true, "database uri": true, "mongo uri": true, "mongodb uri": true,
	"postgres url": true, "redis url": true, "amqp url": true, "broker url": true,
}

// fileOfDatabase reports whether a variable is what a database in a file is opened
// with: whatever it is called, there is no password in it.
func (e *engine) fileOfDatabase(obj types.Object) bool {
	if e.files == nil {
		e.files = map[types.Object]bool{}
		info := e.pass.TypesInfo
		for _, file := range e.pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok || len(c.Args) == 0 {
					return true
				}
				at := -1
				if id, ok := callee.Of(info, c); ok && id.Name == "Open" && (strings.HasSuffix(id.Pkg, "/sqlite") || strings.HasSuffix(id.Pkg, "/bbolt") || strings.HasSuffix(id.Pkg, "/sqlite3")) {
					at = 0
				} else if tv := info.Types[c.Args[0]]; len(c.Args) > 1 && tv.Value != nil && tv.Value.Kind() == constant.String && strings.HasPrefix(constant.StringVal(tv.Value), "sqlite") {
					at = 1 // sql.Open("sqlite3", path)
				}
				if at >= 0 {
					if id, ok := ast.Unparen(c.Args[at]).(*ast.Ident); ok && info.Uses[id] != nil {
						e.files[info.Uses[id]] = true
					}
				}
				return true
			})
		}
	}
	return e.files[obj]
}

// harmlessPieces are last words of names for the part of such a text that is no
// secret.
var harmlessPieces = words.NewSet("user username login userid host hostname port addr scheme driver dialect file filename path dir directory folder")

// piece takes from what a call cut out of a compound text (user, pass, _ :=
// strings.Cut(credentials, ":")) what the name it is given says that it is not.
func piece(lhs, rhs ast.Expr, v *value) *value {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok || len(v.labels) == 0 {
		return v
	}
	c, ok := ast.Unparen(rhs).(*ast.CallExpr)
	if !ok {
		return v
	}
	ws := words.Split(id.Name)
	if last := len(ws) - 1; last < 0 || !harmlessPieces[ws[last]] && (last == 0 || !harmlessPieces[ws[last-1]+ws[last]]) {
		return v
	}
	folder := exprName(c.Fun) == "filepath.Dir" || exprName(c.Fun) == "path.Dir"
	w := *v
	w.labels = slices.DeleteFunc(slices.Clone(v.labels), func(l label) bool {
		if folder && l.src != nil && l.src.Class == sensitive.Credential {
			return true // of a connection string that is the path of a file
		}
		// What the call itself reads (os.Getenv("DSN")) is still whole.
		return l.src != nil && l.src.Class == sensitive.Credential && compound[l.src.Term] && l.step.first() != c.Pos()
	})
	return &w
}

// assign gives what an expression stands for a new value.
func (f *fn) assign(lhs ast.Expr, v *value, note string) {
	lhs = ast.Unparen(lhs)
	if id, ok := lhs.(*ast.Ident); ok {
		if id.Name == "_" {
			return
		}
		obj := f.info.Defs[id]
		if obj == nil {
			obj = f.info.Uses[id]
		}
		if obj == nil {
			return
		}
		v = f.narrow(f.flatten(v), obj.Type())
		v = f.asLogin(id.Name, hop(v, id.Pos(), note))
		file := len(v.labels) > 0 && f.e.fileOfDatabase(obj)
		if file {
			w := *v
			w.labels = slices.DeleteFunc(slices.Clone(v.labels), func(l label) bool { return l.src != nil && compound[l.src.Term] })
			v = &w
		}
		if l, ok := f.nameLabel(id, v, obj.Type()); ok && !(compound[l.src.Term] && (file || f.e.fileOfDatabase(obj))) {
			v = withLabels(v, l)
		}
		if isGlobal(obj) {
			f.setGlobal(obj, v)
		}
		f.cur.set(f.loc(obj), v)
		return
	}
	v = hop(v, lhs.Pos(), note)
	f.store(lhs, func(*value) *value { return v })
	if sel, ok := lhs.(*ast.SelectorExpr); ok {
		f.writeField(sel, v)
		f.takesOut(sel, v)
		pkg, name := callee.TypeName(f.info, sel.X)
		if pkg == "" {
			pkg, name = f.e.origin(sel.X, 0), exprName(sel.X) // its library is not at hand
		}
		if s, ok := f.e.sdk(pkg); ok {
			f.serve(s, v, -1, lhs.Pos(), lhs.End(), name+"."+sel.Sel.Name)
			f.addressee(s, sel.Sel.Name, lhs, v, lhs.Pos(), lhs.End(), name+"."+sel.Sel.Name)
		}
	}
}

// asLogin says of an address that is put into a variable for user names that it
// serves as one.
func (f *fn) asLogin(name string, v *value) *value {
	i := slices.IndexFunc(v.labels, func(l label) bool { return l.src != nil && l.src.Class == sensitive.Contact && !l.src.Login })
	if i < 0 {
		return v
	}
	if m, ok := f.e.voc.Lexicon.Name(name); !ok || m.Class != sensitive.Identity || m.Level != sensitive.Low {
		return v
	}
	w := *v
	w.labels = slices.Clone(v.labels)
	for j := range w.labels {
		if s := w.labels[j].src; s != nil && s.Class == sensitive.Contact {
			c := *s
			c.Login = true
			w.labels[j].src = &c
		}
	}
	return &w
}

// narrow takes away what a type cannot carry.
func (f *fn) narrow(v *value, t types.Type) *value {
	if tellsNothing(t) {
		return clean
	}
	if numbers(t) && !isCharacter(t) && len(v.labels) > 0 {
		// A number made of text tells nothing of it, unless it is its number.
		w := &value{}
		for _, l := range v.labels {
			if l.src == nil || l.src.digits {
				w.labels = append(w.labels, l)
			}
		}
		return w
	}
	return v
}

// store changes what an expression stands for: set is given the old value.
func (f *fn) store(lhs ast.Expr, set func(old *value) *value) { f.storeDepth(lhs, set, 0) }

func (f *fn) storeDepth(lhs ast.Expr, set func(old *value) *value, depth int) {
	if depth > maxDepth*2 {
		return
	}
	switch x := ast.Unparen(lhs).(type) {
	case *ast.Ident:
		obj := f.info.Uses[x]
		if obj == nil {
			obj = f.info.Defs[x]
		}
		if obj == nil {
			return
		}
		if _, ok := obj.(*types.Var); !ok {
			return
		}
		f.storeVar(obj, set)
	case *ast.SelectorExpr:
		if _, ok := f.info.Uses[x.Sel].(*types.Var); ok && callee.Package(f.info, x.X) != "" {
			if obj := f.info.Uses[x.Sel]; isGlobal(obj) {
				f.storeVar(obj, set) // another package's variable
				return
			}
		}
		path := f.fieldPath(x)
		f.into(x.X, depth, func(base *value) *value { return f.setPath(base, path, set) })
	case *ast.IndexExpr:
		key := elem
		var keys []label
		if s := f.keyText(x.Index); s != "" {
			key = quoted(s)
		} else if s := f.slot(x); s != "" {
			key = s
		} else if depth == 0 && isMapType(f.typeOf(x.X)) {
			keys = f.evalRaw(x.Index).labels
		}
		array := key == elem && arrayOf(f.typeOf(x.X)) != nil
		f.into(x.X, depth, func(base *value) *value {
			if len(keys) > 0 {
				base = setPart(base, keyed, withLabels(part(base, keyed), keys...))
			}
			old := part(base, key)
			v := set(old)
			if key == elem {
				v = join(derived(base, elem), v)
			}
			base = forget(base)
			if array { // any of those that are known apart
				for _, k := range sortedKeys(base.parts) {
					if k != elem {
						base = setPart(base, k, join(base.parts[k], v))
					}
				}
			}
			return setPart(base, key, v)
		})
	case *ast.StarExpr:
		v := f.evalRaw(x.X)
		if len(v.refs) > 0 {
			f.storeRefs(v.refs, set)
			return
		}
		f.storeDepth(x.X, set, depth+1)
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			f.storeDepth(x.X, set, depth+1)
		}
	case *ast.SliceExpr:
		f.storeDepth(x.X, set, depth+1)
	case *ast.CallExpr, *ast.TypeAssertExpr:
		v := f.evalQuiet(lhs)
		f.storeRefs(v.refs, set)
	}
}

func (f *fn) storeVar(obj types.Object, set func(old *value) *value) {
	old := f.readVar(obj)
	if len(old.refs) > 0 && !isPlainPointer(obj.Type()) {
		f.storeRefs(old.refs, set)
		return
	}
	v := f.flatten(set(old))
	if isGlobal(obj) {
		f.setGlobal(obj, v)
	}
	f.cur.set(f.loc(obj), v)
}

func isMapType(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// into changes the object an expression stands for or points to.
func (f *fn) into(x ast.Expr, depth int, set func(old *value) *value) {
	v := f.evalQuiet(x)
	if len(v.refs) > 0 {
		f.storeRefs(v.refs, set)
		return
	}
	f.storeDepth(x, set, depth+1)
}

func (f *fn) storeRefs(refs []*loc, set func(old *value) *value) {
	for _, r := range refs {
		old := f.cur.get(r)
		if old == nil {
			old = unknown
		}
		v := set(old)
		if len(refs) > 1 {
			v = join(old, v)
		}
		f.cur.set(r, v)
	}
}

// setPath replaces a part of a part of v.
func (f *fn) setPath(v *value, path []string, set func(old *value) *value) *value {
	if len(path) == 0 {
		return set(v)
	}
	if len(path) > 1 {
		// An embedded pointer leads to another object.
		if p := v.parts[path[0]]; p != nil && len(p.refs) > 0 {
			f.storeRefs(p.refs, func(old *value) *value { return f.setPath(old, path[1:], set) })
			return v
		}
	}
	return setPart(forget(v), path[0], f.setPath(part(v, path[0]), path[1:], set))
}

// forget drops the labels that say a whole object is at hand: what it holds is
// about to change, and the label is made anew when it is next read.
func forget(v *value) *value {
	if v.sealed {
		w := *v
		w.labels, w.sealed = nil, false // what it showed before
		return &w
	}
	if !slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil && l.src.Kind == Whole }) {
		return v
	}
	w := *v
	w.labels = nil
	for _, l := range v.labels {
		if l.src == nil || l.src.Kind != Whole {
			w.labels = append(w.labels, l)
		}
	}
	return &w
}

func isPlainPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

func isGlobal(obj types.Object) bool {
	v, ok := obj.(*types.Var)
	return ok && !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// loc is the place of a variable.
func (f *fn) loc(obj types.Object) *loc {
	if l, ok := f.locs[obj]; ok {
		return l
	}
	l := &loc{name: obj.Name(), typ: obj.Type(), obj: obj}
	f.locs[obj] = l
	return l
}

func (f *fn) meet(bound string) {
	if line := f.symbol + ": " + bound; !slices.Contains(f.bounds, line) {
		f.bounds = append(f.bounds, line)
	}
}
