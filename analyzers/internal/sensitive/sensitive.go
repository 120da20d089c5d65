// Package sensitive decides from a name whether what it names is sensitive. It
// works on whole words of an identifier, never on parts of them ("compass" is
// no password), and knows what looks sensitive and is not: hashes, lengths,
// flags, identifiers, pagination tokens.
//
// The terms are in terms.tsv. The package imports the standard library only.
package sensitive

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed terms.tsv
var termsFile string

// Class is a kind of sensitive data.
type Class string

// The classes, named as in terms.tsv.
const (
	Credential Class = "credential"
	Token      Class = "token"
	HTTP       Class = "http_sensitive"
	GovID      Class = "gov_id"
	Payment    Class = "payment"
	Contact    Class = "contact"
	Identity   Class = "identity"
	Device     Class = "device_loc"
	Health     Class = "health"
	Finance    Class = "finance"
)

// Match is what a name was recognised as.
type Match struct {
	Class Class
	Term  string // "e mail", "access token"
	Level string // high, medium, low
}

type term struct {
	class   Class
	level   string
	context string
	header  bool
	tokens  []string
}

var byFirst = parse()

func parse() map[string][]term {
	out := make(map[string][]term)
	for _, line := range strings.Split(termsFile, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 || strings.HasPrefix(line, "#") {
			continue
		}
		t := term{class: Class(f[0]), level: f[1], context: f[2], header: f[3] == "header", tokens: strings.Fields(f[4])}
		out[t.tokens[0]] = append(out[t.tokens[0]], t)
	}
	return out
}

// harmless words turn a sensitive-looking name into the name of something about
// it: its hash, its length, whether it is set.
var harmless = words(`hash hashed digest checksum md5 sha sha256 bcrypt argon encrypted cipher masked redacted censored
	obfuscated anonymized anonymised sanitized sanitised tokenized placeholder dummy example sample test mock fake count len length size min max limit
	policy rule strength validator validate valid required enabled disabled verified confirmed exists exist has is should needs allow expired expiry
	expires expiration ttl age issued created updated changed attempts attempt retries type kind path file filename dir url uri endpoint template
	subject field column label param prompt message msg error err errors hint question request response status state mode provider source store manager
	service config option options group role scope schema table regex regexp pattern prefix suffix index bucket cursor page next continuation tokenizer
	public nonce salt cost reset change changes forgot failed failure success missing invalid empty mismatch name id ids key_id uuid at on handler func
	sender notification notifications settings setting domain list permission permissions format reader writer parser generator issuer usage used unused
	minute hour day days second seconds timeout interval number num total lifetime duration action event events version ok`)

// keptAfterAll are words of harmless that end a term of their own.
var secretIDs = map[string]bool{"session id": true, "national id": true, "tax id": true}

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// Name classifies an identifier, field, map key or log key.
func Name(name string) (Match, bool) {
	tokens := Split(name)
	for i := range tokens {
		for _, t := range byFirst[tokens[i]] {
			if !hasPrefix(tokens[i:], t.tokens) {
				continue
			}
			rest := append(append([]string{}, tokens[:i]...), tokens[i+len(t.tokens):]...)
			if t.context != "-" && !inContext(t.context, rest) {
				continue
			}
			if t.header || excluded(t, rest) {
				continue
			}
			return Match{Class: t.class, Term: strings.Join(t.tokens, " "), Level: t.level}, true
		}
	}
	return bare(tokens)
}

// bare handles words that are sensitive only alone or with the right company.
func bare(tokens []string) (Match, bool) {
	if len(tokens) == 0 || len(tokens) > 3 {
		return Match{}, false
	}
	last := tokens[len(tokens)-1]
	rest := tokens[:len(tokens)-1]
	for _, w := range rest {
		if harmless[w] {
			return Match{}, false
		}
	}
	switch last {
	case "token":
		return Match{Token, "token", "medium"}, true
	case "pass", "pw":
		return Match{Credential, last, "medium"}, len(rest) == 0 || rest[0] == "user" || rest[0] == "db" || rest[0] == "admin" || rest[0] == "smtp"
	}
	return Match{}, false
}

// Header classifies the name of an HTTP header.
func Header(name string) (Match, bool) {
	for _, ts := range byFirst {
		for _, t := range ts {
			if t.header && strings.EqualFold(strings.Join(Split(name), "-"), strings.Join(Split(strings.Join(t.tokens, "-")), "-")) {
				return Match{HTTP, strings.ToLower(name), t.level}, true
			}
		}
	}
	return Match{}, false
}

func excluded(t term, rest []string) bool {
	if secretIDs[strings.Join(t.tokens, " ")] {
		return false
	}
	for _, w := range rest {
		if harmless[w] {
			return true
		}
	}
	return false
}

func inContext(context string, rest []string) bool {
	for _, w := range strings.FieldsFunc(strings.TrimPrefix(context, "with "), func(r rune) bool { return r == '/' || r == ' ' }) {
		for _, r := range rest {
			if r == w {
				return true
			}
		}
	}
	return false
}

func hasPrefix(s, prefix []string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range prefix {
		if s[i] != prefix[i] {
			return false
		}
	}
	return true
}

// Split takes an identifier apart into lower-case words: userEmailAddress,
// user_email_address and X-Api-Key alike.
func Split(name string) []string {
	var out []string
	var cur []rune
	flush := func() {
		if len(cur) > 0 {
			out = append(out, strings.ToLower(string(cur)))
			cur = nil
		}
	}
	rs := []rune(name)
	for i, r := range rs {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r):
			nextLower := i+1 < len(rs) && unicode.IsLower(rs[i+1])
			if len(cur) > 0 && (!unicode.IsUpper(cur[len(cur)-1]) || nextLower) {
				flush()
			}
		case unicode.IsDigit(r):
			if len(cur) > 0 && !unicode.IsDigit(cur[len(cur)-1]) && !unicode.IsUpper(cur[0]) && len(cur) > 3 {
				flush()
			}
		}
		cur = append(cur, r)
	}
	flush()
	return out
}
