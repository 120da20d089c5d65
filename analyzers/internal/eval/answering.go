package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Middleware that answers some requests itself, with what it finds for them: what
// stands behind it, a guard for one, is not asked about those.

// showsFound notes that a request is answered with something that was found for it.
func (m *machine) showsFound(c call) {
	for i, a := range c.args {
		if ofRequest(a) || c.f != nil && c.n != nil && i+1 < len(c.n.K) && foundFor(c.n.K[i+1], c.f) {
			m.sim.wrote++
			return
		}
	}
}

// foundFor reports whether an expression is a part of what was found for a request,
// or looked up by a part of it.
func foundFor(n *program.Node, f *frame) bool {
	for {
		switch {
		case n.Op == program.Local:
			v, _ := f.env.get(n.N)
			return ofRequest(v)
		case n.Op == program.Index && len(n.K) > 1 && foundFor(n.K[1], f):
			return true
		case (n.Op == program.Field || n.Op == program.Deref || n.Op == program.Conv || n.Op == program.Index) && len(n.K) > 0:
			n = n.K[0]
		default:
			return false
		}
	}
}

// ofRequest reports whether a value is something that was found for a request: what
// comes of it, or what was looked up. Settings and texts of the program have names.
func ofRequest(v value) bool {
	u, ok := v.(*unknown)
	return ok && (len(u.labels) == 0 || slices.ContainsFunc(u.labels, func(l string) bool { return l == requestLabel || l == derivedLabel || l == identityLabel }))
}

// writesFound notes that a library's function writes to the answer: fmt.Fprint, a
// template, an encoder. Serving files is what a middleware may do before anybody
// is asked.
func (m *machine) writesFound(name string, recv value, c call) {
	fn := lastName(name)
	if strings.HasPrefix(fn, "Serve") || fn == "SetCookie" || fn == "Error" || fn == "Redirect" || fn == "NotFound" {
		return
	}
	to := func(v value) bool {
		r, ok := v.(request)
		return ok && r.kind == "w"
	}
	x, ok := recv.(*external)
	if slices.ContainsFunc(c.args, to) || ok && slices.ContainsFunc(x.args, to) {
		m.showsFound(c)
	}
}

// answersItself notes that the outermost function answers the request in a branch
// that may be taken, and neither refuses it there nor hands it on. What is refused
// under a further condition leaves the rest.
func (m *machine) answersItself(n *program.Node, f *frame, refused, wrote int) {
	s, body := m.sim, n.K[1]
	if !s.middleware || !f.top || s.answered.line > 0 || s.wrote == wrote && !m.does(body) {
		return
	}
	if slices.ContainsFunc(s.refused[refused:], func(r refusal) bool { return r.code != 0 && r.asked == n.K[0] }) {
		return
	}
	s.answered = m.at(body, f)
}

// does reports whether code says that something was done, and calls a function of
// the program with something else than the request before it does.
func (m *machine) does(body *program.Node) bool {
	calls, done := false, false
	walk(body, func(n *program.Node) {
		if n.Op != program.Call {
			return
		}
		k := n.K[0]
		switch k.Op {
		case program.Method, program.Field:
			if requestKind(k.T) != "" && len(n.K) > 1 {
				code, _ := strconv.Atoi(n.K[1].S)
				done = done || calls && code >= 200 && code < 300
				return
			}
			if m.method(k.T, k.S) == nil && m.types[k.T] == nil {
				return
			}
		case program.Global:
			if m.funcs[k.S] == nil {
				return
			}
		default:
			return
		}
		calls = calls || slices.ContainsFunc(n.K[1:], func(a *program.Node) bool {
			return a.Op == program.Local && requestKind(a.T) == ""
		})
	})
	return done
}

// caches are functions of libraries that make middleware which answers requests to
// read with what was answered before, to whomever.
var caches = map[string]string{
	"github.com/gofiber/fiber/middleware/cache": "New",
	"github.com/gin-contrib/cache":              "SiteCache CachePage CachePageAtomic CachePageWithoutQuery CachePageWithoutHeader",
	"github.com/chenyahui/gin-cache":            "Cache CacheByRequestURI CacheByRequestPath",
	"github.com/victorspringer/http-cache":      "Middleware",
}
