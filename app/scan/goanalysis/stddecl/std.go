package stddecl

import (
	_ "embed" // the bundle
	"fmt"
	"go/token"
	"go/types"
)

//go:embed std.bundle
var std []byte

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

// Version says which Go release the declarations are from.
func (Library) Version() string {
	label, _, err := Read(std)
	if err != nil {
		return "unreadable"
	}
	return label
}
