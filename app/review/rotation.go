package review

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// RotationState says what became of a secret.
type RotationState int

// The states of a secret. The zero value is Open: what nobody decided about is
// still to be done.
const (
	Open          RotationState = iota
	Rotated                     // the issuer no longer accepts it
	FalsePositive               // it never was one; with a reason
)

var rotationStateNames = []string{"open", "rotated", "false-positive"}

func (s RotationState) String() string {
	return enumString(rotationStateNames, int(s), "state of a secret")
}

// MarshalText implements encoding.TextMarshaler.
func (s RotationState) MarshalText() ([]byte, error) {
	return enumText(rotationStateNames, int(s), "state of a secret")
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *RotationState) UnmarshalText(b []byte) error {
	i, err := enumParse(rotationStateNames, string(b), "state of a secret")
	*s = RotationState(i)
	return err
}

// Rotation is one secret that history holds, with all one needs to make it
// worthless. Nothing in it is the secret or can be tested against it without
// the installation's key.
type Rotation struct {
	Key      string        `json:"key"` // keyed fingerprint
	Rule     RuleID        `json:"rule"`
	Severity Severity      `json:"severity"`
	Provider string        `json:"provider"`        // who issued it
	Where    string        `json:"where,omitempty"` // link to rotate it at
	Steps    string        `json:"steps"`           // how
	Commit   SHA           `json:"commit"`          // that brought it first
	Path     string        `json:"path,omitempty"`  // "" for a message
	Tag      string        `json:"tag,omitempty"`   // the annotated tag whose message it is
	Line     int           `json:"line,omitempty"`
	Authored time.Time     `json:"authored,omitzero"` // of Commit
	InHead   bool          `json:"in_head"`           // else only in history
	Places   int           `json:"places"`            // in all of history
	Entropy  string        `json:"entropy"`
	State    RotationState `json:"state"`
	Reason   string        `json:"reason,omitempty"`
	Decided  time.Time     `json:"decided,omitzero"` // when State was noted
	By       string        `json:"by,omitempty"`     // who noted it, as they call themselves
}

// Mark is what somebody decided about a secret.
type Mark struct {
	State  RotationState `json:"state"`
	Reason string        `json:"reason,omitempty"`
	At     time.Time     `json:"at"`
	By     string        `json:"by,omitempty"` // "": it is not known
}

// maxBy is the longest name of somebody, in bytes.
const maxBy = 100

// Check refuses a mark that says too little.
func (m Mark) Check() error {
	if m.State == FalsePositive && strings.TrimSpace(m.Reason) == "" {
		return &Error{Code: CodeBadRequest, Op: "mark a secret as a false positive", What: "without a reason", Do: "say why it is none"}
	}
	if _, err := m.State.MarshalText(); err != nil {
		return err
	}
	if len(m.By) > maxBy {
		return &Error{Code: CodeBadRequest, Op: "mark a secret", What: fmt.Sprintf("by a name of more than %d bytes", maxBy), Do: "use a shorter one"}
	}
	if len(m.Reason) > 1000 {
		return &Error{Code: CodeBadRequest, Op: "mark a secret", What: "with a reason of more than 1000 bytes", Do: "say it shorter"}
	}
	return nil
}

// MarkAll notes on each rotation what was decided about its secret, by key, and
// sorts them: open ones first, then by severity, those in HEAD first, the oldest
// first.
func MarkAll(rs []Rotation, marks map[string]Mark) {
	for i := range rs {
		m := marks[rs[i].Key]
		rs[i].State, rs[i].Reason, rs[i].Decided, rs[i].By = m.State, m.Reason, m.At, m.By
	}
	sort.SliceStable(rs, func(i, j int) bool {
		a, b := rs[i], rs[j]
		switch {
		case (a.State == Open) != (b.State == Open):
			return a.State == Open
		case a.Severity != b.Severity:
			return a.Severity > b.Severity
		case a.InHead != b.InHead:
			return a.InHead
		case !a.Authored.Equal(b.Authored):
			return a.Authored.Before(b.Authored)
		}
		return a.Key < b.Key
	})
}

// minKeyDigits is the fewest digits a key may be shortened to.
const minKeyDigits = 8

// FindKey returns the one key among rs that begins with short.
func FindKey(rs []Rotation, short string) (string, error) {
	bad := func(what, do string) error {
		return &Error{Code: CodeBadRequest, Op: "find the secret with the key", What: fmt.Sprintf("%.64q%s", short, what), Do: do}
	}
	if len(short) < minKeyDigits {
		return "", bad("", fmt.Sprintf("give at least %d digits of a key of the list", minKeyDigits))
	}
	found := ""
	for _, r := range rs {
		if !strings.HasPrefix(r.Key, strings.ToLower(short)) || r.Key == found {
			continue
		}
		if found != "" {
			return "", bad(", of which there are several", "give more digits")
		}
		found = r.Key
	}
	if found == "" {
		return "", bad("", "take a key from the list that 'launchgate secrets' prints")
	}
	return found, nil
}

// HistoryState says how far a look at a repository's history is.
type HistoryState string

// The states of a history.
const (
	HistoryQueued     HistoryState = "queued"
	HistoryRunning    HistoryState = "running"
	HistoryDone       HistoryState = "done"       // everything was looked at
	HistoryIncomplete HistoryState = "incomplete" // the receipt says what was not
)

// History is what a look at all branches and tags of a repository came to. While
// it is under way, Rotations and Receipt are those of the look before.
type History struct {
	Repo     Repo            `json:"repo"`
	State    HistoryState    `json:"state"`
	Head     SHA             `json:"head"` // of the default branch
	Receipt  ScannerReceipt  `json:"receipt"`
	Progress HistoryProgress `json:"-"`
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
	// Rotations are in the order of MarkAll.
	Rotations []Rotation `json:"rotations"`
}

// Open counts the secrets nobody decided about.
func (h History) Open() int {
	n := 0
	for _, r := range h.Rotations {
		if r.State == Open {
			n++
		}
	}
	return n
}

// HistoryProgress is how far a look is.
type HistoryProgress struct {
	Commits, Total int
	Ahead          int // what is done on other commits comes to that many
	Bytes          int64
	Findings       int
	At             time.Time
}
