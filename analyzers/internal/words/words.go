// Package words takes identifiers apart into the words they are made of, so
// that names are judged by whole words and never by parts of them.
//
// It imports the standard library only.
package words

import (
	"strings"
	"unicode"
)

// Split takes an identifier apart into lower-case words: userEmailAddress,
// user_email_address and X-User-Email-Address alike. Acronyms are one word
// (APIKey: api key), digits stay with the word before them (oauth2Token: oauth2
// token), and a plural acronym keeps its s (userIDs: user ids).
func Split(name string) []string {
	var out []string
	var cur []rune
	flush := func() {
		if len(cur) > 0 {
			out = append(out, strings.ToLower(string(cur)))
			cur = cur[:0]
		}
	}
	rs := []rune(name)
	for i, r := range rs {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		if unicode.IsUpper(r) && len(cur) > 0 {
			last := cur[len(cur)-1]
			switch {
			case !unicode.IsUpper(last) && !(unicode.IsDigit(last) && len(cur) == 1):
				flush() // userEmail, oauth2Token
			case unicode.IsUpper(last) && i+1 < len(rs) && unicode.IsLower(rs[i+1]) && !pluralAcronym(rs, i):
				flush() // APIKey
			}
		}
		cur = append(cur, r)
	}
	flush()
	return out
}

// pluralAcronym reports whether the upper-case letter at i is the last of an
// acronym in the plural, as the D of IDs is.
func pluralAcronym(rs []rune, i int) bool {
	return i+1 < len(rs) && rs[i+1] == 's' && (i+2 == len(rs) || !unicode.IsLower(rs[i+2]))
}

// Set is a set of words.
type Set map[string]bool

// NewSet returns the set of the words in list, which blanks separate.
func NewSet(list string) Set {
	s := make(Set)
	for _, w := range strings.Fields(list) {
		s[w] = true
	}
	return s
}

// HasAny reports whether one of ws is in the set.
func (s Set) HasAny(ws []string) bool {
	for _, w := range ws {
		if s[w] {
			return true
		}
	}
	return false
}
