// Package importpath reads Go import paths: which library a path names, in
// whatever major version and wherever it is vendored.
package importpath

import (
	"path"
	"strings"
)

// Unversioned writes an import path without its major version, be it an element
// of its own (example.com/lib/v2/sub) or the end of one (gopkg.in/lib.v2), and
// without the folder it is vendored in. See https://go.dev/ref/mod#major-version-suffixes.
func Unversioned(p string) string {
	if i := strings.LastIndex(p, "/vendor/"); i >= 0 {
		p = p[i+len("/vendor/"):]
	}
	p = strings.TrimPrefix(p, "vendor/")
	if !strings.Contains(p, "/v") && !strings.Contains(p, ".v") {
		return p
	}
	parts := strings.Split(p, "/")
	out := parts[:0]
	for i, part := range parts {
		if i > 0 && isMajor(part) {
			continue
		}
		out = append(out, withoutSuffix(part))
	}
	return strings.Join(out, "/")
}

// Name guesses the name of the package at an import path, for a file that
// imports it without saying one and where the package itself is not at hand.
func Name(p string) string {
	name := path.Base(p)
	if isMajor(name) {
		name = path.Base(path.Dir(p))
	}
	return withoutSuffix(strings.TrimPrefix(name, "go-"))
}

func withoutSuffix(part string) string {
	if i := strings.LastIndexByte(part, '.'); i > 0 && isMajor(part[i+1:]) {
		return part[:i]
	}
	return part
}

// isMajor reports whether an element is a major version: v2, v10.
func isMajor(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
