// Package config reads the two configurations of Launchgate: the server's own
// (Server: a YAML file and LAUNCHGATE_* variables) and a repository's policy
// (Policy: .github/launchgate.yml on the base branch). Unknown keys are refused
// with the nearest known one, every mistake is named with its line, and all
// mistakes are reported at once.
//
// It imports app/review only, and does no I/O besides reading the files it is
// told to.
package config
