// Package app is the parent of the server's packages and holds nothing but the
// test that keeps their directions: see architecture_test.go.
package app
