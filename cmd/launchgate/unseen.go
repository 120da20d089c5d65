package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// unseen collects what a listing could not look at. It is said on errs as it is
// met; the listing is written all the same, and ends as one that could not be
// verified: who lets a pipeline read it must not take it for all there is.
type unseen struct {
	errs io.Writer
	gaps []review.Gap
}

const (
	maxSaid    = 10 // gaps of one receipt that are spelled out
	maxLeftOut = 3  // files of those left out for one reason
)

// add takes a scanner's receipt in.
func (u *unseen) add(r review.ScannerReceipt) {
	u.addGaps(r.Gaps)
	// What is left out on purpose is no gap, but its routes are not listed either.
	var reasons []string
	files := map[string][]string{}
	for _, s := range r.Skipped {
		if !slices.Contains(reasons, s.Why) {
			reasons = append(reasons, s.Why)
		}
		files[s.Why] = append(files[s.Why], s.What)
	}
	for _, why := range reasons {
		names := files[why]
		text := strings.Join(names[:min(len(names), maxLeftOut)], ", ")
		if n := len(names) - maxLeftOut; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(u.errs, "launchgate: left out: %s: %s\n", publish.Terminal(text), publish.Terminal(why))
	}
}

func (u *unseen) addGaps(gaps []review.Gap) {
	for i, g := range gaps {
		if i == maxSaid {
			fmt.Fprintf(u.errs, "launchgate: not looked at: %d more\n", len(gaps)-i)
			break
		}
		fmt.Fprintf(u.errs, "launchgate: not looked at: %s: %s\n", publish.Terminal(g.What), publish.Terminal(g.Why))
	}
	u.gaps = append(u.gaps, gaps...)
}

// status is how the command ends.
func (u *unseen) status() error {
	if len(u.gaps) > 0 {
		return cli.Exit(cli.CouldNotVerify)
	}
	return nil
}

// with adds the gaps to a document for programs.
func (u *unseen) with(doc map[string]any) map[string]any {
	if len(u.gaps) > 0 {
		doc["gaps"] = u.gaps
	}
	return doc
}
