// Package sinks knows where values leave a program for a place people read: log
// calls, error trackers, traces and analytics, with what each call does with
// each of its arguments; and which calls take the secret out of a value
// (sanitizers) or only look as if they did.
//
// The facts are in the folder facts: logsinks.tsv was written from the real
// packages' types, more.txt adds calls from the libraries' documentation.
// "go generate" compiles both into table.txt, which is embedded; a test compares.
//
// The package imports the standard library and package callee only.
package sinks

//go:generate go run ./gen
