package eval

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/routes"
)

// A guard may exempt paths by how they end or what is somewhere in them. Where a
// part of the path is a parameter, who calls chooses it, and so whether the guard
// is passed by; a query stands behind the path of every request.

// dodges is told that it is asked whether the path has something in it, or at its
// end, that it has not; it reports whether callers are to be taken for such as
// choose their path by that.
func (m *machine) dodges(v value, with string, atEnd bool) bool {
	c, ok := v.(constant)
	if m.sim == nil || !ok || with == "" || !m.ofPath(v) {
		return false
	}
	way := ""
	switch {
	case c.uri:
		way = fmt.Sprintf("%q in the query", with)
	case strings.Contains(with, "/"):
		return false // no parameter holds one
	default:
		segs := strings.Split(c.s, "/")
		for i, s := range segs {
			if isPathParameter(s) && (!atEnd || i == len(segs)-1) {
				way = fmt.Sprintf("%q in %s", with, s)
				if atEnd {
					way = fmt.Sprintf("%q at the end of %s", with, s)
				}
			}
		}
	}
	if way == "" {
		return false
	}
	if !slices.Contains(m.sim.dodged, way) && len(m.sim.dodged) < 4 {
		m.sim.dodged = append(m.sim.dodged, way)
	}
	return m.sim.dodging
}

// isPathParameter reports whether a segment of a pattern stands for any.
func isPathParameter(s string) bool {
	return s != "" && (s[0] == ':' || s[0] == '*' || s[0] == '{' && s != "{$}")
}

// avoided changes the verdict on a guard that lets requests pass whose callers
// chose their path to be let.
func (m *machine) avoided(c *closure, v *verdict, s *simulation, gin bool) {
	if v.kind != routes.KindAuth && v.kind != routes.KindRole || len(s.dodged) == 0 {
		return
	}
	t := m.simulate(c, &simulation{anonymous: true, middleware: true, inline: s.inline, path: s.path, method: s.method, ends: s.ends, handsOn: gin, dodging: true})
	passes := slices.ContainsFunc(t.passed, func(p passage) bool { return !p.unsure }) && t.aborted != 2
	if gin && len(t.passed) == 0 {
		passes = t.aborted == 0 && !t.dead
	}
	if !passes {
		return
	}
	v.kind = routes.KindUnresolved
	v.why = fmt.Sprintf("lets everybody pass who calls it with %s; others: %s", s.dodged[0], v.why)
}

// matches is what a regular expression of the program says of a known text.
func matches(recv value, args []value) (value, bool) {
	x, ok := recv.(*external)
	if !ok || len(x.args) != 1 || len(args) != 1 || x.name != "regexp.MustCompile" && x.name != "regexp.Compile" {
		return nil, false
	}
	pattern, ok1 := asString(x.args[0])
	s, ok2 := asString(args[0])
	if !ok1 || !ok2 || len(pattern) > 1000 || slices.ContainsFunc(strings.Split(s, "/"), isPathParameter) {
		return nil, false
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, false
	}
	return boolean(re.MatchString(s), false), true
}
