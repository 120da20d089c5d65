// Package webhooks receives GitHub's deliveries: it verifies the signature over
// the raw body, bounds its size, decodes the few fields that matter, turns them
// into an intent and hands that to an Accepter, which must have stored it before
// the answer goes out. There is one file for each event.
//
// It imports app/review of this module only. It must never call GitHub, read a
// database or trust a payload's age: commits in an intent are hints.
package webhooks
