package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/app/scan"
)

// pushCommits is how many commits a push has at least; a merge may bring more.
const pushCommits = 10

// showPush prints what the look at a push costs against a look at the whole history:
// the worker of a launchgate binary alone, started anew each time, with the git
// processes it waited for. The push is of the last commits of each history's HEAD
// on one branch whose other commits were looked at.
func showPush(binary string, dirs []string, rounds int) error {
	worker, err := workerOf(binary)
	if err != nil {
		return err
	}
	fmt.Printf("worker: %s\n\n", strings.Join(worker, " "))
	fmt.Println("| history | commits | full CPU ms | pushed | CPU ms | of full | nothing new CPU ms |")
	fmt.Println("|---|---|---|---|---|---|---|")
	var failed []error
	for _, dir := range dirs {
		if err := push(worker, dir, rounds); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", dir, err))
		}
	}
	return errors.Join(failed...)
}

// workerOf asks a launchgate binary what it starts to look for secrets.
func workerOf(binary string) ([]string, error) {
	out, err := exec.Command(binary, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", binary, err)
	}
	_, line, ok := strings.Cut(string(out), "\nsecrets: ")
	if !ok {
		return nil, fmt.Errorf("%s version does not say what it starts to look for secrets", binary)
	}
	line, _, _ = strings.Cut(line, "\n")
	if itself, why, ok := strings.Cut(line, " worker ("); ok {
		fmt.Fprintf(os.Stderr, "%s starts itself (%s\n", binary, why)
		return []string{itself, "worker"}, nil
	}
	return []string{line}, nil
}

func push(worker []string, dir string, rounds int) error {
	tmp, err := os.MkdirTemp("", "secretsbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	repo, cache, before := filepath.Join(tmp, "repo.git"), filepath.Join(tmp, "cache"), filepath.Join(tmp, "before")
	if _, err := git("clone", "-q", "--bare", "--shared", dir, repo); err != nil {
		return err
	}
	head, err := git("-C", repo, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	old := head
	for n := 0; n < pushCommits; {
		if old, err = git("-C", repo, "rev-parse", old+"^"); err != nil {
			return err
		}
		count, err := git("-C", repo, "rev-list", "--count", old+".."+head)
		if err != nil {
			return err
		}
		if n, err = strconv.Atoi(count); err != nil {
			return err
		}
	}
	// One branch only: old, then head.
	refs, err := git("-C", repo, "for-each-ref", "--format=%(refname)")
	if err != nil {
		return err
	}
	for _, ref := range strings.Fields(refs) {
		if _, err := git("-C", repo, "update-ref", "-d", ref); err != nil {
			return err
		}
	}
	branch := func(at string) error {
		_, err := git("-C", repo, "update-ref", "refs/heads/pushed", at)
		return err
	}
	look := func(at string) (cost, int, error) {
		return lookOnce(worker, repo, cache, filepath.Join(tmp, "scratch"), at)
	}
	var full, pushed, nothing []cost
	var all, some int
	for range rounds {
		if err := firstErr(os.RemoveAll(cache), os.RemoveAll(before), branch(old)); err != nil {
			return err
		}
		c, n, err := look(old)
		if err != nil {
			return err
		}
		full, all = append(full, c), n
		if err := firstErr(os.CopyFS(before, os.DirFS(cache)), branch(head)); err != nil {
			return err
		}
		// A full look takes as long as many pushes.
		for range 5 {
			if err := firstErr(os.RemoveAll(cache), os.CopyFS(cache, os.DirFS(before))); err != nil {
				return err
			}
			if c, some, err = look(head); err != nil {
				return err
			}
			pushed = append(pushed, c)
			if c, n, err = look(head); err != nil {
				return err
			}
			if n != 0 {
				return fmt.Errorf("%d commits were looked at again", n)
			}
			nothing = append(nothing, c)
		}
	}
	ms := func(c cost) float64 { return c.cpu.Seconds() * 1000 }
	f, p := least(full), least(pushed)
	fmt.Printf("| %s | %d | %.0f | %d | %.1f | 1/%.0f | %.1f |\n", filepath.Base(strings.TrimSuffix(dir, "/")), all, ms(f), some, ms(p), ms(f)/ms(p), ms(least(nothing)))
	return nil
}

// lookOnce has a worker look at the history below head, and says how many commits
// it looked at.
func lookOnce(worker []string, repo, cache, scratch, head string) (cost, int, error) {
	if err := firstErr(os.MkdirAll(cache, 0o700), os.MkdirAll(scratch, 0o700)); err != nil {
		return cost{}, 0, err
	}
	request, err := json.Marshal(map[string]any{
		"limits": map[string]any{"memory_bytes": 2 << 30, "file_bytes": 1 << 30}, "scratch": scratch,
		"request": map[string]any{"kind": "local", "git_dir": repo, "head": head, "cache_dir": cache,
			"fingerprint_key": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32)),
			"settings":        map[string]any{"history": map[string]any{"since_last": true}}},
	})
	if err != nil {
		return cost{}, 0, err
	}
	cmd := exec.Command(worker[0], append(slices.Clone(worker[1:]), "secrets")...)
	cmd.Env, cmd.Dir = scan.WorkerEnv(scratch), scratch
	cmd.Stdin, cmd.Stderr = bytes.NewReader(request), os.Stderr
	c, out, err := run(cmd)
	if err != nil {
		return c, 0, err
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var answer struct {
		Report struct {
			Receipt struct {
				Counts []struct{ Looked, Expected int }
				Gaps   []json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(lines[len(lines)-1], &answer); err != nil {
		return c, 0, err
	}
	r := answer.Report.Receipt
	if len(r.Counts) == 0 || r.Counts[0].Looked != r.Counts[0].Expected || len(r.Gaps) > 0 {
		return c, 0, fmt.Errorf("the worker did not look at everything: %s", lines[len(lines)-1])
	}
	return c, r.Counts[0].Looked, nil
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
