package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/webhooks"
)

const secret = "It's a Secret to Everybody"

// recorder accepts everything and keeps it.
type recorder struct {
	got    []review.Delivery
	result review.Acceptance
	err    error
}

func (r *recorder) Accept(_ context.Context, d review.Delivery) (review.Acceptance, error) {
	r.got = append(r.got, d)
	if d.Intent.Kind == review.IntentNone && r.result == review.Queued {
		return review.NothingToQueue, r.err
	}
	return r.result, r.err
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func send(t *testing.T, rec *recorder, event, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	h, err := webhooks.New([]byte(secret), rec, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sendTo(h, event, body, change)
}

func sendTo(h http.Handler, event, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	r.Header.Set("X-Hub-Signature-256", sign(body))
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSignatureOfGitHubsOwnExample(t *testing.T) {
	// github-facts §3: body "Hello, World!" signed with this secret.
	const want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if got := sign("Hello, World!"); got != want {
		t.Fatalf("this test signs wrongly: %s", got)
	}
	rec := new(recorder)
	// The signature is right, so what is wrong is the JSON.
	if w := send(t, rec, "ping", "Hello, World!", nil); w.Code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", w.Code)
	}
}

func TestBadRequestsStoreNothing(t *testing.T) {
	ping := `{"zen":"x"}`
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	tests := []struct {
		name, event, body string
		change            func(*http.Request)
		want              int
	}{
		{"no signature", "ping", ping, header("X-Hub-Signature-256", ""), 401},
		{"wrong signature", "ping", ping, header("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64)), 401},
		{"signature of another body", "ping", ping, header("X-Hub-Signature-256", sign("x")), 401},
		{"SHA-1 only", "ping", ping, func(r *http.Request) {
			r.Header.Set("X-Hub-Signature", "sha1=0000")
			r.Header.Del("X-Hub-Signature-256")
		}, 401},
		{"not hexadecimal", "ping", ping, header("X-Hub-Signature-256", "sha256=zz"), 401},
		{"malformed JSON", "pull_request", `{"action":`, nil, 400},
		{"null", "ping", `null`, nil, 400},
		{"two signatures", "ping", ping, func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", sign(ping)) }, 401},
		{"short signature", "ping", ping, header("X-Hub-Signature-256", "sha256=00"), 401},
		{"commit that is none", "push", `{"ref":"refs/heads/main","after":"HEAD","installation":{"id":1},"repository":{"id":1,"full_name":"a/b","default_branch":"main"}}`, nil, 400},
		{"branch that is an option", "pull_request", `{"action":"opened","installation":{"id":1},"repository":{"id":1,"full_name":"a/b","default_branch":"--x"},` + pair + `}`, nil, 400},
		{"zero head", "pull_request", `{"action":"opened","installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"pull_request":{"number":1,"head":{"sha":"` + strings.Repeat("0", 40) + `"}}}`, nil, 400},
		{"JSON of another kind", "pull_request", `[]`, nil, 400},
		{"no event", "", ping, nil, 400},
		{"event that is no name", "../x", ping, nil, 400},
		{"no GUID", "ping", ping, header("X-GitHub-Delivery", ""), 400},
		{"hostile GUID", "ping", ping, header("X-GitHub-Delivery", "a\tb"), 400},
		{"content type", "ping", ping, header("Content-Type", "text/xml"), 400},
		{"form without payload", "ping", "x=y", header("Content-Type", "application/x-www-form-urlencoded"), 400},
		{"too large", "ping", strings.Repeat(" ", webhooks.MaxBody+1), nil, 413},
		{"GET", "ping", ping, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		{"no installation", "pull_request", `{"action":"opened","number":1,"repository":{"id":1,"full_name":"a/b"},"pull_request":{}}`, nil, 400},
		{"name that is an address", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"evil.example/../x"}}`, nil, 400},
		{"name without an owner", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"/x"},` + pair + `}`, nil, 400},
		{"owner without a name", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/"},` + pair + `}`, nil, 400},
		{"name that is the folder above", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/.."},` + pair + `}`, nil, 400},
		{"name with a blank", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/b c"},` + pair + `}`, nil, 400},
		{"name longer than any", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/` + strings.Repeat("x", 101) + `"},` + pair + `}`, nil, 400},
		{"head that is an option", "pull_request", `{"action":"opened","number":1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"pull_request":{"head":{"sha":"--upload-pack=x"},"base":{"sha":"x"}}}`, nil, 400},
		{"negative number", "pull_request", `{"action":"opened","number":-1,"installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"pull_request":{}}`, nil, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := new(recorder)
			w := send(t, rec, tt.event, tt.body, tt.change)
			if w.Code != tt.want || len(rec.got) != 0 {
				t.Errorf("status %d (%s), %d stored; want %d and none", w.Code, strings.TrimSpace(w.Body.String()), len(rec.got), tt.want)
			}
		})
	}
}

func TestAnEmptySecretIsRefused(t *testing.T) {
	if _, err := webhooks.New(nil, new(recorder), nil); review.CodeOf(err) != review.CodeBadConfig {
		t.Errorf("error = %v", err)
	}
}

func TestExamplePayloads(t *testing.T) {
	want := map[string]review.IntentKind{
		"pull_request.opened": review.IntentReviewPullRequest, "pull_request.synchronize": review.IntentReviewPullRequest, "pull_request.reopened": review.IntentReviewPullRequest,
		"pull_request.ready_for_review": review.IntentReviewPullRequest, "pull_request.closed": review.IntentClosePullRequest,
		"check_run.rerequested": review.IntentRerun, "check_suite.requested": review.IntentReviewHead, "check_suite.rerequested": review.IntentRerun,
		"merge_group.checks_requested": review.IntentReviewMergeGroup, "installation.created": review.IntentAddInstallation, "installation.deleted": review.IntentRemoveInstallation,
		"installation.suspend": review.IntentSuspend, "installation.unsuspend": review.IntentAddInstallation, "installation.new_permissions_accepted": review.IntentAddInstallation,
		"installation_repositories.added": review.IntentRepositories, "installation_repositories.removed": review.IntentRepositories,
		"push.2": review.IntentBaseline, // the first push to the default branch
		"push.3": review.IntentHistory,  // a tag
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			// Examples are those of repository webhooks where an App's were not
			// to be had; deliveries to an App name an installation.
			text := string(body)
			if !strings.Contains(text, `"installation"`) {
				text = withInstallation(string(body))
			}
			event, _, _ := strings.Cut(name, ".")
			rec := new(recorder)
			w := send(t, rec, event, text, nil)
			if name == "check_run.created" || name == "check_run.completed" || name == "check_suite.completed" {
				// Every App hears of every other's checks; nothing is stored.
				if w.Code != http.StatusOK || len(rec.got) != 0 || w.Body.Len() < 10 {
					t.Errorf("status %d %q, %d stored", w.Code, w.Body, len(rec.got))
				}
				return
			}
			if w.Code/100 != 2 || len(rec.got) != 1 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			kind, ok := want[name]
			if !ok {
				kind = review.IntentNone
			}
			in := rec.got[0].Intent
			if in.Kind != kind {
				t.Errorf("intent %q (%s), want %q", in.Kind, in.Note, kind)
			}
			if kind == review.IntentNone && (in.Note == "" || w.Code != http.StatusOK) {
				t.Errorf("status %d, note %q: nothing to do must be said", w.Code, in.Note)
			}
			if kind != review.IntentNone && w.Code != http.StatusAccepted {
				t.Errorf("status %d, want 202", w.Code)
			}
		})
	}
}

// withInstallation adds an installation to the outermost object.
func withInstallation(body string) string {
	return strings.Replace(body, "{", `{"installation":{"id":5},`, 1)
}

func TestRetargetIsReviewedAndOtherEditsAreNot(t *testing.T) {
	const base = `{"action":"edited","number":3,"installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"pull_request":{"head":{"sha":"` +
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `"},"base":{"sha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}},"changes":`
	for changes, want := range map[string]review.IntentKind{`{"base":{"ref":{"from":"main"},"sha":{"from":"x"}}}`: review.IntentReviewPullRequest, `{"title":{"from":"x"}}`: review.IntentNone, `{}`: review.IntentNone} {
		rec := new(recorder)
		if w := send(t, rec, "pull_request", base+changes+"}", nil); w.Code/100 != 2 || rec.got[0].Intent.Kind != want {
			t.Errorf("changes %s: status %d, %+v; want %q", changes, w.Code, rec.got, want)
		}
	}
}

func TestFormEncoding(t *testing.T) {
	rec := new(recorder)
	body := url.Values{"payload": {`{"zen":"x"}`}}.Encode()
	w := send(t, rec, "ping", body, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") })
	if w.Code != http.StatusOK || len(rec.got) != 1 {
		t.Errorf("status %d, %d stored", w.Code, len(rec.got))
	}
}

func TestAnswersFollowTheAcceptance(t *testing.T) {
	pr := `{"action":"closed","number":3,"installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"pull_request":{"head":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"base":{"sha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}}}`
	for _, tt := range []struct {
		rec  recorder
		want int
	}{
		{recorder{result: review.Queued}, 202}, {recorder{result: review.AlreadyQueued}, 202}, {recorder{result: review.AlreadyDone}, 200},
		{recorder{err: errors.New("disk full, password=hunter2")}, 503},
	} {
		w := send(t, &tt.rec, "pull_request", pr, nil)
		if w.Code != tt.want || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("status %d (%s), want %d", w.Code, w.Body, tt.want)
		}
	}
}

// pair is a pull request's payload with hints that hold.
const pair = `"pull_request":{"number":3,"head":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"base":{"sha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}}`

func TestStackedIsReviewed(t *testing.T) {
	rec := new(recorder)
	send(t, rec, "pull_request", `{"action":"stacked","installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},`+pair+`}`, nil)
	if len(rec.got) != 1 || rec.got[0].Intent.Kind != review.IntentReviewPullRequest || rec.got[0].Intent.PullRequest != 3 {
		t.Errorf("stored %+v", rec.got)
	}
}

func TestDestroyedMergeGroupNeedNotNameItsBase(t *testing.T) {
	rec := new(recorder)
	w := send(t, rec, "merge_group", `{"action":"destroyed","installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},"merge_group":{"head_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","head_ref":"refs/heads/q","base_ref":"refs/heads/main"}}`, nil)
	if w.Code != http.StatusAccepted || len(rec.got) != 1 || rec.got[0].Intent.Kind != review.IntentCancelMergeGroup {
		t.Errorf("status %d %s, stored %+v", w.Code, w.Body, rec.got)
	}
}

func TestMergeGroupOfARepositoryWebhookIsNoted(t *testing.T) {
	rec := new(recorder)
	w := send(t, rec, "merge_group", `{"action":"checks_requested","merge_group":{"head_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}`, nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "must be an App's") {
		t.Errorf("status %d %s", w.Code, w.Body)
	}
}

// TestOnlyOurApp: GitHub sends re-runs to the owning App only, but an App that
// shares our secret must not make us do its work.
func TestOnlyOurApp(t *testing.T) {
	const place = `"installation":{"id":1},"repository":{"id":1,"full_name":"a/b"},`
	const head = `"head_sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`
	for _, tt := range []struct {
		event, body string
		want        review.IntentKind
	}{
		{"check_run", `{"action":"rerequested",` + place + `"check_run":{"id":5,` + head + `,"app":{"id":7}}}`, review.IntentRerun},
		{"check_run", `{"action":"rerequested",` + place + `"check_run":{"id":5,` + head + `,"app":{"id":8}}}`, review.IntentNone},
		{"check_run", `{"action":"rerequested",` + place + `"check_run":{"id":5,` + head + `,"app":null}}`, review.IntentNone},
		{"check_suite", `{"action":"requested",` + place + `"check_suite":{` + head + `,"app":{"id":7}}}`, review.IntentReviewHead},
		{"check_suite", `{"action":"rerequested",` + place + `"check_suite":{` + head + `}}`, review.IntentNone},
		{"installation", `{"action":"deleted","installation":{"id":1,"app_id":7}}`, review.IntentRemoveInstallation},
		{"installation", `{"action":"deleted","installation":{"id":1,"app_id":8}}`, review.IntentNone},
		{"pull_request", `{"action":"opened",` + place + pair + `}`, review.IntentReviewPullRequest},
	} {
		rec := new(recorder)
		h, err := webhooks.New([]byte(secret), rec, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.OnlyApp(7)
		w := sendTo(h, tt.event, tt.body, nil)
		if w.Code/100 != 2 || len(rec.got) != 1 || rec.got[0].Intent.Kind != tt.want {
			t.Errorf("%s: status %d, stored %+v; want %q", tt.body, w.Code, rec.got, tt.want)
		}
	}
}

// TestLargeBodiesShareSlots: without a bound, a thousand requests with made-up
// signatures would hold 25 MB each.
func TestLargeBodiesShareSlots(t *testing.T) {
	rec := new(recorder)
	h, err := webhooks.New([]byte(secret), rec, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"zen":"` + strings.Repeat("x", 2<<20) + `"}`
	var hold []*io.PipeWriter
	done := make(chan int)
	for range 4 {
		r, w := io.Pipe()
		go func() {
			done <- sendTo(h, "ping", "", func(req *http.Request) {
				req.Body = r
				req.Header.Set("X-Hub-Signature-256", sign(body))
			}).Code
		}()
		// Past the small part the write waits for its slot, so once it returns
		// the slot is taken.
		if _, err := io.WriteString(w, body[:3<<19]); err != nil {
			t.Fatal(err)
		}
		hold = append(hold, w)
	}
	if w := sendTo(h, "ping", body, nil); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a fifth large body: status %d", w.Code)
	}
	if w := sendTo(h, "ping", `{"zen":"x"}`, nil); w.Code != http.StatusOK {
		t.Errorf("a small one meanwhile: status %d", w.Code)
	}
	for _, w := range hold {
		if _, err := io.WriteString(w, body[3<<19:]); err != nil {
			t.Fatal(err)
		}
		w.Close()
		if code := <-done; code != http.StatusOK {
			t.Errorf("a held one: status %d", code)
		}
	}
	if w := sendTo(h, "ping", body, nil); w.Code != http.StatusOK {
		t.Errorf("a large one afterwards: status %d", w.Code)
	}
}

func TestPingNamesMissingSubscriptions(t *testing.T) {
	for body, want := range map[string]string{
		`{"hook":{"type":"App","events":["pull_request","push","check_run","check_suite","installation"]}}`: "does not subscribe to merge_group\n",
		`{"hook":{"type":"App","events":["pull_request","push","check_run","check_suite","merge_group"]}}`:  "Launchgate is listening\n",
		`{"hook":{"type":"Repository","events":["push"]}}`:                                                  "Launchgate is listening\n",
	} {
		if w := send(t, new(recorder), "ping", body, nil); w.Code != http.StatusOK || !strings.HasSuffix(w.Body.String(), want) {
			t.Errorf("%s: %d %q, want %q", body, w.Code, w.Body, want)
		}
	}
}

func FuzzHandler(f *testing.F) {
	f.Add("pull_request", `{"action":"opened","number":1}`)
	f.Add("merge_group", `{"action":"destroyed","merge_group":{}}`)
	f.Fuzz(func(t *testing.T, event, body string) {
		rec := new(recorder)
		w := send(t, rec, event, body, nil)
		for _, d := range rec.got {
			for _, s := range []review.SHA{d.Intent.Head, d.Intent.Base} {
				if _, err := review.ParseSHA(string(s)); s != "" && err != nil {
					t.Errorf("stored the commit %q", s)
				}
			}
		}
		if w.Code == 0 || len(rec.got) > 1 {
			t.Errorf("status %d, %d stored", w.Code, len(rec.got))
		}
	})
}

// A secret is out as soon as it is pushed, to whatever branch or tag.
func TestWhatPushesAskFor(t *testing.T) {
	push := func(ref, rest string) string {
		return `{"ref":"` + ref + `","after":"` + strings.Repeat("a", 40) + `",` + rest + `"installation":{"id":1},"repository":{"id":1,"full_name":"a/b","default_branch":"main"}}`
	}
	for name, c := range map[string]struct {
		body string
		want review.IntentKind
	}{
		"the default branch":              {push("refs/heads/main", ""), review.IntentBaseline},
		"a branch without pull request":   {push("refs/heads/topic", ""), review.IntentHistory},
		"a branch with the default's end": {push("refs/heads/x/main", ""), review.IntentHistory},
		"a tag":                           {push("refs/tags/v1", ""), review.IntentHistory},
		"a tag called as the default":     {push("refs/tags/main", ""), review.IntentHistory},
		"a deleted branch":                {push("refs/heads/topic", `"deleted":true,`), review.IntentNone},
		"a branch of the merge queue":     {push("refs/heads/gh-readonly-queue/main/pr-1-abc", ""), review.IntentNone},
		"another ref":                     {push("refs/notes/x", ""), review.IntentNone},
	} {
		rec := new(recorder)
		if w := send(t, rec, "push", c.body, nil); w.Code/100 != 2 || len(rec.got) != 1 {
			t.Errorf("%s: status %d, %d stored", name, w.Code, len(rec.got))
			continue
		}
		if in := rec.got[0].Intent; in.Kind != c.want || c.want != review.IntentNone && (in.Head == "" || in.Repo.ID != 1) {
			t.Errorf("%s: %+v, want %s", name, in, c.want)
		}
	}
}
