package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// What a guard may rely on that stands behind another.

// keptUnderKey is a library's own function that asks a request, its first argument, for
// what it carries under a key, or sets that: typed, unlike the method.
func (m *machine) keptUnderKey(base, fn string, c call) (value, bool) {
	switch base + "." + fn {
	case "github.com/gofiber/fiber.Locals", "github.com/labstack/echo.ContextGet", "github.com/labstack/echo.ContextGetOr":
	default:
		return nil, false
	}
	if len(c.args) < 2 || c.n == nil || len(c.n.K) < 3 {
		return nil, false
	}
	r, ok := c.args[0].(request)
	if !ok {
		return nil, false
	}
	n := *c.n
	n.K = slices.Delete(slices.Clone(n.K), 1, 2)
	of := c
	of.n, of.args = &n, c.args[1:]
	q := asked{r: r, fun: c.n.K[0], name: "Locals", t: resultType(c), first: c.args[1], c: of}
	if len(q.c.args) == 1 || fn == "ContextGetOr" {
		return m.left(q), true
	}
	m.sim.keep(q.key(), q.c.args[1])
	return q.c.args[1], true
}

// give adds what a guard gives every request that it lets pass.
func (m *machine) give(v verdict) {
	if len(v.gives) == 0 {
		return
	}
	given := maps.Clone(m.given)
	if given == nil {
		given = map[string]bool{}
	}
	for _, k := range v.gives {
		given[k] = true
	}
	m.given = given
}

// givenKey names what has been given, so that verdicts are reused only where it is
// the same.
func (m *machine) givenKey() string {
	return strings.Join(slices.Sorted(maps.Keys(m.given)), ",")
}

// asksKnown finds a guard that asks known callers for a role and lets others pass,
// whom a guard before it has refused: x != nil && !x.admin is as good there as
// x == nil || !x.admin.
func (m *machine) asksKnown(t *trial, v *verdict, path, method string) {
	if !t.anon.leans || v.kind != routes.KindOptional || !t.early || v.switched || v.exempt || v.flaw != "" {
		return
	}
	inside := m.simulate(t.c, &simulation{anonymous: true, inside: true, middleware: true, inline: t.anon.inline, path: path, method: method, ends: t.anon.ends, handsOn: t.gin})
	if slices.ContainsFunc(inside.passed, func(p passage) bool { return p.anon }) {
		return // it asks something else of those it lets pass
	}
	if role, why := roleOf(lacking(inside.refused)); role != "" {
		v.kind = routes.KindRole
		v.why = "asks for " + why + "; who has no identity was refused before"
	}
}

// asksKnownInside is asksKnown for a handler's own check.
func (m *machine) asksKnownInside(c *closure, v *verdict, anon *simulation, path, method string) {
	if !anon.leans || v.kind != routes.KindOther {
		return
	}
	inside := m.simulate(c, &simulation{anonymous: true, inside: true, path: path, method: method})
	asked := lacking(inside.refused)
	if role, why := roleOf(asked); role != "" {
		v.kind, v.refused = routes.KindRole, asked[0].pos
		v.why = "the handler asks known callers for " + why
	}
}

// lacking are the refusals of those who are known and lack something: nothing else
// than that is a condition of it.
func lacking(refused []refusal) []refusal {
	var out []refusal
	for _, r := range refused {
		if (r.code == 401 || r.code == 403) && r.unsure && r.asked != nil {
			if lacks, others := demands(r.asked); lacks == 1 && others == 0 {
				out = append(out, r)
			}
		}
	}
	return out
}

// demands counts what a condition says that is not so, and what is so, besides
// that somebody is there.
func demands(n *program.Node) (lacks, others int) {
	switch {
	case n.Op == program.Binary && n.S == "&&":
		a, b := demands(n.K[0])
		c, d := demands(n.K[1])
		return a + c, b + d
	case n.Op == program.Binary && n.S == "||":
		if a, b := demands(n.K[0]); a > 0 && b == 0 {
			return demands(n.K[1])
		}
		return 0, 1
	case asksPresence(n):
		return 0, 0
	case n.Op == program.Unary && n.S == "!", n.Op == program.Binary && (n.S == "!=" || n.S == "<" || n.S == "<="):
		return 1, 0
	}
	return 0, 1
}
