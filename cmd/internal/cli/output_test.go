package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// "-o /dev/null" put a regular file in the device's place.
func TestOutputLeavesPipesAndDevicesInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		data, _ := os.ReadFile(path)
		got <- string(data)
	}()
	err := WriteOutput(nil, path, func(w io.Writer) error {
		_, err := io.WriteString(w, "the list")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "the list" {
		t.Errorf("the pipe got %q", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", info.Mode(), err)
	}
}

// A report's name with a mistyped folder was refused after the whole history had been
// looked at, as if something could not be verified.
func TestAnOutputThatCannotBeIsToldFirst(t *testing.T) {
	dir := t.TempDir()
	for path, bad := range map[string]bool{"": false, filepath.Join(dir, "a.md"): false, os.DevNull: false, dir: true, filepath.Join(dir, "no", "a.md"): true} {
		err := CheckOutput(path)
		if (err != nil) != bad {
			t.Errorf("%q: %v", path, err)
		}
		var usage usageError
		if bad && !errors.As(err, &usage) {
			t.Errorf("%q: %v is not a matter of usage", path, err)
		}
	}
}
