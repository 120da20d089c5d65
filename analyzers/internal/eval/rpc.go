package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// A grpc-gateway that dials calls a service through a gRPC server, whose
// interceptors ask callers for what they do. Where that server is in the program
// they are part of the route's chain; where it is not, nobody knows what it asks.

const (
	grpcPkg        = "google.golang.org/grpc"
	grpcMiddleware = "github.com/grpc-ecosystem/go-grpc-middleware"
)

// rpcServer is a gRPC server: what stands before its services, and which they are.
type rpcServer struct {
	unary, streams []middleware     // before calls, and before those that are streams
	services       map[string]value // by name
}

// grpcFunc makes a gRPC server.
func (m *machine) grpcFunc(name string, c call) (value, bool) {
	if name != grpcPkg+".NewServer" {
		return nil, false
	}
	s := &rpcServer{services: map[string]value{}}
	for _, o := range c.args {
		s.unary = append(s.unary, m.interceptorsOf(o, "Unary", 0)...)
		s.streams = append(s.streams, m.interceptorsOf(o, "Stream", 0)...)
	}
	m.rpcServers = append(m.rpcServers, s)
	return s, true
}

// interceptorsOf are those that an option of a gRPC server names, of one kind: for
// calls, or for streams.
func (m *machine) interceptorsOf(v value, kind string, depth int) []middleware {
	if depth > 4 {
		return nil
	}
	var out []middleware
	if l := listed(v); l != nil {
		for _, o := range l.e {
			out = append(out, m.interceptorsOf(o, kind, depth+1)...)
		}
		return out
	}
	x, ok := v.(*external)
	if !ok {
		return nil
	}
	name := lastName(x.name)
	switch pkg := importpath.Unversioned(pkgOf(x.name)); {
	case pkg == grpcPkg && (name == kind+"Interceptor" || name == "Chain"+kind+"Interceptor"),
		pkg == grpcMiddleware && (name == "With"+kind+"ServerChain" || name == "Chain"+kind+"Server"):
		for _, a := range x.args {
			if in := m.interceptorsOf(a, kind, depth+1); in != nil {
				out = append(out, in...)
				continue
			}
			out = append(out, m.middlewares(a, extent{place: x.pos}, "")...)
		}
	}
	return out
}

// rpcOp is a method of a gRPC server.
func (m *machine) rpcOp(s *rpcServer, name string, c call) value {
	if name == "RegisterService" && len(c.args) == 2 {
		if x, ok := c.args[0].(*external); ok {
			if service, ok := asString(x.field("ServiceName")); ok {
				s.services[service] = c.args[1]
			}
		}
	}
	return m.unknownResult(c, nil)
}

// remote is the operation that a handler of grpc-gateway calls on a server that it
// has a connection to, "" if it calls none, and whether it answers with a stream.
func (m *machine) remote(r *record) (operation string, stream bool) {
	c, ok := r.handler.(*closure)
	if !ok || r.r.fam.id != "gateway" {
		return "", false
	}
	visit := func(n *program.Node) {
		if n.Op == program.Call && n.K[0].S == "Recv" {
			stream = true
		}
		if n.Op != program.Call || n.K[0].Op != program.Global || lastName(n.K[0].S) != "AnnotateContext" {
			return
		}
		for _, a := range n.K[1:] {
			if a.Op == program.Const && strings.HasPrefix(a.S, "/") {
				operation = a.S
			}
		}
	}
	walk(c.fn.Body, visit)
	walk(c.fn.Body, func(n *program.Node) {
		if n.Op == program.Lit {
			walk(m.lits[c.fn.pkg][n.N].Body, visit)
		}
	})
	return operation, stream
}

// served finds the server that answers an operation, and the method that does.
func (m *machine) servedBy(operation string) (*rpcServer, *closure) {
	service, method, _ := strings.Cut(strings.TrimPrefix(operation, "/"), "/")
	for _, s := range m.rpcServers {
		v, ok := s.services[service]
		if !ok {
			continue
		}
		if o, isObject := v.(*object); isObject {
			if fn := m.method(o.t, method); fn != nil {
				return s, &closure{fn: fn, recv: m.descend(o, fn)}
			}
		}
		return s, nil
	}
	return nil, nil
}

// farther replaces a handler that calls a gRPC server by what is known of that.
func (m *machine) farther(p *peeled, operation string, stream bool) (chain []middleware, why string) {
	s, method := m.servedBy(operation)
	p.operation = operation
	if s == nil {
		return nil, "it calls " + operation + " on a gRPC server, and what that asks callers for is not known"
	}
	if method != nil {
		p.core = method
	}
	if stream {
		return s.streams, ""
	}
	return s.unary, ""
}

// serverInfo is what an interceptor is told of the call.
func (m *machine) serverInfo(t string) value {
	return &external{name: t, t: t, called: true, args: []value{fieldArg{"FullMethod", str(m.operation)}}}
}

// callMeta is what go-grpc-middleware tells of a call.
func (m *machine) callMeta(t string) value {
	service, method, _ := strings.Cut(strings.TrimPrefix(m.operation, "/"), "/")
	return &external{name: t, t: t, called: true, args: []value{fieldArg{"Service", str(service)}, fieldArg{"Method", str(method)}}}
}

// judgeSelected judges an interceptor that runs for the calls that a function
// picks.
func (m *machine) judgeSelected(x *external, v *verdict, path, method string) bool {
	if importpath.Unversioned(pkgOf(x.name)) != grpcMiddleware+"/interceptors/selector" || len(x.args) != 2 {
		return false
	}
	inner := m.judgeMiddleware(x.args[0], path, method, 1)
	inner.usedPath = true
	if inner.kind != routes.KindAuth && inner.kind != routes.KindRole {
		*v = inner
		return true
	}
	match := m.functionOf(x.args[1], 0)
	if o, ok := x.args[1].(*object); ok {
		if fn := m.method(o.t, "Match"); fn != nil {
			match = &closure{fn: fn, recv: m.descend(o, fn)}
		}
	} else if c, ok := x.args[1].(*closure); ok {
		match = c
	}
	*v = inner
	if match == nil {
		v.kind, v.why = routes.KindUnresolved, "it guards the calls that a function picks, which could not be followed"
		return true
	}
	s := m.simulate(match, &simulation{middleware: true, path: path, method: method})
	v.reached = slices.Concat(s.reached, inner.reached)
	switch known, yes, _ := truth(s.returned); {
	case !known:
		v.kind, v.why = routes.KindUnresolved, "it guards the calls that "+shortName(match.fn.Name)+" picks, and whether that picks this one could not be made out"
	case !yes:
		v.kind, v.why, v.exempt = routes.KindOptional, shortName(match.fn.Name)+" does not pick "+m.operation, true
	}
	return true
}

// override is the function by which a service decides about its callers itself, in
// place of the one that go-grpc-middleware was given.
func (m *machine) override(x *external) *closure {
	if !strings.HasPrefix(importpath.Unversioned(pkgOf(x.name)), grpcMiddleware) || m.operation == "" {
		return nil
	}
	service, _, _ := strings.Cut(strings.TrimPrefix(m.operation, "/"), "/")
	for _, s := range m.rpcServers {
		if o, ok := s.services[service].(*object); ok {
			if fn := m.method(o.t, "AuthFuncOverride"); fn != nil {
				return &closure{fn: fn, recv: m.descend(o, fn)}
			}
		}
	}
	return nil
}
