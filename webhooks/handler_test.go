package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
