package goanalysis

import (
	"fmt"
	"sort"
	"strings"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// maxListed bounds how many names one note spells out.
const maxListed = 5

// maxParts bounds the packages the detail lists, maxDetails the functions of
// each, maxExcluded the excluded files, maxGaps and maxSkipped those lists.
const (
	maxParts    = 200
	maxDetails  = 10
	maxExcluded = 50
	maxGaps     = 100
	maxSkipped  = 200
)

const excluded = "build constraints exclude it on the platform that is looked at"

// maxModules bounds how many modules of one repository are listed.
const maxModules = 20

// receipt says what was looked at. A package is a gap if part of its code could
// not be read as Go at all, or an analyzer did not finish on it. A package that
// is only partly typed was still looked at, by syntax and whatever types there
// are; that is a note.
func receipt(repo *load.Result, analysed []*driver.Analysed) review.ScannerReceipt {
	var r review.ScannerReceipt
	r.Version = "go/analysis suite, declarations of " + stddecl.Library{}.Version()
	if len(repo.Modules) == 0 {
		r.Counts = []review.Count{{Unit: "packages analysed"}}
		r.Notes = []string{"no Go module"}
		return r
	}
	looked, full, exprs, exprsTyped, funcs, funcsTyped := 0, 0, 0, 0, 0, 0
	ssaFuncs, ssaOf := 0, 0
	var partly []string
	var parts []review.Part
	for _, a := range analysed {
		p := a.Package
		for _, why := range a.Missing {
			r.Gaps = append(r.Gaps, review.Gap{Code: review.CodeRouteUnresolved, What: "routes of package " + p.PkgPath, Why: why,
				Do: "write the registration more simply, or exclude the package in the policy"})
		}
		exprs, exprsTyped = exprs+p.Typed.Exprs, exprsTyped+p.Typed.ExprsTyped
		funcs, funcsTyped = funcs+p.Typed.Funcs, funcsTyped+p.Typed.FuncsTyped
		ssaFuncs, ssaOf = ssaFuncs+a.SSAFuncs, ssaOf+a.SSAOf
		if p.Typed.Full() {
			full++
			if e := firstHard(p); e != "" {
				partly = append(partly, "package "+p.PkgPath+": "+e)
				parts = append(parts, review.Part{What: "package " + p.PkgPath, State: "typed, with remarks", Why: e})
			}
		} else {
			partly = append(partly, partlyTyped(p))
			parts = append(parts, part(p))
		}
		if why := notLooked(a); why != "" {
			r.Gaps = append(r.Gaps, review.Gap{Code: review.CodePackageNotTyped, What: "package " + p.PkgPath, Why: why, Do: remedy(p)})
			continue
		}
		looked++
	}
	r.Counts = append(r.Counts, review.Count{Unit: "packages analysed", Looked: looked, Expected: len(analysed)})
	r.Notes = append(r.Notes, fmt.Sprintf("packages typed in full: %d of %d; functions typed: %d of %d; expressions typed: %d of %d",
		full, len(analysed), funcsTyped, funcs, exprsTyped, exprs))
	if ssaOf > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("functions analysed for data flow: %d of %d", ssaFuncs, ssaOf))
	}
	for i, s := range partly {
		if i == maxListed {
			r.Notes = append(r.Notes, fmt.Sprintf("%d more packages have remarks of this kind", len(partly)-i))
			break
		}
		r.Notes = append(r.Notes, s)
	}
	if len(parts) > maxParts {
		r.Notes = append(r.Notes, fmt.Sprintf("the detail lists %d of %d packages that are typed in part", maxParts, len(parts)))
		parts = parts[:maxParts]
	}
	r.Parts = parts
	r.Notes = append(r.Notes, bounds(analysed)...)
	r.Notes = append(r.Notes, origins(repo)...)
	r.Notes = append(r.Notes, modules(repo, analysed)...)
	generated := 0
	for _, p := range repo.Packages {
		for _, f := range p.Files {
			if f.Generated {
				generated++
			}
		}
	}
	if generated > 0 {
		r.Notes = append(r.Notes, plural(generated, "file")+" of generated code among them")
	}
	for i, f := range repo.Excluded {
		if i == maxExcluded {
			r.Skipped = append(r.Skipped, review.Skip{What: fmt.Sprintf("%d more Go files", len(repo.Excluded)-i), Why: excluded})
			break
		}
		r.Skipped = append(r.Skipped, review.Skip{What: f, Why: excluded})
	}
	r.Gaps = append(r.Gaps, taggedRoutes(repo.Tagged)...)
	for _, s := range repo.Skipped {
		r.Skipped = append(r.Skipped, review.Skip{What: s.What, Why: s.Why})
	}
	for _, s := range repo.Unread {
		r.Gaps = append(r.Gaps, review.Gap{Code: review.CodeFileUnreadable, What: s.What, Why: s.Why,
			Do: "make it an ordinary Go file within the limits, or exclude it in the policy"})
	}
	if n := len(r.Gaps); n > maxGaps {
		more := review.Gap{Code: r.Gaps[maxGaps].Code, What: fmt.Sprintf("%d more packages and files", n-maxGaps), Why: "as the ones before",
			Do: "mend or exclude those listed first"}
		r.Gaps = append(r.Gaps[:maxGaps], more)
	}
	if n := len(r.Skipped); n > maxSkipped {
		r.Skipped = append(r.Skipped[:maxSkipped], review.Skip{What: fmt.Sprintf("%d more files", n-maxSkipped), Why: "as the ones before"})
	}
	return r
}

// bounds names the packages in which an analyzer met one of its bounds: there it
// looked less far than elsewhere.
func bounds(analysed []*driver.Analysed) []string {
	var notes []string
	n := 0
	for _, a := range analysed {
		if len(a.Bounds) == 0 {
			continue
		}
		if n++; n <= maxListed {
			notes = append(notes, "package "+a.Package.PkgPath+" was not followed to its end, a bound of the analysis was met in "+list(a.Bounds))
		}
	}
	if n > maxListed {
		notes = append(notes, fmt.Sprintf("a bound of the analysis was met in %d more packages", n-maxListed))
	}
	return notes
}

// modules says, where there are several, how far each is typed, and repeats the
// remarks on their files.
func modules(repo *load.Result, analysed []*driver.Analysed) []string {
	var notes []string
	for i, m := range repo.Modules {
		if len(repo.Modules) > 1 && i < maxModules {
			all, full := 0, 0
			for _, a := range analysed {
				if a.Package.Module == m {
					all++
					if a.Package.Typed.Full() {
						full++
					}
				}
			}
			notes = append(notes, fmt.Sprintf("module %s (%s): %d of %d packages typed in full", m.Path, m.Dir, full, all))
		}
		notes = append(notes, m.Notes...)
	}
	if n := len(repo.Modules); n > maxModules {
		notes = append(notes, fmt.Sprintf("and %d more modules", n-maxModules))
	}
	return notes
}

// notLooked says why a package was not looked at as a whole, or "".
func notLooked(a *driver.Analysed) string {
	for _, e := range a.Package.Errors {
		switch e.Kind {
		case "syntax":
			return "syntax error at " + e.String()
		case "crash", "read":
			return e.String()
		}
	}
	var failed []string
	for an, why := range a.Failed {
		failed = append(failed, an.Name+": "+why)
	}
	if len(failed) > 0 {
		sort.Strings(failed)
		return failed[0]
	}
	return ""
}

func remedy(p *load.Package) string {
	for _, e := range p.Errors {
		if e.Kind == "syntax" {
			return "mend the syntax error and push again"
		}
	}
	return "run the review again; if it stays, exclude the package in the policy and report it"
}

// part is the detail of a package that is not typed in full.
func part(p *load.Package) review.Part {
	out := review.Part{What: "package " + p.PkgPath, State: "typed in part", Why: firstHard(p)}
	if p.Typed.FuncsTyped == 0 && p.Typed.Funcs > 0 {
		out.State = "not typed"
	}
	if len(p.Missing) > 0 {
		out.Why = "missing dependency " + list(p.Missing)
	}
	if out.Why == "" {
		out.Why = "it uses a package that is itself typed in part"
	}
	if v := newerVersion(p); v != "" {
		out.Why += "; " + v
	}
	for i, f := range p.Typed.Untyped {
		if i == maxDetails {
			out.More = len(p.Typed.Untyped) - i
			break
		}
		out.Details = append(out.Details, fmt.Sprintf("%s (%s:%d): %s", f.Name, f.Pos.Filename, f.Pos.Line, f.Why))
	}
	return out
}

func partlyTyped(p *load.Package) string {
	s := fmt.Sprintf("package %s is typed in part (functions %d of %d)", p.PkgPath, p.Typed.FuncsTyped, p.Typed.Funcs)
	if len(p.Missing) > 0 {
		s += ": missing dependency " + list(p.Missing)
	}
	if e := firstHard(p); e != "" {
		s += "; first error: " + e
	}
	if v := newerVersion(p); v != "" {
		s += "; " + v
	}
	return s
}

// newerVersion says that a package is written in a language this build does not
// know, which may be why it is not typed in full, or returns "".
func newerVersion(p *load.Package) string {
	for _, e := range p.Errors {
		if e.Kind == "version" {
			return e.String()
		}
	}
	return ""
}

// firstHard returns the first error of a package that is more than an unused
// variable or import.
func firstHard(p *load.Package) string {
	for _, e := range p.Errors {
		if e.Kind != "soft" && e.Kind != "version" {
			return e.String()
		}
	}
	return ""
}

// origins says where declarations came from.
func origins(repo *load.Result) []string {
	count := map[load.Origin]int{}
	var missing, standIns []string
	said := map[string]bool{}
	for _, d := range repo.Deps {
		count[d.Origin]++
		if v := d.StandIn; d.Module.Version != "" && v.Version != "" && v.Version != d.Module.Version && !said[v.Path] {
			said[v.Path] = true
			standIns = append(standIns, fmt.Sprintf("%s (%s stands in for %s)", v.Path, v.Version, d.Module.Version))
		}
		if d.Origin == load.FromUse {
			missing = append(missing, d.Path)
		}
	}
	var parts []string
	for o, n := range count {
		parts = append(parts, fmt.Sprintf("%s %d", o, n))
	}
	sort.Strings(parts)
	var notes []string
	if len(parts) > 0 {
		notes = append(notes, "declarations of imported packages: "+strings.Join(parts, ", "))
	}
	if len(standIns) > 0 {
		notes = append(notes, "embedded declarations of another version: "+list(standIns))
	}
	if len(missing) > 0 {
		notes = append(notes, "no declarations at hand for "+list(missing))
	}
	return notes
}

// list writes a few names out and counts the rest.
func list(names []string) string {
	if len(names) <= maxListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
}
