package flow

import "testing"

func TestAPathIsCutWhereItBeginsAnew(t *testing.T) {
	for path, want := range map[string]string{
		"next.next":         "next",
		"a.next.next":       "a.next",
		"a.left.up.left.up": "a.left.up",
		"xnext.next":        "xnext.next",
		"a.b":               "a.b",
		"a":                 "a",
		"":                  "",
		"a.b.a":             "a.b.a",
		"b.a.b.a.b.a":       "b.a.b.a",
		`m."k.k"`:           `m."k.k"`,
	} {
		if got := rounded(path); got != want {
			t.Errorf("rounded(%q) = %q, want %q", path, got, want)
		}
	}
}
