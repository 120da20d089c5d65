// Package load reads and types any Go repository without running anything: no
// go command, no toolchain, no network of its own, nothing from the checkout
// executed and no path outside it followed.
//
// Modules, vendor folders and build constraints are read by its own reader. The
// repository's own packages are typed in full; dependencies by their
// declarations only, from a Source the caller chooses; what cannot be had is
// synthesised from how it is used. Errors never stop it: every package comes
// back with whatever syntax and types there are, and says how far it is typed
// and why not further.
//
// It imports go/types and golang.org/x/mod. It must never import os/exec,
// net/http or anything of app.
package load
