package secrets

import "bytes"

// decodable reports whether gitleaks' decoders could decode anything in text.
// It errs on the side of yes. It mirrors detect/codec of gitleaks v8.30.1:
// percent and unicode escapes by their form; runs of 32 or more hexadecimal
// digits and of 16 or more base64 characters by whether what they decode to is
// printable, which ordinary long names almost never are.
func decodable(text []byte) bool {
	for rest, i := text, bytes.IndexByte(text, '%'); i >= 0; i = bytes.IndexByte(rest, '%') {
		rest = rest[i+1:]
		if len(rest) >= 2 && hexDigit[rest[0]] && hexDigit[rest[1]] {
			return true
		}
	}
	for rest, i := text, bytes.IndexByte(text, '\\'); i >= 0; i = bytes.IndexByte(rest, '\\') {
		rest = rest[i+1:]
		if len(rest) >= 5 && (rest[0] == 'u' || rest[0] == 'U') && fourHex(rest[1:]) {
			return true
		}
	}
	for rest, i := text, bytes.Index(text, []byte("U+")); i >= 0; i = bytes.Index(rest, []byte("U+")) {
		rest = rest[i+2:]
		if fourHex(rest) {
			return true
		}
	}
	// A run of 16 covers every place that is a multiple of 16.
	for i := 15; i < len(text); i += 16 {
		if !runByte[text[i]] {
			continue
		}
		from, to := i, i+1
		for from > 0 && runByte[text[from-1]] {
			from--
		}
		for to < len(text) && runByte[text[to]] {
			to++
		}
		if to-from >= 16 && runDecodable(text[from:to]) {
			return true
		}
		for i+16 < to {
			i += 16
		}
	}
	return false
}

// runDecodable looks at one whole run of base64 characters. gitleaks takes 32
// or more hexadecimal digits off its beginning first.
func runDecodable(run []byte) bool {
	for len(run) >= 16 {
		n := 0
		for n < len(run) && hexDigit[run[n]] {
			n++
		}
		if n < 32 {
			return base64Decodable(run)
		}
		if n%2 == 0 && hexPrintable(run[:n]) {
			return true
		}
		run = run[n:]
	}
	return false
}

func hexPrintable(run []byte) bool {
	for i := 0; i+1 < len(run); i += 2 {
		if b := hexValue[run[i]]<<4 | hexValue[run[i+1]]; b <= '\x08' || b >= '\x7f' {
			return false
		}
	}
	return true
}

// base64Decodable decodes whole groups of four and leaves the rest open.
func base64Decodable(run []byte) bool {
	for i := 0; i+4 <= len(run); i += 4 {
		v := uint32(base64Value[run[i]])<<18 | uint32(base64Value[run[i+1]])<<12 | uint32(base64Value[run[i+2]])<<6 | uint32(base64Value[run[i+3]])
		if !printable(byte(v>>16)) || !printable(byte(v>>8)) || !printable(byte(v)) {
			return false
		}
	}
	return true
}

func printable(b byte) bool { return b > '\x08' && b < '\x7f' }

func fourHex(b []byte) bool {
	return len(b) >= 4 && hexDigit[b[0]] && hexDigit[b[1]] && hexDigit[b[2]] && hexDigit[b[3]]
}

var (
	hexDigit    [256]bool
	hexValue    [256]byte
	runByte     [256]bool // [\w/+-], what gitleaks takes for base64
	base64Value [256]byte // either alphabet
)

func init() {
	for i, c := range []byte("0123456789abcdef") {
		hexDigit[c], hexValue[c] = true, byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		hexDigit[c], hexValue[c] = true, byte(10+i)
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		runByte[c], base64Value[c] = true, byte(i)
	}
	runByte['-'], base64Value['-'] = true, 62
	runByte['_'], base64Value['_'] = true, 63
}
