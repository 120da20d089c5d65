package secrets

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What a name and its value look like in files, apart from each other and in pieces.
var (
	someNames  = []string{"password", "api_key", "secret", "token", "Key", "auth", "ADOBE_CLIENT_SECRET", "datadog", "accessKey", "credentials", "machine x login y password", "\"auth\""}
	someEquals = []string{"=", ":", " = ", ": ", " => ", " := ", "=\"", ": '", ",", " "}
	someBreaks = []string{"\n", "\r\n", "\n\n", "\\\n", " \\\n  ", "\n   ", "\n\n\n", "\n# nothing\n", "%0A", "\\n", "\t"}
	nearValues = []string{"answer.accepted", "changeme", "user.getName()", "os.Getenv", "process.env.API_KEY", "abcdefghijklmnopqrst", "${SECRET}", "0000000000000000", "http_status_unauthorized", "example-value-1234567890"}
)

// value is what may stand beside a name; now and then what stood there before, perhaps
// beside another or in another form.
func (h *randomHistory) value() string {
	if len(h.values) > 0 && h.one(2) {
		return h.pick(h.values)
	}
	v := h.newValue()
	if h.values = append(h.values, v); len(h.values) > 30 {
		h.values = slices.Delete(h.values, 0, 10)
	}
	return v
}

func (h *randomHistory) newValue() string {
	switch h.IntN(6) {
	case 0:
		return h.pick(nearValues)
	case 1:
		return base64.StdEncoding.EncodeToString([]byte("user:" + h.letters(8+h.IntN(16), alphanumeric)))
	case 2:
		return h.letters(32, "0123456789abcdef")
	case 3:
		return h.secret()
	}
	return h.letters(10+h.IntN(30), alphanumeric)
}

// escape writes some letters of a text as escapes, one, some or all of them.
func (h *randomHistory) escape(s string) string {
	form := h.pick([]string{"%%%02x", "%%%02X", "\\u%04x", "U+%04X ", "U+%04X"})
	from, to := 0, len(s)
	if h.IntN(3) > 0 && len(s) > 0 {
		from = h.IntN(len(s))
		to = from + 1 + h.IntN(min(len(s)-from, 8))
	}
	var b strings.Builder
	for i := range len(s) {
		if i >= from && i < to {
			fmt.Fprintf(&b, form, s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// pair makes a name and its value, on one line or more, of which parts may be encoded.
func (h *randomHistory) pair() string {
	name, equals, value := h.pick(someNames), h.pick(someEquals), h.value()
	switch h.IntN(9) {
	case 0:
		name = h.escape(name)
	case 1:
		value = h.escape(value)
	case 2:
		value = h.encode(value)
	case 3:
		return h.escape(name + equals + value)
	case 4:
		return h.encode(name + equals + h.pick(someBreaks) + value)
	case 5, 6:
		name += h.pick(someBreaks)
	case 7:
		equals += h.pick(someBreaks)
	}
	return name + equals + value + h.pick([]string{"", "", "\"", "'", ";", ",", "\\n"})
}

// block makes lines of which a secret is more than one, or is one because of others.
func (h *randomHistory) block() string {
	var b strings.Builder
	switch h.IntN(7) {
	case 0:
		kind := h.pick([]string{"RSA ", "", "EC ", "OPENSSH ", "PGP "})
		fmt.Fprintf(&b, "%s-----BEGIN %sPRIVATE"+" KEY-----\n", h.pick([]string{"", "key: |\n  ", "KEY=\"", "  "}), kind)
		for range 1 + h.IntN(8) {
			b.WriteString(h.letters(64, alphanumeric+"+/") + "\n")
		}
		if h.IntN(4) > 0 {
			fmt.Fprintf(&b, "-----END %sPRIVATE"+" KEY-----", kind)
		}
	case 1:
		b.WriteString("{\n\t\"auths\": {\n\t\t\"registry.example.org\": {\n\t\t\t\"auth\": \"" + base64.StdEncoding.EncodeToString([]byte("bot:"+h.letters(20, alphanumeric))) + "\"\n\t\t}\n\t}\n}")
	case 2:
		fmt.Fprintf(&b, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ntype: Opaque\ndata:\n", h.letters(5, "abc"))
		for range 1 + h.IntN(3) {
			fmt.Fprintf(&b, "  %s: %s\n", h.pick([]string{"password", "user", "a"}), base64.StdEncoding.EncodeToString([]byte(h.letters(8+h.IntN(12), alphanumeric))))
		}
		b.WriteString(h.pick([]string{"", "kind: Secret", "---"}))
	case 3:
		b.WriteString("machine example.org\n  login bot\n  password " + h.letters(20, alphanumeric))
	case 4: // several on a line
		for range 2 + h.IntN(3) {
			b.WriteString(h.pick([]string{"", "key=", "token: "}) + h.secret() + h.pick([]string{" ", ", ", ";", "", "\", \""}))
		}
	case 5: // many that are almost some
		for i := range 2 + h.IntN(30) {
			fmt.Fprintf(&b, "%s%d: \"%s\"\n", h.pick(someNames), h.IntN(i+1), h.pick(nearValues))
		}
		b.WriteString(h.pair())
	case 6: // the same again and again
		line := h.pick([]string{h.pair(), h.secret(), "}", ""}) + "\n"
		b.WriteString(strings.Repeat(line, 2+h.IntN(12)) + h.pair() + "\n" + strings.Repeat(line, h.IntN(4)))
	}
	return b.String()
}

// rewrite edits lines as people do: some move, some are split, joined or repeated, and of
// some a letter differs.
func (h *randomHistory) rewrite(ls []string) []string {
	i := h.IntN(len(ls))
	to := i + 1 + h.IntN(min(len(ls)-i, 4))
	switch h.IntN(9) {
	case 0: // some move
		some := slices.Clone(ls[i:to])
		ls = slices.Delete(ls, i, to)
		return slices.Insert(ls, h.IntN(len(ls)+1), some...)
	case 1:
		return slices.Insert(ls, i, slices.Clone(ls[i:to])...)
	case 2: // another's end
		ls[i] = strings.TrimRight(ls[i], "\r\n") + h.pick([]string{"\n", "\r\n", "", "\n\n", "\\\n"})
	case 3, 4: // a letter
		if n := len(ls[i]); n > 1 {
			at := h.IntN(n - 1)
			ls[i] = ls[i][:at] + h.pick([]string{"", "x", "=", "\n", " ", "\"", "%41", "7"}) + ls[i][at+h.IntN(2):]
		}
	case 5:
		return ls[i:]
	case 6:
		return ls[:to]
	case 7: // those between
		if to < len(ls) && i > 0 {
			return slices.Delete(ls, i, to)
		}
	case 8: // a name or a value goes
		for j, l := range ls {
			if l = strings.TrimSpace(l); len(l) > 3 && (strings.HasSuffix(l, "=") || strings.HasSuffix(l, ":")) && h.one(2) {
				ls[j] = h.pick([]string{"x\n", "\n", h.pick(someNames) + "\n", h.pair() + "\n"})
			}
		}
	}
	return ls
}

// TestNothingNewIsFoundBesideRandomEdits edits texts at random: of what is told of the lines
// that an edit could have changed, nothing may be missing that was not there before.
func TestNothingNewIsFoundBesideRandomEdits(t *testing.T) {
	s := &session{rules: allRules(), key: testKey}
	came, spared := 0, 0
	for seed := *firstHistory; seed < *firstHistory+8**histories; seed++ {
		h := &randomHistory{Rand: rand.New(rand.NewPCG(18, uint64(seed))), t: t}
		path, before := h.pick(plainNames), h.content()
		for range 12 {
			after := h.edit(before, h.one(5))
			in := within([]byte(before), []byte(after))
			line := 1 + strings.Count(after[:in.from], "\n")
			lines := []interval{{line - 1, line + 1 + strings.Count(after[in.from:in.to], "\n")}} // as repo.edited says
			keys := func(content string, lines []interval) map[string]bool {
				out := make(map[string]bool)
				for _, h := range s.hits(t.Context(), text{content: []byte(content), path: path, lines: lines}, inTree) {
					out[h.Key] = true
				}
				return out
			}
			was, is, told := keys(before, nil), keys(after, nil), keys(after, lines)
			for key := range is {
				switch {
				case was[key] && !told[key]:
					spared++
				case !was[key] && !told[key]:
					t.Fatalf("seed %d, not told:\nbefore %q\nafter %q\nlines %v", seed, before, after, lines)
				case !was[key]:
					came++
				}
			}
			before = after
		}
	}
	if came < 20 || spared < 5 {
		t.Errorf("%d secrets came and %d were not told again: that proves little", came, spared)
	}
}
