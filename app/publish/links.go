package publish

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// links are where what we write leads to. The zero value writes no links.
type links struct {
	// rule returns a rule's page, "" for none; nil: none has one.
	rule func(review.RuleID) string
	repo string // the page of the repository
}

// linksTo are the links of a text about t, on a GitHub whose pages are below web.
func linksTo(web string, t review.Target, rule func(review.RuleID) string) links {
	l := links{rule: rule}
	if web != "" && t.Repo.Owner != "" && t.Repo.Name != "" {
		l.repo = strings.TrimSuffix(web, "/") + "/" + url.PathEscape(t.Repo.Owner) + "/" + url.PathEscape(t.Repo.Name)
	}
	return l
}

// commit names a commit, as a link if there is one to it.
func (l links) commit(c review.SHA) string {
	name := code(c.Short())
	if l.repo == "" {
		return name
	}
	return fmt.Sprintf("[%s](<%s/commit/%s>)", name, l.repo, url.PathEscape(string(c)))
}

// place is where for Markdown: what a repository says of itself stays in code.
func (l links) place(p review.Place) string {
	commit := p.Commit
	p.Commit = ""
	if commit == "" {
		return code(where(p))
	}
	if p.Path == "" {
		p.Path, p.Line = message(p), 0
	}
	return code(where(p)) + " in commit " + l.commit(commit)
}

// said is a finding's message. The commits that it is about can be copied and
// followed; whatever else in it looks like one stays as it is.
func (l links) said(f review.Finding, max int) string {
	out := sentence(f.Message, max)
	commits := []review.SHA{f.Place.Commit}
	for _, e := range f.Evidence {
		commits = append(commits, e.Place.Commit)
	}
	for i, c := range commits {
		if c != "" && c.Short() != "" && (i == 0 || c != commits[0]) {
			out = strings.ReplaceAll(out, " "+escaped(c.Short()), " "+l.commit(c))
		}
	}
	return out
}
