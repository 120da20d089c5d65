package goanalysis

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/authz"
)

func TestPathLists(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []authz.List
	}{
		{"toml", "conf/dev.toml", "[Auth]\nSkip = [\"/login\", \"/health\"]\nNames = [\"a\"]\n",
			[]authz.List{{Key: []string{"Auth", "Skip"}, Paths: []string{"/login", "/health"}, Lines: []int{2, 2}, File: "conf/dev.toml"}}},
		{"yaml", "app.yml", "auth:\n  skip:\n    - /login\n",
			[]authz.List{{Key: []string{"auth", "skip"}, Paths: []string{"/login"}, Lines: []int{3}, File: "app.yml"}}},
		{"json", "app.json", `{"auth": {"skip": ["/login"]}}`,
			[]authz.List{{Key: []string{"auth", "skip"}, Paths: []string{"/login"}, Lines: []int{1}, File: "app.json"}}},
		{"a table of switches", "app.yaml", "open:\n  \"/login\": true\n  \"/admin\": false\n",
			[]authz.List{{Key: []string{"open"}, Paths: []string{"/login"}, Lines: []int{2}, File: "app.yaml", Set: true}}},
		{"switches in words", "app.yaml", "open:\n  \"/a\": True\n  \"/b\": yes\n  \"/c\": on\n  \"/d\": \"off\"\n  \"/e\": No\n",
			[]authz.List{{Key: []string{"open"}, Paths: []string{"/a", "/b", "/c"}, Lines: []int{2, 3, 4}, File: "app.yaml", Set: true}}},
		{"a table that takes in another", "app.yaml", "all: &a\n  \"/x\": true\nopen:\n  <<: *a\n  \"/y\": true\n",
			[]authz.List{{Key: []string{"all"}, Paths: []string{"/x"}, Lines: []int{2}, File: "app.yaml", Set: true}}},
		{"a switch that stands elsewhere", "app.yaml", "is: &a true\nopen:\n  \"/x\": *a\n  \"/y\": true\n", nil},
		{"an alias is not followed", "app.yaml", "a: &a [\"/x\"]\nb: *a\n", []authz.List{{Key: []string{"a"}, Paths: []string{"/x"}, Lines: []int{1}, File: "app.yaml"}}},
		{"a list of other things", "app.yaml", "skip: [\"/login\", 3]\nmore: [\"/a\", b]\n", nil},
		{"no document", "app.toml", "skip = [\"/login\"\n", nil},
		{"too large", "app.yaml", "skip: [\"/login\"]\n# " + strings.Repeat("x", maxListBytes), nil},
		{"test data", "testdata/app.yaml", "skip: [\"/login\"]\n", nil},
		{"an API description", "openapi.yaml", "paths:\n  \"/login\":\n    post: {}\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := pathLists(checkoutOf(t, c.file, c.text)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// pathLists are the lists of paths in a checkout's configuration files, in the order
// of their files.
func pathLists(dir string) []authz.List {
	var out []authz.List
	for _, l := range configuration(dir) {
		if l.Switch == "" {
			out = append(out, l)
		}
	}
	return out
}

// checkoutOf writes a checkout of one file.
func checkoutOf(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPathListsFollowNoLink: a link in a pull request may lead anywhere.
func TestPathListsFollowNoLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "app.yaml")
	if err := os.WriteFile(secret, []byte("skip: [\"/login\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "app.yaml")); err != nil {
		t.Fatal(err)
	}
	if got := pathLists(dir); got != nil {
		t.Errorf("read %v through a link", got)
	}
}
