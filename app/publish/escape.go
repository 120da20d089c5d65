package publish

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain makes one line of harmless text: control, invisible and bidirectional
// characters are dropped (they hide or reorder what a reader sees), white space
// is folded, and at most max runes are kept.
func plain(s string, max int) string {
	var b strings.Builder
	space, n := false, 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			r = '?'
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r), !unicode.IsPrint(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
			n++
		}
		if n++; n > max {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// markdownSpecial are the characters that begin or end something in GitHub's
// Markdown. @, # and : are handled by breaking the word, because GitHub finds
// mentions, references and addresses outside Markdown's own escapes.
const markdownSpecial = "\\`*_{}[]()<>#+-.!|~&$\"'^="

// text escapes s as running text on one line: nothing in it is formatted,
// linked, mentioned or referenced.
func text(s string) string { return escaped(plain(s, 2000)) }

func escaped(s string) string {
	var b strings.Builder
	prev := rune(' ')
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@', r == '#':
			// A zero-width joiner stops "@name", "#1" and "owner/repo#1".
			b.WriteRune(r)
			b.WriteRune('\u2060')
		case r == ':' || r == '.' && isWord(prev) || r == '/':
			// "https://x", "www.x" and "x/y#1" are no addresses once broken.
			b.WriteRune(r)
			b.WriteRune('\u2060')
		case strings.ContainsRune(markdownSpecial, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		prev = r
	}
	return breakHex(b.String())
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// breakHex stops GitHub from turning 7 to 40 hexadecimal digits into a link to
// a commit.
func breakHex(s string) string {
	var b strings.Builder
	run := 0
	for _, r := range s {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			if run++; run == 7 {
				b.WriteRune('\u2060')
				run = 1
			}
		} else {
			run = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code puts s into a code span on one line. GitHub renders no mentions, links
// or HTML in code spans; the fence is longer than any run of backticks inside.
func code(s string) string {
	s = plain(s, 400)
	if s == "" {
		s = " "
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if len(fence) == 1 && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
		return fence + s + fence
	}
	return fence + " " + s + " " + fence
}

// cell is code for a table: a pipe would end the cell even inside a code span.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// fenced puts lines into a fenced block whose fence no line inside can close.
// Line breaks stay, everything invisible goes.
func fenced(info, s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) {
			b.WriteRune(r)
		}
	}
	body := b.String()
	if !strings.HasSuffix(body, "\n") && body != "" {
		body += "\n"
	}
	fence := strings.Repeat("`", max(3, longestRun(body, '`')+1))
	return fence + info + "\n" + body + fence + "\n"
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == c {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// terminal makes s safe to print on a terminal: no escape sequences, no line
// breaks.
func terminal(s string) string { return plain(s, 4000) }
