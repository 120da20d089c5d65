// Package checkout brings the commits of a review onto this machine with the
// git command line and lays their trees down as regular files, without running
// anything that belongs to the repository: no hooks, filters, attributes,
// submodules, LFS, symlinks, fsmonitor, replace objects or configuration other
// than ours.
//
// Every git runs in a process group of its own under the caller's context, with
// an environment built from nothing. A token reaches git in an environment
// variable only: never in an argument, a remote or a configuration file.
//
// It imports app/review only and must never know GitHub's API.
package checkout
