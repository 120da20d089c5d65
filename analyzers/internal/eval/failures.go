package eval

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Errors as values: a literal of a library's error type that says its status.

// failureLiteral is a composite literal of a library's error type.
func (m *machine) failureLiteral(n *program.Node, f *frame) (failure, bool) {
	if !errorName(n.T) && !(importpath.Unversioned(pkgOf(n.T)) == mvcPkg && lastName(n.T) == "Response") {
		return failure{}, false
	}
	fa := failure{t: n.T}
	if m.sim != nil {
		fa.anon = m.anonNow()
	}
	for _, k := range n.K {
		if k.Op == program.KV {
			k = k.K[1]
		}
		v := m.eval(k, f)
		if code, ok := asInt(v); ok && code >= 300 && code < 600 {
			fa.code = code
		}
		if s, ok := asString(v); ok && fa.name == "" && s != "" && len(s) < 60 {
			fa.name = s
			if k.Op == program.Const && fa.code == 0 && strings.HasPrefix(s, "/") && !errorName(n.T) {
				fa.code = 302 // to there
			}
		}
	}
	return fa, fa.code != 0
}

// statusError is an error that a router's library makes of a status and what to
// say. A variable of a package may hold it, so that it is made before any request.
func statusError(name string, args []value) (failure, bool) {
	pkg, typ, fn := split(name)
	switch importpath.Unversioned(pkg) {
	case "github.com/labstack/echo", "github.com/gofiber/fiber":
	default:
		return failure{}, false
	}
	if typ != "" || fn != "NewHTTPError" && fn != "NewError" {
		return failure{}, false
	}
	fa := failure{name: fn}
	fa.code, _ = firstInt(args)
	for _, a := range args {
		if s, ok := asString(a); ok && s != "" && len(s) < 60 {
			fa.name = s
			break
		}
	}
	return fa, true
}

func errorName(t string) bool {
	_, typ, name := split(t)
	return typ == "" && (strings.Contains(name, "Error") || strings.HasSuffix(name, "Err") || strings.HasSuffix(name, "Problem"))
}
