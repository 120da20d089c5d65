package checkout_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/review"
)

// work is a real repository that a case builds with the git program.
type work struct {
	t   *testing.T
	dir string
}

func newWork(t *testing.T) work {
	t.Helper()
	w := work{t, t.TempDir()}
	w.git("init", "-q", "-b", "main")
	return w
}

func (w work) git(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w work) write(files map[string]string) {
	w.t.Helper()
	for name, body := range files {
		p := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w work) commit(files map[string]string) review.SHA {
	w.t.Helper()
	w.write(files)
	w.git("add", "-A")
	w.git("commit", "-q", "--allow-empty", "-m", "c")
	return review.SHA(w.git("rev-parse", "HEAD"))
}

// serve offers the repository over smart HTTP and records the credentials.
func (w work) serve() (url string, auth *[]string) {
	w.t.Helper()
	w.git("config", "uploadpack.allowAnySHA1InWant", "true")
	backend, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		w.t.Fatal(err)
	}
	auth = new([]string)
	h := &cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + w.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		user, pass, _ := req.BasicAuth()
		*auth = append(*auth, user+":"+pass)
		if pass != "good-token" {
			rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(rw, req)
	}))
	w.t.Cleanup(srv.Close)
	return srv.URL + "/.git", auth
}

func token(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

func newStore(t *testing.T, limits checkout.Limits) (*checkout.Store, string) {
	t.Helper()
	root := t.TempDir()
	s, err := checkout.New(checkout.Config{Root: root, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return s, root
}

func TestFetchIsIncrementalAndStoresNoToken(t *testing.T) {
	w := newWork(t)
	base := w.commit(map[string]string{"main.go": "package main\n"})
	url, _ := w.serve()
	s, root := newStore(t, checkout.Limits{})
	remote := checkout.Remote{ID: 7, URL: url, Token: token("good-token")}
	if _, err := s.Fetch(t.Context(), remote, []string{"refs/heads/main"}); err != nil {
		t.Fatal(err)
	}
	head := w.commit(map[string]string{"main.go": "package main\n\nfunc main() {}\n"})
	w.git("update-ref", "refs/pull/1/head", string(head))
	repo, err := s.Fetch(t.Context(), remote, []string{"refs/pull/1/head", string(base)})
	if err != nil {
		t.Fatal(err)
	}
	for _, sha := range []review.SHA{base, head} {
		if !repo.Has(t.Context(), sha) {
			t.Errorf("mirror lacks %s", sha)
		}
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "good-token") {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFetchErrors(t *testing.T) {
	w := newWork(t)
	w.commit(map[string]string{"main.go": "package main\n"})
	url, _ := w.serve()
	tests := []struct {
		name, token, ref string
		want             review.Code
	}{
		{"refused token", "bad-token", "refs/heads/main", review.CodeCheckout},
		{"no such ref", "good-token", "refs/heads/none", review.CodeCheckout},
		{"option as ref", "good-token", "--upload-pack=touch /tmp/x", review.CodeBadRequest},
		{"glob as ref", "good-token", "refs/heads/*", review.CodeBadRequest},
		{"traversal as ref", "good-token", "refs/../../x", review.CodeBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newStore(t, checkout.Limits{})
			_, err := s.Fetch(t.Context(), checkout.Remote{ID: 1, URL: url, Token: token(tt.token)}, []string{tt.ref})
			if review.CodeOf(err) != tt.want {
				t.Errorf("code = %q (%v), want %q", review.CodeOf(err), err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), tt.token) {
				t.Errorf("error quotes the token: %v", err)
			}
		})
	}
}

func TestFetchStopsAtItsSizeLimit(t *testing.T) {
	w := newWork(t)
	w.commit(map[string]string{"main.go": "package main\n"})
	url, _ := w.serve()
	s, _ := newStore(t, checkout.Limits{MirrorBytes: 100})
	_, err := s.Fetch(t.Context(), checkout.Remote{ID: 1, URL: url, Token: token("good-token")}, []string{"refs/heads/main"})
	if review.CodeOf(err) != review.CodeTooLarge {
		t.Errorf("error = %v, want code %s", err, review.CodeTooLarge)
	}
}

func TestFetchRecoversADamagedMirror(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{"main.go": "package main\n"})
	url, _ := w.serve()
	s, root := newStore(t, checkout.Limits{})
	remote := checkout.Remote{ID: 1, URL: url, Token: token("good-token")}
	if _, err := s.Fetch(t.Context(), remote, []string{"refs/heads/main"}); err != nil {
		t.Fatal(err)
	}
	// What a kill leaves: a lock, and a ref whose object never arrived.
	dir := filepath.Join(root, "1.git")
	refs, err := filepath.Glob(filepath.Join(dir, "refs", "launchgate", "refs", "*"))
	if err != nil || len(refs) != 1 {
		t.Fatalf("refs = %v, %v; want one", refs, err)
	}
	for name, body := range map[string]string{filepath.Join(dir, "packed-refs.lock"): "", refs[0]: "garbage\n"} {
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	repo, err := s.Fetch(t.Context(), remote, []string{"refs/heads/main"})
	if err != nil {
		t.Fatal(err)
	}
	if !repo.Has(t.Context(), head) {
		t.Error("the new mirror lacks the head")
	}
}

func open(t *testing.T, w work) *checkout.Repo {
	t.Helper()
	repo, err := checkout.OpenLocal(t.Context(), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

func TestDiff(t *testing.T) {
	w := newWork(t)
	long := strings.Repeat("line\n", 30)
	base := w.commit(map[string]string{"a.go": "1\n2\n3\n4\n5\n6\n7\n8\n", "old name.go": long, "gone.go": "x\n", "bin": "a\x00b", "tab\there.go": "x\n"})
	w.git("mv", "old name.go", "new\"näme.go")
	w.git("rm", "-q", "gone.go")
	head := w.commit(map[string]string{
		"a.go": "1\n2\n3\n4\nfive\n--- a/evil\n+++ b/evil\n6\n7\n8\n", "bin": "a\x00c", "added.go": "@@ -1 +1 @@\ndiff --git a/x b/x\n", "tab\there.go": "x\ny"})
	d, err := open(t, w).Diff(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]review.FileDiff)
	for _, f := range d.Files {
		got[f.Path] = f
	}
	want := map[string]review.FileDiff{
		"a.go":         {Path: "a.go", OldPath: "a.go", Status: review.FileModified, Hunks: []review.Hunk{{OldStart: 2, NewStart: 2, Ops: "   -+++   "}}},
		"added.go":     {Path: "added.go", OldPath: "added.go", Status: review.FileAdded, Hunks: []review.Hunk{{OldStart: 0, NewStart: 1, Ops: "++"}}},
		"bin":          {Path: "bin", OldPath: "bin", Status: review.FileModified, Binary: true},
		"gone.go":      {Path: "gone.go", OldPath: "gone.go", Status: review.FileDeleted, Hunks: []review.Hunk{{OldStart: 1, NewStart: 0, Ops: "-"}}},
		"new\"näme.go": {Path: "new\"näme.go", OldPath: "old name.go", Status: review.FileRenamed},
		"tab\there.go": {Path: "tab\there.go", OldPath: "tab\there.go", Status: review.FileModified, Hunks: []review.Hunk{{OldStart: 1, NewStart: 1, Ops: " +"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("diff:\n%+v\nwant:\n%+v", got, want)
	}
}

func TestDiffOfAFileThatBecomesASymlink(t *testing.T) {
	w := newWork(t)
	base := w.commit(map[string]string{"a": "x\n", "b.go": "1\n"})
	if err := os.Remove(filepath.Join(w.dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(w.dir, "a")); err != nil {
		t.Fatal(err)
	}
	head := w.commit(map[string]string{"b.go": "2\n"})
	d, err := open(t, w).Diff(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Files) != 2 || d.Files[1].Path != "b.go" || len(d.Files[1].Hunks) != 1 {
		t.Errorf("diff = %+v, want the hunk of b.go with b.go", d.Files)
	}
}

func TestMergeBase(t *testing.T) {
	w := newWork(t)
	root := w.commit(map[string]string{"a": "1"})
	w.git("checkout", "-q", "-b", "topic")
	topic := w.commit(map[string]string{"b": "1"})
	w.git("checkout", "-q", "main")
	main := w.commit(map[string]string{"c": "1"})
	w.git("checkout", "-q", "--orphan", "alone")
	alone := w.commit(map[string]string{"d": "1"})
	repo := open(t, w)
	if got, err := repo.MergeBase(t.Context(), main, topic); err != nil || got != root {
		t.Errorf("merge base = %s, %v; want %s", got, err, root)
	}
	if _, err := repo.MergeBase(t.Context(), main, alone); review.CodeOf(err) != review.CodeNoMergeBase {
		t.Errorf("unrelated histories: %v, want code %s", err, review.CodeNoMergeBase)
	}
	missing := review.SHA(strings.Repeat("ab", 20))
	if _, err := repo.MergeBase(t.Context(), main, missing); review.CodeOf(err) != review.CodeHistoryIncomplete {
		t.Errorf("missing commit: %v, want code %s", err, review.CodeHistoryIncomplete)
	}
}

// TestMaterialiseRunsNothing lays down a tree that asks git for everything it
// could run: filters, hooks, submodules, symlinks that lead outside.
func TestMaterialiseRunsNothing(t *testing.T) {
	w := newWork(t)
	marker := filepath.Join(t.TempDir(), "ran")
	w.write(map[string]string{".gitattributes": "*.go filter=evil export-subst\n", "main.go": "package main // $Format:%H$\n", "sub/deep/x.go": "package deep\n", "big.txt": "no\n"})
	if err := os.Symlink("/etc/passwd", filepath.Join(w.dir, "link.go")); err != nil {
		t.Fatal(err)
	}
	head := w.commit(nil)
	for _, kv := range [][2]string{{"filter.evil.smudge", "touch " + marker}, {"filter.evil.clean", "touch " + marker}, {"core.fsmonitor", "touch " + marker}, {"diff.external", "touch " + marker}, {"core.sshCommand", "touch " + marker}} {
		w.git("config", kv[0], kv[1])
	}
	if err := os.WriteFile(filepath.Join(w.dir, ".git", "hooks", "post-checkout"), []byte("#!/bin/sh\ntouch "+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tree")
	res, err := open(t, w).Materialise(t.Context(), head, dir, checkout.MaterialiseOptions{Keep: func(p string, _ int64) bool { return filepath.Ext(p) == ".go" }})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		names = append(names, rel)
		if !d.Type().IsRegular() {
			t.Errorf("%s is not a regular file", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(names)
	if want := []string{"main.go", "sub/deep/x.go"}; !reflect.DeepEqual(names, want) {
		t.Errorf("files = %v, want %v", names, want)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "main.go")); err != nil || string(data) != "package main // $Format:%H$\n" {
		t.Errorf("main.go = %q, %v: attributes were followed", data, err)
	}
	if len(res.Skipped) != 1 || !strings.Contains(res.Skipped[0].What, "symbolic") {
		t.Errorf("skipped = %+v, want the symbolic link", res.Skipped)
	}
	if _, err := os.Stat(marker); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something of the repository was run")
	}
}

// TestATreeLikeAnotherIsTheSameAsOneByItself lays a base down beside its head:
// what both have is one file with two names, and nothing reads differently.
func TestATreeLikeAnotherIsTheSameAsOneByItself(t *testing.T) {
	w := newWork(t)
	base := w.commit(map[string]string{"same.go": "package same\n", "deep/down/same.go": "package down\n", "changed.go": "package a\n", "gone.go": "package gone\n",
		"moved/from.go": "package moved\n", "file": "a file here\n", "dir/x.go": "package dir\n", "twice.go": "package one\n"})
	w.git("rm", "-q", "gone.go", "moved/from.go", "file", "dir/x.go")
	head := w.commit(map[string]string{"changed.go": "package b\n", "added.go": "package added\n", "moved/to.go": "package moved\n", "file/x.go": "package file\n", "dir": "a file there\n", "twice.go": "package gone\n"})
	repo, tmp := open(t, w), t.TempDir()
	if err := os.Mkdir(filepath.Join(tmp, "further"), 0o700); err != nil {
		t.Fatal(err)
	}
	lay := func(commit review.SHA, name string, like *checkout.Materialised) *checkout.Materialised {
		t.Helper()
		res, err := repo.Materialise(t.Context(), commit, filepath.Join(tmp, name), checkout.MaterialiseOptions{Like: like})
		if err != nil || len(res.Gaps) != 0 {
			t.Fatalf("%s: %v, gaps %+v", name, err, res.Gaps)
		}
		return &res
	}
	read := func(name string) map[string]string {
		files := make(map[string]string)
		err := filepath.WalkDir(filepath.Join(tmp, name), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(p)
			rel, _ := filepath.Rel(filepath.Join(tmp, name), p)
			files[rel] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	headTree := lay(head, "head", nil)
	alone, beside := lay(base, "alone", nil), lay(base, "base", headTree)
	elsewhere := lay(base, "further/base", headTree)
	if want := read("alone"); !reflect.DeepEqual(read("base"), want) || !reflect.DeepEqual(read("further/base"), want) || len(want) != 8 {
		t.Errorf("beside its head: %v\nby itself: %v", read("base"), want)
	}
	for _, res := range []*checkout.Materialised{beside, elsewhere} {
		if res.Files != alone.Files || res.Bytes != alone.Bytes {
			t.Errorf("%d files and %d bytes beside another tree, %d and %d by itself", res.Files, res.Bytes, alone.Files, alone.Bytes)
		}
	}
	same := func(a, b string) bool {
		x, errX := os.Stat(filepath.Join(tmp, a))
		y, errY := os.Stat(filepath.Join(tmp, b))
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		return os.SameFile(x, y)
	}
	for name, want := range map[string]bool{"same.go": true, "deep/down/same.go": true, "changed.go": false, "twice.go": false} {
		if got := same("head/"+name, "base/"+name); got != want {
			t.Errorf("%s is one file in both trees: %v, want %v", name, got, want)
		}
	}
	if same("head/same.go", "further/base/same.go") {
		t.Error("a tree in another folder was linked to")
	}
}

func TestMaterialiseNamesWhatItCannotRead(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{"big.go": strings.Repeat("x", 100), "bad\\name.go": "x", "A.go": "x", "a.go": "y"})
	res, err := open(t, w).Materialise(t.Context(), head, filepath.Join(t.TempDir(), "tree"),
		checkout.MaterialiseOptions{Limits: checkout.TreeLimits{FileBytes: 50}})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Gaps) != 2 || len(res.Skipped) != 1 {
		t.Errorf("gaps = %+v, skipped = %+v; want two gaps and one note about case", res.Gaps, res.Skipped)
	}
	_, err = open(t, w).Materialise(t.Context(), head, filepath.Join(t.TempDir(), "tree"), checkout.MaterialiseOptions{Limits: checkout.TreeLimits{Files: 2}})
	if review.CodeOf(err) != review.CodeTooLarge {
		t.Errorf("too many files: %v, want code %s", err, review.CodeTooLarge)
	}
}

func TestReadFile(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{".github/launchgate.yml": "version: 1\n"})
	repo := open(t, w)
	if data, err := repo.ReadFile(t.Context(), head, ".github/launchgate.yml", 100); err != nil || string(data) != "version: 1\n" {
		t.Errorf("ReadFile = %q, %v", data, err)
	}
	for _, path := range []string{"none.yml", ".github", "../x", "-h"} {
		if _, err := repo.ReadFile(t.Context(), head, path, 100); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q): %v, want fs.ErrNotExist", path, err)
		}
	}
	if _, err := repo.ReadFile(t.Context(), head, ".github/launchgate.yml", 3); review.CodeOf(err) != review.CodeTooLarge {
		t.Errorf("a file over the limit: %v", err)
	}
}

func TestReplaceObjectsAreIgnored(t *testing.T) {
	w := newWork(t)
	real := w.commit(map[string]string{"a.go": "real\n"})
	other := w.commit(map[string]string{"a.go": "shown instead\n"})
	w.git("replace", string(real), string(other))
	data, err := open(t, w).ReadFile(t.Context(), real, "a.go", 100)
	if err != nil || string(data) != "real\n" {
		t.Errorf("ReadFile = %q, %v: a replace object was followed", data, err)
	}
}

func TestCancelStopsGit(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{"a.go": "x\n"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := &review.Error{Code: review.CodeSuperseded, Op: "review"}
	cancel(cause)
	if _, err := open(t, w).Diff(ctx, head, head); review.CodeOf(err) != review.CodeSuperseded {
		t.Errorf("error = %v, want the cause of the cancellation", err)
	}
}

// TestHistoryBringsAllBranchesAndTags fetches a repository whole, again after
// names changed in ways that cannot stand beside each other, and an empty one.
func TestHistoryBringsAllBranchesAndTags(t *testing.T) {
	w := newWork(t)
	first := w.commit(map[string]string{"a": "1"})
	w.git("branch", "release")
	w.git("tag", "-a", "-m", "t", "v1")
	url, _ := w.serve()
	store, _ := newStore(t, checkout.Limits{})
	remote := checkout.Remote{ID: 7, URL: url, Token: token("good-token")}
	refs := func(repo *checkout.Repo) string {
		t.Helper()
		cmd := exec.Command("git", "--git-dir", repo.GitDir(), "for-each-ref", "--format=%(refname) %(objecttype)", checkout.HistoryRefs)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(string(out)), checkout.HistoryRefs+"/", ""), "\n", ", ")
	}
	repo, head, err := store.FetchHistory(t.Context(), remote)
	if err != nil || head != first {
		t.Fatalf("head %s, %v", head, err)
	}
	if got := refs(repo); got != "heads/main commit, heads/release commit, tags/v1 tag" {
		t.Errorf("refs: %s", got)
	}

	second := w.commit(map[string]string{"a": "2"})
	w.git("branch", "-m", "release", "release/1")
	w.git("tag", "-d", "v1")
	w.git("tag", "-a", "-m", "t", "v1/rc")
	if repo, err = store.FetchTags(t.Context(), remote); err != nil {
		t.Fatal(err)
	}
	if got := refs(repo); got != "heads/main commit, heads/release commit, tags/v1/rc tag" {
		t.Errorf("refs after fetching tags: %s", got)
	}
	if repo, head, err = store.FetchHistory(t.Context(), remote); err != nil || head != second {
		t.Fatalf("head %s, %v", head, err)
	}
	if got := refs(repo); got != "heads/main commit, heads/release/1 commit, tags/v1/rc tag" {
		t.Errorf("refs: %s", got)
	}

	empty := newWork(t)
	url, _ = empty.serve()
	if _, head, err = store.FetchHistory(t.Context(), checkout.Remote{ID: 8, URL: url, Token: token("good-token")}); err != nil || head != "" {
		t.Errorf("an empty repository: head %q, %v", head, err)
	}
}
