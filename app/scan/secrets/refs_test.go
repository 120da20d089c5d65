package secrets

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRefsAreReadAsGitReadsThem compares what is read from files with what git says.
func TestRefsAreReadAsGitReadsThem(t *testing.T) {
	put := func(name, content string) func(*work) {
		return func(w *work) {
			path := filepath.Join(w.dir, ".git", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				w.t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(content, "HEAD^", w.git("rev-parse", "HEAD^"))), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	run := func(args ...string) func(*work) { return func(w *work) { w.git(args...) } }
	for _, c := range []struct {
		name  string
		do    []func(*work)
		files bool // they are read from files
	}{
		{"loose", nil, true},
		{"packed", []func(*work){run("pack-refs", "--all")}, true},
		{"packed, then changed", []func(*work){run("pack-refs", "--all"), run("branch", "-f", "side", "HEAD^"), run("tag", "-f", "-a", "-m", "x", "light"), run("tag", "-f", "noted", "HEAD^")}, true},
		{"packed, then deleted", []func(*work){run("pack-refs", "--all"), run("branch", "-D", "side"), run("tag", "-d", "noted")}, true},
		{"a remote's HEAD", []func(*work){run("update-ref", "refs/remotes/origin/main", "HEAD^"), run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")}, true},
		{"a remote's HEAD, packed", []func(*work){run("update-ref", "refs/remotes/origin/main", "HEAD^"), run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"), run("pack-refs", "--all")}, true},
		{"a symbolic ref to nowhere", []func(*work){run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")}, false},
		{"an unusual name", []func(*work){run("branch", "zweig-ä/@x"), run("branch", "a{b")}, false},
		{"a name in another script", []func(*work){run("branch", "zweig-ä/\u30d6")}, true},
		{"a lock and a hidden file", []func(*work){put("refs/heads/new.lock", "HEAD^\n"), put("refs/heads/.hidden", "HEAD^\n")}, true},
		{"a ref that is none", []func(*work){put("refs/heads/broken", "not a name\n")}, false},
		{"an empty ref", []func(*work){put("refs/heads/empty", "")}, false},
		{"a ref of nothing", []func(*work){put("refs/heads/null", strings.Repeat("0", 40)+"\n")}, false},
		{"a ref without its newline", []func(*work){put("refs/heads/bare", "HEAD^")}, false},
		{"a packed ref with a name that is none", []func(*work){run("pack-refs", "--all"), put("packed-refs", "# pack-refs with: peeled fully-peeled sorted \nHEAD^ refs/heads/a..b\n")}, false},
		{"packed by an old git", []func(*work){run("pack-refs", "--all"), put("packed-refs", "HEAD^ refs/heads/old\n")}, true},
		{"another storage", []func(*work){put("config.worktree", "")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			w.write("a", "1").commit("one")
			w.write("a", "2").commit("two")
			w.git("branch", "side")
			w.git("branch", "deep/er/branch", "HEAD^")
			w.git("tag", "light")
			w.git("tag", "-a", "-m", "x", "noted")
			w.git("tag", "-a", "-m", "x", "noted-twice", "noted")
			for _, do := range c.do {
				do(w)
			}
			dir := filepath.Join(w.dir, ".git")
			list, ok := readRefs(dir)
			if ok != c.files {
				t.Fatalf("read from files: %v, want %v", ok, c.files)
			}
			out, err := exec.Command("git", "--git-dir", dir, "for-each-ref", "--format=%(objecttype) %(objectname) %(refname)").Output()
			if err != nil {
				t.Fatal(err)
			}
			r, err := openRepo(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer r.close()
			if !ok {
				if list, err = r.refs(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			var have []string
			for _, ref := range list {
				kind := strings.Fields(string(mustOutput(t, "git", "--git-dir", dir, "cat-file", "-t", ref.id)))[0]
				if ref.kind != "" && (ref.kind == "tag") != (kind == "tag") {
					t.Errorf("%s is said to be a %q and is a %s", ref.name, ref.kind, kind)
				}
				have = append(have, fmt.Sprintf("%s %s %s", kind, ref.id, ref.name))
			}
			want := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("read\n%s\ngit says\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func mustOutput(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestALinkedWorktreesRefsAreAskedOfGit: they are kept in another folder.
func TestALinkedWorktreesRefsAreAskedOfGit(t *testing.T) {
	w := newWork(t)
	w.write("a", "1").commit("one")
	linked := filepath.Join(t.TempDir(), "linked")
	w.git("worktree", "add", "-q", "-b", "other", linked)
	dir := strings.TrimSpace(string(mustOutput(t, "git", "-C", linked, "rev-parse", "--absolute-git-dir")))
	if _, ok := readRefs(dir); ok {
		t.Error("the refs of a linked worktree are read from its own folder, which has none")
	}
}
