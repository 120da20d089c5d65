package scan

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A clone of a clone that shares its objects could not be read within the walls:
// "commit … is not in the repository".
func TestObjectsBorrowedFromTheLenderOfALenderCanBeRead(t *testing.T) {
	root := t.TempDir()
	objects := func(name string) string { return filepath.Join(root, name, "objects") }
	for _, name := range []string{"a", "b", "c"} {
		if err := os.MkdirAll(filepath.Join(objects(name), "info"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"a": objects("b") + "\n", "b": "# relative\n../../c/objects\n", "c": objects("a") + "\n"} {
		if err := os.WriteFile(filepath.Join(objects(from), "info", "alternates"), []byte(to), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := alternates(filepath.Join(root, "a"))
	for _, name := range []string{"b", "c"} {
		if !slices.Contains(got, objects(name)) {
			t.Errorf("%s is not among %v", objects(name), got)
		}
	}
}
