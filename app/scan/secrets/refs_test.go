package secrets

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestRefsThatAreNotInFilesAreAskedOfGit: package refs reads only ordinary repositories.
func TestRefsThatAreNotInFilesAreAskedOfGit(t *testing.T) {
	w := newWork(t)
	w.write("a", "1").commit("one")
	w.git("tag", "-a", "-m", "x", "noted")
	dir := filepath.Join(w.dir, ".git")
	if err := os.WriteFile(filepath.Join(dir, "config.worktree"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := openRepo(context.Background(), dir)
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
		if !isHex([]byte(ref.ID)) {
			t.Errorf("%s points at %q", ref.Name, ref.ID)
		}
		have += ref.Kind + " " + ref.Name + "\n"
	}
	if want := "commit refs/heads/main\ntag refs/tags/noted\n"; have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
}
