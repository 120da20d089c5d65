package load

import (
	"bytes"
	"testing"
)

// FuzzHeader feeds rubbish to what looks at a file before the parser does.
func FuzzHeader(f *testing.F) {
	f.Add("x_linux_amd64.go", "// +build linux\n\n//go:build linux && (a || !b)\n\n/* c */ package p\n//line x:1\n")
	f.Add("_.go", "/*/*line a:1:1*/`\n\"\\")
	f.Fuzz(func(t *testing.T, name, src string) {
		DefaultPlatform.matchName(name)
		DefaultPlatform.matchSource([]byte(src))
		if d := nesting([]byte(src)); d < 0 || d > len(src) {
			t.Errorf("nesting %d in %d bytes", d, len(src))
		}
		out := blankLineDirectives(name, []byte(src))
		if len(out) != len(src) || bytes.Count(out, []byte("\n")) != bytes.Count([]byte(src), []byte("\n")) {
			t.Error("blanking line directives moved something")
		}
	})
}
