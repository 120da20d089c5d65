// Package policy turns findings, a receipt and a repository's policy into a
// verdict. It is the only place that decides what blocks.
//
// It is pure: no I/O, "now" is a parameter, the same input gives the same
// bytes. It imports app/review and app/config.
package policy
