package publish

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// hostile is what a pull request puts into names, titles and paths.
var hostile = []string{
	"@octocat", "hey @org/team!", "owner/repo#12", "#1", "GH-1", "https://evil.example/x", "www.evil.example", "a@b.example",
	"[click](https://evil.example)", "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
	"`code` and ``more``", "```\nfence\n```", "~~~\nfence\n~~~", "| a | b |\n| - | - |", "# heading", "> quote", "- list", "1. list",
	"**bold** _em_ ~~gone~~", "&lt;b&gt; &copy;", "<!-- launchgate:aa:bb -->", "</details></table>", "$\\href{https://evil.example}{x}$",
	"\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "a\u202egpj.exe", "zero\u200bwidth", "null\x00byte", "tab\tnew\nline", "\xff\xfe",
	"[ref]: https://evil.example", "<https://evil.example>", "mailto:a@b.example", "ends with backslash \\", "``` ```` `",
	"0123456789abcdef0123456789abcdef01234567", ":tada:", "line  \nbreak", "[[wiki]]", "[^1]", "javascript:alert(1)",
}

var live = regexp.MustCompile(`(?i)<(a|img|script|iframe|h\d|ul|ol|blockquote|table|pre|strong|em|del|input)\b`)

func render(t *testing.T, md string) string {
	t.Helper()
	var b bytes.Buffer
	// WithUnsafe shows raw HTML that slipped through instead of hiding it.
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(md), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkInert(t *testing.T, s string) {
	t.Helper()
	if got := render(t, "x "+text(s)+" y"); live.MatchString(got) {
		t.Errorf("text(%q) renders as %s", s, got)
	}
	if out := text(s); mention.MatchString(out) || strings.ContainsAny(out, "\n\x1b\x00") {
		t.Errorf("text(%q) = %q keeps a mention, a reference or a control character", s, out)
	}
	got := render(t, "x "+code(s)+" y")
	if n := strings.Count(got, "<code>"); n != 1 || live.MatchString(got) {
		t.Errorf("code(%q) renders as %s", s, got)
	}
	got = render(t, "| a | b |\n| --- | --- |\n| "+cell(s)+" | "+text(s)+" |\n")
	if strings.Count(got, "<td>") != 2 {
		t.Errorf("cell(%q) does not stay in its cell: %s", s, got)
	}
	got = render(t, fenced("", s)+"\nafter\n")
	if strings.Count(got, "<pre>") != 1 || !strings.Contains(got, "<p>after</p>") {
		t.Errorf("fenced(%q) does not end where it should: %s", s, got)
	}
}

// mention is what GitHub links in running text.
var mention = regexp.MustCompile(`@[A-Za-z0-9]|#[0-9]|https?://|www\.[a-z]|\b[0-9a-f]{7,40}\b`)

func TestHostileTextIsInert(t *testing.T) {
	for _, s := range hostile {
		checkInert(t, s)
	}
	for i := range hostile {
		checkInert(t, hostile[i]+hostile[(i*7+3)%len(hostile)])
	}
}

func FuzzHostileTextIsInert(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkInert(t, s) })
}

func TestTerminalTextHasNoEscapeSequences(t *testing.T) {
	for _, s := range hostile {
		if got := terminal(s); strings.ContainsAny(got, "\x1b\x07\n\r\x00") || strings.ContainsRune(got, '\u202e') {
			t.Errorf("terminal(%q) = %q", s, got)
		}
	}
}
