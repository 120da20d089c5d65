package checkout

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// safeConfig switches off everything in git that could run a program of the
// repository's choosing or look outside it. It goes in front of every command.
var safeConfig = []string{
	"-c", "core.hooksPath=/dev/null",
	"-c", "core.symlinks=false",
	"-c", "core.fsmonitor=false",
	"-c", "core.untrackedCache=false",
	"-c", "core.attributesFile=/dev/null",
	"-c", "core.quotePath=false",
	"-c", "core.commitGraph=false",
	"-c", "core.useReplaceRefs=false",
	"-c", "protocol.allow=never",
	"-c", "protocol.https.allow=always",
	"-c", "protocol.http.allow=always",
	"-c", "credential.helper=",
	"-c", "http.followRedirects=false",
	"-c", "submodule.recurse=false",
	"-c", "fetch.recurseSubmodules=false",
	"-c", "fetch.writeCommitGraph=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
	"-c", "diff.external=",
	"-c", "filter.lfs.smudge=",
	"-c", "filter.lfs.required=false",
	"-c", "advice.detachedHead=false",
	"-c", "advice.graftFileDeprecated=false",
}

// waitDelay is how long a killed git's pipes may stay open.
const waitDelay = 3 * time.Second

// drainDelay is how long what a git wrote before it ended may take to be read:
// three thousand small files fit into a pipe, and a busy disk takes its time.
const drainDelay = time.Minute

// maxStderr bounds what is kept of git's messages, for the server's log.
const maxStderr = 8 << 10

// env returns the whole environment of a git process. extra are KEY=VALUE
// pairs.
func env(home string, extra ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=/bin/false",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE=/dev/null",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_LITERAL_PATHSPECS=1",
	}, extra...)
}

// networkEnv passes on what an operator has set to reach the outside through a
// proxy or a certificate authority of his own. Only fetches see it.
func networkEnv() []string {
	var out []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// authEnv hands git a token for one URL in its environment. The header is
// bound to the URL, so that a redirect or another host never sees it.
func authEnv(url, token string) []string {
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	return []string{
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=http." + url + ".extraHeader",
		"GIT_CONFIG_VALUE_0=Authorization: Basic " + basic,
	}
}

// gitDir is a directory git works in.
type gitDir struct {
	path string // the .git directory or bare repository
	home string // an empty directory
	// git is the program; empty means "git".
	program string
}

// command builds one git process on g. Its output is the caller's business.
func (g gitDir) command(ctx context.Context, extraEnv []string, args ...string) *exec.Cmd {
	program := g.program
	if program == "" {
		program = "git"
	}
	full := append([]string{}, safeConfig...)
	full = append(full, "-c", "safe.directory="+g.path)
	if g.path != "" {
		full = append(full, "--git-dir="+g.path)
	}
	cmd := exec.CommandContext(ctx, program, append(full, args...)...)
	cmd.Env = env(g.home, extraEnv...)
	cmd.Dir = g.home
	isolate(cmd)
	return cmd
}

// isolate puts a process into its own group and kills the whole group when its
// context ends, so that git's helpers (git-remote-https, index-pack) die too.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = waitDelay
}

// output runs git and returns at most max bytes of its standard output. More
// output than that is an error with CodeTooLarge.
func (g gitDir) output(ctx context.Context, max int64, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := g.stream(ctx, nil, max, &out, args...)
	return out.Bytes(), err
}

// stream runs git, copying its standard output to w.
func (g gitDir) stream(ctx context.Context, stdin io.Reader, max int64, w io.Writer, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := g.command(ctx, nil, args...)
	cmd.Stdin, cmd.WaitDelay = stdin, drainDelay
	return incomplete(run(ctx, cancel, cmd, args[0], max, w))
}

// network runs git with what it needs to reach a remote, and returns at most max
// bytes of its standard output.
func (g gitDir) network(ctx context.Context, max int64, auth []string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, cancel, g.command(ctx, auth, args...), args[0], max, &out)
	return out.Bytes(), err
}

func run(ctx context.Context, cancel func(), cmd *exec.Cmd, verb string, max int64, w io.Writer) error {
	limited := &limitWriter{w: w, left: max, full: cancel}
	cmd.Stdout = limited
	var stderr tail
	cmd.Stderr = &stderr
	err := cmd.Run()
	if limited.exceeded {
		return &review.Error{Code: review.CodeTooLarge, Op: "read the output of git " + verb, What: fmt.Sprintf("beyond %d bytes", max),
			Do: "raise the checkout limits if the repository is meant to be this large"}
	}
	return gitError(ctx, verb, err, stderr.String())
}

// gitError names a failed git command. The message may quote ref and file
// names, so it stays in Err.
func gitError(ctx context.Context, verb string, err error, stderr string) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("git %s: %w", verb, cause)
	}
	return &review.Error{Code: review.CodeCheckout, Op: "run git " + verb, Do: "try again; if that does not help, git's own message in the log says why",
		Err: fmt.Errorf("%w: %s", err, redact(stderr))}
}

// incomplete names an error of a git that only read: one that lacks objects is
// no use trying again.
func incomplete(err error) error {
	var e *review.Error
	if errors.As(err, &e) && e.Code == review.CodeCheckout && e.Err != nil && lacksObjects().MatchString(e.Err.Error()) {
		return &review.Error{Code: review.CodeHistoryIncomplete, Op: "read the repository's objects", Err: e.Err,
			Do: "some are missing or damaged, as in a partial clone: run git fsck to see which, and fetch the repository anew (git fetch --refetch)"}
	}
	return err
}

// lacksObjects is how git says that an object it needs is not there, or is not
// what its name says.
var lacksObjects = lazyregexp.New(`(?m)\b(fatal|error): (unable to read [0-9a-f]{40}|missing (blob|tree|commit) |bad object |bad tree object |(loose|packed) object .* is corrupt|object file .* is empty|could not (fetch|read) [0-9a-f]{40}|failed to read object )`)

var credentials = lazyregexp.New(`(?i)(authorization:\s*\S+\s+\S+|[a-z+]+://[^/\s@]+@)`)

// redact takes anything that could be a credential out of git's messages. The
// token is never in a place git prints; this is the second wall.
func redact(s string) string {
	return strings.TrimSpace(credentials().ReplaceAllString(s, "[redacted]"))
}

// limitWriter passes on at most left bytes and calls full when there are more.
type limitWriter struct {
	w        io.Writer
	left     int64
	full     func()
	exceeded bool
}

func (l *limitWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		l.exceeded = true
		l.full()
		return 0, errors.New("output limit reached")
	}
	l.left -= int64(len(p))
	return l.w.Write(p)
}

// tail keeps the last bytes written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > maxStderr {
		t.b = t.b[len(t.b)-maxStderr:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }
