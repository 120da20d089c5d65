package load

import (
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/mod/module"
)

// Origin says where the declarations of a dependency came from.
type Origin string

// The origins, from most to least faithful.
const (
	FromVendor      Origin = "vendor folder"
	FromModuleCache Origin = "module cache"
	FromStore       Origin = "declaration store"
	FromDownload    Origin = "download"
	FromEmbedded    Origin = "embedded declarations"
	FromUse         Origin = "synthesised from use"
	FromStandard    Origin = "standard library"
)

// Embedded supplies declarations that travel with the program: the standard
// library's and those of well-known modules.
type Embedded interface {
	// Version names the release of the standard library.
	Version() string
	// Standard returns every package of the standard library, complete, with
	// the positions of its objects in fset.
	Standard(fset *token.FileSet) (map[string]*types.Package, error)
	// Module says which module version the declarations of a well-known
	// package are from.
	Module(pkg string) (module.Version, bool)
	// Decode adds the package at an import path, and what of other packages its
	// declarations mention, to imports.
	Decode(pkg string, fset *token.FileSet, imports map[string]*types.Package) (*types.Package, error)
}

// ModuleSource hands out the source files of module versions, as a module cache
// or a downloader does.
type ModuleSource interface {
	// Open returns the files of a module version, "" as root. It returns an
	// error wrapping fs.ErrNotExist if it does not have it. sum is the hash
	// go.sum demands, or "". If the files are an io.Closer they are closed when
	// the repository is loaded.
	Open(mod module.Version, sum string) (fs.FS, Origin, error)
	// GoMod returns the go.mod file of a module version.
	GoMod(mod module.Version) ([]byte, error)
}

// ModuleCache reads the go command's module cache as plain files. It is for the
// CLI, where the cache is the user's own; a server has no such folder.
type ModuleCache struct{ Dir string }

// Open implements ModuleSource. The go command has verified the hash when it
// filled the cache.
func (c ModuleCache) Open(mod module.Version, _ string) (fs.FS, Origin, error) {
	p, err := module.EscapePath(mod.Path)
	if err != nil {
		return nil, "", err
	}
	v, err := module.EscapeVersion(mod.Version)
	if err != nil {
		return nil, "", err
	}
	dir := path.Join(c.Dir, p+"@"+v)
	if st, err := os.Lstat(dir); err != nil {
		return nil, "", err
	} else if !st.IsDir() {
		return nil, "", fs.ErrNotExist
	}
	return os.DirFS(dir), FromModuleCache, nil
}

// GoMod implements ModuleSource.
func (c ModuleCache) GoMod(mod module.Version) ([]byte, error) {
	p, err := module.EscapePath(mod.Path)
	if err != nil {
		return nil, err
	}
	v, err := module.EscapeVersion(mod.Version)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path.Join(c.Dir, "cache", "download", p, "@v", v+".mod"))
}

// isStandard reports whether an import path can only be the standard library's:
// its first element has no dot.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}
