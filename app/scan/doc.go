// Package scan defines what a scanner is and runs scanners side by side, each
// in a worker process of its own with a cleaned environment and limits. A
// worker that crashes, hangs, is killed or answers nonsense becomes a gap in
// the receipt, which makes the verdict "could not verify"; it never becomes a
// pass.
//
// It imports app/review, and app/objects, which knows where a repository's objects
// are. It must never import a scanner, GitHub or SQL.
package scan
