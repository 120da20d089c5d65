// Package program is the compact form of a package's code that route
// reconstruction works on: every function as a small uniform tree with names,
// constants and types already resolved as far as the type checker got.
//
// It travels between packages as a fact, so that the package holding main can
// look at the whole program without any other package's syntax or types. It
// imports go/ast, go/types and go/analysis; it must never read files.
package program
