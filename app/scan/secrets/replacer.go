package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// shortestSecret is how long a text must be to be taken out.
const shortestSecret = 4

// shortestKey is how many bytes the key of an installation has at least.
const shortestKey = 16

// maxEncoded bounds the secrets whose encodings are looked for.
const maxEncoded = 4 << 10

// saying is what stands in the place of a secret: a part of its keyed fingerprint, so
// that two routes that differ in a secret only stay two, and so that a reader can find
// it in the list of what is to be rotated.
func (k *known) saying(secret string) string {
	if len(k.key) < shortestKey {
		return redacted // without a key it could be tested
	}
	return fmt.Sprintf("[secret %s]", keyOf(k.key, secret)[:8])
}

// addAs adds a text that stands for a secret: itself, or an encoding of it.
func (k *known) addAs(text, secret string) {
	said := k.saying(secret)
	forms := []string{text}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line != text {
			forms = append(forms, line)
		}
	}
	if len(text) <= maxEncoded {
		forms = append(forms, encodingsOf(text)...)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range forms {
		if len(f) < shortestSecret || isFrame(f) {
			continue
		}
		if had, ok := k.says[f]; !ok || said < had { // of two secrets: the same every time
			k.says[f] = said
		}
	}
}

// isFrame reports whether a line of a secret is the same in all of its kind.
func isFrame(line string) bool {
	return strings.HasPrefix(line, "-----") && strings.HasSuffix(line, "-----") && !strings.Contains(strings.Trim(line, "-"), "-----")
}

// encodingsOf are the forms in which code and messages write a text.
func encodingsOf(s string) []string {
	quoted := strconv.Quote(s)
	forms := []string{quoted[1 : len(quoted)-1], hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), url.QueryEscape(s), url.PathEscape(s), backwards(s)}
	if telling(s) {
		forms = append(forms, strings.ToUpper(s), strings.ToLower(s)) // as of a method or a header
	}
	if raw, err := strconv.Unquote(`"` + s + `"`); err == nil {
		forms = append(forms, raw)
	}
	// Of its three ways to fall on base64's groups of three bytes, the letters that do
	// not depend on what stands beside it.
	for shift := range 3 {
		if b64 := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s)); len(s) >= shortestRun/2 {
			b64 = b64[(shift*8+5)/6 : len(b64)-1]
			forms = append(forms, b64, strings.NewReplacer("+", "-", "/", "_").Replace(b64))
		}
	}
	return forms
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// window is how much of a secret must stand in a text for it to be a part of it that
// one can recognise.
const window = 8

// replacer takes known secrets, and what is left of those that somebody cut off, out of
// texts.
type replacer struct {
	says  map[string]string
	whole map[string][]string // by their first bytes
	parts map[string]string   // what is said of a part
}

func (k *known) replacer() *replacer {
	r := &replacer{says: k.says, whole: make(map[string][]string), parts: make(map[string]string)}
	for s, said := range k.says {
		first := s[:shortestSecret]
		if len(s) >= window {
			first = s[:window]
		}
		r.whole[first] = append(r.whole[first], s)
		if len(s) < window+shortestSecret {
			continue
		}
		for i := 0; i+window <= len(s); i++ {
			if part := s[i : i+window]; opaque(part) {
				if had, ok := r.parts[part]; !ok || said < had {
					r.parts[part] = said
				}
			}
		}
	}
	return r
}

// opaque reports whether a part of a secret is one that no other text has by chance.
func opaque(s string) bool {
	turns, last := 0, classOf(s[0])
	for i := 1; i < len(s); i++ {
		switch c := classOf(s[i]); {
		case c == last || c == other || last == other:
		case c == digit || last == digit:
			turns += 2
		default:
			turns++ // as in aNameLikeThis
		}
		last = classOf(s[i])
	}
	return turns >= 4
}

type class byte

const (
	other class = iota
	digit
	small
	capital
)

func classOf(c byte) class {
	switch {
	case '0' <= c && c <= '9':
		return digit
	case 'a' <= c && c <= 'z':
		return small
	case 'A' <= c && c <= 'Z':
		return capital
	}
	return other
}

// cutOut is a part of a text that is to be taken out.
type cutOut struct {
	from, to int
	said     string
}

// replace returns s with what is said in the places of secrets.
func (r *replacer) replace(s string) string {
	if len(r.says) == 0 || len(s) < shortestSecret {
		return s
	}
	var cuts []cutOut
	for i := 0; i+shortestSecret <= len(s); {
		c, ok := r.at(s, i)
		if !ok {
			i++
			continue
		}
		cuts = append(cuts, c)
		i = c.to
	}
	if cuts == nil {
		return s
	}
	var b strings.Builder
	last, said := 0, ""
	for _, c := range cuts {
		if from := max(c.from, last); from > last || c.said != said {
			b.WriteString(s[last:from])
			b.WriteString(c.said)
		}
		last, said = c.to, c.said
	}
	b.WriteString(s[last:])
	return b.String()
}

// at returns what is to be taken out where s has a secret, or a part of one, at i.
func (r *replacer) at(s string, i int) (cutOut, bool) {
	longest := ""
	first := s[i:min(i+window, len(s))]
	for _, list := range [2][]string{r.whole[first[:shortestSecret]], r.whole[first]} {
		for _, w := range list {
			if len(w) > len(longest) && strings.HasPrefix(s[i:], w) && (telling(w) || standsAlone(s, i, i+len(w), len(w))) {
				longest = w
			}
		}
	}
	if longest != "" {
		return cutOut{i, i + len(longest), r.says[longest]}, true
	}
	if i+window > len(s) {
		return cutOut{}, false
	}
	said, ok := r.parts[s[i:i+window]]
	if !ok {
		return cutOut{}, false
	}
	// All of the word: its rest may be as much a part of the secret.
	from, to := i, i+window
	for from > 0 && inWord(s[from-1]) {
		from--
	}
	for to < len(s) && inWord(s[to]) {
		to++
	}
	return cutOut{from, to, said}, true
}

func inWord(c byte) bool { return classOf(c) != other || c == '_' || c == '+' || c == '=' }

// telling reports whether a secret cannot be an ordinary word.
func telling(s string) bool {
	for i := 0; i+window <= len(s); i++ {
		if opaque(s[i : i+window]) {
			return true
		}
	}
	return len(s) >= shortestRun && entropyOf(s) >= 3.5 || strings.ContainsAny(s, " \n!#$%^&*")
}

func entropyOf(s string) float64 {
	var count [256]float64
	for i := range len(s) {
		count[s[i]]++
	}
	e := 0.0
	for _, n := range count {
		if n > 0 {
			e -= n / float64(len(s)) * math.Log2(n/float64(len(s)))
		}
	}
	return e
}

// standsAlone reports whether s has at from..to something that is quoted, assigned or
// a part of an address, not a word of a sentence: "postgres" may be a password.
func standsAlone(s string, from, to, n int) bool {
	marks := "\"'`:=@"
	if n >= 12 {
		marks += "/?&,;([{"
	}
	before := from > 0 && strings.IndexByte(marks, s[from-1]) >= 0
	after := to == len(s) || !inWord(s[to]) && s[to] != '-'
	return before && after
}
