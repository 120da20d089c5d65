// Package stddecl carries the declarations of the standard library and of
// well-known modules, as compact export data made by cmd/declbundle from the Go
// distribution and from the modules in modules.txt, so that no Go toolchain and
// no download is needed at run time.
//
// It imports go/types and x/tools/go/gcexportdata. It must never read files or
// run anything.
package stddecl

//go:generate go run github.com/launchgate/launchgate/cmd/declbundle std std.bundle
//go:generate go run github.com/launchgate/launchgate/cmd/declbundle modules modules.txt modules.bundle
