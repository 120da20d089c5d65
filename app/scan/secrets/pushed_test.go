package secrets

import (
	"reflect"
	"strings"
	"testing"
)

// TestAFileThatAPushMakesBinaryIsLookedAtAsOne: its text became that of a binary file
// when lines before a NUL went. Nothing is added, but git shows no lines of it any more:
// as UTF-16 it is read as a whole, and otherwise it is counted.
func TestAFileThatAPushMakesBinaryIsLookedAtAsOne(t *testing.T) {
	long := strings.Repeat("let a = b.c(d, 1);\n", 500)
	for _, c := range []struct{ name, before, after string }{
		{"no text", long + "K=" + awsKey() + "\n\x00\n", "K=" + awsKey() + "\n\x00\n"},
		{"UTF-16", "\xff\xfe\n" + long + wide("\nK=" + awsKey() + "\n")[3:], wide("\nK=" + awsKey() + "\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("a.dat", c.before).commit("start")
			w.history(look{cache: cache})
			w.write("a.dat", c.after).commit("push")
			got, want := w.history(look{cache: cache}), w.history(look{cache: t.TempDir()})
			if !reflect.DeepEqual(got.Receipt.Skipped, want.Receipt.Skipped) || !reflect.DeepEqual(got.Rotations, want.Rotations) {
				t.Errorf("after the push\n%+v\n%+v\nof everything\n%+v\n%+v", got.Receipt.Skipped, got.Rotations, want.Receipt.Skipped, want.Rotations)
			}
		})
	}
}
