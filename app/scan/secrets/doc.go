// Package secrets finds secrets in git history with gitleaks v8 as the judge:
// in every commit of a range (merges and their conflict resolutions included),
// in the final diff, in commit messages, annotated tags and file names.
//
// Five things are done here because gitleaks leaves them open. Commits are
// counted by us, and what git could not read, or did not answer for, is a gap:
// gitleaks swallows git's errors. A text reaches gitleaks only when a filter
// derived from the configured rules says that gitleaks could report something
// in it; the filter is proved against plain gitleaks by differential and fuzz
// tests. Each file that commits bring is put to that filter as a whole, once, and
// git compares only the files in which gitleaks could report something (screen.go,
// brought.go); the few commits of a push are read without git (own.go), or listed and
// shown by one (ahead.go), and what follows from the default rules alone is kept in files
// (saved.go). Commits
// that were scanned under the same rules are not scanned again.
// And a secret exists in this process's memory only: what leaves is rule,
// place, a fingerprint keyed with this installation's key, and an entropy
// class.
//
// What other scanners say quotes a repository, too: Redactor takes secrets, and what one
// would recognise of them, out of every answer of every worker, and out of what the
// server and the commands say themselves (redactor.go, replacer.go).
//
// It may import app/review, app/refs, app/objects, app/scan, the packages below this one, gitleaks,
// the standard library, and beside them only what reads configuration, runs git on all
// cores and keeps gitleaks quiet: go-toml, golang.org/x/sync/errgroup,
// golang.org/x/sys/unix and zerolog. It must never
// write a secret, a part of one or an unkeyed hash of one anywhere, never send one
// to anyone to see whether it is live, never use viper's or zerolog's global
// state, and never run anything from a repository.
package secrets
