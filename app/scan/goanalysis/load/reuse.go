package load

import (
	"crypto/sha256"
	"encoding/hex"
	"go/types"
	"strings"
)

// needed names every package by its content, asks which the caller still knows,
// and returns the nodes that must be typed: packages that are new and all they
// import. The others get a Package without types.
func (g *group) needed(nodes []*node) []*node {
	synthesised := map[string]string{}
	for _, n := range nodes {
		n.ident = g.identify(n, synthesised)
		n.reused = n.own && n.ident != "" && g.opt.Skip[n.dir] == "" && g.opt.Reuse != nil && g.opt.Reuse(n.ident)
	}
	var need func(n *node)
	need = func(n *node) {
		if n.needed || n.types != nil {
			return
		}
		n.needed = true
		for _, d := range n.imports {
			need(d)
		}
	}
	for _, n := range nodes {
		if n.own && !n.reused {
			need(n)
		}
	}
	var out []*node
	for _, n := range nodes {
		switch {
		case n.needed:
			out = append(out, n)
		case n.own:
			n.pkg = n.newPackage()
			g.total.Add(-1)
		}
	}
	return out
}

// identify names what a package is made from: its files, the language version
// and all it imports. It is "" where something has no name.
func (g *group) identify(n *node, synthesised map[string]string) string {
	if len(n.cyclic) > 0 || n.nErrs > 0 {
		return ""
	}
	parts := []string{"package", n.path, n.version, n.digest, n.name}
	if n.own {
		parts = append(parts, n.dir, n.mod.Path, n.mod.Dir)
		for _, e := range n.errs {
			if e.Kind == "read" || e.Kind == "cycle" {
				return ""
			}
		}
		for _, f := range n.files {
			h := sha256.Sum256(f.Source)
			parts = append(parts, f.Path, hex.EncodeToString(h[:]))
		}
	}
	for _, p := range g.importsOf(n) {
		d := n.imports[p]
		switch {
		case p == "C" || p == "unsafe" || p == "":
		case d == nil:
			t := g.pkgs[p]
			if t == nil {
				return ""
			}
			if synthesised[p] == "" {
				synthesised[p] = describe(t)
			}
			parts = append(parts, p, synthesised[p])
		case d.origin == FromStandard:
			parts = append(parts, p, "std")
		case d.origin == FromEmbedded:
			parts = append(parts, p, "embedded", d.standIn.String())
		case d.ident != "":
			parts = append(parts, p, d.ident)
		default:
			return ""
		}
	}
	return g.loader.key(parts...)
}

// describe lists what a synthesised package declares.
func describe(t *types.Package) string {
	var b strings.Builder
	for _, name := range t.Scope().Names() {
		b.WriteString(types.ObjectString(t.Scope().Lookup(name), nil))
		b.WriteByte('\n')
	}
	return b.String()
}
