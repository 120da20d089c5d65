package publish

import (
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/review"
)

// In a summary, a commit could not be followed, its name could not be copied for an
// invisible character in it, and the issuer's address was no link for the same reason.
func TestCommitsAndIssuersCanBeFollowed(t *testing.T) {
	o := sample()
	rules := sampleRules()
	rules[2].Fix = "First rotate it (https://console.example/iam#/keys): make a second key."
	rules[2].Suppress = "Suppress its fingerprint."
	to := linksTo("https://github.example/", o.Target, nil)
	commit := "[`3333333`](<https://github.example/acme/community/commit/3333333333333333333333333333333333333333>)"
	md := markdown(o, rules, to)
	for _, want := range []string{
		"| `config/dev.env:3` in commit " + commit + ", not in the diff |",
		"AWS access token in commit " + commit + ", deleted since",
		"- `secrets/aws-access-token`: First rotate it (https://console.example/iam#/keys): make a second key.",
		"*If it is meant:* Suppress its fingerprint.",
		"Fingerprint: `aa01`",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the summary does not say %q:\n%s", want, md)
		}
	}
	// What a message quotes of others is no link of ours.
	f := o.Findings[0]
	f.Message = "commit 4444444 of somebody else"
	if got := to.said(f, 500); strings.Contains(got, "](") || strings.Contains(got, "4444444") {
		t.Errorf("a commit that the finding is not about became %s", got)
	}
	f.Place = review.Place{Line: 4, Commit: f.Place.Commit}
	if got := to.place(f.Place); got != "`line 4 of a message` in commit "+commit {
		t.Errorf("a message's place reads %s", got)
	}
	f.Evidence = []review.Step{{Place: o.Findings[0].Place, Note: "it came in here"}}
	body := commentBody([]comment{{finding: f, rule: rules[2], blocking: true}}, sealer{key, 1, 1}, to)
	if !strings.Contains(body, "1. it came in here (`config/dev.env:3` in commit "+commit+")") {
		t.Errorf("the comment does not link the commit:\n%s", body)
	}
}

// A pull request whose final diff is empty, because it takes away again what it
// brought, has no line that anything could stand on; its findings were shown as if
// they had one.
func TestAnEmptyDiffHasNoLines(t *testing.T) {
	o := sample()
	o.Diff = review.Diff{}
	o.Findings = o.Findings[:1]
	md := Markdown(o, sampleRules())
	for _, want := range []string{", not in the diff |", "1 finding stands on no line of the diff and so has no comment", "### How to mend it"} {
		if !strings.Contains(md, want) {
			t.Errorf("the summary does not say %q:\n%s", want, md)
		}
	}
}

// Sixty findings of one rule say once how they are mended, and which they are.
func TestHowToMendIsSaidOncePerRule(t *testing.T) {
	o := sample()
	one := o.Findings[0]
	o.Findings = nil
	for range 60 {
		o.Findings = append(o.Findings, one)
	}
	rules := sampleRules()
	md := Markdown(o, rules)
	if n := strings.Count(md, rules[2].Fix); n != 1 {
		t.Errorf("how to mend it is said %d times", n)
	}
	if !strings.Contains(md, "40 more") || !strings.Contains(md, "### How to mend them") {
		t.Errorf("not all are counted:\n%s", md)
	}
}
