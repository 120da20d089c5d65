package publish

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/launchgate/launchgate/app/review"
)

// JSON writes an outcome in its stable machine-readable form: version, then
// the fields of review.Outcome as tagged there. Fields are only ever added.
func JSON(w io.Writer, o review.Outcome) error {
	if o.Findings == nil {
		o.Findings = []review.Finding{}
	}
	if o.Decision.Blocking == nil {
		o.Decision.Blocking = []review.Fingerprint{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Version int `json:"version"`
		review.Outcome
	}{1, o}); err != nil {
		return fmt.Errorf("write the outcome as JSON: %w", err)
	}
	return nil
}
