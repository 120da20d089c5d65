package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/launchgate/launchgate/app/review"
)

// The most that one page shows of a list, and of one text from a repository.
const (
	maxFindings = 200
	maxRoutes   = 200
	maxSkips    = 100
	maxRunes    = 2000
)

// badge is a word with a colour: good, bad, unsure (red, too, but hollow), warn,
// busy or quiet.
type badge struct{ Text, Tone string }

// moment is a point in time, as far away as a person would say it.
type moment struct{ Ago, Exact, Machine string }

type link struct{ Text, URL string }

// reviewRow is a review in the list.
type reviewRow struct {
	URL      string
	Badge    badge
	Repo     string
	Subject  link // "#7", "merge queue", "main"
	Head     string
	Title    string
	When     moment
	Duration string
}

type reviewListPage struct {
	Page    string
	Filter  string
	Rows    []reviewRow
	running bool
}

// Refresh asks the browser to come back while something is under way.
func (p reviewListPage) Refresh() bool { return p.running }

func (d *dashboard) reviewList(list []Review, filter string) reviewListPage {
	p := reviewListPage{Page: "Reviews", Filter: clean(filter)}
	for _, r := range list {
		if len(p.Rows) == listLimit {
			break
		}
		if filter != "" && !strings.Contains(strings.ToLower(r.Target.Repo.FullName()), strings.ToLower(filter)) {
			continue
		}
		p.running = p.running || r.State == Running
		p.Rows = append(p.Rows, reviewRow{URL: fmt.Sprintf("/reviews/%d", r.ID), Badge: reviewBadge(r), Repo: clean(r.Target.Repo.FullName()),
			Subject: d.subject(r.Target), Head: r.Target.Head.Short(), Title: headline(r), When: d.moment(r.Created), Duration: duration(r.Created, r.Finished)})
	}
	return p
}

func reviewBadge(r Review) badge {
	switch r.State {
	case Running:
		return badge{"Running", "busy"}
	case Superseded:
		return badge{"Superseded", "quiet"}
	case Published:
		switch r.Verdict {
		case review.Pass:
			return badge{"Pass", "good"}
		case review.Block:
			return badge{"Blocked", "bad"}
		}
	}
	return badge{"Could not verify", "unsure"}
}

func headline(r Review) string {
	switch {
	case r.State == Running:
		return "Under way"
	case r.State == Published && r.Title != "":
		// The badge beside it says this already.
		return clean(strings.TrimPrefix(r.Title, "Could not verify: "))
	case r.Reason != "":
		return clean(r.Reason)
	}
	return "Ended without an outcome"
}

// subject names what was reviewed and where GitHub shows it.
func (d *dashboard) subject(t review.Target) link {
	switch t.Kind {
	case review.KindPullRequest:
		return link{fmt.Sprintf("#%d", t.PullRequest), d.github(t.Repo, "pull", fmt.Sprint(t.PullRequest))}
	case review.KindMergeGroup:
		return link{"merge queue", d.github(t.Repo, "commit", string(t.Head))}
	}
	return link{clean(t.BaseRef), d.github(t.Repo, "commit", string(t.Head))}
}

// github builds an address from parts that are escaped one by one; "" if it
// cannot be one.
func (d *dashboard) github(repo review.Repo, parts ...string) string {
	if d.cfg.GitHubURL == "" || repo.Owner == "" || repo.Name == "" {
		return ""
	}
	u := d.cfg.GitHubURL
	for _, p := range append([]string{repo.Owner, repo.Name}, parts...) {
		if p == "" || p == "." || p == ".." {
			return ""
		}
		u += "/" + url.PathEscape(p)
	}
	return u
}

// placeLink leads to a line at the commit that holds it.
func (d *dashboard) placeLink(t review.Target, p review.Place) link {
	text := p.Path
	if p.Line > 0 {
		text += fmt.Sprintf(":%d", p.Line)
	}
	commit := t.Head
	if p.Commit != "" {
		commit = p.Commit
	} else if p.Side == review.Left {
		commit = t.MergeBase
	}
	u := ""
	if commit != "" {
		u = d.github(t.Repo, append([]string{"blob", string(commit)}, strings.Split(p.Path, "/")...)...)
	}
	if u != "" && p.Line > 0 {
		u += fmt.Sprintf("#L%d", p.Line)
	}
	return link{clean(text), u}
}

// reviewPage is one review.
type reviewPage struct {
	Page     string
	Badge    badge
	Repo     string
	Subject  link
	Title    string
	Facts    []fact
	Reasons  []string
	Notes    []string
	Ended    *ended
	Gaps     []gapRow
	Groups   []findingGroup
	Routes   []routeRow
	MoreRt   int
	Data     []dataRow
	MoreData int
	Map      string // where the whole customer data map is, for a default branch
	Scanners []scannerCard
	Receipt  []string // notes of the receipt itself
	running  bool
}

// Refresh asks the browser to come back while the review is under way.
func (p reviewPage) Refresh() bool { return p.running }

type fact struct {
	Name string
	Link link
	When moment
}

// ended says why a review has no outcome.
type ended struct{ Code, Reason, Means string }

type gapRow struct{ Where, What, Why, Do, Code string }

type findingGroup struct {
	Name, Explain string
	Open          bool
	Count         int
	Findings      []findingCard
	More          int
}

type findingCard struct {
	Severity    badge
	Rule, Title string
	Place       link
	Message     string
	Routes      []string
	Expected    string
	Evidence    []step
	Why, Fix    string
	Fingerprint string
	Confidence  string
}

type step struct {
	Place link
	Note  string
}

type routeRow struct {
	Change        badge
	Method, Path  string
	Before, After string
	Lost, Gained  string
}

type scannerCard struct {
	Name, Version string
	Complete      bool
	Counts        []countRow
	Skipped       []review.Skip
	MoreSkipped   int
	Notes         []string
	Protections   []string
	Cost          string
}

type countRow struct {
	Unit             string
	Looked, Expected int
	Complete         bool
}

func (d *dashboard) reviewPage(r Review) reviewPage {
	t := r.Target
	subject := d.subject(t)
	p := reviewPage{Page: clean(t.Repo.FullName()) + " " + subject.Text, Badge: reviewBadge(r), Repo: clean(t.Repo.FullName()), Subject: subject, Title: headline(r), running: r.State == Running}
	p.Facts = append(p.Facts, fact{Name: "Head", Link: link{t.Head.Short(), d.github(t.Repo, "commit", string(t.Head))}})
	if t.Base != "" {
		p.Facts = append(p.Facts, fact{Name: "Base", Link: link{clean(t.BaseRef) + " at " + t.Base.Short(), d.github(t.Repo, "commit", string(t.Base))}})
	}
	if t.JudgeBase != "" {
		p.Facts = append(p.Facts, fact{Name: "Judged against", Link: link{clean(t.Repo.DefaultBranch) + " at " + t.JudgeBase.Short(), d.github(t.Repo, "commit", string(t.JudgeBase))}})
	}
	p.Facts = append(p.Facts, fact{Name: "Began", When: d.moment(r.Created)})
	if took := duration(r.Created, r.Finished); took != "" {
		p.Facts = append(p.Facts, fact{Name: "Took", Link: link{Text: took}})
	}
	p.Facts = append(p.Facts, fact{Name: "Run", Link: link{Text: runText(t.Run, r.Attempt)}})
	if t.Fork {
		p.Facts = append(p.Facts, fact{Name: "From", Link: link{Text: "a fork"}})
	}

	if r.State == Superseded || r.State == Failed {
		p.Ended = &ended{Code: string(r.Code), Reason: clean(r.Reason), Means: endings[r.State]}
	}
	o := r.Outcome
	if o == nil {
		return p
	}
	p.Notes, p.Receipt = cleanAll(o.Decision.Notes), cleanAll(o.Receipt.Notes)
	for _, reason := range cleanAll(o.Decision.Reasons) {
		if reason != p.Title {
			p.Reasons = append(p.Reasons, reason)
		}
	}
	for _, g := range o.Receipt.Gaps {
		p.Gaps = append(p.Gaps, gap("", g))
	}
	for _, s := range o.Receipt.Scanners {
		for _, g := range s.Gaps {
			p.Gaps = append(p.Gaps, gap(s.Scanner, g))
		}
		p.Scanners = append(p.Scanners, scanner(s))
	}
	p.Groups = d.findings(*o)
	for i, c := range o.RouteChanges {
		if i == maxRoutes {
			p.MoreRt = len(o.RouteChanges) - maxRoutes
			break
		}
		p.Routes = append(p.Routes, route(c))
	}
	for i, c := range o.DataChanges {
		if i == maxChanges {
			p.MoreData = len(o.DataChanges) - i
			break
		}
		p.Data = append(p.Data, d.dataChange(t, c))
	}
	if t.Kind == review.KindBaseline && len(o.DataMap) > 0 {
		p.Map = fmt.Sprintf("/data/%d", t.Repo.ID)
	}
	return p
}

var endings = map[State]string{
	Superseded: "Something newer took its place, so this review was stopped. Nothing needs to be done.",
	Failed:     "The review ended before it could look, so its check is red.",
}

func runText(run int, attempt int64) string {
	s := fmt.Sprint(run)
	if attempt > 1 {
		s += fmt.Sprintf(" (attempt %d)", attempt)
	}
	return s
}

func gap(scanner string, g review.Gap) gapRow {
	return gapRow{Where: clean(scanner), What: clean(g.What), Why: clean(g.Why), Do: clean(g.Do), Code: string(g.Code)}
}

// findings puts findings into groups in the order a reader cares about them.
func (d *dashboard) findings(o review.Outcome) []findingGroup {
	groups := []findingGroup{
		{Name: "Blocking", Explain: "This change brings them, and the policy blocks on them.", Open: true},
		{Name: "Introduced, not blocking", Explain: "This change brings them; they are expected, advisory or below the policy's threshold.", Open: true},
		{Name: "There before", Explain: "They are at the merge base as well, so they do not block this change."},
	}
	for _, f := range o.Findings {
		g := &groups[2]
		switch {
		case slices.Contains(o.Decision.Blocking, f.Fingerprint) && f.Origin == review.Introduced:
			g = &groups[0]
		case f.Origin == review.Introduced:
			g = &groups[1]
		}
		g.Count++
		if len(g.Findings) == maxFindings {
			g.More++
			continue
		}
		g.Findings = append(g.Findings, d.finding(o.Target, f))
	}
	return slices.DeleteFunc(groups, func(g findingGroup) bool { return g.Count == 0 })
}

func (d *dashboard) finding(t review.Target, f review.Finding) findingCard {
	rule := d.rules[f.Rule]
	c := findingCard{Severity: severity(f.Severity), Rule: clean(string(f.Rule)), Title: rule.Title, Place: d.placeLink(t, f.Place), Message: clean(f.Message),
		Routes: cleanAll(f.Routes), Expected: clean(f.Expected), Why: rule.Why, Fix: rule.Fix, Fingerprint: clean(string(f.Fingerprint)), Confidence: f.Confidence.String()}
	for _, s := range f.Evidence {
		c.Evidence = append(c.Evidence, step{d.placeLink(t, s.Place), clean(s.Note)})
	}
	return c
}

func severity(s review.Severity) badge {
	tone := "quiet"
	switch {
	case s >= review.SeverityHigh, s == review.SeverityUnknown:
		tone = "bad"
	case s == review.SeverityMedium:
		tone = "warn"
	}
	return badge{s.String(), tone}
}

func route(c review.RouteChange) routeRow {
	row := routeRow{Change: badge{clean(c.Change), "quiet"}, Lost: clean(strings.Join(c.Lost, ", ")), Gained: clean(strings.Join(c.Gained, ", "))}
	for _, side := range []struct {
		r  *review.Route
		to *string
	}{{c.Before, &row.Before}, {c.After, &row.After}} {
		if side.r != nil {
			row.Method, row.Path = clean(side.r.Method), clean(side.r.Path)
			*side.to = side.r.Access.String()
		}
	}
	// What opens a door is worth seeing first.
	if c.After != nil && (c.After.Access == review.Public || c.After.Access == review.Unresolved) && (c.Before == nil || c.Before.Access != c.After.Access) || len(c.Lost) > 0 {
		row.Change.Tone = "warn"
	}
	return row
}

func scanner(s review.ScannerReceipt) scannerCard {
	c := scannerCard{Name: clean(s.Scanner), Version: clean(s.Version), Complete: s.Complete(), Notes: cleanAll(s.Notes), Protections: cleanAll(s.Protections)}
	for _, n := range s.Counts {
		c.Counts = append(c.Counts, countRow{clean(n.Unit), n.Looked, n.Expected, n.Looked == n.Expected})
	}
	for i, k := range s.Skipped {
		if i == maxSkips {
			c.MoreSkipped = len(s.Skipped) - maxSkips
			break
		}
		c.Skipped = append(c.Skipped, review.Skip{What: clean(k.What), Why: clean(k.Why)})
	}
	var cost []string
	if s.Wall > 0 {
		cost = append(cost, round(s.Wall))
	}
	if s.CPU > 0 {
		cost = append(cost, round(s.CPU)+" of processor time")
	}
	if s.PeakBytes > 0 {
		cost = append(cost, fmt.Sprintf("%d MiB at most", s.PeakBytes>>20))
	}
	c.Cost = strings.Join(cost, ", ")
	return c
}

type deliveryRow struct {
	Badge  badge
	When   moment
	Event  string
	Repo   string
	Asks   string
	Reason string
	GUID   string
}

type deliveryListPage struct {
	Page string
	Rows []deliveryRow
}

// Refresh implements what the layout asks of every page.
func (deliveryListPage) Refresh() bool { return false }

func (d *dashboard) deliveryList(list []Delivery) deliveryListPage {
	p := deliveryListPage{Page: "Deliveries"}
	for _, v := range list {
		row := deliveryRow{Badge: deliveryBadge(v), When: d.moment(v.Received), Event: clean(v.Event), Asks: asks(v.Intent), Reason: clean(v.Reason), GUID: clean(v.GUID)}
		if v.Action != "" {
			row.Event += "." + clean(v.Action)
		}
		switch {
		case v.Intent.Repo.Name != "":
			row.Repo = clean(v.Intent.Repo.FullName())
		default:
			row.Repo = clean(v.Intent.Account)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

func deliveryBadge(v Delivery) badge {
	switch v.State {
	case Queued:
		return badge{"Queued", "busy"}
	case Failed:
		return badge{"Failed", "bad"}
	}
	if v.Intent.Kind == review.IntentNone {
		return badge{"Nothing to do", "quiet"}
	}
	return badge{"Done", "good"}
}

// asks says in words what a delivery asks for.
func asks(in review.Intent) string {
	switch in.Kind {
	case review.IntentReviewPullRequest:
		return fmt.Sprintf("Review pull request #%d at %s", in.PullRequest, in.Head.Short())
	case review.IntentClosePullRequest:
		return fmt.Sprintf("Pull request #%d was closed", in.PullRequest)
	case review.IntentReviewMergeGroup:
		return "Review a merge group at " + in.Head.Short()
	case review.IntentCancelMergeGroup:
		return "A merge group is gone"
	case review.IntentRerun:
		return "Review again, at " + in.Head.Short()
	case review.IntentReviewHead:
		return "Review what has the head " + in.Head.Short()
	case review.IntentBaseline:
		return "The default branch moved to " + in.Head.Short()
	case review.IntentAddInstallation:
		return "The App was installed or changed"
	case review.IntentHistory:
		return "Look for secrets in all of history"
	case review.IntentRemoveInstallation:
		return "The App was removed"
	case review.IntentSuspend:
		return "The App was suspended"
	case review.IntentRepositories:
		return fmt.Sprintf("%d repositories added, %d removed", len(in.Added), len(in.Removed))
	}
	return clean(in.Note)
}

func (d *dashboard) moment(t time.Time) moment {
	if t.Unix() <= 0 {
		return moment{}
	}
	return moment{Ago: ago(d.cfg.Now().Sub(t)), Exact: t.UTC().Format("2006-01-02 15:04:05 UTC"), Machine: t.UTC().Format(time.RFC3339)}
}

func ago(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / u.unit); n == 1 {
			return "1 " + u.name + " ago"
		} else if n > 1 {
			return fmt.Sprintf("%d %ss ago", n, u.name)
		}
	}
	return "just now"
}

func duration(from, to time.Time) string {
	if from.Unix() <= 0 || to.Unix() <= 0 || to.Before(from) {
		return ""
	}
	return round(to.Sub(from))
}

func round(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// clean makes a text from a repository fit to be seen. html/template escapes
// markup; what is left are characters that make text look like something else
// (control characters, and Unicode's invisible and direction-changing ones) and
// sheer length.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxRunes {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func cleanAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}
