package goanalysis

import (
	"bytes"
	"context"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
)

// maxProofs bounds how many fixes of one tree are tried: each costs typing and
// analysing one package again, 10 to 50 ms of CPU.
const maxProofs = 40

// prove marks the fixes that hold: with the edits made the package compiles, the
// finding is gone and no other has come. Whatever is not proved stays a
// suggestion in words. It reports whether every fix that could be proved was
// tried.
func (c converter) prove(ctx context.Context, a *driver.Analysed, findings []review.Finding, budget *int) (all bool) {
	if !a.Package.Typed.Full() {
		return true
	}
	all = true
	before := identities(findings)
	for i := range findings {
		f := &findings[i]
		if f.Fix == nil {
			continue
		}
		if *budget <= 0 || ctx.Err() != nil {
			all = false
			continue
		}
		*budget--
		replaced := map[string][]byte{}
		for _, p := range a.Package.Files {
			if src, changed := apply(p.Source, p.Path, f.Fix.Edits); changed {
				replaced[p.Path] = src
			}
		}
		patched, err := c.repo.Recheck(a.Package, replaced)
		if err != nil {
			continue
		}
		again := a.Again(ctx, patched)
		if len(again.Failed) > 0 {
			continue
		}
		after := identities(c.findings(again))
		ok := after[identityOf(*f)] < before[identityOf(*f)]
		for id, n := range after {
			ok = ok && n <= before[id]
		}
		f.Fix.Proved = ok
	}
	return all
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
