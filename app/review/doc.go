// Package review holds the domain types every other package speaks: what is
// reviewed (Target), what was found (Finding), what was really looked at
// (Receipt), what follows from it (Verdict) and the error codes that end a
// review early.
//
// It imports the standard library only, does no I/O and knows neither GitHub
// nor git nor SQL. Zero values are the safe ones: an unset Verdict could not
// verify, an unset Access is unresolved, an unset Origin is introduced and an
// unset Severity blocks.
package review
