// Package driver runs go/analysis analyzers over a repository that package load
// has typed: prerequisites first, a package after those it imports, facts handed
// on, two packages at a time.
//
// Unlike the go command's drivers it also runs analyzers on packages that are
// not well-typed, since a stranger's checkout often is not; SSA is then built
// for the well-typed functions alone. A panic costs one analyzer on one package.
//
// It imports load, go/analysis and go/ssa. It must never read files, start
// processes or know what a finding is.
package driver
