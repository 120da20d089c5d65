package load

import (
	"go/build"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestFilesAreChosenAsByGoBuild compares the choice of files with go/build's, on
// the parts of the standard library that differ most between platforms.
func TestFilesAreChosenAsByGoBuild(t *testing.T) {
	compared := 0
	for _, p := range []Platform{DefaultPlatform, {GOOS: "windows", GOARCH: "arm64"}, {GOOS: "darwin", GOARCH: "arm64"},
		{GOOS: "android", GOARCH: "386"}, {GOOS: "js", GOARCH: "wasm", Tags: []string{"netgo"}}} {
		ctxt := build.Default
		ctxt.GOOS, ctxt.GOARCH, ctxt.BuildTags, ctxt.ToolTags, ctxt.CgoEnabled = p.GOOS, p.GOARCH, p.Tags, nil, true
		for _, dir := range []string{"runtime", "os", "syscall", "net", "crypto/tls", "internal/poll", "os/user"} {
			names, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", dir, "*.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				base := filepath.Base(name)
				want, err := ctxt.MatchFile(filepath.Dir(name), base)
				if err != nil {
					t.Fatal(err)
				}
				src, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if got := p.matchName(base) && p.matchSource(src); got != want && !strings.HasPrefix(base, "_") {
					t.Errorf("%s/%s: %s is chosen: %v, by go/build: %v", p.GOOS, p.GOARCH, base, got, want)
				}
				compared++
			}
		}
	}
	if compared < 1000 {
		t.Skipf("the standard library's source is not here: only %d files", compared)
	}
}
