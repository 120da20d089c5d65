package secrets

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// screeners are kept from text to text: what they remember must hold in any other.
var screeners struct {
	sync.Mutex
	of map[*ruleSet]*screener
	// clean is how many texts were screened out, kept how many were not.
	clean, kept int
}

// checkScreened fails when a text is screened out and gitleaks reports something in a run
// of its lines.
func checkScreened(t *testing.T, rs *ruleSet, content []byte, path string) {
	t.Helper()
	if !rs.screens() || rs.pathAllowed(path) || slices.ContainsFunc(rs.filter.rules, func(r ruleFilter) bool { return r.pathOnly && r.path.match(path) }) {
		return
	}
	s := &screeners
	s.Lock()
	k := s.of[rs]
	if k == nil {
		if k = newScreener(rs); rs == allRules() || rs == oddRules() {
			if s.of == nil {
				s.of = make(map[*ruleSet]*screener)
			}
			s.of[rs] = k
		}
	}
	could := k.could(context.Background(), content, path)
	if could {
		s.kept++
	} else {
		s.clean++
	}
	s.Unlock()
	if could {
		return
	}
	starts := []int{0}
	for i, c := range content {
		if c == '\n' && i+1 < len(content) {
			starts = append(starts, i+1)
		}
	}
	ends := append(slices.Clone(starts[1:]), len(content))
	rng := rand.New(rand.NewPCG(uint64(len(content)), 9))
	for n := range 12 {
		a := rng.IntN(len(starts))
		b := min(a+rng.IntN(1+rng.IntN(6)), len(ends)-1)
		if n == 0 {
			a, b = 0, len(ends)-1
		}
		in := text{content: content[starts[a]:ends[b]], path: path, commit: strings.Repeat("a", 40), line: 7}
		if found := key(rs.judge.full().gitleaks.DetectContext(context.Background(), in.fragment())); len(found) > 0 {
			t.Fatalf("screened out, but lines %d to %d have\n%s\nline run: %q\ntext (%d bytes, %s):\n%.3000q", a+1, b+1, strings.Join(found, "\n"), in.content, len(content), path, content)
		}
	}
}

// TestScreeningLosesNothing screens texts that are full of what almost matches.
func TestScreeningLosesNothing(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 2
	}
	for name, rs := range map[string]*ruleSet{"default": allRules(), "odd": oddRules()} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			before := screeners.clean
			var parts []string
			for range rounds {
				for _, id := range rs.judge.defs.whole().OrderedRules {
					parts = append(parts, almost(rng, rs, id))
					if len(parts) > 40 {
						parts = slices.Delete(parts, 0, 20)
					}
					var b bytes.Buffer
					for range 1 + rng.IntN(5) {
						b.WriteString(parts[rng.IntN(len(parts))])
						b.WriteString([]string{"\n", "\r\n", " ", "\n\n", "\n}\n", ""}[rng.IntN(6)])
						b.WriteString(strings.Repeat("let a = b.c(d, 1);\n", rng.IntN(4)))
					}
					checkScreened(t, rs, b.Bytes(), []string{"a/b.go", "x.yaml", "notes.txt"}[rng.IntN(3)])
				}
			}
			if n := screeners.clean - before; n < rounds*len(rs.judge.defs.whole().OrderedRules)/10 {
				t.Errorf("only %d texts were screened out: they prove little", n)
			}
		})
	}
}

// almost makes what a rule matches, most often broken in some place.
func almost(rng *rand.Rand, rs *ruleSet, id string) string {
	s := strings.Trim(sample(rng, rs, id), "\n")
	if len(s) < 4 {
		return s
	}
	switch i := 1 + rng.IntN(len(s)-1); rng.IntN(6) {
	case 0:
		return s[:i] + "\n" + s[i:]
	case 1:
		return s[:i]
	case 2:
		return s[i:]
	case 3:
		return s[:i] + "!" + s[i:]
	case 4:
		return s[:i] + strings.Repeat("x", rng.IntN(90)) + s[i:]
	}
	return s[:len(s)-1]
}

// TestScreeningSparesGitAlmostEverything: source code is full of keys and tokens
// that are none.
func TestScreeningSparesGitAlmostEverything(t *testing.T) {
	k := newScreener(allRules())
	for name, c := range map[string]struct {
		content string
		could   bool
	}{
		"names of keys":                {"func (s *Server) key(w http.ResponseWriter) {\n\ttoken := s.tokenFromRequest(w)\n\tapiKey = cfg.GetString(\"api_key_name\")\n}\n", false},
		"an escape that decodes":       {"fmt.Printf(\"%2dx %41 more\\n\", n)\n", false},
		"a password in plain sight":    {"password = \"q9Zx2Wv5Rk7Lm3Tp\"\n", true},
		"a key after much else":        {strings.Repeat("let a = b.c(d, 1);\n", 4000) + "k=" + awsKey() + "\n", true},
		"a long line with names":       {strings.Repeat("token=e.token,", 3000) + "\n", false},
		"a long line with a key in it": {strings.Repeat("token=e.token,", 3000) + "\"" + awsKey() + "\"" + strings.Repeat("token=e.token,", 3000) + "\n", true},
		"a binary":                     {"\x00\x01", true},
		"an encoded key":               {"x: " + encoded(awsKey()) + "\n", true},
	} {
		if got := k.could(context.Background(), []byte(c.content), "a.go"); got != c.could {
			t.Errorf("%s: %v, want %v", name, got, c.could)
		}
	}
}

// TestScreeningSeesAValueDecodedInTheNextChunk: where a name ends a chunk, what it is
// given is decoded with another. A sixteenth of all lines end one.
func TestScreeningSeesAValueDecodedInTheNextChunk(t *testing.T) {
	for i := range 200 {
		for _, between := range []string{"", strings.Repeat(" ", 3)} {
			content := fmt.Appendf(nil, "package config\nmy_token%d=\n%s%s\n", i, between, encoded("q9Zx2Wv5Rk7Lm3Tp"))
			if !newScreener(allRules()).could(context.Background(), content, "a.go") {
				t.Errorf("screened out: %q", content)
			}
		}
	}
}

// TestScreeningSeesANameDecodedInTheChunkBefore: where an encoded name ends a chunk,
// what stands on the next line is its value only once it is decoded.
func TestScreeningSeesANameDecodedInTheChunkBefore(t *testing.T) {
	live := "live" + "_" + "3b7c9d1e5f2a4b6c8d0e1f3a5b7c9d2e4f6"
	for i := range 200 {
		for _, name := range []string{encoded("lob"), encoded(encoded("lob"))} {
			content := fmt.Appendf(nil, "package config\n%s_%d_name:\n%s\n", name, i*i*i, live)
			if len(allRules().judge.full().gitleaks.DetectContext(context.Background(), text{content: content}.fragment())) == 0 {
				t.Fatalf("gitleaks reports nothing in %q", content)
			}
			if !newScreener(allRules()).could(context.Background(), content, "a.go") {
				t.Errorf("screened out: %q", content)
			}
		}
	}
}

// TestAFileIsScreenedOutForWhatAnotherIs: the same lines were judged where a file begins, or
// ends, beyond which nothing was that could matter.
func TestAFileIsScreenedOutForWhatAnotherIs(t *testing.T) {
	chunk := func(format string) string {
		for i := 10000; ; i++ {
			if line := fmt.Sprintf(format, i); chunkEnd([]byte(line+"x\n"), 0) == len(line) {
				return line
			}
		}
	}
	middle := chunk("a line of nothing %d\n")
	for name, c := range map[string]struct{ expr, first, then string }{
		"that it begins there":  {`\Ayx?kay=([a-z0-9]+)|x?kay=([a-z0-9]{5,})`, "yxkay=abc1defg\n", "nothing here\nyxkay=abc1defg\n"},
		"what is before it":     {`[0-9]{5}\n[a-z0-9 ]{9,60}\s?kay=([a-z0-9]{5,})`, middle + "kay=abc1defg\n", chunk("line 12%d\n") + middle + "kay=abc1defg\n"},
		"what follows after it": {`kay=[a-z0-9]{5,}(?:\n[a-z0-9 ]{9,60}\n[0-9]{5})?`, chunk("kay=abc%d\n") + middle, chunk("kay=abc%d\n") + middle + "12345\n"},
	} {
		t.Run(name, func(t *testing.T) {
			rs, err := buildRules(rulesInput{own: true, repo: fmt.Appendf(nil, "[[rules]]\nid = 'x'\nregex = '''%s'''\n[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^(?:yx.*|kay=\\w+)$']", c.expr)})
			if err != nil {
				t.Fatal(err)
			}
			k := newScreener(rs)
			if k.could(t.Context(), []byte(c.first), "a.go") {
				t.Errorf("something could be found in %q", c.first)
			}
			if len(rs.judge.full().gitleaks.DetectString(c.then)) != 1 || !k.could(t.Context(), []byte(c.then), "a.go") {
				t.Errorf("screened out: %q", c.then)
			}
		})
	}
}

func encoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

// bothWays runs a test with screening and, as for a few commits, without; with
// screening also as if there were many commits, files and changes.
func bothWays(t *testing.T, test func(t *testing.T)) {
	t.Run("shown", test)
	t.Run("screened", func(t *testing.T) {
		screenAlways(t)
		test(t)
	})
	t.Run("screened as many", func(t *testing.T) {
		screenAlways(t)
		lookAsAtMany(t)
		test(t)
	})
}

// screenAlways has few commits screened, until the end of the test.
func screenAlways(t *testing.T) {
	few := fewCommits
	fewCommits = 0
	t.Cleanup(func() { fewCommits = few })
}

// lookAsAtMany has gits fed as for many files, and commits looked at in stretches
// and listed one by one because together they change too much.
func lookAsAtMany(t *testing.T) {
	files, listed, stretch := askedFiles, maxListed, stretchCommits
	askedFiles, maxListed, stretchCommits = 0, 2, 3
	t.Cleanup(func() { askedFiles, maxListed, stretchCommits = files, listed, stretch })
}
