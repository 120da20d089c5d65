package ghtest_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/launchgate/launchgate/app/gh/ghtest"
)

func TestPageShowsCheckDiffAndCommentsAndEscapesAll(t *testing.T) {
	s := newStage(t, ghtest.Options{})
	_, err := s.repo.Push(s.number, ghtest.Change{Message: "Hostile", Files: map[string]string{"<b>.go": "package x\n\n<script>alert(1)</script>\nvar debug = true\n"}})
	if err != nil {
		t.Fatal(err)
	}
	head := s.repo.Head(s.number)
	run, _, err := s.client.Checks.CreateCheckRun(ctx, "acme", "api", github.CreateCheckRunOptions{Name: "launchgate", HeadSHA: string(head), Status: github.String("in_progress")})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.client.Checks.UpdateCheckRun(ctx, "acme", "api", run.GetID(), github.UpdateCheckRunOptions{Name: "launchgate", Status: github.String("completed"), Conclusion: github.String("failure"),
		Output: &github.CheckRunOutput{Title: github.String("2 findings <i>block</i>"), Summary: github.String("| rule | place |\n|---|---|\n| authz/missing | a.txt:2 |\n\n<img src=x onerror=alert(2)> [x](javascript:alert(3))"),
			Annotations: []*github.CheckRunAnnotation{{Path: github.String("a.txt"), StartLine: github.Int(2), EndLine: github.Int(3), AnnotationLevel: github.String("failure"), Title: github.String("No guard"), Message: github.String("<u>anyone</u> can call it")}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.client.PullRequests.CreateReview(ctx, "acme", "api", s.number, &github.PullRequestReviewRequest{CommitID: github.String(string(head)), Body: github.String("See **below**"), Event: github.String("COMMENT"),
		Comments: []*github.DraftReviewComment{{Path: github.String("a.txt"), Line: github.Int(20), Body: github.String("Not so loud.\n\n```suggestion\nline <20>\n```\nThanks")}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(s.repo.PullURL(s.number))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.Status, err)
	}
	page := string(b)
	for _, want := range []string{"Change &lt;things&gt;", "failure", "<td>authz/missing</td>", "a.txt:2–3", "&lt;u&gt;anyone", "&lt;script&gt;alert(1)", "&lt;b&gt;.go",
		`<div class="code o">- LINE 20</div><div class="code w">+ line &lt;20&gt;</div>`, "<strong>below</strong>", "2 findings &lt;i&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "<img", "javascript:", "<u>", "<i>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	rest := strings.Index(page, "Not so loud")
	if row := strings.Index(page, "LINE 20</td>"); row < 0 || rest < row || rest > row+700 {
		t.Errorf("the comment is at %d, not right below its line at %d", rest, row)
	}
	if shot := os.Getenv("GHTEST_SCREENSHOT"); shot != "" {
		for _, dark := range []string{"", "-dark"} {
			args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,2200", "--screenshot=" + shot + dark + ".png"}
			if dark != "" {
				args = append(args, "--force-dark-mode", "--blink-settings=preferredColorScheme=0")
			}
			if out, err := exec.Command("chromium", append(args, s.repo.PullURL(s.number))...).CombinedOutput(); err != nil {
				t.Logf("%v %s", err, out)
			}
		}
	}
	s.clean(t)
	if resp, err := http.Get(s.repo.PullURL(99)); err != nil || resp.StatusCode != 404 {
		t.Errorf("unknown pull request: %v %v", resp.Status, err)
	} else {
		_ = resp.Body.Close()
	}
}
