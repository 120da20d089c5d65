package scan

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// Thirty folders that borrow from each other are thirty, not 30^5.
func TestFoldersThatBorrowFromEachOtherAreFollowedOnce(t *testing.T) {
	root := t.TempDir()
	var all []string
	for n := range 30 {
		all = append(all, filepath.Join(root, strconv.Itoa(n), "objects"))
	}
	for _, dir := range all {
		if err := os.MkdirAll(filepath.Join(dir, "info"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "info", "alternates"), []byte(strings.Join(all, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := alternates(filepath.Dir(all[0])); !slices.Equal(got, all[1:]) {
		t.Errorf("%d folders: %v", len(got), got)
	}
}
