package beside

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAProgramBesideLaunchgateMustBeItsOwners(t *testing.T) {
	for _, c := range []struct {
		name string
		put  func(path string) error
		want bool
	}{
		{"not there", func(string) error { return nil }, false},
		{"there", func(p string) error { return os.WriteFile(p, nil, 0o755) }, true},
		{"not a program", func(p string) error { return os.WriteFile(p, nil, 0o644) }, false},
		{"others may change it", func(p string) error { return firstError(os.WriteFile(p, nil, 0o755), os.Chmod(p, 0o777)) }, false},
		{"a link", func(p string) error { return os.Symlink("/bin/true", p) }, false},
		{"a folder", func(p string) error { return os.Mkdir(p, 0o755) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			exe := filepath.Join(dir, "launchgate")
			if err := firstError(os.WriteFile(exe, nil, 0o755), c.put(filepath.Join(dir, "launchgate-worker"))); err != nil {
				t.Fatal(err)
			}
			if got := Find(exe, "launchgate-worker"); (got != "") != c.want {
				t.Errorf("it would start %q", got)
			}
		})
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
