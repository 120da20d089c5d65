// Package store keeps deliveries, reviews, findings and installations in SQLite
// or PostgreSQL. One SQL text serves both databases; Tx is the port that the
// typed methods and app/jobs stand on, so that a delivery and its job commit
// together.
//
// It imports app/review only. It must never decide what a review comes to, and
// no row of it holds a secret, a part of one or an unkeyed hash of one.
package store
