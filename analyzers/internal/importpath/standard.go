package importpath

import (
	"go/build"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// Standard reports whether a package of this import path, of which file is a
// source file's absolute name, is of the standard library. A program built with
// -trimpath is not told where Go is; then the file's own folder is asked whether
// it belongs to a Go installation, which is remembered. It may be called
// concurrently.
func Standard(pkg, file string) bool {
	if root := build.Default.GOROOT; root != "" {
		return strings.HasPrefix(file, root+"/src/")
	}
	src, ok := strings.CutSuffix(path.Dir(filepath.ToSlash(file)), "/"+pkg)
	if !ok || path.Base(src) != "src" {
		return false
	}
	is, known := installations.Load(src)
	if !known {
		_, err := os.Stat(filepath.Join(src, "runtime", "runtime2.go"))
		is, _ = installations.LoadOrStore(src, err == nil)
	}
	return is.(bool)
}

var installations sync.Map // whether a folder is the src of a Go installation
