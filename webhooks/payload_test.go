package webhooks

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// readBy lists what each decoder reads besides action, by the event it answers.
var readBy = map[string][]string{
	"pull_request.opened":             {"installation.id", "repository", "pull_request.number", "pull_request.head.sha", "pull_request.base.sha"},
	"pull_request.edited":             {"installation.id", "repository", "pull_request.number", "pull_request.head.sha", "pull_request.base.sha", "changes.base.ref.from"},
	"pull_request.stacked":            {"installation.id", "repository", "pull_request.number", "pull_request.head.sha", "pull_request.base.sha"},
	"pull_request.closed":             {"installation.id", "repository", "pull_request.number", "pull_request.head.sha", "pull_request.base.sha"},
	"check_run.rerequested":           {"installation.id", "repository", "check_run.id", "check_run.head_sha", "check_run.external_id", "check_run.app.id"},
	"check_suite.requested":           {"installation.id", "repository", "check_suite.head_sha", "check_suite.app.id"},
	"check_suite.rerequested":         {"installation.id", "repository", "check_suite.head_sha", "check_suite.app.id"},
	"merge_group.checks_requested":    {"installation.id", "repository", "merge_group.head_sha", "merge_group.head_ref", "merge_group.base_sha", "merge_group.base_ref"},
	"merge_group.destroyed":           {"installation.id", "repository", "merge_group.head_sha", "merge_group.head_ref", "merge_group.base_ref"},
	"push":                            {"installation.id", "repository", "ref", "after", "deleted"},
	"installation.created":            {"installation.id", "installation.app_id", "installation.account.login", "repositories[].id", "repositories[].full_name", "repositories[].private"},
	"installation.deleted":            {"installation.id", "installation.app_id", "installation.account.login"},
	"installation_repositories.added": {"installation.id", "installation.app_id", "installation.account.login", "repositories_added[].id", "repositories_added[].full_name", "repositories_added[].private"},
}

// mayMiss are the fields whose absence the schema allows and a decoder copes
// with, with what comes of it.
var mayMiss = map[string]string{
	"installation.id":            "a delivery to an App carries it; refused otherwise",
	"repository":                 "optional in merge_group only; noted",
	"changes.base.ref.from":      "then the base was not changed",
	"check_run.app.id":           "then it is no check of ours",
	"check_suite.app.id":         "then it is no suite of ours",
	"installation.account.login": "shown only",
	"repositories[].id":          "no list, no repositories", "repositories[].full_name": "no list, no repositories", "repositories[].private": "no list, no repositories",
}

// TestFieldsAreInGitHubsSchema holds what is read against the table made from
// GitHub's webhook schemas: every field exists, and is promised or may be missed.
func TestFieldsAreInGitHubsSchema(t *testing.T) {
	data, err := os.ReadFile("testdata/schema/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Events map[string]struct {
			Fields map[string]struct {
				Always bool `json:"always"`
			} `json:"fields"`
		} `json:"events"`
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	parts := []string{"repository.id", "repository.full_name", "repository.private", "repository.default_branch"}
	known := make(map[string]bool)
	leaves(reflect.TypeFor[payload](), "", known)
	for event, fields := range readBy {
		schema, ok := table.Events[event]
		if !ok {
			t.Errorf("the table has no event %s", event)
			continue
		}
		for _, field := range fields {
			all := []string{field}
			if field == "repository" {
				all = parts
			}
			for _, f := range all {
				s, ok := schema.Fields[f]
				if !ok {
					t.Errorf("%s has no field %s", event, f)
				}
				if _, copes := mayMiss[field]; !s.Always && !copes {
					t.Errorf("%s does not promise %s, and nothing says what comes of its absence", event, f)
				}
				if !known[strings.TrimSuffix(f, ".from")] {
					t.Errorf("payload does not read %s", f)
				}
			}
		}
	}
}

// leaves lists the paths of a type's fields as the table writes them.
func leaves(t reflect.Type, path string, out map[string]bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice:
		leaves(t.Elem(), path+"[]", out)
	case t.Kind() == reflect.Struct && t.NumField() > 0:
		for i := range t.NumField() {
			leaves(t.Field(i).Type, strings.TrimPrefix(path+"."+t.Field(i).Tag.Get("json"), "."), out)
		}
	default:
		out[path] = true
	}
}

// TestNoFieldIsMissedSilently takes each field away from real payloads: what is
// left is refused, or asks for nothing, or is still whole.
func TestNoFieldIsMissedSilently(t *testing.T) {
	h := new(Handler)
	for event, fields := range readBy {
		body, err := os.ReadFile("testdata/" + event + ".json")
		if os.IsNotExist(err) {
			continue // no example exists: see the table's readme
		}
		if event == "push" {
			body, err = os.ReadFile("testdata/push.2.json")
		}
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(event, ".")
		for _, field := range fields {
			if field == "repository" {
				field = "repository.id"
			}
			for what, value := range map[string]any{"absent": nil, "null": json.RawMessage("null"), "of another type": json.RawMessage(`{"a":[1]}`), "zero": json.RawMessage("0"), "empty": json.RawMessage(`""`)} {
				var doc map[string]any
				if err := json.Unmarshal(body, &doc); err != nil {
					t.Fatal(err)
				}
				change(doc, strings.Split(field, "."), value)
				raw, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				d, err := h.decode(name, raw)
				if err != nil || d.Intent.Kind == review.IntentNone {
					continue
				}
				if problem := broken(d.Intent); problem != "" {
					t.Errorf("%s with %s %s: %s", event, field, what, problem)
				}
			}
		}
	}
}

func change(doc map[string]any, path []string, value any) {
	key := strings.TrimSuffix(path[0], "[]")
	if len(path) == 1 {
		if value == nil {
			delete(doc, key)
		} else {
			doc[key] = value
		}
		return
	}
	next := doc[key]
	if list, ok := next.([]any); ok && len(list) > 0 {
		next = list[0]
	}
	if m, ok := next.(map[string]any); ok {
		change(m, path[1:], value)
	}
}

// broken says what an intent lacks to be worked on.
func broken(in review.Intent) string {
	aboutRepo := slices.Contains([]review.IntentKind{review.IntentReviewPullRequest, review.IntentClosePullRequest, review.IntentReviewMergeGroup,
		review.IntentCancelMergeGroup, review.IntentRerun, review.IntentReviewHead, review.IntentBaseline}, in.Kind)
	switch {
	case in.Installation <= 0:
		return "no installation"
	case aboutRepo && (in.Repo.ID <= 0 || in.Repo.Owner == "" || in.Repo.Name == ""):
		return "no repository"
	case aboutRepo && (in.Head == "" || in.Head.IsZero()):
		return "no head"
	case (in.Kind == review.IntentReviewPullRequest || in.Kind == review.IntentClosePullRequest) && (in.PullRequest <= 0 || in.Base == ""):
		return "no number or base"
	case in.Kind == review.IntentReviewMergeGroup && (in.Base == "" || in.HeadRef == "" || in.BaseRef == ""):
		return "no base or ref"
	case in.Kind == review.IntentBaseline && in.Repo.DefaultBranch == "":
		return "no default branch"
	}
	for _, r := range slices.Concat(in.Added, in.Removed) {
		if r.ID <= 0 || r.Owner == "" || r.Name == "" {
			return fmt.Sprintf("repository %+v", r)
		}
	}
	return ""
}

func TestIsRef(t *testing.T) {
	for _, s := range []string{"main", "feature/ü-1", "refs/heads/main", "gh-readonly-queue/main/pr-1-" + strings.Repeat("a", 40), "a.b", "release-1.0", "@a", "a@b"} {
		if !isRef(s) {
			t.Errorf("git allows %q", s)
		}
	}
	for _, s := range []string{"", "-x", "--upload-pack=x", "a..b", "a b", "a\nb", "a:b", "a~1", "a^", "a?", "a*", "a[", `a\b`, "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{1}", "\xff", strings.Repeat("a", 1025)} {
		if isRef(s) {
			t.Errorf("git does not allow %q", s)
		}
	}
}
