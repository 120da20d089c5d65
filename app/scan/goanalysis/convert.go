package goanalysis

import (
	"bytes"
	"encoding/json"
	"go/token"
	"path"
	"reflect"
	"sort"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/datamap"
	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

func severity(s rule.Severity) review.Severity {
	var out review.Severity
	if out.UnmarshalText([]byte(s)) != nil {
		return review.SeverityUnknown // which blocks
	}
	return out
}

func confidence(c rule.Confidence) review.Confidence {
	var out review.Confidence
	if out.UnmarshalText([]byte(c)) != nil {
		return review.ConfidenceUnknown
	}
	return out
}

// converter turns what analyzers report into what the rest of the product
// speaks.
type converter struct {
	repo *load.Result
}

// offer is what an analyzer suggests to mend one finding: edits of the package,
// the best first, and declarations to add elsewhere.
type offer struct {
	fixes []analysis.SuggestedFix
	adds  []rule.Addition
}

// findings lists what was found in a package and what was suggested for each.
func (c converter) findings(a *driver.Analysed) ([]review.Finding, []offer) {
	var out []review.Finding
	var offers []offer
	for _, res := range a.Results {
		fs, ok := res.(*rule.Findings)
		if !ok || fs == nil {
			continue
		}
		for _, f := range fs.List {
			if f.Rule == nil {
				continue
			}
			rf := review.Finding{
				Rule: review.RuleID(f.Rule.ID), Severity: severity(f.Severity), Confidence: confidence(f.Confidence),
				Scanner: "code", Place: c.place(a.Package, f.Pos, f.End), Message: f.Message,
				Symbol: f.Symbol, Key: f.Key, Routes: f.Routes, Expected: f.Expected,
			}
			if !f.Pos.IsValid() && f.File != "" {
				rf.Place = review.Place{Path: c.path(a.Package, f.File), Line: f.Line}
			}
			for _, s := range f.Evidence {
				st := review.Step{Note: s.Note, Place: c.place(a.Package, s.Pos, token.NoPos)}
				if !s.Pos.IsValid() {
					st.Place = review.Place{Path: c.path(a.Package, s.File), Line: s.Line}
				}
				rf.Evidence = append(rf.Evidence, st)
			}
			out, offers = append(out, rf), append(offers, offer{f.Fixes, f.Adds})
		}
	}
	return out, offers
}

// place returns a range of source, with the file's own lines.
func (c converter) place(p *load.Package, pos, end token.Pos) review.Place {
	if !pos.IsValid() {
		// Somewhere in the package: its first file is the best that can be said.
		if len(p.Files) > 0 {
			return review.Place{Path: p.Files[0].Path, Line: 1}
		}
		return review.Place{Path: p.Dir}
	}
	from := c.repo.Fset.PositionFor(pos, false)
	out := review.Place{Path: from.Filename, Line: from.Line, Column: from.Column}
	if end.IsValid() && end >= pos {
		if to := c.repo.Fset.PositionFor(end, false); to.Filename == from.Filename {
			out.EndLine, out.EndColumn = to.Line, to.Column
		}
	}
	return out
}

// path makes a step's file relative to the repository: facts may carry it
// relative to the module.
func (c converter) path(p *load.Package, file string) string {
	if file == "" || p.Module == nil || p.Module.Dir == "." {
		return file
	}
	for _, q := range c.repo.Packages {
		for _, f := range q.Files {
			if f.Path == file {
				return file
			}
		}
	}
	return path.Join(p.Module.Dir, file)
}

// edits turns edits of source into replacements of whole lines. It refuses those
// that leave the package's own files or overlap.
func (c converter) edits(p *load.Package, list []analysis.TextEdit) ([]review.Edit, bool) {
	type span struct {
		from, to int
		text     []byte
	}
	byFile := map[string][]span{}
	for _, e := range list {
		tf := c.repo.Fset.File(e.Pos)
		if tf == nil {
			return nil, false
		}
		end := e.End
		if !end.IsValid() {
			end = e.Pos
		}
		if int(end) > tf.Base()+tf.Size() || end < e.Pos {
			return nil, false
		}
		byFile[tf.Name()] = append(byFile[tf.Name()], span{tf.Offset(e.Pos), tf.Offset(end), e.NewText})
	}
	var out []review.Edit
	for name, spans := range byFile {
		src, err := p.ReadFile(name)
		if err != nil {
			return nil, false
		}
		sort.SliceStable(spans, func(i, j int) bool { return spans[i].from < spans[j].from })
		for i := 0; i < len(spans); {
			// Edits on touching lines become one replacement.
			start := bytes.LastIndexByte(src[:spans[i].from], '\n') + 1
			var text []byte
			at, stop := start, start
			for i < len(spans) && (at == start || spans[i].from < stop) {
				if spans[i].from < at {
					return nil, false
				}
				text = append(append(text, src[at:spans[i].from]...), spans[i].text...)
				at = spans[i].to
				stop = lineEnd(src, at)
				i++
			}
			text = append(text, src[at:stop]...)
			if len(text) > 0 && text[len(text)-1] != '\n' {
				text = append(text, '\n')
			}
			out = append(out, review.Edit{
				Path:      name,
				StartLine: bytes.Count(src[:start], []byte("\n")) + 1,
				EndLine:   bytes.Count(src[:max(stop-1, start)], []byte("\n")) + 1,
				New:       string(text),
			})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Path != out[j].Path {
			return out[i].Path < out[j].Path
		}
		return out[i].StartLine < out[j].StartLine
	})
	return out, len(out) > 0
}

// lineEnd returns the offset after the line that at lies in; at the start of a
// line that is the line before it, unless nothing precedes it.
func lineEnd(src []byte, at int) int {
	if at > 0 && src[at-1] == '\n' {
		return at
	}
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// data turns what the analyzer of the customer data map reports into what the
// rest of the product speaks.
func (c converter) data(a *driver.Analysed) []review.DataFlow {
	var out []review.DataFlow
	for _, res := range a.Results {
		m, ok := res.(*datamap.Result)
		if !ok || m == nil {
			continue
		}
		for _, f := range m.Flows {
			d := review.DataFlow{Service: f.Service, Category: f.Category, Via: f.Via, Class: f.Class, What: f.What, Call: f.Call, Func: f.Func}
			if f.Pos.IsValid() {
				at := c.place(a.Package, f.Pos, token.NoPos)
				d.File, d.Line = at.Path, at.Line
			} else {
				d.File, d.Line = c.path(a.Package, f.File), f.Line
			}
			out = append(out, d)
		}
	}
	return out
}

// routes asks results for an inventory. Any analyzer's result may have a method
// Inventory that returns a slice whose JSON is that of review.Route.
func routes(a *driver.Analysed) []review.Route {
	var out []review.Route
	for _, res := range a.Results {
		v := reflect.ValueOf(res)
		if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
			continue
		}
		m := v.MethodByName("Inventory")
		if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 || m.Type().Out(0).Kind() != reflect.Slice {
			continue
		}
		var rs []review.Route
		if b, err := json.Marshal(m.Call(nil)[0].Interface()); err == nil && json.Unmarshal(b, &rs) == nil {
			out = append(out, rs...)
		}
	}
	return out
}
