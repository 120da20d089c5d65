package load

import "bytes"

// withoutBodies blanks, before a dependency's file is parsed, what its
// declarations do not need: function bodies and the elements of package-level
// literals whose type is written out. Parsing them would be half of all work.
// Every line stays where it is. src is not changed.
//
// It reads tokens, not grammar, and relies on what any Go file keeps to: a body
// begins on the line its signature ends on, and a brace after "struct" or
// "interface" begins a type. The elements of [...]T{…} stay: they are the length.
func withoutBodies(src []byte) []byte {
	b := bodies{src: src}
	b.scan()
	if b.out == nil {
		return src
	}
	return b.out
}

type bodies struct {
	src, out []byte
	at       int
}

// The kinds of declaration that matter.
const (
	otherDecl = iota
	funcDecl
	varDecl
)

func (b *bodies) scan() {
	decl, depth, group := otherDecl, 0, 0
	fresh := true   // nothing but space since the line began
	sized := false  // [...] was seen in this specification
	var prev []byte // the token before
	for b.at < len(b.src) {
		start := b.at
		c := b.src[b.at]
		switch {
		case c == '\n':
			b.at++
			if fresh = true; depth == 0 && decl == funcDecl && !bytes.Equal(prev, []byte("func")) {
				decl = otherDecl // a function without body
			}
			if depth <= group {
				sized = false
			}
			continue
		case c == ' ' || c == '\t' || c == '\r':
			b.at++
			continue
		case b.skipped():
			if c == '/' {
				continue // a comment is no token
			}
		case isLetter(c):
			for b.at < len(b.src) && (isLetter(b.src[b.at]) || '0' <= b.src[b.at] && b.src[b.at] <= '9') {
				b.at++
			}
			if word := b.src[start:b.at]; depth == 0 && fresh {
				switch string(word) {
				case "func":
					decl = funcDecl
				case "var":
					decl, group, sized = varDecl, 0, false
				case "type", "const", "import", "package":
					decl = otherDecl
				}
			}
		case c == '(' || c == '[':
			b.at++
			depth++
			if decl == varDecl && string(prev) == "var" && c == '(' {
				group = 1 // each line of it is a declaration of its own
			}
		case c == ')' || c == ']' || c == '}':
			b.at++
			depth--
		case c == '.':
			if b.at++; bytes.HasPrefix(b.src[start:], []byte("...")) {
				b.at += 2
				sized = sized || len(prev) == 1 && prev[0] == '['
			}
		case c == '{':
			isType := string(prev) == "struct" || string(prev) == "interface"
			if isType || decl == otherDecl || decl == funcDecl && depth > 0 || decl == varDecl && sized {
				b.at++
				depth++
				break
			}
			b.blank()
			if decl == funcDecl {
				decl = otherDecl
			}
		default:
			b.at++
		}
		prev, fresh = b.src[start:b.at], false
	}
}

// blank puts spaces between the brace at b.at and its counterpart and goes on
// behind it.
func (b *bodies) blank() {
	from := b.at + 1
	b.at = from
	for depth := 1; b.at < len(b.src); {
		switch b.src[b.at] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				if b.out == nil {
					b.out = bytes.Clone(b.src)
				}
				for i := from; i < b.at; i++ {
					if b.out[i] != '\n' {
						b.out[i] = ' '
					}
				}
				b.at++
				return
			}
		default:
			if b.skipped() {
				continue
			}
		}
		b.at++
	}
}

// skipped goes behind the comment, string or rune that begins at b.at, if one
// does.
func (b *bodies) skipped() bool {
	rest := b.src[b.at:]
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		i := 1
		for i < len(rest) && rest[i] != c && rest[i] != '\n' {
			if rest[i] == '\\' {
				i++
			}
			i++
		}
		b.at += min(i+1, len(rest))
	case c == '`':
		b.skipTo(1, "`")
	case c == '/' && bytes.HasPrefix(rest, []byte("//")):
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			b.at += i
		} else {
			b.at = len(b.src)
		}
	case c == '/' && bytes.HasPrefix(rest, []byte("/*")):
		b.skipTo(2, "*/")
	default:
		return false
	}
	return true
}

func (b *bodies) skipTo(from int, end string) {
	rest := b.src[b.at+from:]
	if i := bytes.Index(rest, []byte(end)); i >= 0 {
		b.at += from + i + len(end)
	} else {
		b.at = len(b.src)
	}
}

func isLetter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= 0x80
}
