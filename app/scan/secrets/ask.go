package secrets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/app/objects"
)

// What a running cat-file is asked for.
const (
	askContents question = "contents"
	askInfo     question = "info"
)

type question string

// mode is that of a cat-file that answers nothing else.
func (q question) mode() string {
	if q == askContents {
		return "--batch"
	}
	return "--batch-check"
}

// exitUsage is git's exit status for an option it does not know.
const exitUsage = 129

// maxAsked is how many objects a running git is asked for at once: so few that
// the question fits into a pipe (64 KiB), so that nobody waits for the other. For
// more, a git of its own, which may gather its answers, is cheaper.
const maxAsked = 512

// askedGits are gits that were asked and wait to be asked again: to start one
// takes as long as to read a hundred objects. It may be used concurrently.
type askedGits struct {
	ctx  context.Context
	mu   sync.Mutex
	idle []*askedGit
	old  bool // git is older than 2.36 and needs a process for each question
}

// askedGit is a running "git cat-file --batch-command", which answers every
// question, or one that answers only one.
type askedGit struct {
	only      question // "": every one
	answered  bool
	cmd       *exec.Cmd
	cancel    context.CancelFunc
	stdin     io.WriteCloser
	stdout    *bufio.Reader
	complaint tailBuffer
}

// readsObjects: few objects are read without git.
var readsObjects = true

func newRepo(ctx context.Context, dir string) repo {
	r := repo{dir: dir, asked: &askedGits{ctx: ctx}}
	if readsObjects {
		r.own = objects.New(dir)
	}
	return r.familiar()
}

// close ends the gits that wait. Nothing may be asked any more.
func (r repo) close() {
	r.own.Close()
	r.asked.mu.Lock()
	defer r.asked.mu.Unlock()
	for _, g := range r.asked.idle {
		_ = g.stop(nil) // it answered all it was asked
	}
	r.asked.idle = nil
}

// ask has a git answer what for names and hands the answer to read, which must
// read exactly that. Whatever goes wrong ends that git.
func (a *askedGits) ask(ctx context.Context, r repo, what question, names []string, read func(*bufio.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	g, err := a.take(r, what)
	if err != nil {
		return err
	}
	// The git outlives ctx, but must not keep anybody waiting who is to stop.
	release := context.AfterFunc(ctx, g.cancel)
	err = g.put(what, names)
	if err == nil && !g.answered {
		if _, err = g.stdout.Peek(1); err != nil {
			err = fmt.Errorf("git cat-file answered nothing: %w", err)
		}
	}
	if err != nil && !g.answered && g.only == "" && g.tooOld() {
		release()
		g.cancel()
		a.mu.Lock()
		a.old = true
		a.mu.Unlock()
		return a.ask(ctx, r, what, names, read)
	}
	if err == nil {
		err = read(g.stdout)
	}
	g.answered = true
	if release() && err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.idle = append(a.idle, g)
		return nil
	}
	err = g.stop(err)
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("git cat-file: %w", cause)
	}
	return err
}

// put writes a question.
func (g *askedGit) put(what question, names []string) error {
	var in strings.Builder
	for _, name := range names {
		if g.only == "" {
			in.WriteString(string(what) + " ")
		}
		in.WriteString(name + "\n")
	}
	if _, err := io.WriteString(g.stdin, in.String()); err != nil {
		return fmt.Errorf("talk to git cat-file: %w", err)
	}
	return nil
}

// tooOld reports whether a git that ended before it answered anything does not
// know --batch-command.
func (g *askedGit) tooOld() bool {
	g.stdin.Close()
	var exit *exec.ExitError
	return errors.As(g.cmd.Wait(), &exit) && exit.ExitCode() == exitUsage
}

func (a *askedGits) take(r repo, what question) (*askedGit, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, g := range a.idle {
		if g.only == "" || g.only == what {
			a.idle = append(a.idle[:i], a.idle[i+1:]...)
			return g, nil
		}
	}
	ctx, cancel := context.WithCancel(a.ctx)
	g, mode := &askedGit{cancel: cancel}, "--batch-command"
	if a.old {
		g.only, mode = what, what.mode()
	}
	g.cmd = r.command(ctx, "cat-file", mode)
	g.cmd.Stderr = &g.complaint
	var err error
	if g.stdin, err = g.cmd.StdinPipe(); err == nil {
		var out io.Reader
		if out, err = g.cmd.StdoutPipe(); err == nil {
			g.stdout = bufio.NewReaderSize(out, 64<<10)
			err = g.cmd.Start()
		}
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start git cat-file: %w", err)
	}
	return g, nil
}

// stop ends git and returns err, or what git complained about.
func (g *askedGit) stop(err error) error {
	g.stdin.Close()
	if err != nil {
		g.cancel()
	}
	waitErr := g.cmd.Wait()
	g.cancel()
	return afterGit("cat-file", &g.complaint, err, waitErr)
}
