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

// showPush prints what the look at a push costs against a look at the whole history
// below it: the worker of a launchgate binary alone, started anew each time, with the
// git processes it waited for. The pushes are of commits that follow each other on the
// first-parent line of each history's HEAD: the last, and some spread evenly over the
// last eighth of the line, for what a push brings differs from one to the next a
// hundredfold.
//
// Beside it stands what the gitleaks command needs, once, for the history below the last
// push; "-" without the command.
func showPush(binary, gitleaks string, dirs []string, places, rounds int) error {
	worker, err := workerOf(binary)
	if err != nil {
		return err
	}
	fmt.Printf("worker: %s\n\n", strings.Join(worker, " "))
	if _, err := exec.LookPath(gitleaks); err != nil {
		gitleaks = ""
	}
	fmt.Println("| history | commits | full CPU ms | pushed | files | lines | CPU ms | of full | of the gitleaks command's | nothing new CPU ms |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|")
	var failed []error
	for _, dir := range dirs {
		if err := pushes(worker, gitleaks, dir, places, rounds); err != nil {
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

// pushes measures the pushes of one history, and says what the middle one of them costs.
func pushes(worker []string, gitleaks, dir string, places, rounds int) error {
	listed, err := git("-C", dir, "rev-list", "--first-parent", "HEAD")
	if err != nil {
		return err
	}
	line := strings.Fields(listed) // the newest first
	var of []float64
	var theirs cost
	for n := range places {
		newest := n * len(line) / 8 / places
		oldest := newest
		for commits := 0; commits < pushCommits; {
			if oldest++; oldest >= len(line) {
				return errors.New("the history is too short")
			}
			count, err := git("-C", dir, "rev-list", "--count", line[oldest]+".."+line[newest])
			if err != nil {
				return err
			}
			if commits, err = strconv.Atoi(count); err != nil {
				return err
			}
		}
		if gitleaks != "" && n == 0 {
			if theirs, err = wholeByGitleaks(gitleaks, dir, line[oldest]); err != nil {
				return err
			}
		}
		ratio, err := push(worker, dir, line[oldest], line[newest], rounds, theirs)
		if err != nil {
			return err
		}
		of = append(of, ratio)
	}
	slices.Sort(of)
	fmt.Printf("| %s: %d pushes | | | | | | | from 1/%.0f to 1/%.0f, half of them less than 1/%.0f | | |\n", name(dir), len(of), of[0], of[len(of)-1], of[len(of)/2])
	return nil
}

// wholeByGitleaks has the gitleaks command look at all below a commit.
func wholeByGitleaks(gitleaks, dir, below string) (cost, error) {
	tmp, err := os.MkdirTemp("", "secretsbench-")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(tmp)
	config, err := defaultConfig(tmp)
	if err != nil {
		return cost{}, err
	}
	return runGitleaks(gitleaks, config, filepath.Join(tmp, "report.json"), dir, "--log-opts="+below)
}

func name(dir string) string { return filepath.Base(strings.TrimSuffix(dir, "/")) }

// push measures one push, and returns how many times as much the look at the whole
// history below it costs.
func push(worker []string, dir, old, head string, rounds int, theirs cost) (float64, error) {
	tmp, err := os.MkdirTemp("", "secretsbench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	repo, cache, before := filepath.Join(tmp, "repo.git"), filepath.Join(tmp, "cache"), filepath.Join(tmp, "before")
	if _, err := git("clone", "-q", "--bare", "--shared", dir, repo); err != nil {
		return 0, err
	}
	// One branch only: old, then head.
	refs, err := git("-C", repo, "for-each-ref", "--format=%(refname)")
	if err != nil {
		return 0, err
	}
	for _, ref := range strings.Fields(refs) {
		if _, err := git("-C", repo, "update-ref", "-d", ref); err != nil {
			return 0, err
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
			return 0, err
		}
		c, n, err := look(old)
		if err != nil {
			return 0, err
		}
		full, all = append(full, c), n
		if err := firstErr(os.CopyFS(before, os.DirFS(cache)), branch(head)); err != nil {
			return 0, err
		}
		// A full look takes as long as many pushes.
		for range 5 {
			if err := firstErr(os.RemoveAll(cache), os.CopyFS(cache, os.DirFS(before))); err != nil {
				return 0, err
			}
			if c, some, err = look(head); err != nil {
				return 0, err
			}
			pushed = append(pushed, c)
			if c, n, err = look(head); err != nil {
				return 0, err
			}
			if n != 0 {
				return 0, fmt.Errorf("%d commits were looked at again", n)
			}
			nothing = append(nothing, c)
		}
	}
	files, lines, err := changed(repo, old, head)
	if err != nil {
		return 0, err
	}
	ms := func(c cost) float64 { return c.cpu.Seconds() * 1000 }
	f, p := ms(least(full)), ms(least(pushed))
	command := "-"
	if theirs.cpu > 0 {
		command = fmt.Sprintf("1/%.0f", ms(theirs)/p)
	}
	fmt.Printf("| %s | %d | %.0f | %d | %d | %d | %.1f | 1/%.0f | %s | %.1f |\n", name(dir), all, f, some, files, lines, p, f/p, command, ms(least(nothing)))
	return f / p, nil
}

// changed returns how many files of a push differ, and how many lines they gain.
func changed(repo, old, head string) (files, lines int, err error) {
	stat, err := git("-C", repo, "diff", "--numstat", "--no-renames", old, head)
	if err != nil {
		return 0, 0, err
	}
	for row := range strings.Lines(stat) {
		files++
		if n, err := strconv.Atoi(strings.Fields(row)[0]); err == nil { // "-" for a binary
			lines += n
		}
	}
	return files, lines, nil
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
	c, out, err := runAs(scan.StartWorker, cmd)
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
