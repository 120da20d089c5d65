package checkout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/app/refs"
	"github.com/launchgate/launchgate/app/review"
)

// Repo is a repository whose objects are on this machine. Its methods read
// only and may be called concurrently.
type Repo struct {
	git gitDir
}

// OpenLocal opens the user's own repository at dir (a work tree, a folder in
// one, or a bare repository) for reading. Nothing in it is changed.
func OpenLocal(ctx context.Context, dir string) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("name of %s: %w", dir, err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err == nil {
		var f *os.File
		if f, err = os.Open(abs); err == nil { // else it would be taken for no repository
			_ = f.Close()
		}
	}
	if err != nil {
		do := "name a folder inside a git repository"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			do = "there is no such folder; " + do
		case errors.Is(err, fs.ErrPermission):
			do = "it may not be read; run this as a user who may"
		}
		return nil, &review.Error{Code: review.CodeBadRequest, Op: "open a git repository at", What: dir, Do: do, Err: err}
	}
	for at := abs; ; at = filepath.Dir(at) {
		if g, ok := gitDirAt(at); ok {
			return &Repo{git: gitDir{path: g, home: "/"}}, nil
		}
		if at == filepath.Dir(at) {
			return nil, &review.Error{Code: review.CodeBadRequest, Op: "open a git repository at", What: dir, Do: "name a folder inside a git repository"}
		}
	}
}

// gitDirAt finds the git directory that belongs to the folder dir, following
// the "gitdir:" file of a linked work tree.
func gitDirAt(dir string) (string, bool) {
	dot := filepath.Join(dir, ".git")
	if info, err := os.Stat(dot); err == nil {
		if info.IsDir() {
			return dot, isGitDir(dot)
		}
		data, err := os.ReadFile(dot)
		if err != nil {
			return "", false
		}
		target := strings.TrimSpace(strings.TrimPrefix(string(data), "gitdir:"))
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		return target, isGitDir(target)
	}
	return dir, isGitDir(dir)
}

func isGitDir(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	_, objects := os.Stat(filepath.Join(dir, "objects"))
	_, common := os.Stat(filepath.Join(dir, "commondir"))
	return objects == nil || common == nil
}

// GitDir returns the .git directory or bare repository that holds the objects;
// for a linked work tree it is the one of the main work tree.
func (r *Repo) GitDir() string {
	dir := r.git.path
	if data, err := os.ReadFile(filepath.Join(dir, "commondir")); err == nil {
		common := strings.TrimSpace(string(data))
		if !filepath.IsAbs(common) {
			common = filepath.Join(dir, common)
		}
		dir = common
	}
	return dir
}

// Resolve returns the commit a revision the user typed names. It is not for
// names that come from a pull request.
func (r *Repo) Resolve(ctx context.Context, rev string) (review.SHA, error) {
	out, err := r.git.output(ctx, 1<<12, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return "", cause
		}
		return "", &review.Error{Code: review.CodeBadRequest, Op: "find a commit named", What: strconv.Quote(rev), Do: "name a branch, tag or commit of this repository", Err: err}
	}
	return review.ParseSHA(strings.TrimSpace(string(out)))
}

// Head returns the commit that HEAD names, as Resolve does. In an ordinary
// repository no git is asked; then nobody has looked whether the commit is there.
func (r *Repo) Head(ctx context.Context) (review.SHA, error) {
	if id, ok := refs.Head(r.git.path); ok {
		return review.ParseSHA(id)
	}
	return r.Resolve(ctx, "HEAD")
}

// Has reports whether a commit is here.
func (r *Repo) Has(ctx context.Context, sha review.SHA) bool {
	_, err := r.git.output(ctx, 1<<12, "cat-file", "-e", string(sha)+"^{commit}")
	return err == nil
}

// MergeBase returns the merge base of two commits; of several, the first in
// order of name, so that the answer is always the same. No common history is
// CodeNoMergeBase, or CodeHistoryIncomplete in a shallow repository.
func (r *Repo) MergeBase(ctx context.Context, a, b review.SHA) (review.SHA, error) {
	for _, sha := range []review.SHA{a, b} {
		if !r.Has(ctx, sha) {
			if cause := context.Cause(ctx); cause != nil {
				return "", cause
			}
			return "", &review.Error{Code: review.CodeHistoryIncomplete, Op: "find commit", What: string(sha), Do: "fetch the whole history of both branches"}
		}
	}
	out, err := r.git.output(ctx, 1<<20, "merge-base", "--all", string(a), string(b))
	lines := strings.Fields(string(out))
	if err == nil && len(lines) > 0 {
		best := lines[0]
		for _, l := range lines[1:] {
			best = min(best, l)
		}
		return review.ParseSHA(best)
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", cause
	}
	if r.IsShallow() {
		return "", &review.Error{Code: review.CodeHistoryIncomplete, Op: "find the merge base in a shallow clone", Do: "run git fetch --unshallow", Err: err}
	}
	return "", &review.Error{Code: review.CodeNoMergeBase, Op: "find the merge base of", What: a.Short() + " and " + b.Short(),
		Do: "the two share no history; rebase the branch onto its base", Err: err}
}

// IsShallow reports whether part of the history is missing.
func (r *Repo) IsShallow() bool {
	info, err := os.Stat(filepath.Join(r.GitDir(), "shallow"))
	return err == nil && info.Size() > 0
}

// CommitCount returns how many commits head has that base lacks; with base ""
// all of head's.
func (r *Repo) CommitCount(ctx context.Context, base, head review.SHA) (int, error) {
	args := []string{"rev-list", "--count", string(head)}
	if base != "" {
		args = append(args, "^"+string(base))
	}
	out, err := r.git.output(ctx, 1<<12, append(args, "--")...)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

// ReadFile returns a file of a commit, at most max bytes of it. A path that
// does not exist, or is not a regular file, is fs.ErrNotExist.
func (r *Repo) ReadFile(ctx context.Context, commit review.SHA, path string, max int64) ([]byte, error) {
	if badPath(path) != "" {
		return nil, fmt.Errorf("%s at %s: %w", path, commit.Short(), fs.ErrNotExist)
	}
	out, err := r.git.output(ctx, 1<<16, "ls-tree", "-z", "--full-tree", string(commit), "--", path)
	if err != nil {
		return nil, err
	}
	entry, err := parseEntry(strings.TrimSuffix(string(out), "\x00"), false)
	if err != nil || entry.path != path || !entry.regular() {
		return nil, fmt.Errorf("%s at %s: %w", path, commit.Short(), fs.ErrNotExist)
	}
	return r.git.output(ctx, max, "cat-file", "blob", string(entry.sha))
}

// treeEntry is one line of git ls-tree.
type treeEntry struct {
	mode string
	kind string
	sha  review.SHA
	size int64
	path string
	// missing: the repository does not have the object.
	missing bool
}

func (e treeEntry) regular() bool { return e.kind == "blob" && strings.HasPrefix(e.mode, "100") }

// parseEntry reads "mode type sha[ size]\tpath".
func parseEntry(line string, long bool) (treeEntry, error) {
	meta, path, ok := strings.Cut(line, "\t")
	fields := strings.Fields(meta)
	if !ok || len(fields) != map[bool]int{false: 3, true: 4}[long] {
		return treeEntry{}, errors.New("git ls-tree printed a line of another form")
	}
	sha, err := review.ParseSHA(fields[2])
	if err != nil {
		return treeEntry{}, fmt.Errorf("git ls-tree: %w", err)
	}
	e := treeEntry{mode: fields[0], kind: fields[1], sha: sha, path: path}
	if long && fields[3] == "BAD" { // git's word for an object that the repository lacks
		e.missing = true
	} else if long && fields[3] != "-" {
		if e.size, err = strconv.ParseInt(fields[3], 10, 64); err != nil {
			return treeEntry{}, fmt.Errorf("git ls-tree: %w", err)
		}
	}
	return e, nil
}

func splitNUL(b []byte) []string {
	var out []string
	for _, f := range bytes.Split(b, []byte{0}) {
		if len(f) > 0 {
			out = append(out, string(f))
		}
	}
	return out
}
