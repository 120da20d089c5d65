package publish

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// maxCommentBytes keeps a comment far below GitHub's 65,536 characters.
const maxCommentBytes = 20_000

// maxJoined bounds a comment that says several things about one place.
const maxJoined = 50_000

// comment is what there is to say about one finding at its line.
type comment struct {
	finding  review.Finding
	rule     review.Rule
	blocking bool
	// suggest says that the comment stands on exactly the lines that the fix
	// replaces.
	suggest bool
	// button is the fix that another comment, an aside, offers as a one-click
	// change: its lines are in the diff, but not those of the finding.
	button *review.Fix
	// aside makes of the comment that other one: it offers this fix, and bears no
	// mark, for it is not about what stands there.
	aside *review.Fix
	// open says that none of the finding's routes has a guard: then they can be
	// meant to be public.
	open bool
}

// closedRoutes are the routes that somebody has to be known for.
func closedRoutes(routes []review.Route) map[string]bool {
	out := make(map[string]bool)
	for _, r := range routes {
		if r.Access == review.Authenticated || r.Access == review.Role {
			out[r.Key()] = true
		}
	}
	return out
}

// commentBody returns the Markdown of one GitHub comment about everything that was
// found at one place, and at its end a mark for each that only we can make.
func commentBody(about []comment, seal sealer, to links) string {
	var said, marks []string
	for _, c := range about {
		said = append(said, c.say(to))
		if c.aside == nil {
			marks = append(marks, seal.mark(c.finding))
		}
	}
	return strings.Join(said, "\n\n---\n\n") + "\n" + strings.Join(marks, "\n")
}

// say returns the Markdown about one finding: what, why, the path of evidence,
// the fix, how to say it is meant. A part that does not fit is left out.
func (c comment) say(to links) string {
	f := c.finding
	if c.aside != nil {
		return c.beside()
	}
	weight := f.Severity.String()
	if c.blocking {
		weight += ", blocks"
	}
	title := c.rule.Title
	if title == "" {
		title = string(f.Rule)
	}
	var parts []string
	if f.Expected != "" {
		parts = append(parts, "Probably meant: "+sentence(f.Expected, 500)+"\n")
	}
	if len(f.Routes) > 0 {
		parts = append(parts, "Opens "+codes(f.Routes, maxRoutes)+".\n")
	}
	if c.rule.Why != "" {
		parts = append(parts, c.rule.Why+"\n")
	}
	if len(f.Evidence) > 0 {
		parts = append(parts, steps(f.Evidence, to))
	}
	parts = append(parts, c.fix(), c.meant())

	about := ""
	if to.rule != nil {
		if u := to.rule(f.Rule); u != "" {
			about = fmt.Sprintf("[About this rule](<%s>) · ", u)
		}
	}
	foot := fmt.Sprintf("\n<sub>%sfingerprint %s</sub>", about, code(string(f.Fingerprint)))

	var b strings.Builder
	fmt.Fprintf(&b, "**%s** · %s · %s\n\n%s\n", text(title), code(string(f.Rule)), weight, to.said(f, 2000))
	for _, p := range parts {
		if p != "" && b.Len()+len(p)+len(foot)+1 <= maxCommentBytes {
			b.WriteString("\n" + p)
		}
	}
	return b.String() + foot
}

// fix says how to mend it: as a one-click change where the comment stands on
// its lines, as the proved change to make by hand, or in the rule's words.
func (c comment) fix() string {
	fix := c.finding.Fix
	unfaithful := func(e review.Edit) bool { return !faithful(e.New) }
	if fix == nil || !fix.Proved || len(fix.Edits) == 0 || slices.ContainsFunc(fix.Edits, unfaithful) {
		if c.rule.Fix == "" {
			return ""
		}
		return "**To mend it:** " + c.rule.Fix + "\n"
	}
	const checked = " Checked: with this change the package compiles and the finding is gone.\n\n"
	title := func(f review.Fix) string {
		if f.Title == "" {
			return "Mend it"
		}
		return sentence(f.Title, 200)
	}
	var out string
	if c.suggest {
		out = title(*fix) + checked + fenced("suggestion", fix.Edits[0].New)
	} else {
		out = title(*fix) + checked + c.made(fix)
	}
	if alt := c.finding.Alternative; alt != nil && alt.Proved && len(alt.Edits) > 0 && !slices.ContainsFunc(alt.Edits, unfaithful) {
		out += "\n<details><summary>Another way</summary>\n\n" + title(*alt) + checked + c.made(alt) + "\n</details>\n"
	}
	return out
}

// made says where the button of a change is, or writes the change out.
func (c comment) made(fix *review.Fix) string {
	if fix == c.button && len(fix.Edits) == 1 {
		return fmt.Sprintf("The change stands as a suggestion at line %d of %s.\n", fix.Edits[0].StartLine, code(visible(fix.Edits[0].Path)))
	}
	return byHand(*fix)
}

// beside is the whole of a comment that only offers a fix for something found
// elsewhere.
func (c comment) beside() string {
	change := byHand(*c.aside)
	if c.suggest {
		change = fenced("suggestion", c.aside.Edits[0].New)
	}
	return fmt.Sprintf("This mends what was found at %s (%s).\n\n%s Checked: with this change every package concerned compiles and that finding is gone.\n\n%s",
		code(where(c.finding.Place)), code(string(c.finding.Rule)), sentence(orElse(c.aside.Title, "Mend it"), 200), change)
}

// byHand writes a change out for somebody to make: its lines are not those the
// comment stands on, so no button can make it.
func byHand(fix review.Fix) string {
	var edits []string
	for i, e := range fix.Edits {
		if i == 5 {
			edits = append(edits, plural(len(fix.Edits)-i, "more edit", "more edits")+".\n")
			break
		}
		lines := fmt.Sprintf("line %d", e.StartLine)
		if e.EndLine > e.StartLine {
			lines = fmt.Sprintf("lines %d to %d", e.StartLine, e.EndLine)
		}
		if e.New == "" {
			edits = append(edits, fmt.Sprintf("Delete %s of %s.\n", lines, code(visible(e.Path))))
		} else {
			edits = append(edits, fmt.Sprintf("In place of %s of %s:\n\n%s", lines, code(visible(e.Path)), fenced(language(e.Path), e.New)))
		}
	}
	return strings.Join(edits, "\n")
}

// language is the info string of a fenced block, for highlighting.
func language(path string) string {
	if strings.HasSuffix(path, ".go") {
		return "go"
	}
	return ""
}

// meant says how to keep what was found.
func (c comment) meant() string {
	if entry := ledgerEntry(c.finding); entry != "" && c.open {
		return fmt.Sprintf("**If it is meant to be public**, add it to %s on the base branch, below the %s that may be there already (a new file begins with %s):\n\n%s", code(".github/launchgate.yml"), code("public_routes:"), code("version: 1"), entry)
	}
	if c.rule.Suppress != "" {
		return "**If it is meant:** " + c.rule.Suppress + "\n"
	}
	return ""
}

// maxRoutes is how many routes of one finding are written out; JSON has all.
const maxRoutes = 60

// maxLedgerEntries bounds the entries one comment offers: whoever lists more
// should think again.
const maxLedgerEntries = 10

// ledgerEntry returns the ready entries of the public-route ledger for the routes
// of a finding about who may call them.
func ledgerEntry(f review.Finding) string {
	if f.Rule.Family() != "authz" || len(f.Routes) == 0 || len(f.Routes) > maxLedgerEntries {
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

var yamlPlain = lazyregexp.New(`^(/[A-Za-z0-9/_.-]*|[A-Z]{3,})$`)

// yamlString quotes what is not plainly a path or a method.
func yamlString(s string) string {
	s = plain(visible(s), 300)
	if yamlPlain().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// sealer makes and knows the marks of our comments on one pull request. A mark
// is invisible in the rendered comment and lets us find it again. The HMAC keeps
// others from making one, and is bound to the pull request so that a mark
// cannot be carried from one to another.
type sealer struct {
	key         []byte
	repo        review.RepoID
	pullRequest int
}

// mark returns the mark of a finding's comment.
func (s sealer) mark(f review.Finding) string {
	rule := string(f.Rule)
	if !markRule().MatchString(rule) {
		rule = "unnamed/rule"
	}
	return fmt.Sprintf("<!-- launchgate:comment:%s:%s:%s -->", rule, f.Fingerprint, s.mac(rule, string(f.Fingerprint)))
}

func (s sealer) mac(rule, fingerprint string) string {
	mac := hmac.New(sha256.New, s.key)
	fmt.Fprintf(mac, "comment mark\x00%d\x00%d\x00%s\x00%s", s.repo, s.pullRequest, rule, fingerprint)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

var (
	markRule = lazyregexp.New(`^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$`)
	// markForm stands at the very end of a comment, once for each finding it is
	// about: what a repository's text brings stands before it.
	markForm = lazyregexp.New(`<!-- launchgate:comment:([a-z0-9/-]+):([0-9a-z]+):([0-9a-f]{32}) -->\s*$`)
)

// read returns the fingerprints of the findings that a comment is about, none
// when it has no mark of ours.
func (s sealer) read(body string) []review.Fingerprint {
	var out []review.Fingerprint
	for {
		m := markForm().FindStringSubmatchIndex(body)
		if m == nil {
			return out
		}
		rule, fingerprint, mac := body[m[2]:m[3]], body[m[4]:m[5]], body[m[6]:m[7]]
		if !hmac.Equal([]byte(s.mac(rule, fingerprint)), []byte(mac)) {
			return out
		}
		out, body = append(out, review.Fingerprint(fingerprint)), body[:m[0]]
	}
}
