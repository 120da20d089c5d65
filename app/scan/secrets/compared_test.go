package secrets

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever lines git shows as added, they are within what within says, as whole lines.
func TestAddedLinesAreWithin(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 9))
	words := []string{"a\n", "b\n", "c\n", "\n", "  a\n", "}\n", "\r\n", "a", "some longer line of text\n"}
	text := func() []string {
		out := make([]string, rng.IntN(30))
		few := 1 + rng.IntN(len(words))
		for i := range out {
			out[i] = words[rng.IntN(few)]
		}
		return out
	}
	small := 0
	for n := range 400 {
		before := text()
		after := append([]string(nil), before...)
		if rng.IntN(8) == 0 {
			after = text()
		}
		for range rng.IntN(4) {
			at := rng.IntN(len(after) + 1)
			switch rng.IntN(3) {
			case 0: // a line more, often the same as there are
				after = append(after[:at:at], append([]string{words[rng.IntN(len(words))]}, after[at:]...)...)
			case 1:
				after = append(after[:at:at], after[min(len(after), at+1+rng.IntN(3)):]...)
			default:
				from := rng.IntN(len(after) + 1)
				after = append(after[:at:at], append(append([]string(nil), after[from:min(len(after), from+4)]...), after[at:]...)...)
			}
		}
		a, b := []byte(strings.Join(before, "")), []byte(strings.Join(after, ""))
		for name, data := range map[string][]byte{"a": a, "b": b} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		in := within(a, b)
		if in.from > in.to || in.from < 0 || in.to > len(b) || !endsLine(b, in.from) || !endsLine(b, in.to) && in.to != len(b) {
			t.Fatalf("%d: %v is not of whole lines of %q", n, in, b)
		}
		cmd := exec.Command("git", "-c", "diff.indentHeuristic=true", "-c", "core.attributesFile=/dev/null", "diff", "--no-index", "-U0", "--inter-hunk-context=0", "a", "b")
		cmd.Dir = dir
		out, _ := cmd.Output() // 1 when they differ
		lines := [2]int{1 + bytes.Count(b[:in.from], []byte("\n")), 1 + bytes.Count(b[:in.to], []byte("\n"))}
		if in.to == len(b) && !endsLine(b, in.to) {
			lines[1]++
		}
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "@@") {
				continue
			}
			_, spans, err := hunkHeader(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			if added := spans[1].interval(); added.from < added.to && (added.from < lines[0] || added.to > lines[1]) {
				t.Fatalf("%d: git adds lines %v, which are not within %v\nfrom %q\nto %q\n%s", n, added, lines, a, b, out)
			}
		}
		if in.to-in.from < len(b)/2 {
			small++
		}
	}
	if small < 50 {
		t.Errorf("only %d of 400 were less than half of the file: that proves little", small)
	}
}

func TestWhatIsTheSameAtBothEnds(t *testing.T) {
	long, end := strings.Repeat("long\n", 500), strings.Repeat("end\n", 700)
	for _, c := range []struct{ before, after, want string }{
		{"a\nb\nc\n", "a\nx\nc\n", "x\n"},
		{"a\nb\nc\n", "a\nb\nc\n", ""},
		{"a\nc\n", "a\nb\nc\n", "b\n"},
		{"a\nb\nc\n", "a\nc\n", ""},
		{"", "a\n", "a\n"},
		{"a\n", "", ""},
		{"a", "a\n", "a\n"},
		{"x\na", "x\na\nb", "a\nb"},
		{"a\na\n", "a\na\na\n", "a\na\na\n"},
		{"one a\ntwo\n", "one b\ntwo\n", "one b\n"},
		{"one a\ntwo\n", "another a\ntwo\n", "another a\n"},
		{"a\nb", "b", ""},
		{long + "a\n" + end, long + "b\n" + end, "b\n"},
		{"xa\nb\n", "a\nb\n", "a\n"},
		{"a\nb\n", "xa\nb\n", "xa\n"},
		{"x\n" + "1\n2\n3\n4\n5\n6\n" + "y\n", "x\n" + "1\n2\n3\n4\n5\n6\n1\n2\n3\n4\n5\n6\n" + "y\n", "1\n2\n3\n4\n5\n6\n1\n2\n3\n4\n5\n6\n"},
	} {
		in := within([]byte(c.before), []byte(c.after))
		if got := c.after[in.from:in.to]; got != c.want {
			t.Errorf("%q to %q: %q, want %q", c.before, c.after, got, c.want)
		}
	}
}

// A push that changes a file which holds a secret elsewhere is known to bring nothing
// without a git that shows it, and the secret still stands.
func TestASecretBesideWhatAPushChanges(t *testing.T) {
	for _, c := range []struct {
		name, after string
		gits        string
		stands      bool
	}{
		{"a line before it", "two\nK=%s\nthree\n", "", true},
		{"a line after it", "one\nK=%s\nfour\n", "", true},
		{"lines on both sides", "two\nK=%s\nfour\n", "diff-tree", true},
		{"its line, too", "one\nL=%s\nthree\n", "diff-tree merge-base", true}, // and which of two commits came first,
		{"its line goes", "one\nthree\n", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			cache := t.TempDir()
			w.write("a.env", "one\nK="+awsKey()+"\nthree\n").commit("start")
			w.history(look{cache: cache})
			w.write("a.env", strings.ReplaceAll(c.after, "%s", awsKey())).commit("push")
			started := gitsStarted(t)
			rep := w.history(look{cache: cache})
			if !rep.Receipt.Complete() || len(rep.Rotations) != 1 || rep.Rotations[0].InHead != c.stands {
				t.Errorf("%+v", rep)
			}
			if got := strings.Join(started(), " "); got != c.gits {
				t.Errorf("it took %q, want %q", got, c.gits)
			}
		})
	}
}
