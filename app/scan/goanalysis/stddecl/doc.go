// Package stddecl carries the declarations of the standard library, as compact
// export data made from the Go distribution by cmd/declbundle, so that no Go
// toolchain is needed at run time.
//
// It imports go/types and x/tools/go/gcexportdata. It must never read files or
// run anything.
package stddecl

//go:generate go run github.com/launchgate/launchgate/cmd/declbundle std std.bundle
