package review

import "fmt"

// enum gives the named integer types of this package one textual form, used in
// JSON, YAML, SQL and on the screen alike.
func enumText(names []string, i int, typ string) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fmt.Errorf("%s %d is not defined", typ, i)
	}
	return []byte(names[i]), nil
}

func enumString(names []string, i int, typ string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", typ, i)
	}
	return names[i]
}

func enumParse(names []string, text, typ string) (int, error) {
	for i, n := range names {
		if n == text {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is not a %s (one of %v)", text, typ, names)
}

// Severity says how bad it is if the finding is true. Values are ordered.
// SeverityUnknown is a programming slip and is treated like SeverityHigh by the
// policy, so that a forgotten severity cannot open the gate.
type Severity int

// The severities, in rising order.
const (
	SeverityUnknown Severity = iota
	SeverityInfo
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityNames = []string{"unknown", "info", "low", "medium", "high", "critical"}

func (s Severity) String() string { return enumString(severityNames, int(s), "severity") }

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return enumText(severityNames, int(s), "severity") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(b []byte) error {
	i, err := enumParse(severityNames, string(b), "severity")
	*s = Severity(i)
	return err
}

// Confidence says how sure the scanner is. Values are ordered.
type Confidence int

// The confidences, in rising order.
const (
	ConfidenceUnknown Confidence = iota
	ConfidenceLow
	ConfidenceMedium
	ConfidenceHigh
)

var confidenceNames = []string{"unknown", "low", "medium", "high"}

func (c Confidence) String() string { return enumString(confidenceNames, int(c), "confidence") }

// MarshalText implements encoding.TextMarshaler.
func (c Confidence) MarshalText() ([]byte, error) {
	return enumText(confidenceNames, int(c), "confidence")
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Confidence) UnmarshalText(b []byte) error {
	i, err := enumParse(confidenceNames, string(b), "confidence")
	*c = Confidence(i)
	return err
}

// Origin says whether a pull request brought a finding. The zero value is
// Introduced: what cannot be shown to be old is new.
type Origin int

// The origins.
const (
	Introduced Origin = iota // absent at the merge base
	Existing                 // present at the merge base; counted, never blocking
)

var originNames = []string{"introduced", "existing"}

func (o Origin) String() string { return enumString(originNames, int(o), "origin") }

// MarshalText implements encoding.TextMarshaler.
func (o Origin) MarshalText() ([]byte, error) { return enumText(originNames, int(o), "origin") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Origin) UnmarshalText(b []byte) error {
	i, err := enumParse(originNames, string(b), "origin")
	*o = Origin(i)
	return err
}

// Access is what the guards make of a route. The zero value is Unresolved.
type Access int

// The access levels.
const (
	Unresolved Access = iota
	Public
	Authenticated
	Role
)

var accessNames = []string{"unresolved", "public", "authenticated", "role"}

func (a Access) String() string { return enumString(accessNames, int(a), "access") }

// MarshalText implements encoding.TextMarshaler.
func (a Access) MarshalText() ([]byte, error) { return enumText(accessNames, int(a), "access") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Access) UnmarshalText(b []byte) error {
	i, err := enumParse(accessNames, string(b), "access")
	*a = Access(i)
	return err
}

// Verdict is the answer of a review. The zero value is CouldNotVerify, which is
// red on GitHub.
type Verdict int

// The verdicts.
const (
	CouldNotVerify Verdict = iota
	Pass
	Block
)

var verdictNames = []string{"could not verify", "pass", "block"}

func (v Verdict) String() string { return enumString(verdictNames, int(v), "verdict") }

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return enumText(verdictNames, int(v), "verdict") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(b []byte) error {
	i, err := enumParse(verdictNames, string(b), "verdict")
	*v = Verdict(i)
	return err
}

// Side says on which side of a diff a place lies.
type Side int

// The sides, named as in GitHub's review comments.
const (
	Right Side = iota // the head: additions and context
	Left              // the merge base: deletions
)

var sideNames = []string{"RIGHT", "LEFT"}

func (s Side) String() string { return enumString(sideNames, int(s), "side") }

// MarshalText implements encoding.TextMarshaler.
func (s Side) MarshalText() ([]byte, error) { return enumText(sideNames, int(s), "side") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Side) UnmarshalText(b []byte) error {
	i, err := enumParse(sideNames, string(b), "side")
	*s = Side(i)
	return err
}

// Kind says what asked for a review.
type Kind int

// The kinds of review.
const (
	KindPullRequest Kind = iota
	KindMergeGroup       // head of a merge queue group against its base
	KindBaseline         // the default branch, nothing to compare with
	KindLocal            // the CLI, on a local repository
)

var kindNames = []string{"pull_request", "merge_group", "baseline", "local"}

func (k Kind) String() string { return enumString(kindNames, int(k), "kind") }

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return enumText(kindNames, int(k), "kind") }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error {
	i, err := enumParse(kindNames, string(b), "kind")
	*k = Kind(i)
	return err
}
