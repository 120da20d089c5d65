package review

import "time"

// Count is "looked at Looked of Expected Units".
type Count struct {
	Unit     string `json:"unit"` // plural: "commits", "packages typed", "routes resolved"
	Looked   int    `json:"looked"`
	Expected int    `json:"expected"`
	// Judged: what is missing is judged piece by piece, as findings, so that a
	// shortfall is shown and does not by itself stand in the way of a pass.
	Judged bool `json:"judged,omitempty"`
}

// Short reports whether something was not looked at and nothing else says so.
func (c Count) Short() bool { return c.Looked != c.Expected && !c.Judged }

// Skip is something left out on purpose: it is said, and does not stand in the
// way of a pass.
type Skip struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Gap is something that should have been looked at and was not. One gap makes
// the verdict CouldNotVerify.
type Gap struct {
	Code Code   `json:"code"`
	What string `json:"what"`
	Why  string `json:"why"`
	Do   string `json:"do"` // what the reader can do about it
}

// Part is something that was looked at, but not as well as could be: a package
// of which not every function is typed. It does not stand in the way of a pass.
type Part struct {
	What  string `json:"what"`  // "package example.com/m/api"
	State string `json:"state"` // "typed in part", "typed, with remarks", "not typed"
	Why   string `json:"why"`
	// Details name the functions concerned, each with its reason; the first
	// few of More+len(Details).
	Details []string `json:"details,omitempty"`
	More    int      `json:"more,omitempty"`
}

// ScannerReceipt is what one scanner really looked at.
type ScannerReceipt struct {
	Scanner string   `json:"scanner"`
	Version string   `json:"version,omitempty"`
	Counts  []Count  `json:"counts,omitempty"`
	Skipped []Skip   `json:"skipped,omitempty"`
	Gaps    []Gap    `json:"gaps,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	// Warnings are notes that belong beside the verdict: a configuration file
	// that could not be used, so that something else was looked for than its
	// author thinks.
	Warnings []string `json:"warnings,omitempty"`
	// Parts go into the detail behind the counts; bounded, the worst first.
	Parts []Part `json:"parts,omitempty"`
	// Protections lists which walls stood around the worker and which the
	// kernel could not give ("no network namespace: not permitted").
	Protections []string      `json:"protections,omitempty"`
	Wall        time.Duration `json:"wall_ns"`
	CPU         time.Duration `json:"cpu_ns"`
	PeakBytes   int64         `json:"peak_bytes"`
}

// Complete reports whether the scanner looked at everything it should have.
func (s ScannerReceipt) Complete() bool {
	if len(s.Gaps) > 0 {
		return false
	}
	for _, c := range s.Counts {
		if c.Short() {
			return false
		}
	}
	return true
}

// Receipt is what a whole review looked at.
type Receipt struct {
	Scanners []ScannerReceipt `json:"scanners"`
	// Gaps are those of the stages before and after the scanners: checkout,
	// policy, diff.
	Gaps  []Gap    `json:"gaps,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Complete reports whether everything was looked at. A receipt without
// scanners is not complete: nothing was looked at.
func (r Receipt) Complete() bool {
	if len(r.Scanners) == 0 || len(r.Gaps) > 0 {
		return false
	}
	for _, s := range r.Scanners {
		if !s.Complete() {
			return false
		}
	}
	return true
}
