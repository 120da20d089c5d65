package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// randomHistory is a history made at random, hostile in what its commits do to files and
// in what files hold. All of it is made at once, by git fast-import.
type randomHistory struct {
	*rand.Rand
	t       testing.TB
	kind    historyKind
	dir     string // of the repository with all objects; clone makes others
	commits []madeCommit
	tags    []madeTag
	tips    map[string]int // marks by branch
	lines   []string       // that were used lately: they come again
	values  []string       // likewise
	objects *madeObjects
}

// historyKind says what a history is full of.
type historyKind struct {
	commits    int
	leftOut    int  // of ten names, how many allowlists leave out
	configured bool // .gitleaks.toml and .gitleaksignore change
	linear     bool // one branch
	odd        bool // commits and tags have what git itself does not write
	sha256     bool
}

type madeFile struct{ mode, data string }

const moduleFile, linkFile = moduleMode, "120000"

type madeTree map[string]madeFile

// madeCommit is a commit; its mark is its position, from one on.
type madeCommit struct {
	id, branch string
	parents    []int
	tree       madeTree
}

// madeTag is a ref that points at something else than a branch does, or by a tag.
type madeTag struct {
	name, id string
	peeled   string // what its tag comes to in the end; "": it names no tag
	commit   int    // that is there with it
}

var (
	plainNames   = []string{"a.env", "b.go", "conf/c.yaml", "d.txt", "src/e.js", "k.p12", "e \"f\".go", "ä.env", "deploy/values.yml", "x.tf", "app/index.php", "nuget.config", "tab\tx.env", "lib/a.env", "-x", "a -> b.env", "vendored/github.com.go", "go.sum.txt", "conf"}
	leftOutNames = []string{"vendor/github.com/x/y.go", "x/vendor/golang.org/x/z.env", "node_modules/m/i.js", "web/node_modules/a.env", "go.sum", "sub/go.mod", "pic.svg", "package-lock.json", "a/yarn.lock"}
	oddNames     = []string{"A.env", "B.GO", "\xff\xfe.env", "caf\xe9/\x80.go", "a\xff.env", "a\xfe.env", " ", " a.env", "a.env ", "a\\b.env", "\\", "*.env", "[a].env", ":(top)a.env", ":a", "\"", "a\rb.env", "\x1b[31m.env", "\x7f", "x b/x", "b/x b/x", "dev/null", "a\tb\t", "--stdin", "^a", "~", "@", "HEAD", "a/b", "c/" + strings.Repeat("long/", 40) + "a.env", strings.Repeat("n", 255) + ".env", ".gitattributes", ".gitmodules", "x/.gitattributes", "conf/.gitignore", ".git-a", "\u0130.env", "\u212aey.env", "\u202e.env"}
	otherNames   = []string{"logo.png", "fonts/a.woff", "static/jquery-3.1.min.js", "gitleaks.toml", "gradlew", "vendor/mod/a.go"}
)

func newRandomHistory(t testing.TB, seed uint64, kind historyKind) *randomHistory {
	t.Helper()
	h := &randomHistory{Rand: rand.New(rand.NewPCG(17, seed)), t: t, kind: kind, tips: make(map[string]int), dir: filepath.Join(t.TempDir(), "all.git"), objects: newMadeObjects(kind.sha256)}
	start := make(madeTree)
	for range 1 + h.IntN(6) {
		start.put(h.name(), madeFile{"100644", h.content()})
	}
	h.commit("main", nil, start)
	for len(h.commits) < kind.commits {
		h.step()
	}
	for n := range h.IntN(5) {
		h.tag(fmt.Sprintf("refs/tags/v%d", n))
	}
	h.make()
	return h
}

// firstDate is that of the oldest commits.
const firstDate = 1767322000

// step adds a commit to a branch.
func (h *randomHistory) step() {
	branches := []string{"main", "p", "q", "r/s"}
	if h.kind.linear {
		branches = branches[:1]
	}
	branch := h.pick(branches)
	tip := h.tips[branch]
	if tip == 0 || !h.kind.linear && h.one(14) {
		tip = 1 + h.IntN(len(h.commits)) // a branch begins, or begins anew
	}
	switch n := h.IntN(14); {
	case n == 0 && !h.kind.linear && h.one(4):
		tree := make(madeTree)
		h.change(tree)
		h.commit(branch, nil, tree)
	case n < 5 && !h.kind.linear:
		parents, trees := []int{tip}, []madeTree{h.commits[tip-1].tree}
		for range 1 + h.IntN(2)*h.IntN(3) {
			other := h.tips[h.pick(branches)]
			if other == 0 || h.one(6) {
				other = 1 + h.IntN(len(h.commits))
			}
			if !slices.Contains(parents, other) {
				parents, trees = append(parents, other), append(trees, h.commits[other-1].tree)
			}
		}
		h.commit(branch, parents, h.merged(trees))
	default:
		tree := h.commits[tip-1].tree.clone()
		for range h.IntN(5) {
			h.change(tree)
		}
		h.commit(branch, []int{tip}, tree)
	}
}

func (t madeTree) clone() madeTree {
	out := make(madeTree, len(t))
	for p, f := range t {
		out[p] = f
	}
	return out
}

// put puts a file at a path; what stands in its way goes.
func (t madeTree) put(path string, f madeFile) {
	for p := range t {
		if strings.HasPrefix(p, path+"/") || strings.HasPrefix(path, p+"/") {
			delete(t, p)
		}
	}
	t[path] = f
}

func (h *randomHistory) pick(list []string) string { return list[h.IntN(len(list))] }

func (h *randomHistory) one(of int) bool { return h.IntN(of) == 0 }

func (h *randomHistory) name() string {
	switch n := h.IntN(20); {
	case n < 2*h.kind.leftOut:
		return h.pick(leftOutNames)
	case n >= 17 && n < 19 && h.one(2):
		if h.one(2) {
			return h.pick(oddNames)
		}
		return h.pick([]string{"dump-" + stripeKey() + ".txt", "keys/" + awsKey() + "/x.env", githubPAT(), "n\nl.env", "node_modules/n\nl.env"})
	case n == 19:
		return h.pick(otherNames)
	}
	return h.pick(plainNames)
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func (h *randomHistory) letters(n int, from string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[h.IntN(len(from))]
	}
	return string(b)
}

// secret makes something that gitleaks may report, or almost.
func (h *randomHistory) secret() string {
	switch h.IntN(12) {
	case 0:
		return awsKey()
	case 1:
		return githubPAT()
	case 2:
		return stripeKey()
	case 3:
		return slackHook()
	case 4:
		return "password = \"" + h.letters(16+h.IntN(20), alphanumeric) + "\""
	case 5: // of hardly enough entropy
		return "api_key: " + h.letters(3+h.IntN(4), "abc") + h.letters(8+h.IntN(14), "abcdef0123")
	case 6: // with a stop word, perhaps
		return "secret_token = '" + h.letters(10, alphanumeric) + h.pick([]string{"example", "abcdefg", "client", "admin", "0000"}) + h.letters(6, alphanumeric) + "'"
	case 7:
		return "AKIA" + h.letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
	}
	ids := allRules().judge.defs.whole().OrderedRules
	if id := ids[h.IntN(len(ids))]; h.one(3) {
		return almost(h.Rand, allRules(), id)
	}
	return strings.Trim(sample(h.Rand, allRules(), ids[h.IntN(len(ids))]), "\n")
}

func (h *randomHistory) encode(s string) string {
	for range 1 + h.IntN(3)/2 {
		switch h.IntN(5) {
		case 0:
			s = base64.StdEncoding.EncodeToString([]byte(s))
		case 1:
			s = base64.RawURLEncoding.EncodeToString([]byte(s))
		case 2:
			s = hex.EncodeToString([]byte(s))
		case 3:
			s = url.QueryEscape(s)
		case 4:
			s = encoded(s)
		}
	}
	return s
}

// line makes a line, or some.
func (h *randomHistory) line() string {
	if len(h.lines) > 0 && h.one(3) {
		return h.pick(h.lines)
	}
	var l string
	switch h.IntN(18) {
	case 14, 15:
		l = h.pair()
	case 16, 17:
		l = h.block()
	case 0, 1, 2:
		l = h.pick([]string{"", "k = ", "export KEY=", "  token: ", "var x = \"", "// "}) + h.secret() + h.pick([]string{"", "\"", ";", " # " + allowMark, " ok", ",\r"})
	case 3:
		l = h.pick([]string{"", "x: ", "token = "}) + h.encode(h.secret())
	case 4: // in two
		s := h.secret()
		i := h.IntN(len(s) + 1)
		l = s[:i] + h.pick([]string{"\n", "\r\n", "\\\n", "\n\n"}) + s[i:]
	case 5:
		l = "kind: Secret\ndata:\n  password: " + base64.StdEncoding.EncodeToString([]byte(h.letters(12+h.IntN(12), alphanumeric)))
	case 6:
		l = "-----BEGIN RSA PRIVATE" + " KEY-----\n" + h.letters(64, alphanumeric) + "\n" + h.letters(64, alphanumeric) + "\n-----END RSA PRIVATE" + " KEY-----"
	case 7:
		l = strings.Repeat("let a = b.c(d, 1);", h.IntN(300)) + h.pick([]string{"", " " + h.secret() + " "}) + strings.Repeat("token=e.token,", h.IntN(200))
	case 8:
		l = h.pick([]string{"password", "api_key", "token", "key"}) + h.pick([]string{" =", ":", " => ", "\n=\n", strings.Repeat(" ", 30) + "="})
	case 9:
		l = h.pick([]string{"\u212aey = ", "\u017fecret: ", "\xff\xfe", "U+0041 U+0042", "%41%42", "\x0b\x0c"}) + h.secret()
	default:
		l = h.pick([]string{"}", "", "func token(key string) {", "key = value", "line of text", "password: changeme", "\"" + h.letters(30, alphanumeric) + "\""}) + h.pick([]string{"", " " + fmt.Sprint(h.IntN(100))})
	}
	if h.lines = append(h.lines, l); len(h.lines) > 60 {
		h.lines = slices.Delete(h.lines, 0, 10)
	}
	return l
}

func (h *randomHistory) content() string {
	var b strings.Builder
	if h.one(10) {
		for range 20 + h.IntN(200) {
			fmt.Fprintf(&b, "filler %d of lines\n", h.IntN(40))
			if h.one(30) {
				b.WriteString(h.line() + "\n")
			}
		}
	} else {
		for range h.IntN(14) {
			b.WriteString(h.line() + "\n")
		}
	}
	s := b.String()
	if h.one(5) {
		s = strings.TrimSuffix(s, "\n")
	}
	if h.one(12) {
		s = strings.ReplaceAll(s, "\n", "\r\n")
	}
	switch h.IntN(42) {
	case 9, 10: // of which UTF-16 is left when some lines go
		s = "\xff\xfe\n" + filler + wide("\n" + s)[3:]
	case 3:
		s = strings.ReplaceAll(s, "\n", "\r")
	case 4:
		s = strings.Repeat("let a = b.c(d, 1);", 4000+h.IntN(2000)) + h.line() + s
	case 5:
		s = h.pick([]string{"* -diff\n", "*.env binary\n", "* text eol=crlf\n", "* working-tree-encoding=UTF-16\n", "*.go diff=x\n", "* -text -diff merge=union\n", "[attr]binary diff\n* binary\n"}) + s
	case 6:
		s = "\xef\xbb\xbf" + s
	case 7:
		s = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-" + s + "\n\\ No newline at end of file\n"
	case 8:
		s = "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0a", 32) + "\nsize 12\n" + s
	case 0:
		s = wide(s)
	case 1:
		s = s[:len(s)/2] + "\x00" + s[len(s)/2:]
	case 2: // where git does not see it
		s = filler + "\x00\n" + s
	}
	return s
}

// filler is more than git looks at to call a file binary.
var filler = strings.Repeat("let a = b.c(d, 1);\n", 500)

// wide is a text in UTF-16.
func wide(s string) string {
	b := []byte("\xff\xfe")
	for _, c := range utf16.Encode([]rune(s)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// edit changes some of a text; much of it: about as much as a renamed file may differ.
func (h *randomHistory) edit(s string, much bool) string {
	ls := strings.SplitAfter(s, "\n")
	n := 1 + h.IntN(3)
	if much {
		n = max(1, len(ls)/4+h.IntN(len(ls)/3+1))
	}
	for range n {
		i, j := h.IntN(len(ls)), h.IntN(len(ls))
		switch h.IntN(8) {
		case 0:
			ls = slices.Insert(ls, i, h.line()+"\n")
		case 1:
			if len(ls) > 2 {
				ls = slices.Delete(ls, i, i+1)
			}
		case 2:
			ls[i] = h.line() + "\n"
		case 3:
			ls[i] = strings.TrimSuffix(ls[i], "\n") + h.pick([]string{" ", ";", "\r", " " + allowMark}) + "\n"
		case 4:
			ls[i], ls[j] = ls[j], ls[i]
		default:
			ls = h.rewrite(ls)
		}
	}
	if s = strings.Join(ls, ""); h.one(8) {
		s = strings.TrimSuffix(s, "\n")
	}
	return s
}

// change does something to a tree.
func (h *randomHistory) change(t madeTree) {
	paths := sortedKeys(t)
	if len(paths) == 0 {
		t.put(h.name(), madeFile{"100644", h.content()})
		return
	}
	p := h.pick(paths)
	f := t[p]
	file := strings.HasPrefix(f.mode, "100")
	switch n := h.IntN(30); {
	case n < 7:
		t.put(h.name(), madeFile{"100644", h.content()})
	case n < 13 && strings.Contains(f.data, filler) && h.one(2):
		t[p] = madeFile{f.mode, strings.Replace(f.data, filler, "", 1)}
	case n < 13 && file:
		t[p] = madeFile{f.mode, h.edit(f.data, false)}
	case n < 15:
		delete(t, p)
		t.put(h.name(), f)
	case n < 19 && file:
		delete(t, p)
		t.put(h.name(), madeFile{f.mode, h.edit(f.data, true)})
	case n < 20 && file:
		t.put(h.name(), madeFile{f.mode, h.edit(f.data, h.one(2))})
	case n < 23:
		delete(t, p)
	case n < 25: // a file is what it was
		old := h.commits[h.IntN(len(h.commits))].tree
		if ps := sortedKeys(old); len(ps) > 0 {
			p := h.pick(ps)
			f := old[p]
			if h.one(3) { // elsewhere
				p = h.name()
			}
			t.put(p, f)
		}
	case n == 25 && h.one(4): // all is what it was
		clear(t)
		for p, f := range h.commits[h.IntN(len(h.commits))].tree {
			t[p] = f
		}
	case n < 27 && file:
		t[p] = madeFile{map[string]string{"100644": "100755", "100755": "100644"}[f.mode], f.data}
	case n < 28: // a folder moves
		to := h.pick([]string{"moved", "vendor/github.com/m", "node_modules/q", "lib", "."})
		for _, q := range paths {
			if f, ok := t[q]; ok && path.Dir(q) == path.Dir(p) && h.IntN(4) > 0 {
				delete(t, q)
				t.put(path.Join(to, path.Base(q)), f)
			}
		}
	case n == 28 && h.one(2):
		t.put(h.name(), madeFile{linkFile, h.pick([]string{"x", "../y", h.secret()})})
	case n == 28 && f.mode != moduleFile: // a file becomes a link, or a link a file
		t[p] = madeFile{map[bool]string{true: "100644", false: linkFile}[f.mode == linkFile], f.data}
	case file && h.one(2):
		t[p] = madeFile{f.mode, wide(f.data)}
	case file && h.one(2):
		t[p] = madeFile{f.mode, strings.Replace(f.data, "\n", "\x00\n", 1)}
	default:
		t.put(h.pick([]string{"sub", "a.env"}), madeFile{moduleFile, strings.Repeat(h.pick([]string{"ab", "cd"}), 20)})
	}
}

// merged makes a tree of several, now and then with what none of them has.
func (h *randomHistory) merged(trees []madeTree) madeTree {
	out := trees[0].clone()
	if h.one(5) {
		return out
	}
	for _, other := range trees[1:] {
		for _, p := range sortedKeys(other) {
			have, both := out[p]
			switch theirs := other[p]; {
			case !both || have != theirs && h.one(2):
				if h.IntN(5) > 0 {
					out.put(p, theirs)
				}
			case have != theirs && h.one(2) && have.mode != moduleFile && theirs.mode != moduleFile:
				a, b := strings.SplitAfter(have.data, "\n"), strings.SplitAfter(theirs.data, "\n")
				out[p] = madeFile{have.mode, strings.Join(a[:h.IntN(len(a)+1)], "") + h.pick([]string{"", h.line() + "\n"}) + strings.Join(b[h.IntN(len(b)+1):], "")}
			}
		}
	}
	if h.one(2) {
		for range 1 + h.IntN(3) {
			h.change(out)
		}
	}
	return out
}

// configure changes what a tree says of secrets.
func (h *randomHistory) configure(t madeTree) {
	switch h.IntN(8) {
	case 0:
		t.put(configPath, madeFile{"100644", "[extend]\nuseDefault = true\n" + h.pick([]string{
			"disabledRules = ['generic-api-key']\n", "[[allowlists]]\nstopwords = ['example']\n", "[[allowlists]]\npaths = ['''^conf/''']\n",
			"[[rules]]\nid = 'filler'\nregex = '''filler (\\d+)'''\nentropy = 0.5\n[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['''ok$''']\n", "not valid"})})
	case 1:
		var b strings.Builder
		for range 1 + h.IntN(20) {
			if p := h.name(); !strings.ContainsAny(p, "\n:") {
				fmt.Fprintf(&b, "%s:%s:%d\n", p, h.pick([]string{"aws-access-token", "github-pat", "generic-api-key", "private-key"}), 1+h.IntN(6))
			}
		}
		t.put(ignorePath, madeFile{"100644", b.String()})
	case 2:
		delete(t, configPath)
	}
}
