package secrets

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/zricethezav/gitleaks/v8/detect/codec"
)

// The kinds of encodings gitleaks decodes, in falling precedence.
const (
	percentKind = iota
	unicodeKind
	hexKind
	base64Kind
)

type encodedSpan struct{ kind, from, to int }

// interval is a range of bytes, or of lines.
type interval struct{ from, to int }

// joined puts intervals in order and makes those one that meet.
func joined(list []interval) []interval {
	slices.SortFunc(list, func(a, b interval) int { return a.from - b.from })
	out := list[:0]
	for _, w := range list {
		if n := len(out); n > 0 && w.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, w.to)
			continue
		}
		out = append(out, w)
	}
	return out
}

// decodeOnce does one pass of gitleaks' decoder (detect/codec of v8.30.1)
// without its regular expression over the whole text. It returns the decoded
// text and where in it decoded segments lie; none when nothing is decoded. A
// fuzz test holds it to gitleaks' own.
func decodeOnce(text []byte) ([]byte, []interval) {
	spans := decodableSpans(text)
	var out []byte
	var segments []interval
	at := 0
	for i, s := range spans {
		// Of two that touch, gitleaks leaves the lower precedence to the next
		// pass.
		if len(spans) > 1 && (i > 0 && spans[i-1].to >= s.from && spans[i-1].kind < s.kind ||
			i+1 < len(spans) && spans[i+1].from <= s.to && spans[i+1].kind < s.kind) {
			continue
		}
		plain := decodeSpan(text[s.from:s.to], s.kind)
		if len(plain) == 0 {
			continue
		}
		out = append(out, text[at:s.from]...)
		segments = append(segments, interval{len(out), len(out) + len(plain)})
		out = append(out, plain...)
		at = s.to
	}
	if len(segments) == 0 {
		return text, nil
	}
	return append(out, text[at:]...), segments
}

// decodableBlock is about how much text is asked at once whether any of it decodes to
// something.
const decodableBlock = 1 << 10

// decodableSpans is encodedSpans without some that decode to nothing. All that is
// decoded lies within a line, so that lines are told apart which decode to nothing, but
// for code points, which may be lines apart.
func decodableSpans(text []byte) []encodedSpan {
	if hasCodePoints(text) {
		return encodedSpans(text)
	}
	lineEnd := func(at int) int {
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			return at + n + 1
		}
		return len(text)
	}
	var out []encodedSpan
	for at := 0; at < len(text); {
		end := lineEnd(min(at+decodableBlock, len(text)-1))
		if !decodable(text[at:end]) {
			at = end
		}
		for at < end {
			next := lineEnd(at)
			if line := text[at:next]; decodable(line) {
				for _, s := range encodedSpans(line) {
					out = append(out, encodedSpan{s.kind, at + s.from, at + s.to})
				}
			}
			at = next
		}
	}
	return out
}

// encodedSpans finds what gitleaks' expression for encodings matches, leftmost
// first.
func encodedSpans(text []byte) []encodedSpan {
	var out []encodedSpan
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '%':
			if !percentAt(text, i) {
				i++
				continue
			}
			end := i + 3
			line := text[end:]
			if n := bytes.IndexByte(line, '\n'); n >= 0 {
				line = line[:n]
			}
			for j := len(line) - 3; j >= 0; j-- {
				if percentAt(line, j) {
					end += j + 3
					break
				}
			}
			out = append(out, encodedSpan{percentKind, i, end})
			i = end
		case c == '\\':
			end := i
			for {
				n := escapeAt(text, end)
				if n == 0 {
					break
				}
				end += n
			}
			if end > i {
				out = append(out, encodedSpan{unicodeKind, i, end})
				i = end
			} else {
				i++
			}
		case runByte[c]:
			if end := codePointsAt(text, i); end > i {
				out = append(out, encodedSpan{unicodeKind, i, end})
				i = end
				continue
			}
			end, hex := i, 0
			for end < len(text) && runByte[text[end]] {
				if hex == end-i && hexDigit[text[end]] {
					hex++
				}
				end++
			}
			switch {
			case hex >= 32:
				out = append(out, encodedSpan{hexKind, i, i + hex})
				i += hex
			case end-i >= 16:
				for pad := 0; pad < 2 && end < len(text) && text[end] == '='; pad++ {
					end++
				}
				out = append(out, encodedSpan{base64Kind, i, end})
				i = end
			default:
				next := end
				for j := i + 1; j < end; j++ {
					if text[j] == 'U' && codePointsAt(text, j) > j {
						next = j
						break
					}
				}
				i = next
			}
		default:
			i++
		}
	}
	return out
}

func percentAt(b []byte, i int) bool {
	return i+2 < len(b) && b[i] == '%' && hexDigit[b[i+1]] && hexDigit[b[i+2]]
}

// escapeAt returns the length of one \uXXXX or \\uXXXX.
func escapeAt(b []byte, i int) int {
	for _, slashes := range [2]int{2, 1} {
		j := i + slashes
		if j < len(b) && b[i] == '\\' && b[j-1] == '\\' && (b[j] == 'u' || b[j] == 'U') && fourHex(b[j+1:]) {
			return slashes + 5
		}
	}
	return 0
}

// codePointsAt returns the end of one or more "U+XXXX" that end in space or at
// the end of the text.
func codePointsAt(b []byte, i int) int {
	for i+6 <= len(b) && b[i] == 'U' && b[i+1] == '+' && fourHex(b[i+2:]) {
		if i+6 == len(b) {
			return i + 6
		}
		switch b[i+6] {
		case ' ', '\t', '\n', '\r', '\f':
			i += 7
		default:
			return i
		}
	}
	return i
}

func decodeSpan(b []byte, kind int) []byte {
	switch kind {
	case percentKind:
		out := make([]byte, 0, len(b))
		for i := 0; i < len(b); i++ {
			if percentAt(b, i) {
				v := hexValue[b[i+1]]<<4 | hexValue[b[i+2]]
				if !printable(v) {
					return nil
				}
				out = append(out, v)
				i += 2
				continue
			}
			out = append(out, b[i])
		}
		return out
	case unicodeKind:
		// Seldom, short and intricate: left to gitleaks.
		plain, segments := codec.NewDecoder().Decode(string(b), nil)
		if len(segments) == 0 {
			return nil
		}
		return []byte(plain)
	case hexKind:
		if len(b)%2 != 0 || !bytes.ContainsAny(b, "0123456789") || !hexPrintable(b) {
			return nil
		}
		out := make([]byte, len(b)/2)
		for i := range out {
			out[i] = hexValue[b[2*i]]<<4 | hexValue[b[2*i+1]]
		}
		return out
	}
	if !bytes.ContainsAny(b, "0123456789+/-_") || !base64Decodable(bytes.TrimRight(b, "=")) {
		return nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		out, err := enc.DecodeString(string(b))
		if err == nil && allPrintable(out) {
			return out
		}
	}
	return nil
}

func allPrintable(b []byte) bool {
	for _, c := range b {
		if !printable(c) {
			return false
		}
	}
	return true
}
