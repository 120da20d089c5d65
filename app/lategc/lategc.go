// Package lategc has Go's collector begin later than usual. Programs that live for a
// moment, workers and commands, otherwise spend up to a sixth of it collecting what the
// initialisation of their packages left.
package lategc

import (
	"runtime"
	"runtime/debug"
)

// heldUncollected is how many bytes a program may hold before its collector begins. Most
// that look at a push never do, and a few collections take as long as the rest of
// what they do.
const heldUncollected = 32 << 20

// What Go's collector does by itself: it begins at so many bytes, and again when
// there is so much more than was left.
const (
	usualGCPercent = 100
	usualGCBegin   = 4 << 20
)

// Collect has the collector begin at heldUncollected, and then go on as usual.
func Collect() {
	debug.SetGCPercent(usualGCPercent * (heldUncollected / usualGCBegin))
	first := new([64]byte) // of its own, not a part of something that lives on
	runtime.SetFinalizer(first, func(*[64]byte) { debug.SetGCPercent(usualGCPercent) })
}
