package secrets

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

// TestAFileOfANameThatIsNoUTF8IsIgnoredLaterToo: its name was kept as JSON has it, which
// is another.
func TestAFileOfANameThatIsNoUTF8IsIgnoredLaterToo(t *testing.T) {
	w := newWork(t)
	name := "caf\xe9.env"
	w.write(ignorePath, name+":aws-access-token:1\n").commit("ignore")
	w.write(name, "K="+awsKey()+"\nS="+stripeKey()+"\n").commit("bring it")
	cache := t.TempDir()
	for what, dir := range map[string]string{"at once": "", "first": cache} {
		if h := w.history(look{cache: dir}); len(h.Rotations) != 1 || !h.Rotations[0].InHead || h.Rotations[0].Path != name {
			t.Errorf("%s: %+v", what, h.Rotations)
		}
	}
	w.write("other.txt", "x\n").commit("more")
	if h := w.history(look{cache: cache}); len(h.Rotations) != 1 || !h.Rotations[0].InHead || h.Rotations[0].Path != name {
		t.Errorf("later: %+v", h.Rotations)
	}
}

// TestAFileWithASecretInItsNameIsIgnoredLaterToo: its name is not kept, and what is listed
// under it was found again.
func TestAFileWithASecretInItsNameIsIgnoredLaterToo(t *testing.T) {
	w := newWork(t)
	name := "key-" + githubPAT() + ".env"
	w.write(ignorePath, name+":aws-access-token:1\n").commit("ignore")
	w.write(name, "K="+awsKey()+"\nS="+stripeKey()+"\n").commit("bring it")
	cache := t.TempDir()
	rules := func(cache string) string {
		var out []string
		for _, r := range w.history(look{cache: cache}).Rotations {
			out = append(out, fmt.Sprintf("%s at %d of %d", r.Rule, r.Line, r.Places))
		}
		return strings.Join(sorted(out), ", ")
	}
	want := rules("")
	if strings.Contains(want, "aws") || !strings.Contains(want, "stripe") {
		t.Fatalf("at once: %s", want)
	}
	for _, what := range []string{"first", "again", "and again"} {
		if got := rules(cache); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		w.write("other.txt", what+"\n").commit("more")
	}
	// Listed no longer, it is found.
	w.git("rm", "-q", ignorePath)
	w.commit("list nothing")
	if got := rules(cache); !strings.Contains(got, "aws") {
		t.Errorf("listed no longer: %s", got)
	}
	if kept, err := filepath.Glob(filepath.Join(cache, "*", "*", "*.log")); err != nil || len(kept) == 0 {
		t.Errorf("%v, %v", kept, err)
	} else if data, err := os.ReadFile(kept[0]); err != nil || strings.Contains(string(data), githubPAT()) {
		t.Errorf("the name is kept: %v", err)
	}
}

// TestFilesOfVeryLongNamesAreNoGap: five hundred names of four thousand letters are more
// than a command line takes.
func TestFilesOfVeryLongNamesAreNoGap(t *testing.T) {
	w := newWork(t)
	folder := strings.Repeat("a-long-name-of-a-folder/", 190)
	var b strings.Builder
	b.WriteString("commit refs/heads/main\ncommitter A <a@example.com> 1767322000 +0000\ndata 1\nx\n")
	for i := range 501 {
		fmt.Fprintf(&b, "M 644 inline %sf%d.env\ndata 23\nK=%s\n\n", folder, i, awsKey())
	}
	w.stream = []byte(b.String())
	w.flush()
	req := w.request("", review.SHA(w.git("rev-parse", "refs/heads/main")))
	req.Settings, _ = json.Marshal(Settings{History: &client.HistorySettings{}})
	if h, err := New().Scan(t.Context(), req, nil); err != nil || !h.Receipt.Complete() || len(h.Rotations) != 1 || !h.Rotations[0].InHead || h.Rotations[0].Places != 501 {
		t.Errorf("%.2000s\n%d rotations, %v", fmt.Sprint(h.Receipt), len(h.Rotations), err)
	}
}

// TestNoAttributesAreTakenFromARepositoryOfEitherKindOfNames: git 2.41 and later refuses
// to work with a name of the wrong kind for where attributes come from.
func TestNoAttributesAreTakenFromARepositoryOfEitherKindOfNames(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		w := &work{t: t, dir: t.TempDir()}
		w.git("init", "-q", "-b", "main", "--object-format="+format)
		w.write("a.env", "K="+awsKey()+"\n").commit("start")
		r := w.repo()
		env := r.command(t.Context(), "version").Env
		i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, "GIT_ATTR_SOURCE=") })
		if i < 0 {
			t.Fatal("attributes come from HEAD")
		}
		tree := strings.TrimPrefix(env[i], "GIT_ATTR_SOURCE=")
		if kind, err := w.try("--git-dir", filepath.Join(w.dir, ".git"), "cat-file", "-t", tree); err != nil || kind != "tree" {
			t.Errorf("%s: %s is %s, %v", format, tree, kind, err)
		}
		if rep := w.history(look{}); !rep.Receipt.Complete() || len(rep.Rotations) != 1 {
			t.Errorf("%s: %+v", format, rep)
		}
	}
}

// TestAWorkTreeThatIsNamedHidesNothing: git took the folder of the repository for one of
// the work tree, and what it was asked for as what is in that.
func TestAWorkTreeThatIsNamedHidesNothing(t *testing.T) {
	for _, tree := range []string{"..", "/nowhere", "../../../s"} {
		w := newWork(t)
		base := w.write(".gitattributes", "* -diff\n").write("a.env", "x\n").commit("start")
		head := w.write("a.env", "K="+awsKey()+"\n").commit("bring it")
		w.git("config", "core.worktree", tree)
		rep, err := New().Scan(t.Context(), w.request(base, head), nil)
		if err != nil {
			t.Fatal(err)
		}
		want(t, rep.Head, "secrets/aws-access-token a.env:1")
		complete(t, rep, 1)
	}
}
