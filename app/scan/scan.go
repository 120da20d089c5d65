package scan

import (
	"context"
	"encoding/json"

	"github.com/launchgate/launchgate/app/review"
)

// Request is what a scanner is asked. It crosses a process border as JSON, so
// it carries paths and values, never handles, and never a token or a private
// key: FingerprintKey is a key of this installation used for nothing but keyed
// fingerprints.
type Request struct {
	Kind review.Kind `json:"kind"`
	// GitDir is a bare repository that holds every object of
	// MergeBase..Head. It is read-only for scanners.
	GitDir string `json:"git_dir"`
	// HeadDir and BaseDir are the trees of Head and MergeBase as regular files
	// (no symlinks, no submodules). BaseDir is empty when there is no base.
	HeadDir   string     `json:"head_dir"`
	BaseDir   string     `json:"base_dir,omitempty"`
	Head      review.SHA `json:"head"`
	MergeBase review.SHA `json:"merge_base,omitempty"`
	// RulesAt is the commit whose policy judges, the tip of the base branch: what the
	// repository says there of its own rules holds. Empty: MergeBase, or else Head.
	RulesAt review.SHA `json:"rules_at,omitempty"`
	// Fork says that the head comes from a fork: nothing may be downloaded on
	// its word.
	Fork           bool        `json:"fork,omitempty"`
	Diff           review.Diff `json:"diff"`
	FingerprintKey []byte      `json:"fingerprint_key"`
	// CacheDir is a directory the scanner may keep content-addressed results
	// in, shared by repositories and processes; empty: no cache.
	CacheDir string `json:"cache_dir,omitempty"`
	// ReadDirs are further folders the scanner may read, such as a user's
	// module cache. The walls around a worker let these through.
	ReadDirs []string `json:"read_dirs,omitempty"`
	// Settings is the scanner's own part of server configuration and base
	// policy; its form belongs to the scanner.
	Settings json.RawMessage `json:"settings,omitempty"`
}

// Report is a scanner's answer.
type Report struct {
	// Head are the findings of the head, Base those of the merge base; from
	// both, app/findings decides which were introduced. A scanner that looks
	// at the range itself (secrets) fills Head only.
	Head       []review.Finding `json:"head"`
	Base       []review.Finding `json:"base,omitempty"`
	Routes     []review.Route   `json:"routes,omitempty"`
	BaseRoutes []review.Route   `json:"base_routes,omitempty"`
	// Data and BaseData say which services of others receive which personal data.
	Data     []review.DataFlow `json:"data,omitempty"`
	BaseData []review.DataFlow `json:"base_data,omitempty"`
	// Rotations are what a look at a whole history found, if one was asked for.
	Rotations []review.Rotation `json:"rotations,omitempty"`
	// Mark names what a complete look at a history came to, for the next request to say
	// that this report reached its reader.
	Mark    string                `json:"mark,omitempty"`
	Receipt review.ScannerReceipt `json:"receipt"`
}

// Progress is told how far a scanner is. Done and Total are in Unit; Total 0
// means unknown. It may be called from several goroutines and must not block.
type Progress func(Event)

// Event is one step of progress.
type Event struct {
	Scanner string `json:"scanner"`
	Stage   string `json:"stage"` // "loading", "typing", "scanning"
	Done    int    `json:"done"`
	Total   int    `json:"total"`
	Unit    string `json:"unit,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"` // looked at
	Found   int    `json:"found,omitempty"` // findings so far
	// Ahead is how much of the rest the work comes to that is done on what is not
	// done with, in the same unit: a bar that does not count it stands still.
	Ahead int `json:"ahead,omitempty"`
}

// Scanner produces findings. Implementations keep no state between calls and
// may be called concurrently. An error means that nothing can be said (a gap);
// a partial look is not an error but a Report whose receipt says so.
type Scanner interface {
	// Name is a stable word: "secrets", "code", "readiness".
	Name() string
	// Rules lists every rule the scanner can report.
	Rules() []review.Rule
	// Scan looks at the request. It honours ctx and, when it returns, has
	// stopped every process and goroutine it started.
	Scan(ctx context.Context, req Request, progress Progress) (Report, error)
}

// Salvager is a Scanner that can go on without the part its worker died on. The
// worker leaves marks in its scratch folder (TMPDIR); Salvage reads them after a
// crash and returns the request to try once more, or false if there is nothing
// to leave out. What is left out becomes a gap of the next report.
type Salvager interface {
	Salvage(scratch string, req Request) (Request, bool)
}

// ProgramRunner is a Scanner that starts programs, such as git. The worker of
// any other scanner is forbidden to execute anything and to open a socket.
type ProgramRunner interface {
	Scanner
	// RunsPrograms returns true.
	RunsPrograms() bool
}

// Reticent is a Scanner that repeats names only, such as those of files, and never what
// else stands in one. Its worker's answer need not be held against all that the trees
// hold.
type Reticent interface {
	Scanner
	// RepeatsNoValues returns true.
	RepeatsNoValues() bool
}

// Frugal is a Scanner that is often done in a moment. Its worker starts on one
// core, which spares it what several cost to keep in step, until the scanner calls
// AllCores.
type Frugal interface {
	Scanner
	// StartsOnOneCore returns true.
	StartsOnOneCore() bool
}

func runsPrograms(s Scanner) bool {
	p, ok := s.(ProgramRunner)
	return ok && p.RunsPrograms()
}
