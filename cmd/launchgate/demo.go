package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/gh/ghtest"
	"github.com/launchgate/launchgate/app/jobs"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/server"
	"github.com/launchgate/launchgate/app/store"
	"github.com/launchgate/launchgate/cmd/internal/runner"
)

// The sample: a community API on main, a pull request that leaks a key in one
// commit and makes four more mistakes in the next, and the mended version.
var (
	//go:embed sample/base.txtar
	sampleBase []byte
	//go:embed sample/leak.txtar
	sampleLeak []byte
	//go:embed sample/change.txtar
	sampleChange []byte
	//go:embed sample/fix.txtar
	sampleFix []byte
)

// demoTimeout bounds each of the demo's two reviews.
const demoTimeout = 2 * time.Minute

func newDemoCommand() *cobra.Command {
	var exit bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole path on this machine: a webhook in, a check and a review out",
		Long: `Start the server on loopback with an embedded database next to a stand-in
GitHub, open a pull request with five mistakes, deliver the signed webhook, and
print the steps, the check and the comments. Then push the mended branch.

Needs Go and git only: no account, no token, no service. Nothing leaves this
machine and everything is removed at the end.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "launchgate-demo-")
			if err != nil {
				return fmt.Errorf("make a folder for the demo: %w", err)
			}
			defer os.RemoveAll(dir)
			d := &demo{out: cmd.OutOrStdout(), colour: wantsColour(cmd.OutOrStdout()), began: time.Now()}
			return d.run(cmd.Context(), dir, exit)
		},
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "end after the second review instead of keeping the page open")
	return cmd
}

// demo prints what happens as it happens.
type demo struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	began  time.Time
}

func (d *demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.out, "%6.2fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) heading(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.colour {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintf(d.out, "\n%s\n\n", text)
}

func (d *demo) run(ctx context.Context, dir string, exit bool) (err error) {
	github, err := ghtest.NewServer(ghtest.Options{Dir: filepath.Join(dir, "github")})
	if err != nil {
		return fmt.Errorf("start the stand-in GitHub: %w", err)
	}
	defer func() { err = errors.Join(err, github.Close()) }()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen on loopback: %w", err)
	}
	base := "http://" + listener.Addr().String()
	secret := rand.Text()
	app, err := github.AddApp(ghtest.AppOptions{Slug: "launchgate", WebhookURL: base + "/webhook", WebhookSecret: secret})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	stop, err := d.serve(ctx, dir, listener, github, app, secret)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, stop()) }()
	d.say("Launchgate listens on %s, a stand-in GitHub on %s", base, github.URL())

	inst := github.AddInstallation(app, "agora")
	repo, err := github.AddRepo(inst, "agora/api", ghtest.Change{Message: "The community API", Files: ghtest.Txtar(sampleBase)})
	if err != nil {
		return fmt.Errorf("lay down the sample: %w", err)
	}
	number, err := d.openPullRequest(repo)
	if err != nil {
		return fmt.Errorf("open the pull request: %w", err)
	}
	d.say("pull request #%d is open: %s", number, repo.PullURL(number))
	if err := d.deliver(github, repo, number, "opened"); err != nil {
		return err
	}
	first, err := d.await(ctx, repo, number)
	if err != nil {
		return err
	}
	d.show(repo, number, first)

	d.heading("The author mends the branch")
	if err := d.mend(repo); err != nil {
		return fmt.Errorf("push the mended branch: %w", err)
	}
	if err := d.deliver(github, repo, number, "synchronize"); err != nil {
		return err
	}
	second, err := d.await(ctx, repo, number)
	if err != nil {
		return err
	}
	d.show(repo, number, second)

	if v := github.Violations(); len(v) > 0 {
		return fmt.Errorf("%d exchanges broke GitHub's OpenAPI description, the first: %s", len(v), v[0])
	}
	if first.Conclusion != "failure" || second.Conclusion != "success" {
		return fmt.Errorf("the first check ended %q and the second %q, want failure and success", first.Conclusion, second.Conclusion)
	}
	if exit {
		return nil
	}
	d.heading("The pull request as GitHub shows it: " + repo.PullURL(number) + "   (Ctrl-C ends)")
	<-ctx.Done()
	return nil
}

// serve starts an instance of the server, as "launchgate serve" does.
func (d *demo) serve(ctx context.Context, dir string, listener net.Listener, github *ghtest.Server, app *ghtest.App, secret string) (stop func() error, err error) {
	logs, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("make the demo's log: %w", err)
	}
	inst, err := newInstance(ctx, instanceOptions{
		dataDir:  filepath.Join(dir, "data"),
		database: store.Config{Path: filepath.Join(dir, "launchgate.db")},
		key:      keySource{file: filepath.Join(dir, "installation.key")},
		github:   gh.Config{AppID: app.ID, PrivateKey: app.PEM, APIBase: github.APIURL(), WriteGap: 50 * time.Millisecond},
		webURL:   github.URL(), webhookSecret: []byte(secret), reviewTime: demoTimeout, worker: runner.DefaultLimits, jobs: jobs.Config{Workers: 2},
		log:  slog.New(slog.NewTextHandler(logs, nil)),
		step: func(t review.Target, step string) { d.say("%s: %s", t.Head.Short(), step) },
	})
	if err != nil {
		return nil, err
	}
	if err := inst.queue.Start(ctx); err != nil {
		return nil, errors.Join(err, inst.db.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	handler := server.New(server.Config{Webhook: inst.webhook, Ready: inst.db.Ping, Log: slog.New(slog.NewTextHandler(logs, nil))})
	go func() { ended <- server.Run(ctx, listener, handler, time.Second) }()
	return func() error {
		cancel()
		return errors.Join(<-ended, inst.close(5*time.Second), logs.Close())
	}, nil
}

// openPullRequest pushes three commits: one brings a key, one takes it away,
// one makes the other mistakes.
func (d *demo) openPullRequest(repo *ghtest.Repo) (int, error) {
	// Put together here so that no scanner of this repository's finds it.
	key := "AKIA" + randomKeyTail()
	leak := bytes.ReplaceAll(sampleLeak, []byte("@@KEY@@"), []byte(key))
	leaked := ghtest.Txtar(leak)
	if _, err := repo.Commit("newsletter", "main", ghtest.Change{Message: "Newsletter settings", Files: leaked}); err != nil {
		return 0, err
	}
	var names []string
	for name := range leaked {
		names = append(names, name)
	}
	if _, err := repo.Commit("newsletter", "newsletter", ghtest.Change{Message: "Settings do not belong here", Delete: names}); err != nil {
		return 0, err
	}
	if _, err := repo.Commit("newsletter", "newsletter", ghtest.Change{Message: "Export members for the newsletter", Files: ghtest.Txtar(sampleChange)}); err != nil {
		return 0, err
	}
	return repo.OpenPullRequest(ghtest.PullOptions{Head: "newsletter", Base: "main", Title: "Export members for the newsletter"})
}

// randomKeyTail makes the second part of an AWS-like key.
func randomKeyTail() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	b := make([]byte, 16)
	rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// mend rewrites the branch: a key that was committed stays in history until the
// history goes, so mending it means a new branch, and a new key.
func (d *demo) mend(repo *ghtest.Repo) error {
	files := ghtest.Txtar(sampleChange)
	for name, body := range ghtest.Txtar(sampleFix) {
		files[name] = body
	}
	d.say("the branch is rewritten without the commit that brought the key (the key must be revoked all the same) and pushed with --force")
	const mended = "newsletter-mended"
	if _, err := repo.Commit(mended, "main", ghtest.Change{Message: "Export members for the newsletter, behind both guards", Files: files}); err != nil {
		return err
	}
	return repo.SetBranch("newsletter", mended)
}

func (d *demo) deliver(github *ghtest.Server, repo *ghtest.Repo, number int, action string) error {
	delivery, err := github.DeliverPullRequest(repo, number, action)
	if err != nil {
		return fmt.Errorf("deliver pull_request.%s: %w", action, err)
	}
	if delivery.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the server answered the delivery with %d: %s", delivery.StatusCode, delivery.Response)
	}
	d.say("pull_request.%s was sent signed: received, queued (%d)", action, delivery.StatusCode)
	return nil
}

// await waits for the check of the pull request's head to complete.
func (d *demo) await(ctx context.Context, repo *ghtest.Repo, number int) (ghtest.CheckRun, error) {
	head := repo.Head(number)
	deadline := time.Now().Add(demoTimeout)
	for time.Now().Before(deadline) {
		if run, ok := repo.LatestCheck(head, publish.CheckName); ok && run.Status == "completed" {
			return run, nil
		}
		select {
		case <-ctx.Done():
			return ghtest.CheckRun{}, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return ghtest.CheckRun{}, fmt.Errorf("the check of %s did not complete within %s", head.Short(), demoTimeout)
}

// show prints a check and the comments on its commit as Markdown.
func (d *demo) show(repo *ghtest.Repo, number int, run ghtest.CheckRun) {
	d.heading(fmt.Sprintf("Check %s: %s (%s)", run.Name, run.Conclusion, run.Title))
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintln(d.out, indent(run.Summary))
	for _, c := range repo.ReviewComments(number) {
		if c.CommitID == run.HeadSHA {
			fmt.Fprintf(d.out, "\nComment on %s:%d\n\n%s\n", c.Path, c.Line, indent(c.Body))
		}
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}
