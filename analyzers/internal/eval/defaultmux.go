package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// Packages that add routes to the standard library's default router by being
// imported: whoever serves that serves them, though no line says so.

// selfRegistering are those packages and the paths that they add.
var selfRegistering = []struct {
	pkg   string
	paths []string
}{
	{"net/http/pprof", []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/profile", "/debug/pprof/symbol", "/debug/pprof/trace"}},
	{"expvar", []string{"/debug/vars"}},
	{"golang.org/x/net/trace", []string{"/debug/requests", "/debug/events"}},
	{"github.com/mkevac/debugcharts", []string{"/debug/charts/"}},
	{"github.com/arl/statsviz", nil},
}

// servesDefault notes that a server is started that has no handler of its own.
func (m *machine) servesDefault(p place) {
	if m.defaultAt.line == 0 {
		m.defaultAt, m.defaultVia, m.defaultConds = p, m.via(), slices.Clone(m.conds)
	}
}

// withoutHandler reports whether a literal of a server was given no handler.
func withoutHandler(v value) bool {
	x, ok := v.(*external)
	if !ok || !x.called || !strings.HasSuffix(x.name, "net/http.Server") {
		return false
	}
	return !slices.ContainsFunc(x.args, func(a value) bool {
		fa, isField := a.(fieldArg)
		return !isField || fa.name == "Handler" && !isNil(fa.v)
	})
}

// importedRoutes adds what packages add to the default router by being imported,
// if that is served: nothing else shows that their handlers are there.
func (m *machine) importedRoutes() {
	at, via, conds := m.defaultAt, m.defaultVia, m.defaultConds
	mux, used := m.globals["net/http.DefaultServeMux"].(*router)
	if at.line == 0 && used {
		i := slices.IndexFunc(m.records, func(r *record) bool {
			return r.r == mux || r.handler != nil && slices.ContainsFunc(m.peel(r.handler, 0), func(p peeled) bool { return p.core == value(mux) })
		})
		if i < 0 {
			at, via = mux.pos, mux.via
		} else {
			at, via, conds = m.records[i].pos, m.records[i].via, m.records[i].conds
		}
	}
	if at.line == 0 {
		return
	}
	for _, s := range selfRegistering {
		if !slices.ContainsFunc(m.pkgs, func(p *program.Package) bool { return slices.Contains(p.Imports, s.pkg) }) {
			continue
		}
		for _, p := range s.paths {
			if slices.ContainsFunc(m.records, func(r *record) bool { return r.r == m.defaultMux() && r.path == p }) {
				continue
			}
			rec := m.add(m.defaultMux(), "*", p, &external{name: s.pkg + ".init"}, nil, call{n: &program.Node{}, pos: at})
			rec.via, rec.subtree, rec.seq, rec.conds = via, strings.HasSuffix(p, "/"), 0, conds
		}
	}
}
