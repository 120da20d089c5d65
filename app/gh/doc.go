// Package gh talks to GitHub as an App: clients per installation, tokens for
// clones, rate limits, errors with a code and what to do about them, and the few
// things the product reads (pull requests, branches, installations).
//
// It imports app/review of this module, go-github v60 and ghinstallation v2.10.0.
// It never logs: a token, a key or an answer of GitHub's has no way into a log
// from here. It never sends a token to another host than the configured one. It
// writes nothing to GitHub by itself; package publish does, with the clients made
// here.
package gh
