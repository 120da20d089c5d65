// Package declstore keeps what was worked out once, under a key that names
// everything it was worked out from: declarations of dependencies, their import
// lists, results of analyses. Repositories and processes share one store; an
// entry that was damaged on disk is detected by its hash, removed and made anew.
//
// It imports the standard library only. It must never interpret what it keeps.
package declstore
