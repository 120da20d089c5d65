//go:build !trace

package decided

const tagged = false
