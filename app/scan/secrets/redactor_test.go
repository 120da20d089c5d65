package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan"
)

var takenOut = regexp.MustCompile(`\[secret [0-9a-f]{8}\]`)

// TestRedactor: what of a text is a secret, by its looks or by where else it stands.
func TestRedactor(t *testing.T) {
	pat := "ghp" + "_" + "k3Jq8ZtWmX2vB7nRcY5sLhD4fGpA9eUoT1iK"
	stripe := "sk" + "_live_" + "9aZ3kQ7xW2mR8tVbN4cYpL6s"
	generic := "Zx81" + "qLw9vT3m" + "Rk5bYd7n" // a secret for the name beside it
	password := "wr0ng" + "horse9battery"
	word := "correct" + "horsebatterystaple"
	own := "ACME" + "-4f7d-9k2q-77aa"
	tree := map[string]string{
		"config.go":      "package a\n\nconst apiKey = \"" + generic + "\"\n\nconst dsn = \"postgres://app:" + password + "@db.internal:5432/app\"\n",
		"word.env":       "DATABASE_URL=postgres://app:" + word + "@db.internal:5432/app\n",
		"allowed.go":     "package a\n\nconst t = \"" + stripe + "\" // gitleaks:allow\n",
		".gitleaks.toml": "[[rules]]\nid = \"acme\"\nregex = '''ACME-[0-9a-z-]{14}'''\nkeywords = [\"acme\"]\n",
		"acme.txt":       "id: " + own + "\n",
		"split.go":       "package a\n\nvar x = \"" + pat[:20] + "\" +\n\t\"" + pat[20:] + "\"\n",
		"encoded.yaml":   "data: " + base64.StdEncoding.EncodeToString([]byte("token="+pat+"\n")) + "\n",
	}
	dir := t.TempDir()
	for name, content := range tree {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, text string
		want       string // with * for what was taken out; "" for the text as it is
	}{
		{"nothing", "GET /members/:id can be called by anybody", ""},
		{"names and hashes", "commit 3f9ac1d2e4b5a6978877665544332211aabbccdd of github.com/gin-gonic/gin/v2.1.0-rc3 in getUserIDFromHTTP2", ""},
		{"a token", "GET /hook/" + pat + "/x", "GET /hook/*/x"},
		{"a token that a rule wants to end", "POST /pay/" + stripe + "/done", "POST /pay/*/done"},
		{"in capitals", strings.ToUpper(pat) + " /odd", "* /odd"},
		{"two", pat + "," + stripe, "*,*"},
		{"known from a name beside it", "GET /x/" + generic, "GET /x/*"},
		{"its beginning", "cannot use \"" + generic[:11] + "…\" as int", "cannot use \"*…\" as int"},
		{"its end", "… " + generic[8:], "… *"},
		{"the password of an address", "dial " + password, "dial *"},
		{"a password that is a word", "connect with \"" + word + "\"", "connect with \"*\""},
		{"by a rule of the repository", "name " + own, "name *"},
		{"what is allowed", "log.Print(\"" + stripe + "\")", "log.Print(\"*\")"},
		{"a half of one that was split", "log.Print(\"" + pat[:20] + "\"+\"" + pat[20:] + "\")", "log.Print(\"*\"+\"*\")"},
		{"hexadecimal", "x" + hex.EncodeToString([]byte(generic)), "x*"},
		{"backwards", backwards(generic), "*"},
		{"base64", base64.StdEncoding.EncodeToString([]byte("a:" + generic)), ""},
		{"percent", "?k=" + url.QueryEscape("a+b/"+generic), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := c.text
			key := bytes.Repeat([]byte("k"), 32)
			if err := NewRedactor().Redact(t.Context(), "code", scan.Request{HeadDir: dir, FingerprintKey: key}, []*string{&said}); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{pat, stripe, generic, password, own, word} {
				for i := 0; i+8 <= len(secret); i++ {
					if part := secret[i : i+8]; opaque(part) && strings.Contains(said, part) {
						t.Fatalf("%q holds %q", said, part)
					}
				}
			}
			if c.name == "base64" || c.name == "percent" {
				if !strings.Contains(said, "[secret ") {
					t.Errorf("got %q", said)
				}
				return
			}
			want := c.want
			if want == "" {
				want = c.text
			}
			if got := takenOut.ReplaceAllString(said, "*"); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}

	// Two secrets are told apart, one is the same everywhere, and without a key nothing
	// is said of either.
	say := func(key []byte, text string) string {
		NewRedactor().Texts(t.Context(), key, []*string{&text})
		return text
	}
	key, other := bytes.Repeat([]byte("k"), 32), bytes.Repeat([]byte("o"), 32)
	if a, b := say(key, "/"+pat), say(key, "/"+stripe); a == b || a != say(key, "/"+pat) || a == say(other, "/"+pat) {
		t.Errorf("said %q and %q", a, b)
	}
	if got := say(nil, "/"+pat); got != "/"+redacted {
		t.Errorf("without a key: %q", got)
	}
}

// TestASecretThatTheRepositoryAllowsIsNotRepeatedInAName: what a .gitleaks.toml switches
// off is not reported; a file named after such a secret is, for what it holds.
func TestASecretThatTheRepositoryAllowsIsNotRepeatedInAName(t *testing.T) {
	w := newWork(t)
	base := w.write(".gitleaks.toml", "[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\"]\n").commit("rules")
	head := w.write("keys-"+githubPAT()+"/a.env", "K="+awsKey()+"\n").commit("keys")
	req := w.request(base, head)
	req.CacheDir = t.TempDir()
	rep, err := New().Scan(t.Context(), req, nil)
	if err != nil || len(rep.Head) != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	part, files := githubPAT()[8:20], 0
	if said := fmt.Sprintf("%+v", rep); strings.Contains(said, part) {
		t.Errorf("the report repeats it: %s", said)
	}
	err = filepath.WalkDir(req.CacheDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(part)) {
			t.Errorf("%s holds it", filepath.Base(path))
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}
