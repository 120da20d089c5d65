package dashboard

import (
	"fmt"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// maxRotations is the most secrets one page shows; the command line lists all.
const maxRotations = 500

// shownKey is how much of a key is enough to name a secret.
const shownKey = 16

type historyRow struct {
	URL           string
	Badge         badge
	Repo          string
	Secrets, Open int
	Commits       string
	When          moment
	Bar           *progressBar
}

type historyListPage struct {
	Page    string
	Rows    []historyRow
	Open    int
	running bool
}

// Refresh asks the browser to come back while something is under way.
func (p historyListPage) Refresh() bool { return p.running }

func (d *dashboard) historyList(list []History) historyListPage {
	p := historyListPage{Page: "Secrets"}
	for _, h := range list {
		p.running = p.running || underWay(h)
		p.Open += h.Open
		p.Rows = append(p.Rows, historyRow{URL: fmt.Sprintf("/secrets/%d", h.Repo.ID), Badge: historyBadge(h), Repo: clean(h.Repo.FullName()),
			Secrets: h.Secrets, Open: h.Open, Commits: commits(h.Receipt), When: d.moment(h.Finished), Bar: bar(h)})
	}
	return p
}

func underWay(h History) bool {
	return h.State == review.HistoryQueued || h.State == review.HistoryRunning
}

func historyBadge(h History) badge {
	switch h.State {
	case review.HistoryQueued:
		return badge{"Queued", "busy"}
	case review.HistoryRunning:
		return badge{"Looking", "busy"}
	case review.HistoryDone:
		if h.Open > 0 {
			return badge{fmt.Sprintf("%d to rotate", h.Open), "bad"}
		}
		return badge{"Nothing open", "good"}
	}
	return badge{"Could not verify", "unsure"}
}

func commits(r review.ScannerReceipt) string {
	for _, c := range r.Counts {
		if c.Unit == "commits" && c.Looked != c.Expected {
			return fmt.Sprintf("%d of %d", c.Looked, c.Expected)
		}
	}
	return ""
}

// progressBar is how far a look is.
type progressBar struct {
	Done, Total int
	Text        string
}

func bar(h History) *progressBar {
	p := h.Progress
	if h.State != review.HistoryRunning || p.Total == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of %d commits, %.1f MB, %d findings", p.Commits, p.Total, float64(p.Bytes)/1e6, p.Findings)
	at := min(p.Commits+p.Ahead, p.Total)
	if took := p.At.Sub(h.Started); at > 0 && at < p.Total && took > 0 {
		left := time.Duration(float64(took) * float64(p.Total-at) / float64(at))
		text += ", about " + round(max(left, time.Second).Round(time.Second)) + " left"
	}
	return &progressBar{at, p.Total, text}
}

type rotationCard struct {
	Severity, State badge
	Rule, Title     string
	Place, Commit   link
	Authored        string
	Stands          string
	Places          int
	Provider, Where string
	Steps, Reason   string
	By              string
	Key             string
	Open            bool
	Decided         moment
}

type historyPage struct {
	Page      string
	Repo      string
	Badge     badge
	Facts     []fact
	Bar       *progressBar
	Gaps      []gapRow
	Warnings  []string
	Rotations []rotationCard
	More      int
	Secrets   int
	Open      int
	Scanner   scannerCard
	running   bool
}

// Refresh asks the browser to come back while the look is under way.
func (p historyPage) Refresh() bool { return p.running }

func (d *dashboard) historyPage(h History) historyPage {
	p := historyPage{Page: clean(h.Repo.FullName()) + " secrets", Repo: clean(h.Repo.FullName()), Badge: historyBadge(h), Bar: bar(h), Secrets: h.Secrets, Open: h.Open,
		Scanner: scanner(h.Receipt), running: underWay(h)}
	if h.Head != "" {
		p.Facts = append(p.Facts, fact{Name: "Default branch at", Link: link{h.Head.Short(), d.github(h.Repo, "commit", string(h.Head))}})
	}
	if !h.Finished.IsZero() {
		p.Facts = append(p.Facts, fact{Name: "Looked at", When: d.moment(h.Finished)})
	}
	for _, g := range h.Receipt.Gaps {
		p.Gaps = append(p.Gaps, gap("", g))
	}
	p.Warnings = cleanAll(h.Receipt.Warnings)
	for i, r := range h.Rotations {
		if i == maxRotations {
			p.More = len(h.Rotations) - i
			break
		}
		p.Rotations = append(p.Rotations, d.rotation(h.Repo, r))
	}
	return p
}

func (d *dashboard) rotation(repo review.Repo, r review.Rotation) rotationCard {
	t := review.Target{Repo: repo, Head: r.Commit}
	c := rotationCard{Severity: severity(r.Severity), State: badge{r.State.String(), "quiet"}, Rule: clean(string(r.Rule)), Title: d.rules[r.Rule].Title,
		Commit: link{r.Commit.Short(), d.github(repo, "commit", string(r.Commit))}, Stands: "only in history", Places: r.Places, Provider: clean(r.Provider),
		Steps: clean(r.Steps), Reason: clean(r.Reason), Key: clean(r.Key[:min(len(r.Key), shownKey)]), Open: r.State == review.Open}
	if !c.Open {
		c.Decided, c.By = d.moment(r.Decided), clean(r.By)
	}
	switch {
	case r.Path == "" && r.Tag != "":
		c.Place = link{Text: "in the message of tag " + clean(r.Tag)}
	case r.Path == "":
		c.Place = link{Text: "in a message"}
	default:
		c.Place = d.placeLink(t, review.Place{Path: r.Path, Line: r.Line, Commit: r.Commit})
	}
	if !r.Authored.IsZero() {
		c.Authored = r.Authored.UTC().Format(time.DateOnly)
	}
	if r.InHead {
		c.Stands = "still in HEAD"
	}
	if r.State == review.Open {
		c.State = badge{"open", "bad"}
	}
	if strings.HasPrefix(r.Where, "https://") && clean(r.Where) == r.Where {
		c.Where = r.Where
	}
	return c
}
