package checkout_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/review"
)

// stalling offers w over smart HTTP but stops in the middle of every pack, until
// the client goes. It says so on stalled.
func (w work) stalling() (url string, stalled chan struct{}) {
	w.t.Helper()
	through, _ := w.serve()
	backend := strings.TrimSuffix(through, "/.git")
	stalled = make(chan struct{}, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		fwd, err := http.NewRequestWithContext(req.Context(), req.Method, backend+req.URL.String(), req.Body)
		if err != nil {
			return
		}
		fwd.Header, fwd.ContentLength = req.Header.Clone(), req.ContentLength
		res, err := http.DefaultClient.Do(fwd)
		if err != nil {
			return
		}
		defer res.Body.Close()
		var body bytes.Buffer
		if _, err := body.ReadFrom(res.Body); err != nil {
			return
		}
		for k, v := range res.Header {
			rw.Header()[k] = v
		}
		rw.WriteHeader(res.StatusCode)
		if !bytes.Contains(body.Bytes(), []byte("PACK")) {
			_, _ = rw.Write(body.Bytes())
			return
		}
		_, _ = rw.Write(body.Bytes()[:body.Len()/2])
		rw.(http.Flusher).Flush()
		stalled <- struct{}{}
		<-req.Context().Done()
	}))
	w.t.Cleanup(srv.Close)
	return srv.URL + "/.git", stalled
}

// gits returns the command lines of living processes that name dir.
func gits(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && bytes.Contains(data, []byte(dir)) {
			out = append(out, string(bytes.ReplaceAll(data, []byte{0}, []byte{' '})))
		}
	}
	return out
}

func TestAFetchStoppedInTheMiddle(t *testing.T) {
	w := newWork(t)
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	head := w.commit(map[string]string{"main.go": "package main\n", "noise": string(noise)})
	slow, stalled := w.stalling()
	s, root := newStore(t, checkout.Limits{})
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.Fetch(ctx, checkout.Remote{ID: 1, URL: slow, Token: token("good-token")}, []string{"refs/heads/main"})
		done <- err
	}()
	select {
	case <-stalled:
	case err := <-done:
		t.Fatalf("the fetch ended before it stalled: %v", err)
	}

	// The token is in no command line while git is at work.
	lines := gits(t, root)
	if len(lines) == 0 {
		t.Error("no git is at work")
	}
	for _, l := range lines {
		if strings.Contains(l, "good-token") || strings.Contains(l, "Authorization") {
			t.Errorf("a command line holds the token: %s", l)
		}
	}
	// Who waits for the same mirror can give up.
	impatient, stop := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, &review.Error{Code: review.CodeSuperseded, Op: "review"})
	defer stop()
	if _, err := s.Fetch(impatient, checkout.Remote{ID: 1, URL: slow}, []string{"refs/heads/main"}); review.CodeOf(err) != review.CodeSuperseded {
		t.Errorf("waiting: %v, want the cause of the cancellation", err)
	}

	cancel(&review.Error{Code: review.CodeSuperseded, Op: "review"})
	if err := <-done; review.CodeOf(err) != review.CodeSuperseded {
		t.Errorf("error = %v, want the cause of the cancellation", err)
	}
	// The kernel may take a moment to bury a killed helper.
	for range 100 {
		if lines = gits(t, root); len(lines) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if len(lines) > 0 {
		t.Errorf("still running: %v", lines)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "1.git", "objects", "*", "tmp_*")); len(left) > 0 {
		t.Errorf("half a pack stays on the disk: %v", left)
	}

	url, _ := w.serve()
	repo, err := s.Fetch(t.Context(), checkout.Remote{ID: 1, URL: url, Token: token("good-token")}, []string{"refs/heads/main"})
	if err != nil {
		t.Fatal(err)
	}
	if !repo.Has(t.Context(), head) {
		t.Error("the mirror lacks the head")
	}
}

func TestABranchBecomesAFolderOfBranches(t *testing.T) {
	w := newWork(t)
	w.commit(map[string]string{"a": "1"})
	w.git("branch", "release")
	url, _ := w.serve()
	s, _ := newStore(t, checkout.Limits{})
	remote := checkout.Remote{ID: 1, URL: url, Token: token("good-token")}
	if _, err := s.Fetch(t.Context(), remote, []string{"refs/heads/release"}); err != nil {
		t.Fatal(err)
	}
	w.git("branch", "-D", "release")
	w.git("branch", "release/1")
	if _, err := s.Fetch(t.Context(), remote, []string{"refs/heads/release/1"}); err != nil {
		t.Error(err)
	}
}

// TestAMirrorThatOnlyGrewIsRenewed rewrites a branch until the mirror holds more
// than the repository does.
func TestAMirrorThatOnlyGrewIsRenewed(t *testing.T) {
	w := newWork(t)
	url, _ := w.serve()
	s, _ := newStore(t, checkout.Limits{MirrorBytes: 300 << 10})
	for i := range 3 {
		noise := make([]byte, 200<<10)
		for j := range noise {
			noise[j] = byte(rand.Uint32())
		}
		w.git("checkout", "-q", "--orphan", fmt.Sprint("rewrite", i))
		head := w.commit(map[string]string{"noise": string(noise)})
		w.git("branch", "-f", "main", string(head))
		repo, err := s.Fetch(t.Context(), checkout.Remote{ID: 1, URL: url, Token: token("good-token")}, []string{"refs/heads/main"})
		if err != nil {
			t.Fatal(err)
		}
		if !repo.Has(t.Context(), head) {
			t.Errorf("the mirror lacks head %d", i)
		}
	}
}

// TestRenewingIsForDamageOnly: who read a mirror before somebody else renewed it
// is told to fetch again, and what git dislikes in an old history is no damage.
func TestRenewingIsForDamageOnly(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{"a": "1"})
	raw := w.git("cat-file", "commit", string(head))
	// Git before 1.5 wrote such authors.
	old := hash(t, filepath.Join(w.dir, ".git"), "commit", []byte(strings.Replace(raw, "> ", ">", 1)+"\n"))
	w.git("update-ref", "refs/heads/main", old)
	url, _ := w.serve()
	s, root := newStore(t, checkout.Limits{})
	fetch := func() *checkout.Repo {
		t.Helper()
		repo, err := s.Fetch(t.Context(), checkout.Remote{ID: 1, URL: url, Token: token("good-token")}, []string{"refs/heads/main"})
		if err != nil {
			t.Fatal(err)
		}
		return repo
	}
	renew := func(since time.Time) bool {
		t.Helper()
		done, err := s.Renew(t.Context(), 1, since)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	before := time.Now().Add(-time.Second) // a file's time is as coarse as the kernel's tick
	repo := fetch()
	if renew(time.Now().Add(time.Second)) {
		t.Error("a sound mirror was removed")
	}
	if !renew(before) || !repo.Has(t.Context(), review.SHA(old)) {
		t.Error("a mirror made since is worth reading again, and stays")
	}
	mirror := filepath.Join(root, "1.git")
	objects, err := filepath.Glob(filepath.Join(mirror, "objects", "??", "*"))
	if err != nil || len(objects) == 0 {
		t.Fatalf("no single objects in %s: %v", mirror, err)
	}
	if err := errors.Join(os.Chmod(objects[0], 0o600), os.Truncate(objects[0], 0)); err != nil {
		t.Fatal(err)
	}
	if !renew(time.Now().Add(time.Second)) {
		t.Error("a damaged mirror stays")
	}
	if repo := fetch(); !repo.Has(t.Context(), review.SHA(old)) {
		t.Error("the new mirror lacks the head")
	}
}

func TestManyPacksBecomeOne(t *testing.T) {
	w := newWork(t)
	head := w.commit(map[string]string{"a": "1"})
	url, _ := w.serve()
	s, root := newStore(t, checkout.Limits{})
	remote := checkout.Remote{ID: 1, URL: url, Token: token("good-token")}
	if _, err := s.Fetch(t.Context(), remote, []string{"refs/heads/main"}); err != nil {
		t.Fatal(err)
	}
	mirror := filepath.Join(root, "1.git")
	var blobs []string
	for i := range 51 {
		blob := hash(t, mirror, "blob", fmt.Appendf(nil, "blob %d", i))
		blobs = append(blobs, blob)
		cmd := exec.Command("git", "--git-dir="+mirror, "pack-objects", "-q", filepath.Join(mirror, "objects", "pack", "pack"))
		cmd.Stdin = strings.NewReader(blob + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("pack-objects: %v\n%s", err, out)
		}
	}
	repo, err := s.Fetch(t.Context(), remote, []string{string(head)})
	if err != nil {
		t.Fatal(err)
	}
	if packs, _ := filepath.Glob(filepath.Join(mirror, "objects", "pack", "*.pack")); len(packs) != 1 || !repo.Has(t.Context(), head) {
		t.Errorf("%d packs, want one", len(packs))
	}
	// A review under way may read what no ref holds.
	for _, b := range blobs {
		if err := exec.Command("git", "--git-dir="+mirror, "cat-file", "-e", b).Run(); err != nil {
			t.Fatalf("blob %s is gone: %v", b, err)
		}
	}
}

func hash(t *testing.T, gitDir, kind string, data []byte) string {
	t.Helper()
	cmd := exec.Command("git", "--git-dir="+gitDir, "hash-object", "-w", "--literally", "-t", kind, "--stdin")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestATreeMadeByHand lays down a tree that no git would write.
func TestATreeMadeByHand(t *testing.T) {
	w := newWork(t)
	w.commit(nil)
	git := filepath.Join(w.dir, ".git")
	object := func(mode, name, sha string) string {
		raw, err := hex.DecodeString(sha)
		if err != nil {
			t.Fatal(err)
		}
		return mode + " " + name + "\x00" + string(raw)
	}
	blob := hash(t, git, "blob", []byte("package x\n"))
	pointer := hash(t, git, "blob", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"))
	below := hash(t, git, "tree", []byte(object("100644", "b.go", blob)))
	tree := hash(t, git, "tree", []byte(object("100644", "..", blob)+object("40000", "..", below)+object("100644", ".GIT", blob)+object("40000", ".git", below)+
		object("100644", "a.go", blob)+object("100644", "a.go", blob)+object("100644", "d", blob)+object("40000", "d", below)+
		object("100755", "lfs.go", pointer)+object("120000", "link.go", blob)+object("100644", strings.Repeat("n", 300), blob)+object("160000", "sub", blob)))
	commit := review.SHA(w.git("commit-tree", "-m", "hostile", tree))
	outer := t.TempDir()
	dir := filepath.Join(outer, "tree")
	res, err := open(t, w).Materialise(t.Context(), commit, dir, checkout.MaterialiseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pattern := range []string{filepath.Join(outer, "*"), filepath.Join(dir, "*")} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			got = append(got, strings.TrimPrefix(n, outer+"/"))
		}
	}
	if want := "tree tree/a.go tree/d tree/lfs.go"; strings.Join(got, " ") != want {
		t.Errorf("files = %v, want %s", got, want)
	}
	// Of the twelve: three laid down, a link and a submodule left out, the rest gaps.
	if len(res.Gaps) != 7 || res.Files != 3 {
		t.Errorf("%d files, gaps = %+v; want 3 files, 7 gaps", res.Files, res.Gaps)
	}
	said := fmt.Sprintf("%+v", res.Skipped)
	for _, word := range []string{"1 symbolic links", "1 submodules", "Git LFS"} {
		if !strings.Contains(said, word) {
			t.Errorf("skipped = %s, want %q", said, word)
		}
	}
}

func TestOpenLocalFindsWorkTreesAndSeesShallow(t *testing.T) {
	w := newWork(t)
	w.commit(map[string]string{"sub/a.go": "1"})
	head := w.commit(map[string]string{"sub/a.go": "2"})
	clone := filepath.Join(t.TempDir(), "clone")
	w.git("clone", "-q", "--depth=1", "file://"+w.dir, clone)
	linked := filepath.Join(t.TempDir(), "linked")
	w.git("-C", clone, "worktree", "add", "-q", linked)
	for _, tt := range []struct {
		dir     string
		shallow bool
	}{{w.dir, false}, {filepath.Join(w.dir, "sub"), false}, {clone, true}, {linked, true}} {
		repo, err := checkout.OpenLocal(t.Context(), tt.dir)
		if err != nil {
			t.Fatal(err)
		}
		if !repo.Has(t.Context(), head) || repo.IsShallow() != tt.shallow {
			t.Errorf("%s: has the head %v, shallow %v, want %v", tt.dir, repo.Has(t.Context(), head), repo.IsShallow(), tt.shallow)
		}
	}
	if _, err := checkout.OpenLocal(t.Context(), t.TempDir()); review.CodeOf(err) != review.CodeBadRequest {
		t.Errorf("no repository: %v, want code %s", err, review.CodeBadRequest)
	}
}
