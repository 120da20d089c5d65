package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/gh"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/webhooks"
)

// eventNeeds is what GitHub asks for before it lets an App subscribe
// (github-facts §3). check_run.rerequested goes to Apps that may write.
var eventNeeds = map[string]string{
	"check_run":    "checks: write",
	"check_suite":  "checks: write",
	"merge_group":  "merge_queues: read",
	"pull_request": "pull_requests: read",
	"push":         "contents: read",
}

// callNeeds is what each call to GitHub's API asks for; "" for calls an App
// makes as itself or that every installation token may make.
var callNeeds = map[string]string{
	"Apps.CreateInstallationToken":              "",
	"Apps.ListRepos":                            "metadata: read",
	"Repositories.GetBranch":                    "contents: read",
	"PullRequests.ListPullRequestsWithCommit":   "pull_requests: read",
	"Checks.ListCheckRunsForRef":                "checks: read",
	"Checks.ListCheckRunAnnotations":            "checks: read",
	"Checks.GetCheckRun":                        "checks: read",
	"Checks.CreateCheckRun":                     "checks: write",
	"Checks.UpdateCheckRun":                     "checks: write",
	"Pulls.CreateReview":                        "pull_requests: write",
	"Pulls.CreateComment":                       "pull_requests: write",
	"Pulls.ListComments":                        "pull_requests: read",
	"GET repos/%s/%s/pulls/%d":                  "pull_requests: read",
	"GET app":                                   "",
	"GET app/installations?per_page=%d&page=%d": "",
}

var (
	serviceCall = regexp.MustCompile(`\.(Actions|Apps|Checks|CodeScanning|Git|GraphQL|Issues|Organizations|PullRequests|Pulls|Reactions|Repositories|SecurityAdvisories|Teams|Users)\.([A-Z]\w*)\(`)
	rawCall     = regexp.MustCompile(`NewRequest(?:WithContext)?\((?:ctx, )?"([A-Z]+)", (?:fmt\.Sprintf\()?"([^"]*)"`)
	anyRawCall  = regexp.MustCompile(`\.NewRequest(?:WithContext)?\(`)
)

// calls lists what the packages that talk to GitHub ask it.
func calls(t *testing.T) []string {
	t.Helper()
	found := make(map[string]bool)
	for _, dir := range []string{"../../app/gh", "../../app/publish"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range serviceCall.FindAllStringSubmatch(string(src), -1) {
				found[m[1]+"."+m[2]] = true
			}
			raw := rawCall.FindAllStringSubmatch(string(src), -1)
			if n := len(anyRawCall.FindAllString(string(src), -1)); n != len(raw) {
				t.Errorf("%s makes %d requests by hand, of which this test understands %d", file, n, len(raw))
			}
			for _, m := range raw {
				found[m[1]+" "+m[2]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// add raises a permission to the level a need asks for.
func add(perms map[string]string, need string) {
	name, level, ok := strings.Cut(need, ": ")
	if ok && perms[name] != "write" {
		perms[name] = level
	}
}

// TestManifestAsksForExactlyWhatTheCodeUses compares app.yml with the events the
// webhook answers and the calls the code makes.
func TestManifestAsksForExactlyWhatTheCodeUses(t *testing.T) {
	data, err := os.ReadFile("../../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Name           string            `yaml:"name"`
		Description    string            `yaml:"description"`
		URL            string            `yaml:"url"`
		Public         bool              `yaml:"public"`
		HookAttributes map[string]any    `yaml:"hook_attributes"`
		Permissions    map[string]string `yaml:"default_permissions"`
		Events         []string          `yaml:"default_events"`
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	if err := dec.Decode(&manifest); err != nil {
		t.Fatal(err)
	}

	if got, want := slices.Sorted(slices.Values(manifest.Events)), webhooks.Events(); !slices.Equal(got, want) {
		t.Errorf("app.yml subscribes to %v, the webhook answers %v", got, want)
	}

	want := map[string]string{"metadata": "read"} // mandatory
	for _, event := range webhooks.Events() {
		need, ok := eventNeeds[event]
		if !ok {
			t.Errorf("say in eventNeeds which permission %s needs", event)
		}
		add(want, need)
	}
	for _, call := range calls(t) {
		need, ok := callNeeds[call]
		if !ok {
			t.Errorf("say in callNeeds which permission %s needs", call)
		}
		add(want, need)
	}
	if !maps.Equal(manifest.Permissions, want) {
		t.Errorf("app.yml asks for %v, the code uses %v", manifest.Permissions, want)
	}
	if missing := gh.Missing(gh.NeededPermissions(), manifest.Permissions); len(missing) > 0 {
		t.Errorf("doctor wants %v, which app.yml does not ask for", missing)
	}
	if hook, _ := manifest.HookAttributes["url"].(string); manifest.URL == "" || hook != manifest.URL+"/webhook" {
		t.Errorf("the webhook's address is %q", hook)
	}
}

// TestPolicyExampleNamesRulesThatExist keeps the example from teaching ids that
// do nothing.
func TestPolicyExampleNamesRulesThatExist(t *testing.T) {
	data, err := os.ReadFile("../../docs/policy.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	pol, err := config.ParsePolicy("policy.example.yml", data)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[review.RuleID]bool)
	for _, r := range allRules() {
		known[r.ID] = true
	}
	ids := slices.Collect(maps.Keys(pol.Rules))
	for _, s := range pol.Suppressions {
		if s.Rule != "" {
			ids = append(ids, s.Rule)
		}
	}
	if len(ids) < 4 {
		t.Errorf("the example names only %v", ids)
	}
	for _, id := range ids {
		if !known[id] {
			t.Errorf("the example names the rule %s, which does not exist", id)
		}
	}
}
