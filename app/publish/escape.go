package publish

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// joiner is U+2060 WORD JOINER. It is invisible and breaks what GitHub would
// otherwise link: unlike Markdown's own escapes it survives into the rendered
// text, where mentions, references and bare addresses are looked for.
const joiner = '\u2060'

// dropSequences drops a terminal's escape sequences with all they carry: CSI,
// OSC and the other strings up to their end, two-byte escapes, and the one-byte
// forms of C1. A string that never ends only loses its introducer, so that
// nothing after it can be hidden. It is linear in s.
func dropSequences(s string) string {
	runes := []rune(s)
	lastEnd := len(runes) - 1 // of the last string terminator
	for ; lastEnd >= 0; lastEnd-- {
		if endsString(runes, lastEnd) {
			break
		}
	}
	var b strings.Builder
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if r == 0x1b && i+1 < len(runes) {
			i++
			r = runes[i]
			if r < 0x40 || r > 0x5f { // no C1 in its two-byte form
				if r < ' ' || r > '~' {
					i-- // a lone escape
				}
				continue
			}
			r += 0x40
		}
		switch {
		case r == 0x9b: // CSI: parameters, intermediates, one final
			for i+1 < len(runes) && ' ' <= runes[i+1] && runes[i+1] <= '?' {
				i++
			}
			if i+1 < len(runes) && '@' <= runes[i+1] && runes[i+1] <= '~' {
				i++
			}
		case r == 0x90, r == 0x98, 0x9d <= r && r <= 0x9f: // DCS, SOS, OSC, PM, APC
			for ; i < lastEnd; i++ {
				if endsString(runes, i+1) {
					i++
					break
				}
			}
		case r < 0x80 || r > 0x9f:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// endsString reports whether a terminal string ends at rune i: BEL, ST, or the
// second half of ST's two-byte form.
func endsString(runes []rune, i int) bool {
	return runes[i] == 0x07 || runes[i] == 0x9c || runes[i] == '\\' && i > 0 && runes[i-1] == 0x1b
}

// invisible reports what a reader cannot see or what changes the order in
// which text is read: control, format (bidirectional, zero-width, tag), private
// and surrogate characters, blanks that pass for letters, variation selectors.
func invisible(r rune) bool {
	return !unicode.IsPrint(r) || r == '\u2800' ||
		unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// maxMarks is how many combining marks one letter keeps. More pile up over the
// lines above and below.
const maxMarks = 3

// plain makes one line of harmless text: terminal sequences and invisible
// characters are dropped, white space is folded, and at most max runes are kept.
func plain(s string, max int) string {
	if strings.ContainsFunc(s, unicode.IsControl) {
		s = dropSequences(s)
	}
	var b strings.Builder
	space, n, marks := false, 0, 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			r = '?'
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case invisible(r):
			continue
		}
		if marks++; !isMark(r) {
			marks = 0
		} else if marks > maxMarks {
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

// visible shows the characters of a name that cannot be seen by their number,
// so that two files that look the same do not read the same.
func visible(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return invisible(r) || r != ' ' && unicode.IsSpace(r) }) {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		if invisible(r) || r != ' ' && unicode.IsSpace(r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// text escapes s as running text on one line: nothing in it is formatted,
// linked, mentioned or referenced.
func text(s string) string { return brief(s, 2000) }

// brief is text of at most max runes.
func brief(s string, max int) string { return escaped(plain(s, max)) }

// escaped escapes one line. Only what could begin something is escaped, so that
// the Markdown stays readable where it is shown as it is, and names can be
// copied.
func escaped(s string) string {
	var b strings.Builder
	runes := []rune(s)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	hex := 0
	for i, r := range runes {
		prev, next := at(i-1), at(i+1)
		switch r {
		case '\\', '`', '*', '[', ']', '|', '~':
			b.WriteByte('\\')
		case '_':
			if !isWord(prev) || !isWord(next) { // within a word it is only itself
				b.WriteByte('\\')
			}
		case '#', '-', '+', '=', '>':
			if i == 0 { // a heading, a list, a rule, a heading's underline, a quote
				b.WriteByte('\\')
			}
		case '.', ')':
			if isDigit(prev) && !isWord(next) { // "1. " begins a list
				b.WriteByte('\\')
			}
		}
		// GitHub links 7 to 40 hexadecimal digits to a commit.
		if hex++; !unicode.Is(unicode.ASCII_Hex_Digit, r) {
			hex = 0
		} else if hex == 7 {
			b.WriteRune(joiner)
			hex = 1
		}
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		case '$': // begins mathematics; this is GitHub's own way to say it does not
			b.WriteString("<span>$</span>")
		default:
			b.WriteRune(r)
		}
		switch {
		case (r == '@' || r == '#' || r == ':') && next != ' ': // mentions, references, addresses, emoji
			b.WriteRune(joiner)
		case r == '-' && unicode.IsLetter(prev) && isDigit(next): // GH-1, TICKET-1
			b.WriteRune(joiner)
		case (r == 'w' || r == 'W') && (next == 'w' || next == 'W'): // www.
			b.WriteRune(joiner)
		}
	}
	return b.String()
}

// isMark reports whether r is drawn over the letter before it.
func isMark(r rune) bool { return unicode.Is(unicode.M, r) }

func isWord(r rune) bool  { return unicode.IsLetter(r) || unicode.IsDigit(r) }
func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// code puts s into a code span on one line. GitHub renders no mentions, links
// or HTML in code spans; the fence is longer than any run of backticks inside.
func code(s string) string {
	s = plain(s, 400)
	if s == "" {
		return "` `"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if len(fence) == 1 {
		return fence + s + fence
	}
	return fence + " " + s + " " + fence
}

// cell is code for a table.
func cell(s string) string { return inCell(code(s)) }

// inCell escapes the pipes of a code span, which end a table's cell even there.
// Renderers disagree on a backslash before one, so the two are kept apart.
func inCell(span string) string {
	return strings.ReplaceAll(strings.ReplaceAll(span, `\|`, `\`+string(joiner)+`|`), "|", `\|`)
}

// fenced puts lines into a fenced block whose fence no line inside can close.
// Line breaks stay, everything invisible goes.
func fenced(info, s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' || !invisible(r) {
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

// faithful reports whether fenced would show s as it is. What it would change
// must not be offered as a one-click suggestion.
func faithful(s string) bool {
	return utf8.ValidString(s) && (s == "" || strings.HasSuffix(s, "\n")) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && (invisible(r) || r == utf8.RuneError) })
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

// quiet escapes the characters of a JSON text that a terminal would act on or
// that change how it reads. JSON allows them as they are, in strings only.
func quiet(doc []byte) []byte {
	if !strings.ContainsFunc(string(doc), loud) {
		return doc
	}
	var b strings.Builder
	for _, r := range string(doc) {
		switch {
		case !loud(r):
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(b.String())
}

func loud(r rune) bool { return r >= 0x7f && invisible(r) }
