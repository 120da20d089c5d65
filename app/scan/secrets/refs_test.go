package secrets

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefsThatAreNotInFilesAreAskedOfGit: a linked worktree keeps its refs in another
// folder, and package refs reads only ordinary repositories.
func TestRefsThatAreNotInFilesAreAskedOfGit(t *testing.T) {
	w := newWork(t)
	w.write("a", "1").commit("one")
	w.git("tag", "-a", "-m", "x", "noted")
	linked := filepath.Join(t.TempDir(), "linked")
	w.git("worktree", "add", "-q", "-b", "other", linked)
	out, err := exec.Command("git", "-C", linked, "rev-parse", "--absolute-git-dir").Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := openRepo(context.Background(), strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	list, err := r.refs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	have := ""
	for _, ref := range list {
		if !isHex([]byte(ref.id)) {
			t.Errorf("%s points at %q", ref.name, ref.id)
		}
		have += ref.kind + " " + ref.name + "\n"
	}
	if want := "commit refs/heads/main\ncommit refs/heads/other\ntag refs/tags/noted\n"; have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
}
