package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/gh/ghtest"
)

//go:embed testdata/quotes.txtar
var quotesArchive string

// placeholder stands in quotes.txtar for a secret.
var placeholder = regexp.MustCompile(`@[a-z]+(-[a-z]+)*@`)

// letters returns n random letters and digits.
func letters(n int) string {
	s := ""
	for i := 0; len(s) < n; i++ {
		if tail := randomKeyTail(); i%2 == 0 {
			s += strings.ToLower(tail[:5]) + tail[5:9]
		} else {
			s += tail[:3] + strings.ToLower(tail[3:8])
		}
	}
	return s[:n]
}

// quotes puts a new secret into every placeholder of quotes.txtar and registers it. It
// returns the files of main and those of the pull request.
func quotes() (base, head map[string]string) {
	token := func(kind string) string {
		pat := "ghp" + "_" + letters(36)
		return plantOne("token in "+kind, pat, pat[10:22])
	}
	half := token("two literals")
	logged := token("two literals of a log")
	inner := "sk" + "_live_" + letters(24)
	plantOne("encoded key", inner, inner[12:24])
	jwt := []string{base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1234567890","name":"` + letters(40) + `"}`)), letters(43)}
	plantOne("long token", jwt[1], jwt[1][20:32])
	plantOne("end of the long token", jwt[2], jwt[2][20:32])
	encoded := base64.StdEncoding.EncodeToString([]byte("key=" + inner + "\n"))
	plantOne("encoded form of a key", encoded, encoded[12:28])
	secrets := map[string]string{"@split-first@": half[:20], "@split-second@": half[20:], "@log-half-one@": logged[:20], "@log-half-two@": logged[20:],
		"@jwt-head@": jwt[0], "@jwt-body@": jwt[1], "@jwt-tail@": jwt[2], "@encoded@": encoded}
	for _, kind := range []string{"@generic@", "@url-password@", "@outgoing-password@"} {
		secret := letters(26)
		secrets[kind] = plantOne(strings.Trim(kind, "@"), secret, secret[7:19])
	}
	text := placeholder.ReplaceAllStringFunc(quotesArchive, func(name string) string {
		if secrets[name] == "" {
			secrets[name] = token(strings.Trim(name, "@"))
		}
		return secrets[name]
	})
	base, head = make(map[string]string), make(map[string]string)
	for name, content := range ghtest.Txtar([]byte(text)) {
		if of, ok := strings.CutPrefix(name, "base/"); ok {
			base[of] = content
		} else {
			head[name] = content
		}
	}
	return base, head
}

// TestNothingThatQuotesTheCodeQuotesASecretInIt gives every scanner, analyzer and parser
// something to quote that holds a secret, and searches all that comes out: of the server
// with its database, caches, log, pages and comments, and of each command and format.
func TestNothingThatQuotesTheCodeQuotesASecretInIt(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	s := newServed(t)
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(config, "log: {level: debug}\ndashboard:\n  enabled: true\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	base, head := quotes()
	if _, err := s.repo.Commit("main", "main", ghtest.Change{Message: "policy", Files: base}); err != nil {
		t.Fatal(err)
	}
	pat := "ghp" + "_" + letters(36)
	target := "into-" + plantOne("name of a branch", pat, pat[10:22])
	if _, err := s.repo.Commit(target, "main", ghtest.Change{Message: "start"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.repo.Commit("topic", target, ghtest.Change{Message: "quotes", Files: head}); err != nil {
		t.Fatal(err)
	}
	title := "ghp" + "_" + letters(36)
	number, err := s.repo.OpenPullRequest(ghtest.PullOptions{Title: "use " + plantOne("title", title, title[10:22]), Head: "topic", Base: target})
	if err != nil {
		t.Fatal(err)
	}
	s.start()
	if d, err := s.github.DeliverPullRequest(s.repo, number, "opened"); err != nil || d.StatusCode != http.StatusAccepted {
		t.Fatalf("delivery: %+v, %v", d, err)
	}
	check := s.check(number, "completed")
	said := check.Summary + check.Text
	for _, want := range []string{"[secret ", "authz/missing", "/hook/", "/split/", "/generic/", "cannot use", "deploy/debug-mode", "there is no key", "go.mod"} {
		if !strings.Contains(said, want) {
			t.Errorf("the check does not say %q:\n%s", want, said)
		}
	}
	for _, path := range []string{"/", "/deliveries", "/secrets", "/reviews", "/reviews/1", "/metrics"} {
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		searchOutput(t, "the page "+path, body)
	}
	s.stop()

	dir := s.repo.Dir()
	for _, args := range [][]string{{"review", dir, "--base", target, "--head", "topic", "--format", "text"}, {"review", dir, "--base", target, "--head", "topic", "--format", "markdown"},
		{"review", dir, "--base", target, "--head", "topic", "--format", "json"}, {"review", dir, "--base", target, "--head", "topic", "--format", "sarif"}} {
		out := filepath.Join(t.TempDir(), "out")
		var errs bytes.Buffer
		run(t.Context(), append(args, "--output", out), strings.NewReader(""), io.Discard, &errs)
		data, err := os.ReadFile(out)
		if err != nil || !strings.Contains(string(data), "[secret ") {
			t.Errorf("%s: nothing redacted in what it wrote, %v\n%s", args[len(args)-1], err, errs.Bytes())
		}
		searchOutput(t, "the format "+args[len(args)-1], append(data, errs.Bytes()...))
	}
	tree := t.TempDir()
	for name, content := range head {
		p := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"routes", "datamap"} {
		for _, format := range []string{"table", "json", "markdown", "openapi"} {
			if format == "openapi" && command != "routes" {
				continue
			}
			if _, out, errs := launchgate(t, command, tree, "--format", format); out == "" {
				t.Errorf("%s writes nothing as %s: %s", command, format, errs)
			}
		}
	}
	// What a command says of a file that it cannot read.
	policy := filepath.Join(tree, ".github", "launchgate.yml")
	if err := os.MkdirAll(filepath.Dir(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, []byte(base[".github/launchgate.yml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"policy", "check", policy}, {"routes", tree}, {"datamap", tree}} {
		if _, _, errs := launchgate(t, args...); !strings.Contains(errs, "there is no key \"[secret]\"") {
			t.Errorf("%s says of the policy: %s", args[0], errs)
		}
	}
	searchFolder(t, os.Getenv("HOME"))
}

// searchFolder fails the test if a file below dir, or the name of one, quotes a secret.
func searchFolder(t *testing.T, dir string) {
	t.Helper()
	searched := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		searched++
		data, err := os.ReadFile(path)
		searchOutput(t, fmt.Sprint("the file ", filepath.Base(path)), append(data, path...))
		return err
	})
	if err != nil || searched == 0 {
		t.Errorf("%d files were searched, %v", searched, err)
	}
}
