package cli

import (
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
