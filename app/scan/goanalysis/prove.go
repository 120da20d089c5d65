package goanalysis

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/types"
	"slices"

	"github.com/launchgate/launchgate/analyzers/rule"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// maxProofs bounds how many fixes of one tree are tried, maxProving the expressions
// that are typed and analysed again for them: 10 to 50 ms of CPU for each fix in an
// ordinary package, a second in one of fifty thousand expressions.
const (
	maxProofs  = 40
	maxProving = 400_000
)

// budget is what may still be spent on proofs.
type budget struct{ fixes, exprs int }

// spend reports whether one more fix can be tried.
func (b *budget) spend(exprs int) bool {
	if b.fixes <= 0 || b.exprs < exprs {
		return false
	}
	b.fixes--
	b.exprs -= exprs
	return true
}

// maxBetween bounds the packages that are typed again between the one that a fix
// changes and the one it mends.
const maxBetween = 8

// prove tries what was suggested for each finding and keeps what holds: with the
// edits made the package compiles, the finding is gone and no other has come.
// Whatever is not proved stays a suggestion in words. Only findings that of tells
// to are looked at. It reports whether every fix of theirs that could be proved was
// tried.
func (c converter) prove(ctx context.Context, a *driver.Analysed, findings []review.Finding, offers []offer, of func(review.Finding) bool, left *budget) (all bool) {
	all = true
	var before map[identity]int
	for i := range findings {
		f, o := &findings[i], offers[i]
		if !of(*f) {
			continue
		}
		var ways []way
		for _, fix := range o.fixes {
			if edits, ok := c.edits(a.Package, fix.TextEdits); ok {
				ways = append(ways, way{fix: review.Fix{Title: fix.Message, Edits: edits}, in: a.Package})
			}
		}
		here := len(ways)
		for _, add := range o.adds {
			if w, ok := c.addition(a.Package, add); ok {
				ways = append(ways, w)
			}
		}
		if len(ways) == 0 {
			continue
		}
		f.Fix = &ways[0].fix // in words, unless one is proved
		if before == nil {
			before = identities(findings)
		}
		var proved []*review.Fix
		for n := range ways {
			w := &ways[n]
			if n < here && len(proved) > 0 {
				continue // the best edit of the place itself is enough
			}
			cost := a.Package.Typed.Exprs
			if w.in != a.Package {
				cost += w.in.Typed.Exprs
			}
			if ctx.Err() != nil || !left.spend(cost) {
				all = false
				break
			}
			if !c.holds(ctx, a, *f, w, before) {
				continue
			}
			w.fix.Proved = true
			proved = append(proved, &w.fix)
		}
		if len(proved) > 0 {
			f.Fix = proved[0]
		}
		if len(proved) > 1 {
			f.Alternative = proved[1]
		}
	}
	return all
}

// nearness is how near a finding is to what a change touches: a place on one of its
// lines, one in a file of its, or neither. What a change introduces is where people
// look, so its fixes are tried first.
type nearness struct {
	files map[string]bool
	lines map[review.FileLine]bool
}

// near lists how near findings can be, the nearest first.
var near = []int{0, 1, 2}

func nearnessTo(d review.Diff) nearness {
	n := nearness{files: map[string]bool{}, lines: map[review.FileLine]bool{}}
	for _, f := range d.Files {
		n.files[f.Path] = true
		for _, h := range f.Hunks {
			line := h.NewStart
			for _, op := range h.Ops {
				if op == '+' {
					n.lines[review.FileLine{File: f.Path, Line: line}] = true
				}
				if op != '-' {
					line++
				}
			}
		}
	}
	return n
}

func (n nearness) of(f review.Finding) int {
	out := 2
	note := func(p review.Place) {
		switch {
		case n.lines[review.FileLine{File: p.Path, Line: p.Line}]:
			out = 0
		case n.files[p.Path]:
			out = min(out, 1)
		}
	}
	note(f.Place)
	for _, e := range f.Evidence {
		note(e.Place)
	}
	return out
}

// way is one way to mend a finding.
type way struct {
	fix review.Fix
	in  *load.Package // whose files it changes
}

// holds reports whether a finding is gone, and no other has come, once its
// package was typed and analysed again on top of what a fix changes.
func (c converter) holds(ctx context.Context, a *driver.Analysed, f review.Finding, w *way, before map[identity]int) bool {
	patched, err := c.recheck(ctx, a, w)
	if err != nil {
		return false
	}
	again := a.Again(ctx, patched)
	if len(again.Failed) > 0 {
		return false
	}
	found, _ := c.findings(again)
	after := identities(found)
	ok := after[identityOf(f)] < before[identityOf(f)]
	for id, n := range after {
		ok = ok && n <= before[id]
	}
	return ok
}

var errTooFar = errors.New("too many packages lie between the change and the finding")

// recheck types the package of a finding with a fix made. If the fix changes
// another package, that and all between the two are typed and analysed again
// first, each on top of the ones before it.
func (c converter) recheck(ctx context.Context, a *driver.Analysed, w *way) (*load.Package, error) {
	replaced := map[string][]byte{}
	for _, p := range w.in.Files {
		if src, changed := apply(p.Source, p.Path, w.fix.Edits); changed {
			replaced[p.Path] = src
		}
	}
	if w.in == a.Package {
		return c.repo.Recheck(a.Package, replaced, nil)
	}
	fresh := map[*load.Package]*load.Package{}
	uses := map[*load.Package]bool{w.in: true}
	var order []*load.Package
	var visit func(p *load.Package) bool
	seen := map[*load.Package]bool{}
	visit = func(p *load.Package) bool {
		if seen[p] {
			return uses[p]
		}
		seen[p] = true
		for _, d := range sortedImports(p) {
			if visit(d) {
				uses[p] = true
			}
		}
		if uses[p] {
			order = append(order, p)
		}
		return uses[p]
	}
	visit(a.Package)
	if len(order) == 0 || order[len(order)-1] != a.Package || len(order) > maxBetween+2 {
		return nil, errTooFar
	}
	for _, p := range order {
		var src map[string][]byte
		if p == w.in {
			src = replaced
		}
		q, err := c.repo.Recheck(p, src, fresh)
		if err != nil {
			return nil, err
		}
		if p == a.Package {
			return q, nil
		}
		if again := a.Again(ctx, q); len(again.Failed) > 0 {
			return nil, errors.New("an analyzer failed on a changed package")
		}
		fresh[p] = q
	}
	return nil, errTooFar
}

func sortedImports(p *load.Package) []*load.Package {
	var out []*load.Package
	for _, d := range p.Imports {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *load.Package) int { return bytes.Compare([]byte(a.PkgPath), []byte(b.PkgPath)) })
	return out
}

// addition makes of a declaration to add the edits of the file it belongs to,
// which may be one of another package of the repository.
func (c converter) addition(p *load.Package, add rule.Addition) (way, bool) {
	in := p
	if add.After.Pkg() != p.Types {
		if in = importedBy(p, add.After.Pkg()); in == nil {
			return way{}, false
		}
	}
	for _, f := range in.Files {
		syntax := f.Syntax
		if f.Generated || f.Source == nil {
			continue
		}
		if syntax == nil || in.Reused {
			if !bytes.Contains(f.Source, []byte(add.After.Name())) {
				continue
			}
			var err error
			if syntax, err = parser.ParseFile(c.repo.Fset, f.Path, f.Source, parser.SkipObjectResolution); err != nil || ast.IsGenerated(syntax) {
				continue
			}
		}
		list, ok := add.Edits(syntax)
		if !ok {
			continue
		}
		edits, ok := c.edits(in, list)
		return way{fix: review.Fix{Title: add.Message, Edits: edits}, in: in}, ok
	}
	return way{}, false
}

// importedBy is the package of the repository with these types that p imports,
// directly or not; nil if there is none.
func importedBy(p *load.Package, t *types.Package) *load.Package {
	seen := map[*load.Package]bool{}
	var find func(p *load.Package) *load.Package
	find = func(p *load.Package) *load.Package {
		seen[p] = true
		for _, d := range p.Imports {
			if d.Types == t {
				return d
			}
			if !seen[d] {
				if q := find(d); q != nil {
					return q
				}
			}
		}
		return nil
	}
	return find(p)
}

type identity struct{ rule, path, symbol, key string }

func identityOf(f review.Finding) identity {
	return identity{string(f.Rule), f.Place.Path, f.Symbol, f.Key}
}

func identities(fs []review.Finding) map[identity]int {
	m := map[identity]int{}
	for _, f := range fs {
		m[identityOf(f)]++
	}
	return m
}

// apply makes the edits of one file. Edits are sorted and do not overlap.
func apply(src []byte, path string, edits []review.Edit) ([]byte, bool) {
	lines := bytes.SplitAfter(src, []byte("\n"))
	var out []byte
	next, changed := 1, false
	for _, e := range edits {
		if e.Path != path || e.StartLine < next || e.EndLine > len(lines) {
			continue
		}
		for ; next < e.StartLine; next++ {
			out = append(out, lines[next-1]...)
		}
		out = append(out, e.New...)
		next, changed = e.EndLine+1, true
	}
	for ; next <= len(lines); next++ {
		out = append(out, lines[next-1]...)
	}
	return out, changed
}
