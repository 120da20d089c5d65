// Package goanalysis is the scanner of Go code: it loads the head and the merge
// base with package load, runs the suite of analyzers over both with package
// driver and turns what they report into findings, routes and a receipt that
// says how much of the code was really looked at.
//
// It imports app/scan, app/review and analyzers. It must never start a process,
// open a network connection or follow a path out of the folders it is given.
package goanalysis
