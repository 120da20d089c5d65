package eval

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// This file is about libraries that describe operations rather than routes:
// huma on top of another router, connect and grpc-gateway behind generated code.

// The numbers that goframe's codes have.
const (
	gcodeNotAuthorized = 61
	gcodeForbidden     = 66
)

const (
	humaPkg      = "github.com/danielgtaylor/huma"
	humaAdapters = humaPkg + "/adapters/"
)

// humaFunc carries out huma's package-level functions.
func (m *machine) humaFunc(pkg, fn string, c call) (value, bool) {
	base := importpath.Unversioned(pkg)
	fam := known(humaPkg)
	if strings.HasPrefix(base, humaAdapters) && strings.HasPrefix(fn, "New") && len(c.args) > 0 {
		// New(router, config), NewWithGroup(router, group, config),
		// NewWithPrefix(mux, prefix, config).
		api := m.newRouter(fam, pkg+".API", c.pos)
		to, prefix := c.args[0], ""
		if len(c.args) > 2 {
			if s, ok := asString(c.args[1]); ok {
				prefix = s
			} else {
				to = c.args[1]
			}
		}
		if r := m.routerIn(to, 0); r != nil {
			api.isRoot = false
			api.parents = []edge{{to: r, prefix: prefix, seq: m.seq, live: true, via: m.via()}}
		}
		return api, true
	}
	if base == humaPkg+"/sse" && fn == "Register" && len(c.args) > 3 {
		return m.humaRegister(c.args[0], humaOperation(c.args[1]), c.args[3], nil, c), true
	}
	if base != humaPkg || len(c.args) == 0 {
		return nil, false
	}
	switch fn {
	case "Register":
		if len(c.args) > 2 {
			return m.humaRegister(c.args[0], humaOperation(c.args[1]), c.args[2], nil, c), true
		}
	case "Get", "Post", "Put", "Patch", "Delete", "Head", "Options":
		if len(c.args) > 2 {
			op := humaOperation(nil)
			op.f["Method"], op.f["Path"] = str(strings.ToUpper(fn)), c.args[1]
			return m.humaRegister(c.args[0], op, c.args[2], c.args[3:], c), true
		}
	case "NewGroup":
		if r := m.routerIn(c.args[0], 0); r != nil {
			g := m.newRouter(fam, pkg+".Group", c.pos)
			g.isRoot = false
			prefixes := []string{""}
			if len(c.args) > 1 {
				prefixes = nil
				for _, a := range c.args[1:] {
					prefixes = append(prefixes, paths(a)...)
				}
			}
			for _, p := range prefixes {
				g.parents = append(g.parents, edge{to: r, prefix: p, group: true, live: true, seq: g.created, via: m.via()})
			}
			return g, true
		}
	case "AutoRegister":
		if o, ok := c.args[len(c.args)-1].(*object); ok {
			for _, f := range m.byPkg[pkgOf(o.t)] {
				if f.Recv != nil && strings.HasPrefix(f.Name, o.t+".Register") {
					m.callFunc(&closure{fn: f, recv: o}, call{n: &program.Node{}, f: c.f, args: c.args[:1], pos: c.pos})
				}
			}
			return tuple{}, true
		}
	}
	return nil, false
}

// humaOperation is huma's description of an operation as a value middleware can
// read; what a literal leaves out is empty.
func humaOperation(v value) *object {
	op := &object{t: humaPkg + ".Operation", f: map[string]value{}}
	for _, f := range []string{"Security", "Tags", "Middlewares", "Errors"} {
		op.f[f] = &list{}
	}
	for _, f := range []string{"Method", "Path", "OperationID", "Summary", "Description"} {
		op.f[f] = str("")
	}
	op.f["Metadata"] = &table{e: map[string]value{}}
	switch x := v.(type) {
	case *external:
		for _, a := range x.args {
			if fa, ok := a.(fieldArg); ok && !isNil(fa.v) {
				op.f[fa.name] = fa.v
			}
		}
	case *object:
		for k, f := range x.f {
			op.f[k] = f
		}
	}
	return op
}

// routerIn is the router that a value is or embeds, as an API of the program's
// own does that changes one of its methods; nil if there is none.
func (m *machine) routerIn(v value, depth int) *router {
	switch x := v.(type) {
	case *router:
		return x
	case *object:
		t := m.types[x.t]
		if t == nil || depth > 4 {
			return nil
		}
		for _, e := range t.Embedded {
			if r := m.routerIn(x.f[e], depth+1); r != nil {
				return r
			}
		}
	}
	return nil
}

func (m *machine) humaRegister(api value, op *object, handler value, changes []value, c call) value {
	r := m.routerIn(api, 0)
	if r == nil {
		r = m.strayRouter(known(humaPkg), humaPkg+".API", api, nil, c)
	}
	for _, f := range changes {
		m.callValue(f, call{n: &program.Node{}, f: c.f, args: []value{op}, pos: c.pos})
	}
	for at, i := r, 0; at != nil && i < 20; i++ {
		for _, f := range at.mods {
			m.callValue(f, call{n: &program.Node{}, f: c.f, args: []value{op, next{}}, pos: c.pos})
		}
		if len(at.parents) == 0 {
			break
		}
		at = at.parents[0].to
	}
	for _, meth := range methodNames(op.f["Method"]) {
		for _, p := range paths(op.f["Path"]) {
			m.add(r, meth, p, handler, []value{op.f["Middlewares"]}, c).op = op
		}
	}
	return tuple{}
}

// procedure is the operation behind a handler that connect made, "ok" if it made
// it: the procedure's path, the method of the service, and the interceptors.
func (m *machine) procedure(x *external) (peeled, bool) {
	pkg, typ, name := split(x.name)
	f := known(pkg)
	if f == nil || f.id != "connect" || typ != "" || len(x.args) < 2 {
		return peeled{}, false
	}
	switch name {
	case "NewUnaryHandler", "NewUnaryHandlerSimple", "NewClientStreamHandler", "NewServerStreamHandler", "NewBidiStreamHandler":
	default:
		return peeled{}, false
	}
	at, ok := asString(x.args[0])
	if !ok {
		return peeled{}, false
	}
	p := peeled{core: x.args[1], method: "POST", path: at}
	streams := strings.Contains(name, "Stream")
	var options func(vs []value)
	options = func(vs []value) {
		for _, v := range vs {
			switch o := v.(type) {
			case *list:
				options(o.e)
			case *external:
				switch lastName(o.name) {
				case "WithHandlerOptions", "WithOptions":
					options(o.args)
				case "WithInterceptors":
					for _, mw := range m.middlewares(&list{e: o.args}, extent{place: o.pos}, "") {
						p.layers = append(p.layers, layer{ext: m.interceptor(mw.v, streams), pos: mw.pos})
					}
				}
			}
		}
	}
	options(x.args[2:])
	return p, true
}

// interceptor is the part of an interceptor that is for streams, or for the other
// calls: one that is a function is for those alone.
func (m *machine) interceptor(v value, streams bool) value {
	if !streams {
		return v
	}
	switch x := v.(type) {
	case *object:
		if fn := m.method(x.t, "WrapStreamingHandler"); fn != nil {
			return &closure{fn: fn, recv: m.descend(x, fn)}
		}
	case *closure:
		return exempted{x, "it is for calls that are no streams"}
	}
	return v
}

// describesOperations reports whether the library behind a registration says
// which operations there are, so that they need not be found by trying.
func (m *machine) describesOperations(r *record) bool {
	return slices.ContainsFunc(m.peel(r.handler, 0), func(p peeled) bool { return p.path != "" })
}

// gatewayPath writes the path of a pattern that grpc-gateway's generator wrote
// as a little program: runtime.NewPattern(version, ops, pool, verb).
func gatewayPath(v value) (string, bool) {
	x, ok := v.(*external)
	for range 3 {
		if !ok || strings.HasPrefix(lastName(x.name), "NewPattern") {
			break
		}
		if len(x.args) == 0 {
			return "", false
		}
		x, ok = x.args[0].(*external)
	}
	if !ok || len(x.args) < 4 {
		return "", false
	}
	ops, ok1 := x.args[1].(*list)
	pool, ok2 := x.args[2].(*list)
	if !ok1 || !ok2 || len(ops.e)%2 != 0 {
		return "", false
	}
	names := stringsOf(pool)
	var stack []string
	for i := 0; i < len(ops.e); i += 2 {
		op, ok1 := asInt(ops.e[i])
		arg, ok2 := asInt(ops.e[i+1])
		if !ok1 || !ok2 || arg < 0 {
			return "", false
		}
		switch op {
		case 1: // push one segment
			stack = append(stack, "*")
		case 2: // push a literal
			if arg >= len(names) {
				return "", false
			}
			stack = append(stack, names[arg])
		case 3: // push the rest
			stack = append(stack, "**")
		case 4: // join
			if arg > len(stack) {
				return "", false
			}
			n := len(stack) - arg
			stack = append(stack[:n], path.Join(stack[n:]...))
		case 5: // name it
			if arg >= len(names) || len(stack) == 0 {
				return "", false
			}
			last := len(stack) - 1
			switch stack[last] {
			case "*":
				stack[last] = "{" + names[arg] + "}"
			case "**":
				stack[last] = "{" + names[arg] + "...}"
			default: // a parameter over several segments, such as projects/*/items/*
				stack[last] = strings.ReplaceAll(stack[last], "**", "{"+names[arg]+"...}")
				stack[last] = strings.ReplaceAll(stack[last], "*", "{"+names[arg]+"}")
			}
		}
	}
	p := "/" + strings.Join(stack, "/")
	if verb, ok := asString(x.args[3]); ok && verb != "" {
		p += ":" + verb
	}
	return p, true
}

// rpcError makes the error of a call such as status.Error(codes.Unauthenticated,
// …), connect.NewError or huma.Error401Unauthorized.
func (m *machine) rpcError(base, fn string, c call) (value, bool) {
	code := 0
	switch base {
	case "google.golang.org/grpc/status", "connectrpc.com/connect", "github.com/bufbuild/connect-go":
		switch fn {
		case "Error", "Errorf", "New", "Newf", "NewError":
		default:
			return nil, false
		}
		code = 500
		if len(c.args) > 0 {
			switch n, _ := asInt(c.args[0]); n {
			case 16:
				code = 401
			case 7:
				code = 403
			case 5:
				code = 404
			case 3, 9, 11:
				code = 400
			}
		}
	case goframePkg + "/errors/gerror":
		if strings.HasPrefix(fn, "NewCode") || strings.HasPrefix(fn, "WrapCode") {
			for _, a := range c.args {
				switch n, _ := asInt(a); n {
				case gcodeNotAuthorized:
					code = 401
				case gcodeForbidden:
					code = 403
				}
			}
			code = max(code, 400)
		}
	case kratosPkg + "/errors":
		switch fn {
		case "Unauthorized":
			code = 401
		case "Forbidden":
			code = 403
		case "BadRequest":
			code = 400
		case "NotFound":
			code = 404
		case "New", "Newf", "Errorf", "InternalServer", "Conflict":
			code, _ = firstInt(c.args)
			code = max(code, 409)
		}
	case "connectrpc.com/authn":
		if fn == "Errorf" {
			code = 401
		}
	case humaPkg:
		if digits, ok := strings.CutPrefix(fn, "Error"); ok && len(digits) > 3 {
			code, _ = strconv.Atoi(digits[:3])
		} else if fn == "NewError" || fn == "NewErrorWithContext" {
			code, _ = firstInt(c.args)
		}
	}
	if code < 400 {
		return nil, false
	}
	m.sim.refuse(m, code, c.pos, fn)
	return failure{code: code, anon: m.anonNow(), name: fn}, true
}
