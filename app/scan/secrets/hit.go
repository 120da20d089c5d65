package secrets

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/zricethezav/gitleaks/v8/report"

	"github.com/launchgate/launchgate/app/review"
)

// secretText is a secret in memory. However it is printed or encoded, its text
// does not come out.
type secretText struct{ s string }

const redacted = "[secret]"

// String implements fmt.Stringer.
func (secretText) String() string { return redacted }

// Format implements fmt.Formatter, which also covers %#v and %x.
func (secretText) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText implements encoding.TextMarshaler.
func (secretText) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// where says what kind of text a hit is in.
type where string

const (
	inPatch   where = "patch"   // what a commit changed against its parent
	inMerge   where = "merge"   // what a merge commit has and a parent lacks
	inMessage where = "message" // a commit message
	inTag     where = "tag"     // an annotated tag
	inName    where = "name"    // a file's name
	inBlob    where = "blob"    // a file too large for a diff, or in UTF-16
	inMoved   where = "moved"   // a file that an allowlist left out where it was before
	inDiff    where = "diff"    // the final diff
	inRemoved where = "removed" // what the final diff takes away
	inTree    where = "tree"    // a file of a tree
)

// hit is one finding of gitleaks. All but secret may leave the process.
type hit struct {
	Rule  string `json:"rule"`
	Where where  `json:"where"`
	Path  string `json:"path,omitempty"`
	// Raw is Path when that is not UTF-8, which JSON would make it.
	Raw     []byte    `json:"raw,omitempty"`
	Commit  string    `json:"commit,omitempty"`
	Tag     string    `json:"tag,omitempty"` // whose message it is in
	Line    int       `json:"line,omitempty"`
	EndLine int       `json:"end_line,omitempty"`
	Key     string    `json:"key"`
	Entropy string    `json:"entropy"`
	Date    time.Time `json:"date,omitzero"`     // author date of Commit
	Allowed bool      `json:"allowed,omitempty"` // by gitleaks:allow on its line
	Ignored bool      `json:"ignored,omitempty"` // by .gitleaksignore or a baseline
	// Committed is when Commit was made: of a commit and its copies on other branches,
	// which keep the author's date, the first is the original.
	Committed time.Time `json:"committed,omitzero"`
	// Order is that of Commit in the walk, after all commits of earlier walks:
	// which of two came first when their dates say nothing.
	Order int `json:"order,omitempty"`
	// Named is the key of the file's name where Path is not all of it: there is a secret
	// in the name.
	Named string `json:"named,omitempty"`
	// Decoded: what stands in the text is an encoding of it.
	Decoded bool       `json:"decoded,omitempty"`
	secret  secretText // "" when an earlier scan found it
	shown   string     // Path as it may be shown; Path itself when an earlier scan found it
}

// shownPath is what hits are put in order by: of what is stored, no other is known.
func (h hit) shownPath() string { return cmp.Or(h.shown, h.Path) }

// byPath reports whether a rule about paths reports the file, not a text in it.
func (h hit) byPath() bool { return h.Line == 0 && h.secret.s != "" && h.secret.s == h.Path }

// holder is the object that holds it.
func (h hit) holder() string {
	if h.Tag != "" {
		return h.Tag
	}
	return h.Commit
}

// scannedPath is the path that gitleaks was told.
func (h hit) scannedPath() string {
	if textual(h.Where) {
		return h.Path
	}
	return ""
}

// keyOf is the keyed fingerprint of a secret: the same in two places of one
// installation, and of no use to anyone without its key.
func keyOf(key []byte, secret string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil))
}

// entropyClass says how random a secret looks, without saying more.
func entropyClass(bits float32) string {
	switch {
	case bits >= 4:
		return "high"
	case bits >= 3:
		return "medium"
	}
	return "low"
}

// hits looks for secrets in t.
func (s *session) hits(ctx context.Context, t text, w where) []hit {
	found := s.rules.find(ctx, t)
	if len(found) == 0 {
		return nil
	}
	if len(found) > maxHits {
		found = found[:maxHits]
		s.cutList()
	}
	var out []hit
	found = slices.DeleteFunc(slices.Clone(found), func(f report.Finding) bool { return isOwn(f.RuleID) && isPlaceholder(f) })
	line, allowed := "", false
	for i, f := range tellingMost(found) {
		if i == 0 || f.Line != line { // a line may be megabytes with thousands of findings
			line, allowed = f.Line, allowedInline(f)
		}
		secret := strings.Clone(secretOf(f)) // else it keeps all of the text
		out = append(out, hit{
			Rule: f.RuleID, Where: w, Path: t.path, Commit: t.commit, Line: f.StartLine, EndLine: f.EndLine,
			Key: keyOf(s.key, secret), Entropy: entropyClass(f.Entropy), Allowed: allowed, Ignored: s.rules.ignored(f.File, f.RuleID, f.StartLine, t.commit), secret: secretText{secret}, shown: s.safeName(t.path),
			Decoded: slices.ContainsFunc(f.Tags, func(tag string) bool { return strings.HasPrefix(tag, "decoded:") }),
		})
	}
	// gitleaks asks its rules in the order of a map, which is none.
	sort.SliceStable(out, func(i, j int) bool { return less(out[i], out[j]) })
	return out
}

// told is a finding with what its rule says.
type told struct {
	report.Finding
	own   bool
	tells int
}

// tellingMost leaves out findings that give way to another on their line.
func tellingMost(found []report.Finding) []report.Finding {
	byLine := make(map[int][]told)
	for _, f := range found {
		if f.Secret != "" {
			byLine[f.StartLine] = append(byLine[f.StartLine], told{f, isOwn(f.RuleID), tells(f.RuleID)})
		}
	}
	var out []report.Finding
	for _, f := range found {
		t := told{f, isOwn(f.RuleID), tells(f.RuleID)}
		if f.Secret == "" || !slices.ContainsFunc(byLine[f.StartLine], t.givesWay) {
			out = append(out, f)
		}
	}
	return out
}

// givesWay reports whether f need not be reported beside g, which tells more of the
// same secret. What a rule of gitleaks reports as well, or a part of it, is reported
// once, as gitleaks does; only its rules that go by shape, which cannot say who issued
// a secret, give way to ours that can.
func (f told) givesWay(g told) bool {
	switch {
	case f.RuleID == g.RuleID:
		// The beginning of a token whose rest was decoded is found once more.
		return f.StartColumn == g.StartColumn && len(f.Secret) < len(g.Secret) && strings.Contains(g.Secret, f.Secret)
	case !f.own && !g.own:
		return false // gitleaks has chosen among its own
	case f.own && f.tells == 0 && g.tells == 0: // rules of names, which tell the same
		if g.own {
			return f.Secret == g.Secret && f.RuleID > g.RuleID || len(f.Secret) < len(g.Secret) && strings.Contains(g.Secret, f.Secret)
		}
		return strings.Contains(f.Secret, g.Secret) || strings.Contains(g.Secret, f.Secret)
	case f.tells < g.tells:
		if strings.Contains(f.Secret, g.Secret) {
			return true
		}
		// Of a private key that gitleaks reports as a whole, ours is a line.
		return (g.own || f.own && providerOf(f.RuleID) == providerOf(g.RuleID)) && strings.Contains(g.Secret, f.Secret)
	default:
		return f.own && g.own && f.Secret == g.Secret && f.tells == g.tells && f.RuleID > g.RuleID
	}
}

// genericRule is gitleaks' rule for what stands beside a name such as key or secret. It
// gives way to every other.
const genericRule = "generic-api-key"

// tells is the more, the more a rule says of what it finds.
func tells(rule string) int {
	own, shape := isOwn(rule), infoOf(rule).shape
	switch {
	case isGeneric(rule):
		return 0
	case own && shape:
		return 1
	case shape:
		return 2
	case own:
		return 3
	}
	return 4
}

// secretOf returns what identifies a finding: its secret, or for a rule about
// paths, which has none, the path.
func secretOf(f report.Finding) string {
	if f.Secret == "" {
		return f.File
	}
	return f.Secret
}

// ignored reports whether .gitleaksignore or the baseline lists a finding.
func (rs *ruleSet) ignored(path, rule string, line int, commit string) bool {
	if len(rs.ignore) == 0 {
		return false
	}
	// .gitleaksignore and the baselines of a gitleaks without our rules know what these
	// find by what found it there.
	if isOwn(rule) && rs.ignored(path, genericRule, line, commit) {
		return true
	}
	global := fmt.Sprintf("%s:%s:%d", path, rule, line)
	if _, ok := rs.ignore[global]; ok {
		return true
	}
	_, ok := rs.ignore[commit+":"+global]
	return ok && commit != ""
}

// ignoredAgain is ignored for a hit that an earlier look found, and returns how to ask:
// of a file with a secret in its name only the key is known.
func (rs *ruleSet) ignoredAgain(key []byte) func(hit) bool {
	var names map[string]string // of files that are listed, by key
	return func(h hit) bool {
		if h.Named == "" || !textual(h.Where) {
			return rs.ignored(h.scannedPath(), h.Rule, h.Line, h.Commit)
		}
		if names == nil {
			names = make(map[string]string)
			for listed := range rs.ignore {
				parts := strings.Split(listed, ":")
				if n := len(parts) - 2; n > 0 { // the rule and the line stand last, a commit may stand first
					for _, name := range []string{strings.Join(parts[:n], ":"), strings.Join(parts[1:n], ":")} {
						names[fileKey(key, name)] = name
					}
				}
			}
		}
		name, listed := names[h.Named]
		return listed && rs.ignored(name, h.Rule, h.Line, h.Commit)
	}
}

// isTestPath reports whether a path is of a kind where made-up credentials are
// usual. It lowers confidence of rules that go by shape alone, never hides.
func isTestPath(p string) bool {
	if p == "" {
		return false
	}
	base := path.Base(p)
	if strings.HasSuffix(base, "_test.go") || strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") || strings.HasPrefix(base, "test_") {
		return true
	}
	for _, dir := range strings.Split(path.Dir(p), "/") {
		switch strings.ToLower(dir) {
		case "testdata", "test", "tests", "testing", "e2e", "fixture", "fixtures", "mock", "mocks", "__tests__", "__fixtures__", "__mocks__", "examples", "example":
			return true
		}
	}
	return false
}

// finding turns a hit into what leaves the scanner.
func (h hit) finding(p review.Place, message string) review.Finding {
	info := infoOf(h.Rule)
	f := review.Finding{
		Rule: ruleIDOf(h.Rule), Severity: info.severity, Confidence: info.confidence, Scanner: Name,
		Place: p, Message: message, Key: h.Key,
	}
	if info.shape && isTestPath(h.Path) {
		f.Confidence = review.ConfidenceLow
	}
	return f
}
