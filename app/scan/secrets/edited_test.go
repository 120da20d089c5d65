package secrets

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// edited makes an edit of lines by chance, as git would show it.
func randomEdit(rng *rand.Rand, lines []string, more func() string) ([]string, edit) {
	e := edit{plain: true}
	var out []string
	for at := 0; at <= len(lines); {
		keep := min(1+rng.IntN(25), len(lines)-at)
		out = append(out, lines[at:at+keep]...)
		if at += keep; at == len(lines) && rng.IntN(2) == 0 {
			break
		}
		gone, come := min(rng.IntN(3), len(lines)-at), rng.IntN(3)
		if gone+come > 0 {
			old, fresh := span{at + 1, gone}, span{len(out) + 1, come}
			if gone == 0 {
				old.start--
			}
			if come == 0 {
				fresh.start--
			}
			e.hunks = append(e.hunks, editHunkOf(old, fresh))
		}
		for range come {
			out = append(out, more())
		}
		if at += gone; at == len(lines) {
			break
		}
	}
	return out, e
}

// TestNothingNewIsFoundBesideEditedLines: of what is found in a text but not in an
// earlier one, all touches lines that were edited, whatever the rules.
func TestNothingNewIsFoundBesideEditedLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	keys := func(s *session, lines []string, end, path string, only []interval) map[string]bool {
		out := make(map[string]bool)
		for _, h := range s.hits(t.Context(), text{content: []byte(strings.Join(lines, "\n") + end), path: path, lines: only}, inTree) {
			out[h.Key] = true
		}
		return out
	}
	changed, spared := 0, 0
	check := func(s *session, path string, first []string, more func() string) {
		t.Helper()
		// The last line may lack its end, before or after.
		ends := [2]string{"\n", "\n"}
		ends[rng.IntN(2)] = []string{"\n", ""}[rng.IntN(2)]
		last := first
		var only []interval
		for range 1 + rng.IntN(3) {
			var e edit
			last, e = randomEdit(rng, last, more)
			only = e.after(only)
		}
		if ends[0] != ends[1] {
			only = joined(append(only, interval{len(last), len(last) + 2}))
		}
		if only == nil {
			only = []interval{}
		}
		before, all, told := keys(s, first, ends[0], path, nil), keys(s, last, ends[1], path, nil), keys(s, last, ends[1], path, only)
		for key := range all {
			if !before[key] {
				changed++
				if !told[key] {
					t.Fatalf("not told:\nbefore %q\nafter %q\nlines %v", strings.Join(first, "\n"), strings.Join(last, "\n"), only)
				}
			} else if !told[key] {
				spared++
			}
		}
	}
	texts := func(pool []string) func() string {
		return func() string { return pool[rng.IntN(len(pool))] }
	}
	for configs := 0; configs < 40; {
		exprs := [3]string{randomExpr(rng, 3), randomExpr(rng, 3), randomExpr(rng, 3)}
		keyword := []string{"key", "s", "a-b", "tok"}[rng.IntN(4)]
		rs := anyRules(exprs, keyword, randomExpr(rng, 1), uint(rng.IntN(1<<switches)))
		if rs == nil {
			continue
		}
		configs++
		s := &session{rules: rs, key: testKey}
		for range 3 {
			var pool []string
			for len(pool) < 12 {
				pool = append(pool, strings.Split(string(hostile(rng, rs, rs.judge.defs.whole().OrderedRules[rng.IntN(3)])), "\n")...)
			}
			pool = append(pool, "", keyword, "x "+strings.Repeat("y", 150))
			more := texts(pool)
			var first []string
			for range 5 + rng.IntN(30) {
				first = append(first, more())
			}
			check(s, anyPaths[rng.IntN(len(anyPaths))], first, more)
		}
	}
	s := &session{rules: allRules(), key: testKey}
	values := []string{"q9Zx2Wv5Rk7Lm3Tp4Hn8", "Jd83kfLs02mXq7Bv5Tz1", awsKey(), awsKey2(), stripeKey(), githubPAT()}
	more := func() string {
		v := values[rng.IntN(len(values))]
		return []string{
			"api_key =", "\"" + v + "\"", "  api_token: " + v, "secret := \"" + v + "\" // " + allowMark, "key " + v + " and " + v, "x := 1", "", "// a word", "AWS_SECRET_ACCESS_KEY=",
			"password", ":", encoded("token = \"" + v + "\""), "client_secret = \"" + v, "\"", strings.Repeat("filler ", 20),
			"f(" + githubPAT() + ")", "<" + awsKey() + ">", "- " + awsKey2(), "g(" + stripeKey() + ")",
		}[rng.IntN(19)]
	}
	for range 600 {
		var first []string
		for range 5 + rng.IntN(50) {
			first = append(first, more())
		}
		check(s, "config.go", first, more)
	}
	if changed < 80 || spared < 60 {
		t.Errorf("%d secrets came and %d were not told again: that proves little", changed, spared)
	}
}

// TestASecretIsMissedThatAnEditedLineHid: what gitleaks took for the value of a name, and
// for none, went on to lines that were not edited; without the name, there is another.
func TestASecretIsMissedThatAnEditedLineHid(t *testing.T) {
	s := &session{rules: allRules(), key: testKey}
	found := func(lines []string, only []interval) int {
		return len(s.hits(t.Context(), text{content: []byte(strings.Join(lines, "\n")), path: "a.go", lines: only}, inTree))
	}
	lines := slices.Repeat([]string{"a line of nothing"}, 40)
	lines[20], lines[22] = "secret =", "   token=q9Zx2Wv5Rk7Lm3Tp4Hn8"
	lines[21] = ""
	if n := found(lines, nil); n != 0 {
		t.Fatalf("%d hits before", n)
	}
	lines[20] = "x := 1"
	// What is generic is looked at above an edit, too.
	for edited, want := range map[int]int{1: 0, 21: 1, 39: 1} {
		if n := found(lines, []interval{{edited, edited + 1}}); n != want {
			t.Errorf("%d hits for an edit of line %d, want %d", n, edited, want)
		}
	}
}

// TestASecretIsMissedThatAnotherRuleHid: of what is found on a line some gives way to other,
// which an edit elsewhere takes away.
func TestASecretIsMissedThatAnotherRuleHid(t *testing.T) {
	const named = "api_key = \"zqx_q9x2v5k7m3p4h8r6w1t0\""
	for name, c := range map[string]struct {
		rules       *ruleSet
		lines       map[int]string // others are of nothing
		edited      int
		first, then string // what finds it
	}{
		"whose keyword went with a line far away": {
			withRule(t, "specific", "zqx_[a-z0-9]{20,40}", "marker"), map[int]string{3: "marker", 51: named}, 3, "specific", "generic-api-key"},
		"whose match began beside it and ended on another line": {
			withRule(t, "specific", "zqx_[a-z0-9]{20}[^;]{0,80}end_of_it", "zqx_"), map[int]string{21: named, 23: "end_of_it"}, 23, "specific", "generic-api-key"},
		"which reports a key with its end, and another its first line": {
			allRules(), map[int]string{21: "TLS_KEY=\"-----BEGIN PRIVATE" + " KEY-----", 22: "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", 31: "-----END PRIVATE" + " KEY-----"}, 31, "private-key", "private-key-in-env"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{rules: c.rules, key: testKey}
			lines := slices.Repeat([]string{"a line of nothing"}, 60)
			for n, l := range c.lines {
				lines[n-1] = l
			}
			if got := s.foundBy(t, lines, nil); !slices.Equal(got, []string{c.first}) {
				t.Fatalf("found by %v before", got)
			}
			lines[c.edited-1] = "x := 1"
			if got := s.foundBy(t, lines, nil); !slices.Equal(got, []string{c.then}) {
				t.Fatalf("found by %v after", got)
			}
			if got := s.foundBy(t, lines, []interval{{c.edited, c.edited + 1}}); !slices.Equal(got, []string{c.then}) {
				t.Errorf("found by %v after an edit of line %d", got, c.edited)
			}
		})
	}
}

// withRule returns the default rules with another.
func withRule(t *testing.T, id, expr, keyword string) *ruleSet {
	t.Helper()
	rs, err := buildRules(rulesInput{own: true, repo: fmt.Appendf(nil, "[extend]\nuseDefault = true\n[[rules]]\nid = %q\nregex = '''%s'''\nkeywords = [%q]\n", id, expr, keyword)})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// foundBy returns the rules that find something in a file of some lines, where only some
// of them differ from one in which nothing was found.
func (s *session) foundBy(t *testing.T, lines []string, only []interval) (rules []string) {
	for _, h := range s.hits(t.Context(), text{content: []byte(strings.Join(lines, "\n")), path: "a.go", lines: only}, inTree) {
		rules = append(rules, h.Rule)
	}
	return rules
}

// TestEditedLinesAreThoseThatDiffer holds what is said of edited lines to git: lines
// beside them are, run by run, those of the earlier commit.
func TestEditedLinesAreThoseThatDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	more := func() string { return fmt.Sprint(rng.IntN(40)) }
	for range 12 {
		w := newWork(t)
		var lines []string
		for range 60 {
			lines = append(lines, more())
		}
		end := "\n"
		put := func() review.SHA {
			return w.write("f.txt", strings.Join(lines, "\n")+end).commit("next")
		}
		from := put()
		old := slices.Clone(lines)
		for range 1 + rng.IntN(4) {
			lines, _ = randomEdit(rng, lines, more)
			end = []string{"\n", ""}[rng.IntN(2)]
			put()
		}
		r := w.repo()
		s := &session{repo: r, rules: allRules(), key: testKey}
		a := s.lookAhead(t.Context(), []string{"HEAD", "^" + string(from)}, true)
		r.close()
		if a == nil {
			t.Fatal("these are too many or out of the ordinary")
		}
		only, known := a.edited(from, w.head())["f.txt"]
		if !known && w.git("diff", "--name-only", string(from)) != "" {
			t.Fatal("nothing is said of f.txt")
		}
		at, same := 0, 0
		for n := 0; n < len(lines); {
			end := len(lines)
			if i := slices.IndexFunc(only, func(w interval) bool { return w.to > n+1 }); i >= 0 {
				if only[i].from <= n+1 {
					n = only[i].to - 1
					continue
				}
				end = min(end, only[i].from-1)
			}
			run := lines[n:end]
			for !slices.Equal(old[at:min(at+len(run), len(old))], run) {
				if at++; at > len(old) {
					t.Fatalf("lines %d to %d are not among what was there:\n%v\n%v\n%v", n+1, end, old, lines, only)
				}
			}
			at, same, n = at+len(run), same+len(run), end
		}
		if known && same == 0 {
			t.Error("no line is said to be as it was")
		}
	}
}

// TestASecretThatComesBackInPiecesStands: a commit brings only a part of it, beside
// another that was there; no commit shows it, the file does.
func TestASecretThatComesBackInPiecesStands(t *testing.T) {
	value := "q9Zx2Wv5Rk7Lm3Tp4Hn8"
	filler := strings.Repeat("a line of nothing\n", 40)
	for name, c := range map[string]struct{ before, after string }{
		"the value":        {"api_token =\n" + filler, "api_token =\n  \"" + value + "\"\n" + filler},
		"the name":         {filler + "  \"" + value + "\"\n" + filler, filler + "api_token =\n  \"" + value + "\"\n" + filler},
		"what was between": {filler + "api_token =\nx\n  \"" + value + "\"\n", filler + "api_token =\n  \"" + value + "\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w, cache := newWork(t), t.TempDir()
			w.write("a.go", "api_token = \""+value+"\"\n").write("b.go", c.before).commit("start")
			w.git("rm", "-q", "a.go")
			w.commit("gone")
			stands := func(want bool) {
				t.Helper()
				for how, dir := range map[string]string{"after each": cache, "at once": ""} {
					rep := w.history(look{cache: dir})
					if len(rep.Rotations) != 1 || rep.Rotations[0].InHead != want {
						t.Errorf("%s: %+v", how, rep.Rotations)
					}
				}
			}
			stands(false)
			w.write("b.go", c.after).commit("comes back")
			stands(true)
			w.write("b.go", bytes.NewBufferString(c.after).String()+"more\n").commit("more")
			stands(true)
			if err := os.Remove(filepath.Join(w.dir, "b.go")); err != nil {
				t.Fatal(err)
			}
			w.write("b.go", c.before).commit("gone again")
			stands(false)
		})
	}
}
