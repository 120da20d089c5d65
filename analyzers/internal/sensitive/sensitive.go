package sensitive

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/words"
)

//go:embed terms.tsv
var termsFile string

// Class is a kind of sensitive data.
type Class string

// The classes, named as in terms.tsv and in the policy file.
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

// Classes lists the classes in the order they are shown.
var Classes = []Class{Credential, Token, HTTP, GovID, Payment, Health, Contact, Identity, Finance, Device}

// Personal reports whether data of the class is about a person, so that it
// belongs on the customer data map.
func (c Class) Personal() bool {
	switch c {
	case GovID, Payment, Contact, Identity, Device, Health, Finance:
		return true
	}
	return false
}

// The levels of a match. What is Low (a user name, an IP address) is personal
// data for the data map and too common in logs to be reported there unless the
// policy says so.
const (
	High   = "high"
	Medium = "medium"
	Low    = "low"
)

// Match is what a name, type or call was recognised as.
type Match struct {
	Class Class
	Term  string // "e mail", "access token"
	Level string // High, Medium, Low
	// Why says what it was recognised by when that was not its name: "its tag
	// pii", "it is a field of the person Customer".
	Why string

	declared bool // the policy names its type or field: what that can hold is not asked
}

type term struct {
	class   Class
	level   string
	context words.Set // nil: stands alone
	alone   bool      // stands with nothing beside it, whatever context says
	tokens  []string
}

func (t term) text() string { return strings.Join(t.tokens, " ") }

// vocabulary is what terms.tsv says, in the form it is looked up in.
type vocabulary struct {
	byFirst map[string][]term // longest first
	headers map[string]Match  // by words
	joined  map[string][]string
	known   words.Set
}

var vocab = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{byFirst: make(map[string][]term), headers: make(map[string]Match), joined: make(map[string][]string), known: make(words.Set)}
	for _, line := range strings.Split(termsFile, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 || strings.HasPrefix(line, "#") {
			continue
		}
		if f[3] == "header" {
			v.headers[f[4]] = Match{Class: HTTP, Term: strings.ReplaceAll(f[4], " ", "-") + " header", Level: f[1]}
			continue
		}
		t := term{class: Class(f[0]), level: f[1], tokens: strings.Fields(f[4])}
		if needs, ok := strings.CutPrefix(f[2], "with "); ok {
			t.context = words.NewSet(strings.ReplaceAll(needs, "/", " "))
			t.alone = t.context["only"]
		}
		v.add(t)
	}
	for _, list := range []words.Set{before, after, qualifiers} {
		for w := range list {
			if len(w) > 2 {
				v.known[w] = true
			}
		}
	}
	return v
})

func (v *vocabulary) add(t term) {
	first := t.tokens[0]
	list := append(v.byFirst[first], t)
	for i := len(list) - 1; i > 0 && len(list[i].tokens) > len(list[i-1].tokens); i-- {
		list[i], list[i-1] = list[i-1], list[i]
	}
	v.byFirst[first] = list
	if len(t.tokens) > 1 {
		v.joined[strings.Join(t.tokens, "")] = t.tokens
	}
	for _, w := range t.tokens {
		if len(w) > 2 {
			v.known[w] = true
		}
	}
}

// Which words around a term make the name one of something about it. English
// puts the thing last: a password hash is a hash, a password policy a policy;
// what comes before only says which (login password), except where it says that
// it is not the thing itself (hashed password, is email, max tokens).
var (
	before = words.NewSet(`hash hashed digest checksum md5 sha sha1 sha256 bcrypt argon argon2 hmac enc encrypted ciphered masked redacted censored obfuscated anonymized
		anonymised pseudonymized pseudonymised sanitized sanitised tokenized placeholder dummy example sample test mock fake stub num total min max limit n count is has
		should needs need allow allows can must was were did does if no not non without with invalid missing empty wrong bad incorrect malformed unknown expired forgot
		forgotten verify verified validate validated valid check checked require required requires enable enabled disable disabled hide show err error page next prev previous continuation
		cursor sync change changed update updated send sent failed unique duplicate unsupported supports support use uses used using skip ignore reset resend confirmed
		public nonce salt parse lex lexer parsed syntax regex regexp re pagination paging delim delimiter separator cancellation cancel lock fencing by table tables column compare compares equal equals match matches contains`)
	after = words.NewSet(`hash hashed hashes digest checksum md5 sha sha1 sha256 bcrypt argon encrypted ciphertext masked redacted censored obfuscated anonymized anonymised
		sanitized sanitised tokenized placeholder dummy example sample test mock fake count counts len length size min max limit limits policy policies rule rules strength score
		validator validators validate validation valid required requirement requirements enabled disabled verified confirmed verification confirmation exists exist expired expiry expires expire expiration ttl age
		lifetime duration issued created updated changed changes change attempts attempt retries tries type types kind kinds path paths file files filename dir directory folder url
		urls uri uris link endpoint endpoints template templates subject title field fields column columns col label param params parameter prompt message msg error errors err errs hint question
		request requests req response resp status state mode provider providers source sources store manager service services server client config configs configuration option options opts group groups
		role roles scope scopes schema table regex regexp pattern prefix suffix index bucket bucketname name names id ids uuid guid at on handler func fn callback sender notification
		notifications settings setting domain domains host permission permissions format formats reader writer parser generator issuer usage used unused day days hour hours second seconds
		minute minutes timeout interval number_of num total event events version versions ok key keys reset request ref refs reference selector arn pos position line
		offset kind lexer scanner stream review symbol decimals contract jar consent lookup cache factory builder middleware interceptor algorithm alg method methods
		header headers flag flags env var variable arg brand network last4 last four bin country region locale lang language carrier operator codec encoding charset cost salt rounds
		queue topic worker job task category priority mailer body html text content contents preview layout plugin driver backend adapter api app hook webhook page form view
		screen component button input checker check checks comparison match matches mismatch matched equal set unset present provided empty missing loader repo repository dao
		model info_url changed_at rotation hashing rotated rotate revoked revocation blacklist denylist allowlist whitelist stats metric metrics counter rate limiter expirydate exp iat nbf kid
		audience aud subjectid cursor cooldown window delay period per cent percent percentage id_field tag tags icon image photo picture svg css class taken available free allowed owner info spec handle keyring correct router controller attachment attachments
		buffer part parts msgr srvc mw signer verifier claim claims order date dates push digestor subs map mapping router groups usage denied blocked sent exhausted call calls`)
	// qualifiers are words that say whose or which; they change nothing.
	qualifiers = words.NewSet(`user users customer client member person patient employee account owner admin my our your the new old current default raw plain plaintext clear
		cleartext original login signup signin register primary secondary backup work home contact db database smtp mail server app service api auth root temp temporary
		initial given entered input form request req payload json user's session stored saved real full first second main alt alternate optional external internal remote local`)
)

// nameTail are words that follow a term without changing what it names.
var nameTail = words.NewSet("value val str string s data raw plain plaintext text2 hex base64 b64 encoded bytes buf ptr list slice array in out arg1 1 2 3 new old current copy tmp param1 v x")

// Lexicon is the built-in words and what a policy adds.
type Lexicon struct {
	add Additions
	// names, fields, types and columns of the additions by their words.
	names  map[string]Class
	fields map[string]Class
	types  map[string]Class
}

// Additions is what a repository knows of itself: its own sensitive names,
// fields and types.
type Additions struct {
	// Names are variables, parameters, fields, keys and columns, in any
	// spelling: "memberNo" is member_no too.
	Names map[string]Class `json:"names,omitempty"`
	// Fields are written Type.Field, or path/to/package.Type.Field.
	Fields map[string]Class `json:"fields,omitempty"`
	// Types are written Type, or path/to/package.Type.
	Types map[string]Class `json:"types,omitempty"`
	// NotSensitive are names that only look sensitive here.
	NotSensitive []string `json:"not_sensitive,omitempty"`
}

// New returns the built-in words with a policy's additions.
func New(a Additions) *Lexicon {
	l := &Lexicon{add: a, names: make(map[string]Class), fields: a.Fields, types: a.Types}
	for n, c := range a.Names {
		l.names[spelled(n)] = c
	}
	for _, n := range a.NotSensitive {
		l.names[spelled(n)] = ""
	}
	return l
}

var builtin = New(Additions{})

// Builtin returns the built-in words alone.
func Builtin() *Lexicon { return builtin }

func spelled(name string) string { return strings.Join(words.Split(name), " ") }

// Name classifies an identifier, field, map key or log key with the built-in
// words.
func Name(name string) (Match, bool) { return builtin.Name(name) }

// Header classifies the name of an HTTP header with the built-in words.
func Header(name string) (Match, bool) { return builtin.Header(name) }

// Name classifies an identifier, field, map key or log key.
func (l *Lexicon) Name(name string) (Match, bool) { return l.name(name, nil) }

// Column classifies a database column, with or without its table.
func (l *Lexicon) Column(name string) (Match, bool) {
	table, column, ok := strings.Cut(strings.Trim(name, "`\"[] "), ".")
	if !ok {
		return l.name(name, nil)
	}
	return l.name(column, words.Split(table))
}

// name classifies a name that belongs to something named by owner.
func (l *Lexicon) name(name string, owner []string) (Match, bool) {
	tokens := words.Split(name)
	if len(tokens) == 0 || len(tokens) > 12 {
		return Match{}, false
	}
	if c, ok := l.names[strings.Join(tokens, " ")]; ok {
		return Match{Class: c, Term: strings.Join(tokens, " "), Level: High, Why: "the policy names it"}, c != ""
	}
	return vocab().name(vocab().segment(tokens), owner)
}

// Header classifies the name of an HTTP header.
func (l *Lexicon) Header(name string) (Match, bool) {
	m, ok := vocab().headers[spelled(name)]
	if ok {
		return m, true
	}
	return l.Name(name)
}

// name finds the last term in tokens that the words around it leave standing:
// in English the last noun is what a name names.
func (v *vocabulary) name(tokens, owner []string) (Match, bool) {
	for i := len(tokens) - 1; i >= 0; i-- {
		for _, t := range v.at(tokens[i]) {
			if !startsWith(tokens[i:], t.tokens) {
				continue
			}
			if i > 0 && v.longer(tokens, i, len(t.tokens)) {
				continue // part of a longer term that begins earlier
			}
			head, tail := tokens[:i], tokens[i+len(t.tokens):]
			if !t.stands(head, tail, owner) {
				continue
			}
			return t.match(head, tail), true
		}
	}
	return bare(tokens, owner)
}

// at returns the terms that begin with a word or its singular.
func (v *vocabulary) at(word string) []term {
	if ts := v.byFirst[word]; len(ts) > 0 {
		return ts
	}
	if s := singular(word); s != word {
		return v.byFirst[s]
	}
	return nil
}

// longer reports whether a term that begins before i covers position i too and
// ends no earlier.
func (v *vocabulary) longer(tokens []string, i, n int) bool {
	for j := max(0, i-3); j < i; j++ {
		for _, t := range v.at(tokens[j]) {
			if j+len(t.tokens) >= i+n && startsWith(tokens[j:], t.tokens) {
				return true
			}
		}
	}
	return false
}

func startsWith(s, prefix []string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i, w := range prefix {
		if s[i] != w && singular(s[i]) != w {
			return false
		}
	}
	return true
}

// singular takes the plural off a word; "tokens" stays, because it is mostly a
// parser's or a model's.
func singular(w string) string {
	switch {
	case w == "tokens" || w == "authorizations" || w == "pass" || w == "address" || len(w) < 4:
		return w
	case strings.HasSuffix(w, "ss"):
		return w
	case strings.HasSuffix(w, "sses"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "s"):
		return w[:len(w)-1]
	}
	return w
}

// stands reports whether a term keeps its meaning between head and tail.
func (t term) stands(head, tail, owner []string) bool {
	if before.HasAny(head) || t.class == Identity && t.level == Low && machine.HasAny(head) {
		return false
	}
	for _, w := range tail {
		if (after[w] || after[singular(w)]) && !t.context[w] {
			return false
		}
	}
	if t.context == nil {
		return true
	}
	if t.alone && onlyQualifiers(head) && onlyQualifiers(tail) {
		return true
	}
	return t.context.HasAny(head) || t.context.HasAny(tail) || t.context.HasAny(owner)
}

func onlyQualifiers(ws []string) bool {
	for _, w := range ws {
		if !nameTail[w] && !qualifiers[w] {
			return false
		}
	}
	return true
}

// machine are words that make a user name the one of a program.
var machine = words.NewSet("smtp db database bind bot basic ldap redis mysql postgres pg amqp rabbitmq ftp sftp proxy registry docker git repository repo mail imap mqtt basicauth")

// system are words that make an address one of the service itself.
var system = words.NewSet("from sender noreply reply support system smtp no bounce abuse postmaster webmaster bot")

func (t term) match(head, tail []string) Match {
	m := Match{Class: t.class, Term: t.text(), Level: t.level}
	if t.class == Contact && (system.HasAny(head) || len(tail) > 0 && (tail[0] == "from" || tail[0] == "sender" || tail[0] == "reply")) {
		m.Level = Low
	}
	return m
}

// parserWords tell that a token is one of a language, a model or a chain.
var parserWords = words.NewSet(`start end eof peek cur ident identifier first last left right open close string number char punct operator op literal begin trailing leading
	special bos eos pad mask unk sep stop word words sub input output prompt completion base quote nft erc20 fungible lp native fee gas reward stake swap pool design
	keyword comment newline indent dedent brace paren bracket comma colon semicolon html xml json css sql xpath math unary binary arrow template tag attr attribute node
	parent child match matched pending lookahead lookbehind ast css stream expr expression stmt llm gpt tokenize placeholder lexer lex path segment`)

// pinWords say that a pin is one to type in.
var pinWords = words.NewSet("card atm debit security access unlock transaction payment parental sim door bank wallet")

// bare handles words that are sensitive only alone or in the right company.
func bare(tokens, owner []string) (Match, bool) {
	last := len(tokens) - 1
	for last > 0 && nameTail[tokens[last]] {
		last--
	}
	rest := tokens[:last]
	if len(rest) > 4 || before.HasAny(rest) {
		return Match{}, false
	}
	switch w := tokens[last]; w {
	case "token":
		if !parserWords.HasAny(rest) && !parserWords.HasAny(owner) {
			return Match{Class: Token, Term: "token", Level: Medium}, true
		}
	case "pass", "pw", "psw", "pswd", "passw", "passwort":
		if onlyQualifiers(rest) {
			return Match{Class: Credential, Term: "password", Level: Medium}, true
		}
	case "pin":
		if onlyQualifiers(rest) || pinWords.HasAny(rest) {
			return Match{Class: Credential, Term: "pin", Level: Medium}, true
		}
	}
	return Match{}, false
}

// segment takes apart words that were written together: accesstoken,
// userpassword. Only words of this package's lists are found in them.
func (v *vocabulary) segment(tokens []string) []string {
	var out []string
	for _, w := range tokens {
		if base := strings.TrimRight(w, "0123456789"); base != w && len(v.byFirst[w]) == 0 && len(v.byFirst[base]) > 0 {
			w = base // email2
		}
		if len(w) < 6 || v.known[w] || len(w) > 40 {
			out = append(out, w)
			continue
		}
		if ts, ok := v.joined[w]; ok {
			out = append(out, ts...)
			continue
		}
		if ts := v.split(w); ts != nil {
			out = append(out, ts...)
			continue
		}
		out = append(out, w)
	}
	return out
}

// split cuts w into the fewest known words, nil if there is no such cut.
func (v *vocabulary) split(w string) []string {
	best := make([][]string, len(w)+1)
	best[0] = []string{}
	for end := 2; end <= len(w); end++ {
		for start := max(0, end-14); start <= end-2; start++ {
			if best[start] == nil {
				continue
			}
			part := w[start:end]
			if !v.known[part] && part != "id" && part != "no" {
				continue
			}
			if best[end] == nil || len(best[start])+1 < len(best[end]) {
				best[end] = append(best[start][:len(best[start]):len(best[start])], part)
			}
		}
	}
	return best[len(w)]
}
