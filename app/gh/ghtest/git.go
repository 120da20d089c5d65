package ghtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
	"golang.org/x/tools/txtar"
)

// Change is what one commit does.
type Change struct {
	Message string
	Files   map[string]string // path to new content
	Delete  []string          // paths to remove
	Replace bool              // remove everything that Files does not name
	Author  string            // login, "octocat" when empty
	When    time.Time         // commit time, the server's clock when zero
}

// Txtar returns the files of a txtar archive, ready for a Change.
func Txtar(archive []byte) map[string]string {
	files := map[string]string{}
	for _, f := range txtar.Parse(archive).Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// Tree returns the regular files below a directory, ready for a Change. Folders
// named .git are left out.
func Tree(dir string) (map[string]string, error) {
	files := map[string]string{}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := fs.ReadFile(root.FS(), path)
		files[path] = string(b)
		return err
	})
	return files, err
}

// gitEnv keeps the machine's git configuration, hooks and identity out.
func gitEnv(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_TERMINAL_PROMPT=0", "GIT_ATTR_NOSYSTEM=1"}, extra...)
}

func gitCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir, "-c", "core.hooksPath=" + os.DevNull, "-c", "gc.auto=0"}, args...)...)
	cmd.Env = gitEnv()
	return cmd
}

func git(dir string, stdin []byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := gitCommand(ctx, dir, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

func initBare(dir, branch string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := git(dir, nil, "init", "-q", "--bare", "--initial-branch="+branch, "."); err != nil {
		return err
	}
	// GitHub lets one fetch any object by name, and partial clones.
	for _, kv := range [][2]string{{"uploadpack.allowAnySHA1InWant", "true"}, {"uploadpack.allowFilter", "true"}} {
		if _, err := git(dir, nil, "config", kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

// resolve returns the commit a ref or object name stands for.
func resolve(dir, rev string) (review.SHA, error) {
	out, err := git(dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return "", err
	}
	return review.ParseSHA(strings.TrimSpace(string(out)))
}

// commit writes one commit on ref with fast-import: no work tree, one process.
func commit(dir, ref string, parents []review.SHA, c Change, now time.Time) (review.SHA, error) {
	author := c.Author
	if author == "" {
		author = "octocat"
	}
	if !c.When.IsZero() {
		now = c.When
	}
	var in bytes.Buffer
	who := fmt.Sprintf("%s <%s@users.noreply.github.example> %d +0000", author, author, now.Unix())
	fmt.Fprintf(&in, "commit %s\nauthor %s\ncommitter %s\ndata %d\n%s\n", ref, who, who, len(c.Message), c.Message)
	for i, p := range parents {
		fmt.Fprintf(&in, "%s %s\n", [...]string{"from", "merge"}[min(i, 1)], p)
	}
	if c.Replace {
		in.WriteString("deleteall\n")
	}
	for _, path := range c.Delete {
		fmt.Fprintf(&in, "D %s\n", quotePath(path))
	}
	paths := make([]string, 0, len(c.Files))
	for path := range c.Files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", quotePath(path), len(c.Files[path]), c.Files[path])
	}
	in.WriteString("done\n")
	if _, err := git(dir, in.Bytes(), "fast-import", "--quiet", "--force", "--done"); err != nil {
		return "", err
	}
	return resolve(dir, ref)
}

func quotePath(p string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(p) + `"`
}

// serveGit speaks smart HTTP, fetch only, for one repository. The caller has
// checked the credentials.
func serveGit(w http.ResponseWriter, r *http.Request, dir, service string) {
	w.Header().Set("Cache-Control", "no-cache")
	args := []string{"upload-pack", "--stateless-rpc", "--strict"}
	var body io.Reader = http.NoBody
	if service == "info/refs" {
		args = append(args, "--http-backend-info-refs")
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		// Protocol version 2 and older both start with the service line.
		if !strings.Contains(r.Header.Get("Git-Protocol"), "version=2") {
			_, _ = io.WriteString(w, "001e# service=git-upload-pack\n0000")
		}
	} else {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		body = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			zr, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, "bad gzip", http.StatusBadRequest)
				return
			}
			body = zr
		}
	}
	cmd := gitCommand(r.Context(), dir, append(args, ".")...)
	if p := r.Header.Get("Git-Protocol"); p != "" {
		cmd.Env = append(cmd.Env, "GIT_PROTOCOL="+filepath.Base(p))
	}
	cmd.Stdin, cmd.Stdout = body, w
	// A failure after the first byte can only show as a short answer, which
	// git's client notices.
	if err := cmd.Run(); err != nil && service == "info/refs" {
		http.Error(w, "upload-pack failed", http.StatusInternalServerError)
	}
}
