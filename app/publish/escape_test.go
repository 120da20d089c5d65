package publish

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/review"
)

// hostile is what a pull request puts into names, titles and paths.
var hostile = []string{
	"@octocat", "hey @org/team!", "owner/repo#12", "#1", "GH-1", "JIRA-77", "https://evil.example/x", "www.evil.example", "WWW.EVIL.EXAMPLE", "wwww.evil.example", "a@b.example",
	"[click](https://evil.example)", "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<span>$</span>",
	"`code` and ``more``", "```\nfence\n```", "~~~\nfence\n~~~", "| a | b |\n| - | - |", "# heading", "> quote", "- list", "+ list", "1. list", "1) list", "===", "---",
	"**bold** _em_ ~~gone~~ ~x~", "snake_case and _x_y_", "&lt;b&gt; &copy;", "<!-- launchgate:aa:bb -->", "</details></table>", "$\\href{https://evil.example}{x}$", "$`x`$",
	"\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "a\u202egpj.exe", "zero\u200bwidth", "null\x00byte", "tab\tnew\nline", "\xff\xfe",
	"[ref]: https://evil.example", "<https://evil.example>", "mailto:a@b.example", "ends with backslash \\", "``` ```` `", `a\|b`, `\\|`, `|`, "`|`", "`\\|",
	"0123456789abcdef0123456789abcdef01234567", "0123456789ABCDEF", ":tada:", "line  \nbreak", "[[wiki]]", "[^1]", "javascript:alert(1)", "owner/repo@0123456",
	"Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306algo", "\u3164hangul filler", "vs\ufe0f\U000e0101", "tag\U000e0041", "\u2066iso\u2069", "http://\u2060x", "ftp://x.example", " \u00a0 ",
	"\x1b]0;never ends", "\x1bP1$r\x1b\\x", "\u009b31mc1", "\u009d0;t\u009cx", "1.", "1.\\", "a&#64;b", "&#x40;octocat", "xmpp:a@b.example/c",
}

// md renders as GitHub does as far as goldmark can. WithUnsafe shows raw HTML
// that slipped through instead of hiding it.
var md = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(goldmarkhtml.WithUnsafe()))

func render(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	if err := md.Convert([]byte(s), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	tag  = regexp.MustCompile(`</?[a-zA-Z][^>]*>|<!--`)
	span = regexp.MustCompile(`(?s)<code>(.*?)</code>`)
	// live is what GitHub turns into a link, a mention, a reference, an emoji or
	// mathematics when it stands in rendered text.
	live = regexp.MustCompile(`(?i)@[a-z0-9]|#[0-9]|[a-z]-[0-9]|://|www\.|\b[0-9a-f]{7,40}\b|:[a-z]+:|(mailto|xmpp|javascript):[a-z]`)
)

// shown returns the text a browser shows for rendered HTML.
func shown(rendered string) string {
	return html.UnescapeString(tag.ReplaceAllString(rendered, ""))
}

func unjoin(s string) string { return strings.ReplaceAll(s, string(joiner), "") }

func checkInert(t *testing.T, s string) {
	t.Helper()
	if strings.ContainsAny(text(s), "\n\x1b\x00") {
		t.Errorf("text(%q) = %q keeps a control character", s, text(s))
	}
	// As a paragraph of its own, and within one.
	for _, around := range [][2]string{{"", ""}, {"x ", " y"}} {
		if around[0] == "" && plain(s, 2000) == "" {
			continue
		}
		got := strings.TrimSuffix(render(t, "before\n\n"+around[0]+text(s)+around[1]+"\n"), "\n")
		got = strings.TrimPrefix(got, "<p>before</p>\n")
		inner := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(got, "<p>"), "</p>"), "<span>$</span>", "$")
		if tag.MatchString(inner) {
			t.Errorf("text(%q) renders as %s", s, got)
		}
		if found := live.FindString(shown(got)); found != "" {
			t.Errorf("text(%q) shows %q, in which %q is live", s, shown(got), found)
		}
		if want := strings.TrimSpace(around[0] + plain(s, 2000) + around[1]); unjoin(shown(got)) != want {
			t.Errorf("text(%q) shows %q, want %q", s, unjoin(shown(got)), want)
		}
	}

	got := render(t, "x "+code(s)+" y")
	m := span.FindAllStringSubmatch(got, -1)
	if len(m) != 1 || tag.MatchString(m[0][1]) || len(tag.FindAllString(got, -1)) != 4 {
		t.Errorf("code(%q) renders as %s", s, got)
	} else if want := plain(s, 400); want != "" && html.UnescapeString(m[0][1]) != want {
		t.Errorf("code(%q) shows %q, want %q", s, html.UnescapeString(m[0][1]), want)
	}

	got = render(t, "| a | b |\n| --- | --- |\n| "+cell(s)+" | "+text(s)+" |\n")
	m = span.FindAllStringSubmatch(got, -1)
	if strings.Count(got, "<td>") != 2 || len(m) != 1 {
		t.Errorf("cell(%q) does not stay in its cell: %s", s, got)
	} else if want := plain(s, 400); want != "" && unjoin(html.UnescapeString(m[0][1])) != unjoin(want) {
		t.Errorf("cell(%q) shows %q, want %q", s, html.UnescapeString(m[0][1]), want)
	}

	got = render(t, fenced("", s)+"\nafter\n")
	if strings.Count(got, "<pre>") != 1 || !strings.HasSuffix(got, "<p>after</p>\n") {
		t.Errorf("fenced(%q) does not end where it should: %s", s, got)
	}
	if out := terminal(s); strings.ContainsFunc(out, invisible) {
		t.Errorf("terminal(%q) = %q", s, out)
	}
	if out := visible(s); strings.ContainsFunc(out, invisible) {
		t.Errorf("visible(%q) = %q", s, out)
	}
	checkQuiet(t, s)
}

func checkQuiet(t *testing.T, s string) {
	t.Helper()
	doc, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var before, after string
	if err := json.Unmarshal(doc, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(quiet(doc), &after); err != nil || after != before || strings.ContainsFunc(string(quiet(doc)), loud) {
		t.Errorf("quiet(%s) = %s, %v", doc, quiet(doc), err)
	}
}

func TestHostileTextIsInert(t *testing.T) {
	for _, s := range hostile {
		checkInert(t, s)
	}
	for i := range hostile {
		checkInert(t, hostile[i]+hostile[(i*7+3)%len(hostile)])
		checkInert(t, hostile[i]+" "+hostile[(i*11+5)%len(hostile)])
	}
}

func FuzzHostileTextIsInert(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkInert(t, s) })
}

func TestTerminalSequencesGoWithAllTheyCarry(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[31mred\x1b[0m": "red",
		"\x1b]8;;https://evil.example\x07link\x1b]8;;\x07": "link",
		"\x1b]0;title\x1b\\text":                           "text",
		"\x1b]0;a string that never ends":                  "0;a string that never ends",
		"\u009b2Jc1":                                       "c1",
		"\x1bctext":                                        "text",
		"bell\x07":                                         "bell",
		"carriage\rreturn":                                 "carriage return",
	} {
		if got := terminal(in); got != want {
			t.Errorf("terminal(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestInvisibleCharactersOfNamesAreShown(t *testing.T) {
	if got, want := visible("a\u202egpj.exe"), `a\u{202e}gpj.exe`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if visible("a.go") == visible("a\u200b.go") {
		t.Error("two files read the same")
	}
}

func TestOnlyFaithfulTextIsSuggested(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "a()\n": true, "\tif x {\n\t}\n": true, "no newline": false, "a\r\n": false, "a\u200b\n": false, "a\x00\n": false, "\xff\n": false, "s := \"ä €\"\n": true,
	} {
		if got := faithful(s); got != want {
			t.Errorf("faithful(%q) = %v, want %v", s, got, want)
		}
		if want && !strings.Contains(fenced("suggestion", s), "suggestion\n"+s+"```") {
			t.Errorf("fenced changes %q", s)
		}
	}
}

func TestLongTextIsCutAtARune(t *testing.T) {
	for _, s := range []string{strings.Repeat("ä", 5000), strings.Repeat("a b", 5000), strings.Repeat("\u0300", 5000)} {
		got := plain(s, 100)
		if n := utf8.RuneCountInString(got); n > 102 || !utf8.ValidString(got) {
			t.Errorf("plain keeps %d runes of %q…", n, s[:4])
		}
	}
}

// TestLedgerEntriesAreYAMLWhateverTheRoute: what a comment offers to copy is one
// entry with four keys, and covers the route it is about unless the route's name
// cannot be shown as it is.
func TestLedgerEntriesAreYAMLWhateverTheRoute(t *testing.T) {
	names := append([]string{"POST /orders/:id", "GET /a/{b}/*", "* /x y", "GET /it's", `GET /"q"`, "GET /#x", "GET /a: b", "GET /- x", "GET /{a: b}", "GET /*alias", "GET /&anchor", "GET /!tag", "GET /%41", "GET /?q=[1]", "GET /null", "GET /1e3"}, hostile...)
	for _, name := range names {
		if _, path, _ := strings.Cut(name, " "); !strings.HasPrefix(path, "/") {
			name = "GET /" + name
		}
		block := ledgerEntry(review.Finding{Rule: "authz/missing", Routes: []string{name}})
		fence := regexp.MustCompile("^(`+)yaml\n").FindStringSubmatch(block)
		if fence == nil || strings.Count(block, fence[1]) != 2 {
			t.Errorf("%q: no fenced block:\n%s", name, block)
			continue
		}
		var doc map[string][]map[string]string
		if err := yaml.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(block, fence[0]), fence[1]+"\n")), &doc); err != nil {
			t.Errorf("%q: %v\n%s", name, err, block)
			continue
		}
		method, path, _ := strings.Cut(name, " ")
		entries := doc["public_routes"]
		if len(doc) != 1 || len(entries) != 1 || len(entries[0]) != 4 || entries[0]["method"] != method {
			t.Errorf("%q: the entry is %v", name, doc)
			continue
		}
		if plain(visible(path), 300) == path && entries[0]["path"] != path {
			t.Errorf("%q: the entry's path is %q", name, entries[0]["path"])
		}
	}
}
