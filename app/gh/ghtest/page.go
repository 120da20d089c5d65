package ghtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

//go:embed page.html
var pageSource string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageSource)) })

// markdown renders as GitHub does, with raw HTML left out: that is goldmark's
// default, which also drops javascript: links.
var markdown = sync.OnceValue(func() goldmark.Markdown { return goldmark.New(goldmark.WithExtensions(extension.GFM)) })

func renderMarkdown(text string) template.HTML {
	var b bytes.Buffer
	if err := markdown().Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return template.HTML(b.String())
}

type pageData struct {
	Repo, Title, Author, Head, Base, State, SHA string
	Number                                      int
	Body                                        template.HTML
	Checks                                      []pageCheck
	Reviews                                     []pagePart
	Notes                                       []pagePart
	Files                                       []pageFile
	Refresh                                     bool
}

type pageCheck struct {
	Name, Mark, Class, Conclusion, Title string
	Summary, Text                        template.HTML
	Annotations                          []Annotation
	Open                                 bool
}

type pagePart struct {
	Author   string
	Outdated bool
	Segments []pageSegment
}

// pageSegment is Markdown or a suggested change.
type pageSegment struct {
	HTML     template.HTML
	Old, New []string
	Suggest  bool
}

type pageFile struct {
	Path, OldPath, Status string
	Binary                bool
	Added, Removed        int
	Rows                  []pageRow
	Loose                 []pagePart // about the file, or outdated
}

type pageRow struct {
	diffLine
	Class    string
	Comments []pagePart
}

var pagePath = lazyregexp.New(`^/([^/]+/[^/]+)/pull/(\d+)/?$`)

// servePage shows a pull request as GitHub would.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	m := pagePath().FindStringSubmatch(r.URL.Path)
	if m == nil || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	var number int
	_, err := fmt.Sscan(m[2], &number)
	s.mu.Lock()
	repo := s.repo(m[1])
	if err != nil || repo == nil || number < 1 || number > len(repo.pulls) {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	data, err := s.pageData(repo, repo.pulls[number-1])
	s.mu.Unlock()
	var b bytes.Buffer
	if err == nil {
		err = pageTemplate().Execute(&b, data)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
	_, _ = w.Write(b.Bytes()) // the reader has gone; nobody to tell
}

func (s *Server) pageData(r *Repo, p *pull) (*pageData, error) {
	d := &pageData{Repo: r.FullName(), Title: p.opts.Title, Author: p.opts.Author, Head: p.opts.Head, Base: p.base, SHA: p.head.Short(), Number: p.number,
		State: p.state, Body: renderMarkdown(p.opts.Body), Refresh: true}
	if p.opts.Draft && p.state == "open" {
		d.State = "draft"
	}
	if p.merged {
		d.State = "merged"
	}
	seen := map[string]bool{}
	for i := len(r.checks) - 1; i >= 0; i-- { // the latest of each name counts
		if c := r.checks[i]; c.HeadSHA == p.head && !seen[c.Name] {
			seen[c.Name] = true
			d.Checks = append(d.Checks, newPageCheck(c))
		}
	}
	files, err := s.pullDiff(r, p, p.head)
	if err != nil {
		return nil, err
	}
	placed := map[*comment]bool{}
	for _, f := range files {
		pf := pageFile{Path: f.Path, OldPath: f.OldPath, Status: f.Status, Binary: f.Binary, Added: f.Added, Removed: f.Removed}
		for _, l := range f.Lines {
			row := pageRow{diffLine: l, Class: map[byte]string{'+': "add", '-': "del", '@': "hunk", ' ': "ctx"}[l.Kind]}
			for _, c := range r.comments {
				if c.pull == p && c.Path == f.Path && !placed[c] && l.Kind != '@' && c.Line > 0 && l.on(c.Side) > 0 && l.on(c.Side) == r.currentLine(c) {
					placed[c] = true
					row.Comments = append(row.Comments, newPagePart(c, f, false))
				}
			}
			pf.Rows = append(pf.Rows, row)
		}
		for _, c := range r.comments {
			if c.pull == p && c.Path == f.Path && !placed[c] {
				placed[c] = true
				pf.Loose = append(pf.Loose, newPagePart(c, f, c.Line > 0))
			}
		}
		d.Files = append(d.Files, pf)
	}
	for _, c := range r.comments { // the file is no longer part of the diff
		if c.pull == p && !placed[c] {
			d.Notes = append(d.Notes, newPagePart(c, nil, true))
		}
	}
	for _, rv := range r.reviews {
		if rv.pull == p && rv.Body != "" {
			d.Reviews = append(d.Reviews, pagePart{Author: rv.Author, Outdated: rv.CommitID != p.head, Segments: []pageSegment{{HTML: renderMarkdown(rv.Body)}}})
		}
	}
	for _, n := range r.issueNotes {
		if n.pull == p {
			d.Notes = append(d.Notes, pagePart{Author: n.Author, Segments: []pageSegment{{HTML: renderMarkdown(n.Body)}}})
		}
	}
	return d, nil
}

func newPageCheck(c *checkRun) pageCheck {
	out := pageCheck{Name: c.Name, Conclusion: c.Conclusion, Title: c.Title, Annotations: c.Annotations, Open: true, Mark: "●", Class: "pending"}
	switch c.Conclusion {
	case "":
		out.Conclusion = strings.ReplaceAll(c.Status, "_", " ")
	case "success", "neutral", "skipped":
		out.Mark, out.Class = "✓", "good"
	default:
		out.Mark, out.Class = "✕", "bad"
	}
	if c.Summary != "" {
		out.Summary = renderMarkdown(c.Summary)
	}
	if c.Text != "" {
		out.Text = renderMarkdown(c.Text)
	}
	return out
}

var suggestionFence = lazyregexp.New("^(`{3,})suggestion\\s*$")

// newPagePart cuts a comment into Markdown and suggestions. A suggestion
// replaces exactly the commented lines.
func newPagePart(c *comment, f *fileDiff, outdated bool) pagePart {
	out := pagePart{Author: c.Author, Outdated: outdated}
	var text []string
	flush := func() {
		if len(text) > 0 {
			out.Segments = append(out.Segments, pageSegment{HTML: renderMarkdown(strings.Join(text, "\n"))})
			text = nil
		}
	}
	lines := strings.Split(c.Body, "\n")
	for i := 0; i < len(lines); i++ {
		m := suggestionFence().FindStringSubmatch(lines[i])
		end := i + 1
		for m != nil && end < len(lines) && strings.TrimSpace(lines[end]) != m[1] {
			end++
		}
		if m == nil || end == len(lines) {
			text = append(text, lines[i])
			continue
		}
		flush()
		out.Segments = append(out.Segments, pageSegment{Suggest: true, Old: commented(c, f), New: lines[i+1 : end]})
		i = end
	}
	flush()
	return out
}

// commented returns the text of the lines a comment is about.
func commented(c *comment, f *fileDiff) []string {
	if f == nil || c.Side != review.Right || c.CommitID != c.pull.head {
		return nil
	}
	from := c.Line
	if c.StartLine > 0 {
		from = c.StartLine
	}
	var out []string
	for _, l := range f.Lines {
		if l.New >= from && l.New <= c.Line && l.Kind != '@' && l.New > 0 {
			out = append(out, l.Text)
		}
	}
	return out
}
