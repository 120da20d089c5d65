package publish

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// maxCommentBytes keeps a comment far below GitHub's 65,536 characters.
const maxCommentBytes = 20_000

// commentBody returns the body of a line comment: what, why, the path of
// evidence, the fix, how to say it is meant, and a marker that only we can make.
func commentBody(f review.Finding, rule review.Rule, blocking bool, key []byte, ruleURL func(review.RuleID) string) string {
	var b strings.Builder
	weight := f.Severity.String()
	if blocking {
		weight += ", blocks"
	}
	fmt.Fprintf(&b, "**%s** · %s · %s\n\n%s\n", text(rule.Title), code(string(f.Rule)), weight, sentence(text(f.Message)))
	if f.Expected != "" {
		fmt.Fprintf(&b, "\nProbably meant: %s.\n", text(f.Expected))
	}
	if len(f.Routes) > 0 {
		list := f.Routes
		more := ""
		if len(list) > 20 {
			list, more = list[:20], fmt.Sprintf(" and %d more", len(f.Routes)-20)
		}
		var names []string
		for _, r := range list {
			names = append(names, code(r))
		}
		fmt.Fprintf(&b, "\nOpens: %s%s.\n", strings.Join(names, ", "), more)
	}
	if len(f.Evidence) > 0 {
		b.WriteString("\n" + steps(f.Evidence))
	}
	if s := suggestion(f); s != "" {
		fmt.Fprintf(&b, "\n%s\n%s", text(f.Fix.Title), s)
	} else if rule.Fix != "" {
		b.WriteString("\n" + rule.Fix + "\n")
	}
	if ledger := ledgerEntry(f); ledger != "" {
		fmt.Fprintf(&b, "\nIf it is meant to be public, add to %s on the base branch:\n\n%s", code(".github/launchgate.yml"), ledger)
	}
	body := b.String()
	if len(body) > maxCommentBytes {
		body = text(f.Message) + "\n"
	}
	page := ""
	if ruleURL != nil {
		page = fmt.Sprintf("[About this rule](%s) · ", ruleURL(f.Rule))
	}
	return body + fmt.Sprintf("\n<sub>%sfingerprint %s</sub>\n%s", page, code(string(f.Fingerprint)), marker(f, key))
}

// suggestion returns the block that GitHub turns into a one-click change. Only
// proved fixes whose single edit replaces exactly the commented lines qualify.
func suggestion(f review.Finding) string {
	if f.Fix == nil || !f.Fix.Proved || len(f.Fix.Edits) != 1 || f.Place.Side != review.Right {
		return ""
	}
	e := f.Fix.Edits[0]
	if e.Path != f.Place.Path || e.StartLine != f.Place.Line || e.EndLine != max(f.Place.Line, f.Place.EndLine) {
		return ""
	}
	return fenced("suggestion", e.New)
}

// ledgerEntry returns the ready entry of the public-route ledger.
func ledgerEntry(f review.Finding) string {
	if f.Rule != "authz/missing" || len(f.Routes) == 0 || len(f.Routes) > 10 {
		return ""
	}
	var b strings.Builder
	b.WriteString("public_routes:\n")
	for _, r := range f.Routes {
		method, path, _ := strings.Cut(r, " ")
		fmt.Fprintf(&b, "  - method: %s\n    path: %s\n    why: say why everybody may call it\n    owner: say whose it is\n", yamlString(method), yamlString(path))
	}
	return fenced("yaml", b.String())
}

// yamlString quotes what is not a plain word.
func yamlString(s string) string {
	s = plain(s, 300)
	if regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9/_.-]*$`).MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// marker is invisible in the rendered comment. It lets us find our own comments
// again; the HMAC keeps others from making one.
func marker(f review.Finding, key []byte) string {
	return fmt.Sprintf("<!-- launchgate:%s:%s -->", f.Fingerprint, seal(string(f.Fingerprint), key))
}

func seal(s string, key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("comment marker\x00" + s))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

var markerForm = regexp.MustCompile(`<!-- launchgate:([0-9a-z]+):([0-9a-f]{32}) -->`)

// markedFingerprints returns the fingerprints whose genuine markers stand in a
// comment's body.
func markedFingerprints(body string, key []byte) []review.Fingerprint {
	var out []review.Fingerprint
	for _, m := range markerForm.FindAllStringSubmatch(body, -1) {
		if hmac.Equal([]byte(seal(m[1], key)), []byte(m[2])) {
			out = append(out, review.Fingerprint(m[1]))
		}
	}
	return out
}
