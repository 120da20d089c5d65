package refs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/refs"
)

// work is a repository with a work tree.
type work struct {
	t   *testing.T
	dir string
}

func newWork(t *testing.T) work {
	w := work{t, t.TempDir()}
	w.git("init", "-q", "-b", "main")
	w.commit("one")
	w.commit("two")
	w.git("branch", "side")
	w.git("branch", "deep/er/branch", "HEAD^")
	w.git("tag", "light")
	w.git("tag", "-a", "-m", "x", "noted")
	w.git("tag", "-a", "-m", "x", "noted-twice", "noted")
	return w
}

func (w work) commit(message string) { w.git("commit", "-q", "--allow-empty", "-m", message) }

func (w work) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// put returns what writes a file below .git, with the name of a commit for HEAD^.
func put(name, content string) func(work) {
	return func(w work) {
		path := filepath.Join(w.dir, ".git", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(content, "HEAD^", w.git("rev-parse", "HEAD^"))), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// run returns what runs git.
func run(args ...string) func(work) { return func(w work) { w.git(args...) } }

// TestRefsAreReadAsGitReadsThem compares what is read from files with what git says.
func TestRefsAreReadAsGitReadsThem(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    []func(work)
		files bool // they are read from files
	}{
		{"loose", nil, true},
		{"packed", []func(work){run("pack-refs", "--all")}, true},
		{"packed, then changed", []func(work){run("pack-refs", "--all"), run("branch", "-f", "side", "HEAD^"), run("tag", "-f", "-a", "-m", "x", "light"), run("tag", "-f", "noted", "HEAD^")}, true},
		{"packed, then deleted", []func(work){run("pack-refs", "--all"), run("branch", "-D", "side"), run("tag", "-d", "noted")}, true},
		{"a remote's HEAD", []func(work){run("update-ref", "refs/remotes/origin/main", "HEAD^"), run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")}, true},
		{"a remote's HEAD, packed", []func(work){run("update-ref", "refs/remotes/origin/main", "HEAD^"), run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"), run("pack-refs", "--all")}, true},
		{"a symbolic ref to nowhere", []func(work){run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")}, false},
		{"an unusual name", []func(work){run("branch", "zweig-ä/@x"), run("branch", "a{b")}, false},
		{"a name in another script", []func(work){run("branch", "zweig-ä/\u30d6")}, true},
		{"a lock and a hidden file", []func(work){put("refs/heads/new.lock", "HEAD^\n"), put("refs/heads/.hidden", "HEAD^\n")}, true},
		{"a ref that is none", []func(work){put("refs/heads/broken", "not a name\n")}, false},
		{"an empty ref", []func(work){put("refs/heads/empty", "")}, false},
		{"a ref of nothing", []func(work){put("refs/heads/null", strings.Repeat("0", 40)+"\n")}, false},
		{"a ref without its newline", []func(work){put("refs/heads/bare", "HEAD^")}, false},
		{"a packed ref with a name that is none", []func(work){run("pack-refs", "--all"), put("packed-refs", "# pack-refs with: peeled fully-peeled sorted \nHEAD^ refs/heads/a..b\n")}, false},
		{"packed by an old git", []func(work){run("pack-refs", "--all"), put("packed-refs", "HEAD^ refs/heads/old\n")}, true},
		{"another storage", []func(work){put("config.worktree", "")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			for _, do := range c.do {
				do(w)
			}
			dir := filepath.Join(w.dir, ".git")
			list, ok := refs.Read(dir)
			if ok != c.files {
				t.Fatalf("read from files: %v, want %v", ok, c.files)
			}
			if !ok {
				return
			}
			var have []string
			for _, ref := range list {
				kind := w.git("cat-file", "-t", ref.ID)
				if ref.Kind != "" && (ref.Kind == "tag") != (kind == "tag") {
					t.Errorf("%s is said to be a %q and is a %s", ref.Name, ref.Kind, kind)
				}
				have = append(have, fmt.Sprintf("%s %s %s", kind, ref.ID, ref.Name))
			}
			want := strings.Split(w.git("for-each-ref", "--format=%(objecttype) %(objectname) %(refname)"), "\n")
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("read\n%s\ngit says\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestHEADIsReadAsGitReadsIt compares what HEAD is read as with what git says.
func TestHEADIsReadAsGitReadsIt(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    []func(work)
		files bool // it is read from files
	}{
		{"a branch", nil, true},
		{"a packed branch", []func(work){run("pack-refs", "--all")}, true},
		{"a branch that moved since it was packed", []func(work){run("pack-refs", "--all"), run("update-ref", "HEAD", "HEAD^")}, true},
		{"one of many packed", []func(work){run("branch", "xmain", "HEAD^"), run("branch", "main2", "HEAD^"), run("pack-refs", "--all")}, true},
		{"a branch with slashes", []func(work){run("checkout", "-q", "deep/er/branch")}, true},
		{"a commit", []func(work){run("checkout", "-q", "--detach", "HEAD^")}, true},
		{"a tag's commit", []func(work){run("checkout", "-q", "noted-twice")}, true},
		{"nothing yet", []func(work){run("checkout", "-q", "--orphan", "new")}, false},
		{"a branch below one that is a file", []func(work){run("symbolic-ref", "HEAD", "refs/heads/side/below")}, false},
		{"a ref that is no branch", []func(work){run("symbolic-ref", "HEAD", "refs/tags/light")}, false},
		{"a branch that points at another", []func(work){run("symbolic-ref", "refs/heads/other", "refs/heads/side"), run("symbolic-ref", "HEAD", "refs/heads/other")}, false},
		{"an unusual name", []func(work){run("checkout", "-q", "-b", "a{b")}, false},
		{"a folder above", []func(work){put("x", "HEAD^\n"), put("HEAD", "ref: refs/heads/../../x\n")}, false},
		{"no name", []func(work){put("HEAD", "HEAD^ \n")}, false},
		{"another storage", []func(work){put("reftable/x", "")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			for _, do := range c.do {
				do(w)
			}
			id, ok := refs.Head(filepath.Join(w.dir, ".git"))
			if ok != c.files {
				t.Fatalf("read from files: %v (%q), want %v", ok, id, c.files)
			}
			if !ok {
				return
			}
			if want := w.git("rev-parse", "--verify", "HEAD^{commit}"); id != want {
				t.Errorf("HEAD is %s, git says %s", id, want)
			}
		})
	}
}

// TestALinkedWorktreesRefsAreAskedOfGit: they are kept in another folder.
func TestALinkedWorktreesRefsAreAskedOfGit(t *testing.T) {
	w := newWork(t)
	linked := filepath.Join(t.TempDir(), "linked")
	w.git("worktree", "add", "-q", "-b", "other", linked)
	dir := w.git("-C", linked, "rev-parse", "--absolute-git-dir")
	if _, ok := refs.Read(dir); ok {
		t.Error("the refs of a linked worktree are read from its own folder, which has none")
	}
	if _, ok := refs.Head(dir); ok {
		t.Error("the HEAD of a linked worktree is looked up in its own folder, which has no branches")
	}
}
