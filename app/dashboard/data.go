package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// How many recipients, places of one of them, and changes a page shows; the
// command line lists all.
const (
	maxRecipients = 100
	maxPlaces     = 12
	maxChanges    = 100
)

// mapRow is one repository in the list of customer data maps.
type mapRow struct {
	URL, Repo string
	Badge     badge
	Receivers int
	Classes   string
	Partly    bool // not all code was looked at
	When      moment
}

type mapListPage struct {
	Page string
	Rows []mapRow
}

// Refresh implements what the layout asks of every page.
func (mapListPage) Refresh() bool { return false }

// mapPage is row 18 of the launch checklist for one repository.
type mapPage struct {
	Page, Repo string
	Badge      badge
	Facts      []fact
	Gaps       []gapRow
	Receivers  []recipientCard
	Used       []recipientCard // nothing personal was seen to go there
	More       int
	Review     string
}

// Refresh implements what the layout asks of every page.
func (mapPage) Refresh() bool { return false }

// recipientCard is a service and what it receives.
type recipientCard struct {
	Service, Category, Via string
	Receives               []receivedRow
	Used                   []link
	More                   int
}

type receivedRow struct {
	Class, What string
	Places      []step
	More        int
}

// dataRow is a change of who receives what.
type dataRow struct {
	Change            badge
	Service, Category string
	Class, What       string
	Places            []link
	More              int
}

func (d *dashboard) maps(w http.ResponseWriter, r *http.Request) {
	list, err := d.cfg.Reader.Baselines(r.Context(), listLimit)
	if err != nil {
		d.unavailable(w, "read customer data maps", err)
		return
	}
	p := mapListPage{Page: "Customer data"}
	for _, b := range list {
		row := mapRow{URL: fmt.Sprintf("/data/%d", b.Target.Repo.ID), Repo: clean(b.Target.Repo.FullName()), Badge: mapBadge(b.Outcome), Partly: len(codeGaps(b.Outcome)) > 0, When: d.moment(b.Finished)}
		seen := make(map[string]bool)
		var classes []string
		for _, rec := range recipients(b.Outcome) {
			if len(rec.Receives) > 0 {
				row.Receivers++
			}
			for _, x := range rec.Receives {
				if !seen[x.Class] {
					seen[x.Class] = true
					classes = append(classes, clean(x.Class))
				}
			}
		}
		row.Classes = strings.Join(classes, ", ")
		p.Rows = append(p.Rows, row)
	}
	d.render(w, http.StatusOK, "maps", p)
}

func (d *dashboard) dataMap(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		d.message(w, http.StatusNotFound, "There is no such repository", "Repositories have numbers here.")
		return
	}
	b, err := d.cfg.Reader.Baseline(r.Context(), review.RepoID(id))
	switch {
	case errors.Is(err, ErrNotFound):
		d.message(w, http.StatusNotFound, "Nothing is known of this repository's customer data", "It is mapped when its default branch is looked at, after the next push to it.")
	case err != nil:
		d.unavailable(w, "read a customer data map", err)
	default:
		d.render(w, http.StatusOK, "map", d.mapPage(b))
	}
}

func recipients(o *review.Outcome) []review.Recipient {
	if o == nil {
		return nil
	}
	return o.DataMap
}

// mapBadge says what the row of the checklist says: a map of code that was not
// looked at as a whole proves nothing about what is not on it.
func mapBadge(o *review.Outcome) badge {
	if len(codeGaps(o)) > 0 || o == nil {
		return badge{"Unknown", "unsure"}
	}
	for _, rec := range o.DataMap {
		if len(rec.Receives) > 0 {
			return badge{"Mapped", "good"}
		}
	}
	return badge{"Nothing goes out", "good"}
}

// codeGaps is the code that the map does not cover.
func codeGaps(o *review.Outcome) []review.Gap {
	if o == nil {
		return nil
	}
	for _, s := range o.Receipt.Scanners {
		if s.Scanner == "code" {
			return s.Gaps
		}
	}
	return []review.Gap{{What: "the code", Why: "it was not looked at", Do: "run the review again"}}
}

func (d *dashboard) mapPage(b Review) mapPage {
	t := b.Target
	p := mapPage{Page: clean(t.Repo.FullName()) + " customer data", Repo: clean(t.Repo.FullName()), Badge: mapBadge(b.Outcome), Review: fmt.Sprintf("/reviews/%d", b.ID)}
	p.Facts = []fact{
		{Name: "Default branch at", Link: link{t.Head.Short(), d.github(t.Repo, "commit", string(t.Head))}},
		{Name: "Looked at", When: d.moment(b.Finished)},
	}
	for _, g := range codeGaps(b.Outcome) {
		p.Gaps = append(p.Gaps, gap("", g))
	}
	for i, rec := range recipients(b.Outcome) {
		if i == maxRecipients {
			p.More = len(b.Outcome.DataMap) - i
			break
		}
		c := recipientCard{Service: clean(rec.Service), Category: clean(rec.Category), Via: strings.Join(cleanAll(rec.Via), ", ")}
		for _, x := range rec.Receives {
			row := receivedRow{Class: clean(x.Class), What: strings.Join(cleanAll(x.What), ", ")}
			for j, at := range x.Places {
				if j == maxPlaces {
					row.More = len(x.Places) - j
					break
				}
				note := clean(at.Call)
				if at.Func != "" {
					note += " in " + clean(at.Func)
				}
				row.Places = append(row.Places, step{d.placeLink(t, review.Place{Path: at.File, Line: at.Line}), note})
			}
			c.Receives = append(c.Receives, row)
		}
		if len(c.Receives) > 0 {
			p.Receivers = append(p.Receivers, c)
			continue
		}
		for _, at := range rec.Used {
			c.Used = append(c.Used, d.placeLink(t, review.Place{Path: at.File, Line: at.Line}))
		}
		p.Used = append(p.Used, c)
	}
	return p
}

// dataChange is a change of the customer data map in a review.
func (d *dashboard) dataChange(t review.Target, c review.DataChange) dataRow {
	row := dataRow{Change: badge{clean(c.Change), "quiet"}, Service: clean(c.Service), Category: clean(c.Category), Class: clean(c.Class), What: strings.Join(cleanAll(c.What), ", ")}
	if c.Change == "added" {
		row.Change.Tone = "warn"
		if c.NewService {
			row.Change.Text = "new recipient"
		}
	}
	for i, at := range c.Places {
		if i == maxPlaces {
			row.More = len(c.Places) - i
			break
		}
		row.Places = append(row.Places, d.placeLink(t, review.Place{Path: at.File, Line: at.Line}))
	}
	return row
}
