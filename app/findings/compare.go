package findings

import (
	"crypto/sha256"
	"sort"

	"github.com/launchgate/launchgate/app/review"
)

// Compare returns the findings of the head with fingerprint and origin, folded
// and in reading order (introduced before existing, then by severity, path and
// line). base are the findings of the merge base; diff is the change between
// the two, used to follow renames and, when one of several equal findings is
// new, to call the one on an added line the new one.
//
// Neither argument is changed.
func Compare(head, base []review.Finding, diff review.Diff) []review.Finding {
	renamed := make(map[string]string)
	added := make(map[string]map[int]bool)
	for _, f := range diff.Files {
		if f.OldPath != "" && f.OldPath != f.Path {
			renamed[f.OldPath] = f.Path
		}
		added[f.Path] = addedLines(f)
	}

	known := make(map[[sha256.Size]byte]int)
	for _, f := range fold(base) {
		path := f.Place.Path
		if to, ok := renamed[path]; ok {
			path = to
		}
		known[identity(f, path)]++
	}

	groups := make(map[[sha256.Size]byte][]review.Finding)
	var order [][sha256.Size]byte
	for _, f := range fold(head) {
		path := f.Place.Path
		if to, ok := renamed[path]; ok && f.Place.Side == review.Left {
			path = to
		}
		id := identity(f, path)
		if _, ok := groups[id]; !ok {
			order = append(order, id)
		}
		groups[id] = append(groups[id], f)
	}

	var out []review.Finding
	for _, id := range order {
		group := groups[id]
		sort.SliceStable(group, func(i, j int) bool {
			return !isAdded(added, group[i]) && isAdded(added, group[j])
		})
		for n := range group {
			f := &group[n]
			f.Fingerprint = fingerprint(id, n)
			f.Origin = review.Introduced
			// A leaked secret is leaked however often it stands there; other
			// findings are counted, so that a second copy is a new finding.
			if n < known[id] || f.Rule.Family() == secretsFamily && known[id] > 0 {
				f.Origin = review.Existing
			}
		}
		out = append(out, group...)
	}
	Sort(out)
	return out
}

// Sort puts findings into reading order: introduced first, then falling
// severity, then path, line, rule.
func Sort(fs []review.Finding) {
	sort.SliceStable(fs, func(i, j int) bool {
		a, b := fs[i], fs[j]
		switch {
		case a.Origin != b.Origin:
			return a.Origin < b.Origin
		case a.Severity != b.Severity:
			return a.Severity > b.Severity
		case a.Place.Path != b.Place.Path:
			return a.Place.Path < b.Place.Path
		case a.Place.Line != b.Place.Line:
			return a.Place.Line < b.Place.Line
		default:
			return a.Rule < b.Rule
		}
	})
}

// fold drops exact repeats: the same rule with the same key at the same place,
// which happens when a secret is seen both in a commit and in the final diff,
// or a file belongs to two packages.
func fold(fs []review.Finding) []review.Finding {
	type spot struct {
		rule            review.RuleID
		path, sym, key  string
		line, col       int
		side            review.Side
		commit          review.SHA
		message, expect string
	}
	seen := make(map[spot]bool, len(fs))
	out := make([]review.Finding, 0, len(fs))
	for _, f := range fs {
		s := spot{f.Rule, f.Place.Path, f.Symbol, f.Key, f.Place.Line, f.Place.Column, f.Place.Side, f.Place.Commit, f.Message, f.Expected}
		if seen[s] {
			continue
		}
		seen[s] = true
		out = append(out, f)
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Place.Path != out[j].Place.Path {
			return out[i].Place.Path < out[j].Place.Path
		}
		return out[i].Place.Line < out[j].Place.Line
	})
	return out
}

func isAdded(added map[string]map[int]bool, f review.Finding) bool {
	return f.Place.Side == review.Right && added[f.Place.Path][f.Place.Line]
}

func addedLines(f review.FileDiff) map[int]bool {
	lines := make(map[int]bool)
	for _, h := range f.Hunks {
		n := h.NewStart
		for _, op := range []byte(h.Ops) {
			switch op {
			case '+':
				lines[n] = true
				n++
			case ' ':
				n++
			}
		}
	}
	return lines
}
