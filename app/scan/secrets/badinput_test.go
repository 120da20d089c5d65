package secrets

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/launchgate/launchgate/app/review"
)

func TestOddFilesAreLookedAt(t *testing.T) { bothWays(t, oddFilesAreLookedAt) }

func oddFilesAreLookedAt(t *testing.T) {
	u16 := func(s string, order binary.AppendByteOrder, mark bool) string {
		var b []byte
		if mark {
			b = order.AppendUint16(b, 0xfeff)
		}
		for _, u := range utf16.Encode([]rune(s)) {
			b = order.AppendUint16(b, u)
		}
		return string(b)
	}
	big := strings.Repeat("function f(a,b){return a+b};", (bigFileBytes+1<<20)/28)
	cases := []struct {
		name, path, content string
		want                []string
	}{
		{"carriage returns", "a.env", "A=1\r\nK=" + awsKey() + "\r\n", []string{"secrets/aws-access-token a.env:2"}},
		{"invalid UTF-8", "a.env", "A=\xff\xfe\xc3\nK=" + awsKey() + "\n\xe2\x28", []string{"secrets/aws-access-token a.env:2"}},
		{"no newline at the end", "a.env", "K=" + awsKey(), []string{"secrets/aws-access-token a.env:1"}},
		{"UTF-16 with a mark", "a.reg", u16("line\r\nK="+awsKey()+"\r\n", binary.LittleEndian, true), []string{"secrets/aws-access-token a.reg:2"}},
		{"UTF-16 without", "a.txt", u16("line\nK="+awsKey()+"\n", binary.BigEndian, false), []string{"secrets/aws-access-token a.txt:2"}},
		{"a name that needs quoting", "d \"q\"\t\n\u00e9/a.env", "K=" + awsKey() + "\n", []string{"secrets/aws-access-token d \"q\"\t\n\u00e9/a.env:1"}},
		{"one line of thirteen megabytes", "dist/app.js", big + "var k=\"" + awsKey() + "\";" + big[:1000], []string{"secrets/aws-access-token dist/app.js:1"}},
		{"a symbolic-link-like pointer", "a.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0a", 32) + "\nsize 12\n", nil},
		{"a PEM key in an env file", ".env", "APP_KEY=\"-----BEGIN RSA PRIVATE" + " KEY-----\\nMIIEowIBAAKCAQEAx7Kq3vR8mZ1pL5tYw2" + "nB9cXeJd4GhF6sUoQaTiWzPyMkEv\\nq\n", []string{"secrets/private-key-in-env .env:1"}},
		{"a database URL", "db.go", "dsn := \"postgres://app:" + "h7Kq9Zx2Wv5R" + "@db.internal:5432/app\"\n", []string{"secrets/credentials-in-url db.go:1"}},
		{"a front-end variable", "web/.env", "NEXT_PUBLIC_STRIPE_" + "SECRET_KEY=" + "q9Zx2Wv5Rk7Lm3Tp\n", []string{"secrets/frontend-public-env web/.env:1"}},
		{"a long installation token", "a.sh", "TOKEN " + "ghs" + "_" + strings.Repeat("Ab3dE6gH9jK2mN5pQ8", 4) + "\n", []string{"secrets/github-app-token a.sh:1"}},
		{"an installation token of the new form", "a.sh", "TOKEN=" + newGitHubToken("ghs") + "\n", []string{"secrets/github-app-token-long a.sh:1"}},
		{"a user token of the new form", "a.go", "var t = \"" + newGitHubToken("ghu") + "\"\n", []string{"secrets/github-app-token-long a.go:1"}},
		{"a variable inlined into a bundle", "web/dist/assets/index-4f2a.js", "const e={BASE_URL:\"/\",VITE_PAYMENT_" + "SECRET:\"q9Zx2Wv5Rk7Lm3Tp\",MODE:\"production\"};", []string{"secrets/frontend-public-env web/dist/assets/index-4f2a.js:1"}},
		{"a key in a minified bundle", "public/main.min.js", "!function(){var n=\"" + awsKey() + "\",t=1;" + strings.Repeat("a(b,c);", 400) + "}();", []string{"secrets/aws-access-token public/main.min.js:1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			base := w.write("x", "x\n").commit("start")
			head := w.write(c.path, c.content).commit("odd")
			rep := w.scan(base, head)
			want(t, rep.Head, c.want...)
			complete(t, rep, 1)
		})
	}
}

// git would load an added or deleted large file as a whole only to say that it is
// binary: two gigabytes were "unable to read" within a worker's memory.
func TestLargeFilesAreStreamedWhateverBecomesOfThem(t *testing.T) {
	bothWays(t, largeFilesAreStreamedWhateverBecomesOfThem)
}

func largeFilesAreStreamedWhateverBecomesOfThem(t *testing.T) {
	w := newWork(t)
	big := strings.Repeat("let a = b.c(d, 1);\n", (bigFileBytes+1<<20)/19)
	base := w.write("x", "x\n").write("old.sql", big+"K="+awsKey()+"\n").commit("start")
	first := w.write("new.sql", big+"S="+stripeKey()+"\n").write("a.env", "G="+githubPAT()+"\n").commit("add a large one beside a small one")
	w.write("new.sql", big+"x\n").write("old.sql", "small\n").commit("take it out")
	w.git("checkout", "-q", "-b", "side", string(base))
	w.write("old.sql", big+"other\n").commit("side")
	w.git("checkout", "-q", "main")
	if _, err := w.try("merge", "-q", "side"); err == nil {
		t.Fatal("the merge was meant to conflict")
	}
	w.write("old.sql", big+"H="+slackHook()+"\n").commit("merge")
	rep := w.scan(base, w.head())
	line := strings.Count(big, "\n") + 1
	want(t, rep.Head, fmt.Sprintf("secrets/stripe-access-token new.sql:%d@%s", line, first.Short()), "secrets/github-pat a.env:1", fmt.Sprintf("secrets/slack-webhook-url old.sql:%d", line))
	complete(t, rep, 4)
	r := w.repo()
	s := &session{repo: r, rules: allRules(), key: testKey}
	todo := []commit{{id: first}}
	l, err := s.listing(context.Background(), todo, &walkResult{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.bigFiles(context.Background(), todo, showing{whole: map[string]bool{string(first): true}}, l)
	if err != nil || len(out[string(first)]) != 1 || out[string(first)][0].path != "new.sql" {
		t.Errorf("large files of the commit: %+v, %v", out, err)
	}
}

func TestBinaryFilesAreCountedAndTheirNamesLookedAt(t *testing.T) {
	bothWays(t, binaryFilesAreCountedAndTheirNamesLookedAt)
}

func binaryFilesAreCountedAndTheirNamesLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write("a.dat", "\x00\x01\x02"+strings.Repeat("\x00\xff\x13\x37", 3000)).write("key.p12", "\x00\x01\x02\x03").commit("binary")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/pkcs12-file key.p12")
	complete(t, rep, 1)
	if len(rep.Receipt.Skipped) != 1 || !strings.Contains(rep.Receipt.Skipped[0].What, "2 binary files") {
		t.Errorf("%+v", rep.Receipt.Skipped)
	}
}

func TestSymlinkAndSubmoduleAreNoTrouble(t *testing.T) { bothWays(t, symlinkAndSubmoduleAreNoTrouble) }

func symlinkAndSubmoduleAreNoTrouble(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	if err := os.Symlink("/etc/passwd", filepath.Join(w.dir, "link")); err != nil {
		t.Skip(err)
	}
	w.git("update-index", "--add", "--cacheinfo", "160000,"+string(base)+",sub")
	w.git("add", "link")
	w.git("commit", "-q", "-m", "odd")
	rep := w.scan(base, w.head())
	want(t, rep.Head)
	complete(t, rep, 1)
}

func TestForcePushedRangeIsScannedFromItsNewBase(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	w.write("a.env", "K="+awsKey()+"\n").commit("first try")
	w.git("reset", "-q", "--hard", string(base))
	head := w.write("b.env", "K="+awsKey2()+"\n").commit("second try")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token b.env:1")
	complete(t, rep, 1)
}

func TestRepositoryConfiguration(t *testing.T) {
	custom := "ACME" + "-7f3k9q2w8e5r1t6y"
	cases := []struct {
		name   string
		files  map[string]string
		line   string
		want   []string
		note   string
		forbid bool
	}{
		{"its rules are added and the defaults stay", map[string]string{configPath: "[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n"}, "a " + custom + " " + awsKey(), []string{"secrets/aws-access-token n.txt:1", "secrets/custom n.txt:1"}, "does not extend the default rules; Launchgate keeps them", false},
		{"an invalid expression is named with its line", map[string]string{configPath: "title='x'\n\n[[rules]]\nid='acme'\nregex='''ACME-('''\n"}, "a " + custom + " " + awsKey(), []string{"secrets/aws-access-token n.txt:1"}, ".gitleaks.toml:5: rule \"acme\": the regular expression is refused: missing closing )", false},
		{"an expression that would be too large", map[string]string{configPath: "[extend]\nuseDefault=true\n[[rules]]\nid='acme'\nregex='''((a{100}){100}){10}'''\n"}, awsKey(), []string{"secrets/aws-access-token n.txt:1"}, ".gitleaks.toml:5", false},
		{"broken TOML", map[string]string{configPath: "[[rules]\n"}, awsKey(), []string{"secrets/aws-access-token n.txt:1"}, ".gitleaks.toml:1: not valid TOML", false},
		{"a rule is disabled", map[string]string{configPath: "[extend]\nuseDefault=true\ndisabledRules=['aws-access-token']\n"}, awsKey(), nil, "disables the rule \"aws-access-token\"", false},
		{"an allowlist", map[string]string{configPath: "[extend]\nuseDefault=true\n[[allowlists]]\npaths=['''n\\.txt''']\nstopwords=['sample']\n"}, awsKey(), nil, "leaves out of all rules what its allowlists name: paths (1), stop words (1).", false},
		{"extends a file of the base", map[string]string{configPath: "[extend]\npath='conf/more.toml'\n", "conf/more.toml": "[[rules]]\nid='acme'\nregex='''ACME-[a-z0-9]{16}'''\n"}, custom, []string{"secrets/custom n.txt:1"}, "", false},
		{"does not leave the repository", map[string]string{configPath: "[extend]\npath='../../etc/passwd'\n"}, awsKey(), []string{"secrets/aws-access-token n.txt:1"}, "leaves the repository", false},
		{".gitleaksignore", map[string]string{ignorePath: "# test value\nn.txt:aws-access-token:1\n"}, awsKey(), nil, "Secrets left out because .gitleaksignore or .gitleaks-baseline.json of the base lists them: 1.", false},
		{"a baseline report", map[string]string{baselinePath: `[{"Fingerprint":"n.txt:aws-access-token:1"}]`}, awsKey(), nil, "Secrets left out because", false},
		{"an inline allowance", nil, awsKey() + " # gitleaks:allow", nil, "because their lines say gitleaks:allow", false},
		{"an inline allowance that the policy forbids", nil, awsKey() + " # gitleaks:allow", []string{"secrets/aws-access-token n.txt:1"}, "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			w.write("x", "x\n")
			for path, content := range c.files {
				w.write(path, content)
			}
			base := w.commit("start")
			head := w.write("n.txt", c.line+"\n").commit("change")
			req := w.request(base, head)
			if c.forbid {
				req.Settings = []byte(`{"secrets":{"forbid_inline_allow":true}}`)
			}
			rep, err := New().Scan(context.Background(), req, nil)
			if err != nil {
				t.Fatal(err)
			}
			want(t, rep.Head, c.want...)
			complete(t, rep, 1)
			if notes := strings.Join(append(rep.Receipt.Notes, rep.Receipt.Warnings...), "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("notes %q do not say %q", notes, c.note)
			}
		})
	}
}

// The change under review cannot loosen its own judge.
func TestConfigurationOfTheHeadDoesNotCount(t *testing.T) {
	w := newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write(configPath, "[extend]\ndisabledRules=['aws-access-token']\n").write(ignorePath, "n.txt:aws-access-token:1\n").write("n.txt", awsKey()+"\n").commit("sneak")
	want(t, w.scan(base, head).Head, "secrets/aws-access-token n.txt:1")
}

func TestManyFilesAndCommits(t *testing.T) {
	w := newWork(t)
	var files strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&files, "M 100644 inline d%d/f%d.txt\ndata 2\nx\n\n", i%50, i)
	}
	w.stream = append(w.stream, "commit refs/heads/main\ncommitter A <a@example.com> 1767322000 +0000\ndata 1\nx\n"+files.String()+"\n"...)
	for i := range 1000 {
		w.fast("a.txt", fmt.Sprintf("%d\n", i))
	}
	w.flush()
	rep := w.scan("", review.SHA(w.git("rev-parse", "refs/heads/main")))
	complete(t, rep, 1001)
}

func TestASecretNeverPrints(t *testing.T) {
	s := secretText{awsKey()}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if out := fmt.Sprintf(format, struct{ A any }{s}); strings.Contains(out, awsKey()) || strings.Contains(out, fmt.Sprintf("%x", awsKey())) {
			t.Errorf("%s prints %s", format, out)
		}
	}
}

// What git is told to leave out before gitleaks is asked is what gitleaks'
// default configuration leaves out anyway.
func TestLeftOutPathsAreAllowedByGitleaks(t *testing.T) {
	for _, name := range leftOutPaths {
		if strings.HasSuffix(name, "/") {
			name += "**"
		}
		for _, fill := range []string{"x", "a/b c/d.go", "é/.env", "vendor/x"} {
			for _, dir := range []string{"", "q/", "very/deep/é/", "go.sum/"} {
				p := dir + strings.ReplaceAll(name, "**", fill)
				p = strings.ReplaceAll(p, "*", strings.ReplaceAll(fill, "/", "-"))
				if !allRules().pathAllowed(p) {
					t.Errorf("%s is left out for %s, not by gitleaks", p, name)
				}
			}
		}
	}
	// git leaves out just these: no folder of a file's name, no longer name.
	w := newWork(t)
	var kept []string
	keep := func(paths ...string) {
		for _, p := range paths {
			w.write(p, "x\n")
			kept = append(kept, p)
		}
	}
	for _, name := range leftOutPaths {
		name = strings.Replace(name, "*", "x", 1)
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			w.write(name+"a/out", "x\n").write("é/q/"+name+"out", "x\n")
			keep("in/x"+name+"in", "in"+name+"in", "file/"+folder)
			continue
		}
		w.write(name, "x\n").write("é/q/"+name, "x\n")
		keep("in/"+name+"x", "dir/"+name+"/in")
		if name != "x.svg" {
			keep("in/x"+name, "in"+name)
		}
	}
	w.commit("all")
	var s session
	for _, p := range strings.Split(strings.TrimSuffix(w.git("ls-files", "-z"), "\x00"), "\x00") {
		if left := leftOutAs(p) != ""; left == slices.Contains(kept, p) {
			t.Errorf("%s is said to be left out: %v", p, left)
		}
		s.noteLeftOut(leftOutAs(p))
	}
	show := func(specs []string) []string {
		return strings.Fields(w.git(append([]string{"diff-tree", "-r", "--root", "--name-only", "--no-commit-id", "HEAD", "--"}, specs...)...))
	}
	if kept = sorted(kept); !slices.Equal(show(s.pathspecs(nil)), kept) {
		t.Errorf("git shows %q, want %q", show(s.pathspecs(nil)), kept)
	}
	// Only what would leave something out is asked of every path.
	var few session
	few.noteLeftOut(leftOutAs("a/b.go"))
	few.noteLeftOut(leftOutAs("a/go.sum"))
	if got := few.pathspecs(nil); len(got) != 3 || !slices.Contains(got, ":(exclude)*/go.sum") {
		t.Errorf("pathspecs: %q", got)
	}

	// Where a path cannot be left out because of a line break, it is looked at.
	w = newWork(t)
	base := w.write("x", "x\n").commit("start")
	head := w.write("node_modules/a\nb/.env", "K="+awsKey()+"\n").write("node_modules/c/.env", "K="+awsKey2()+"\n").commit("hide")
	want(t, w.scan(base, head).Head, "secrets/aws-access-token node_modules/a\nb/.env:1")
}

// newGitHubToken is a token of the form GitHub hands out since April 2026:
// an App's id and a JWT, about 520 characters.
func newGitHubToken(prefix string) string {
	part := func(n int) string {
		return strings.Repeat("Zq3_xW-8vT5kRp2LmN9cJ4hF7gD6sAyB1uEoXiQ0", n/40+1)[:n]
	}
	return prefix + "_1234567_" + "eyJ" + part(33) + "." + "eyJ" + part(120) + "." + part(342)
}

// git takes ten seconds to compare two files of a million short lines that differ, and
// keeps a hundred and fifty bytes for each.
func TestFilesOfManyLinesAreNotCompared(t *testing.T) {
	defer func(n int) { maxComparedLines = n }(maxComparedLines)
	maxComparedLines = 1000
	bothWays(t, filesOfManyLinesAreNotCompared)
}

func filesOfManyLinesAreNotCompared(t *testing.T) {
	many := strings.Repeat("a\n", maxComparedLines)
	w := newWork(t)
	base := w.write("x", "x\n").write("a.csv", "a\n").commit("start")
	head := w.write("a.csv", many+"K="+awsKey()+"\n").write("b.csv", many[2:]+"S="+stripeKey()+"\n").commit("more")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token a.csv:1001", "secrets/stripe-access-token b.csv:1000")
	complete(t, rep, 1)
	if !slices.Contains(rep.Receipt.Notes, "1 large or UTF-16 files were looked at as a whole, in windows.") {
		t.Errorf("the receipt does not tell the one of 1001 lines from that of 1000: %q", rep.Receipt.Notes)
	}
}
