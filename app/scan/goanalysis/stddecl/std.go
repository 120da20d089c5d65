package stddecl

import (
	_ "embed" // the bundle
	"fmt"
	"go/token"
	"go/types"
	"strings"
	"sync"

	"golang.org/x/mod/module"
)

//go:embed std.bundle
var std []byte

//go:embed modules.bundle
var modules []byte

// known is the index of the bundle of modules; a module's declarations are
// unpacked when one of its packages is asked for.
var known = sync.OnceValues(func() (map[string]knownPackage, error) {
	label, entries, err := Read(modules)
	if err != nil {
		return nil, fmt.Errorf("embedded modules: %w", err)
	}
	var versions []module.Version
	for line := range strings.Lines(label) {
		if p, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			versions = append(versions, module.Version{Path: p, Version: v})
		}
	}
	m := map[string]knownPackage{}
	for _, e := range entries {
		k := knownPackage{entry: e}
		for _, v := range versions {
			if (e.Path == v.Path || strings.HasPrefix(e.Path, v.Path+"/")) && len(v.Path) > len(k.module.Path) {
				k.module = v
			}
		}
		m[e.Path] = k
	}
	return m, nil
})

type knownPackage struct {
	entry  Entry
	module module.Version
}

// Module implements load.Embedded.
func (Library) Module(pkg string) (module.Version, bool) {
	m, err := known()
	if err != nil {
		return module.Version{}, false
	}
	k, ok := m[pkg]
	return k.module, ok
}

// Decode implements load.Embedded.
func (Library) Decode(pkg string, fset *token.FileSet, imports map[string]*types.Package) (*types.Package, error) {
	m, err := known()
	if err != nil {
		return nil, err
	}
	k, ok := m[pkg]
	if !ok {
		return nil, fmt.Errorf("no embedded declarations of %s", pkg)
	}
	return k.entry.Decode(fset, imports)
}

// Modules lists the module versions whose declarations are embedded.
func (Library) Modules() []module.Version {
	m, err := known()
	if err != nil {
		return nil
	}
	seen := map[module.Version]bool{}
	var out []module.Version
	for _, k := range m {
		if !seen[k.module] {
			seen[k.module] = true
			out = append(out, k.module)
		}
	}
	module.Sort(out)
	return out
}

// Library implements load.Embedded with what this program carries.
type Library struct{}

// Standard returns the packages of the standard library by import path, with
// the positions of their objects in fset. Each call decodes afresh (about 30 ms
// of CPU), so that callers share no state.
func (Library) Standard(fset *token.FileSet) (map[string]*types.Package, error) {
	_, entries, err := Read(std)
	if err != nil {
		return nil, fmt.Errorf("embedded standard library: %w", err)
	}
	imports, pkgs := map[string]*types.Package{}, map[string]*types.Package{}
	for _, e := range entries {
		p, err := e.Decode(fset, imports)
		if err != nil {
			return nil, fmt.Errorf("embedded standard library, %s: %w", e.Path, err)
		}
		pkgs[e.Path] = p
	}
	return pkgs, nil
}

// release is the label of the standard library's bundle, read once.
var release = sync.OnceValue(func() string {
	label, _, err := Read(std)
	if err != nil {
		return "unreadable"
	}
	return label
})

// Version says which Go release the declarations are from.
func (Library) Version() string { return release() }

// StandardOnly is Library without the well-known modules.
type StandardOnly struct{ Library }

// Module knows none.
func (StandardOnly) Module(string) (module.Version, bool) { return module.Version{}, false }
