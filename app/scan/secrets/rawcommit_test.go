package secrets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// rawCommit makes a commit whose object is header lines, after its tree and parents,
// and message, byte for byte.
func (w *work) rawCommit(parents []string, header, message string) review.SHA {
	w.t.Helper()
	object := "tree " + w.git("rev-parse", "HEAD^{tree}") + "\n"
	for _, p := range parents {
		object += "parent " + p + "\n"
	}
	file := filepath.Join(w.t.TempDir(), "commit")
	if err := os.WriteFile(file, []byte(object+header+"\n"+message), 0o600); err != nil {
		w.t.Fatal(err)
	}
	id := w.git("hash-object", "-t", "commit", "-w", "--literally", file)
	w.git("update-ref", "refs/heads/main", id)
	return review.SHA(id)
}

// TestMessagesAreLookedAtAsTheyAre has what git log shows of a message compared with
// the commit itself: what it leaves out is read from there.
func TestMessagesAreLookedAtAsTheyAre(t *testing.T) {
	const who = "author A <a@example.com> 1767323045 +0000\ncommitter A <a@example.com> 1767323045 +0000\n"
	use := "use " + awsKey()
	for _, c := range []struct {
		name, header, message string
		shown                 bool // all of it, by git log
	}{
		{"a line", who, use + "\n", true},
		{"no line's end", who, use, true},
		{"an empty line at the end", who, use + "\n\n", true},
		{"nothing", who, "", true},
		{"a subject and a text", who, "subject\n\n" + use + "\n\nmore\n", true},
		{"from a web form", who, "subject\n\n* one\r\n* " + use + "\r\n\r\nmore", true},
		{"from a web form, with a line's end", who, "subject\n\n* one\r\n" + use + "\r\n", true},
		{"space at the end of a line", who, "subject  \n\n" + use + "\n", false},
		{"empty lines at the beginning", who, "\n\n" + use + "\n", false},
		{"a NUL", who, "subject\x00\n" + use + "\n", false},
		{"invalid UTF-8", who, "\xff\xfe\n\n" + use + "\n", true},
		{"another encoding", who + "encoding ISO-8859-1\n", "\xe4\xf6\n\n" + use + "\n", true},
		{"a signature", who + "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----\n", "subject\n\n" + use + "\n", true},
		{"a header that poses for a patch", who + "diff --git a/x b/x\n@@ -0,0 +1 @@\n+" + use + "\n", "subject\n", true},
		{"a message that poses for a listing and a patch", who, "subject\n\n:000000 100644 0000 0000 A\tx\ncommit " + strings.Repeat("a", 40) + "\ndiff --git a/x b/x\n@@ -0,0 +1 @@\n+" + use + "\n", true},
		{"tabs and indents", who, "subject\n\n\ta\tb\n    " + use + "\n", true},
		{"a parent where git takes none for one", who + "parent " + strings.Repeat("a", 40) + "\n", "subject\n\n" + use + "\n", true},
		{"a NUL in a name", strings.Replace(who, "author A", "author A\x00", 1), use + "\n", false},
		{"a name of two lines", who + "mergetag object x\n y\n", use + "\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			start := string(w.write("a.txt", "a\n").commit("start"))
			id := string(w.rawCommit([]string{start}, c.header, c.message))
			r := w.repo()
			defer r.close()
			look := func(ahead bool) *session {
				s := &session{repo: r, rules: allRules(), key: testKey}
				res, err := s.walk(t.Context(), []string{id, "^" + start}, ends{tips: []string{id}, old: []string{start}, fresh: ahead, new: ahead}, nil, nil)
				if err != nil || res.scanned != 1 {
					t.Fatalf("%d commits, %v", res.scanned, err)
				}
				return s
			}
			read := func(s *session) bool {
				if s.ahead == nil {
					return false
				}
				_, read := s.ahead.read[id]
				return read
			}
			own, several := look(true), look(false)
			if own.ahead == nil || !own.ahead.own() || !read(own) {
				t.Errorf("the commit was not read without git")
			}
			onlyGit(t)
			r = w.repo()
			one := look(true)
			if read(one) != c.shown {
				t.Errorf("git log showed the whole commit: %v, want %v", read(one), c.shown)
			}
			want := places(several.found)
			for _, s := range []*session{own, one} {
				if got := places(s.found); got != want || strings.Contains(c.message, use) != (got != "") {
					t.Errorf("found\n%s\nby reading the commit\n%s", got, want)
				}
			}
		})
	}
}
