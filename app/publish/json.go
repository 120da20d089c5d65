package publish

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/launchgate/launchgate/app/review"
)

// JSON writes an outcome in its stable machine-readable form: "version", 1, then
// the fields of review.Outcome as tagged there (target, decision, findings,
// receipt, routes, route_changes, started, finished). The words of enumerations
// ("block", "introduced", "RIGHT") are those their types print, durations are
// nanoseconds, times are RFC 3339. findings and decision.blocking are always
// there, even when empty. Fields are only ever added; anything else is another
// version. Texts may quote names from the repository: characters that a
// terminal acts on are escaped, the rest is for the reader to escape.
func JSON(w io.Writer, o review.Outcome) error {
	if o.Findings == nil {
		o.Findings = []review.Finding{}
	}
	if o.Decision.Blocking == nil {
		o.Decision.Blocking = []review.Fingerprint{}
	}
	if o.Decision.Reasons == nil {
		o.Decision.Reasons = []string{}
	}
	if o.Receipt.Scanners == nil {
		o.Receipt.Scanners = []review.ScannerReceipt{}
	}
	return writeJSON(w, "the outcome as JSON", struct {
		Version int `json:"version"`
		review.Outcome
	}{1, o})
}

// RoutesJSON writes a document about routes with nothing in it that a terminal
// acts on.
func RoutesJSON(w io.Writer, v any) error { return writeJSON(w, "the routes as JSON", v) }

// DataJSON writes a data map, or what changes in one, for programs.
func DataJSON(w io.Writer, v any) error { return writeJSON(w, "the data map as JSON", v) }

// writeJSON writes v indented, with nothing in it that a terminal acts on.
func writeJSON(w io.Writer, what string, v any) error {
	doc, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		_, err = w.Write(append(quiet(doc), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
