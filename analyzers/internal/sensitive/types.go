package sensitive

import (
	"go/types"
	"reflect"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Variable classifies a variable, parameter or result by its type and then by
// its name. t may be nil: an unknown type can hold anything.
func (l *Lexicon) Variable(name string, t types.Type) (Match, bool) {
	if m, ok := l.TypeOf(t); ok {
		return m, true
	}
	m, ok := l.Name(name)
	return m, ok && Holds(t, m)
}

// TypeOf classifies a type that is sensitive whatever a variable of it is
// called: types of the policy, of well-known libraries (a private key, a token
// of OAuth), and the project's own named strings (type Password string).
// Structs are looked into by Object instead.
func (l *Lexicon) TypeOf(t types.Type) (Match, bool) {
	if t == nil {
		return Match{}, false
	}
	pkg, name := callee.Named(t)
	for range maxDepth { // []T, map[K]T, [2]*T
		if name != "" {
			break
		}
		e, ok := t.Underlying().(interface{ Elem() types.Type })
		if !ok {
			return Match{}, false
		}
		t = e.Elem()
		pkg, name = callee.Named(t)
	}
	if name == "" {
		return Match{}, false
	}
	for _, key := range [...]string{name, pkg + "." + name, lastElement(pkg) + "." + name} {
		if c, ok := l.types[key]; ok {
			return Match{Class: c, Term: spelled(name), Level: High, Why: "the policy names the type " + name, declared: true}, c != ""
		}
	}
	if m, ok := libraryTypes[callee.Func{Pkg: canonical(pkg), Name: name}]; ok {
		return m, true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString == 0 {
			return Match{}, false
		}
	case *types.Slice:
		if !isByte(u.Elem()) {
			return Match{}, false
		}
	default:
		return Match{}, false
	}
	m, ok := l.Name(name)
	if ok && m.Level == Medium && m.Term == "token" && pkg == "go/token" {
		return Match{}, false
	}
	m.Why = "its type is " + name
	return m, ok
}

// libraryTypes are types of well-known libraries that are secrets as a whole.
var libraryTypes = map[callee.Func]Match{
	{Pkg: "crypto/rsa", Name: "PrivateKey"}:                        {Class: Credential, Term: "private key", Level: High, Why: "it is an rsa.PrivateKey"},
	{Pkg: "crypto/ecdsa", Name: "PrivateKey"}:                      {Class: Credential, Term: "private key", Level: High, Why: "it is an ecdsa.PrivateKey"},
	{Pkg: "crypto/ecdh", Name: "PrivateKey"}:                       {Class: Credential, Term: "private key", Level: High, Why: "it is an ecdh.PrivateKey"},
	{Pkg: "crypto/ed25519", Name: "PrivateKey"}:                    {Class: Credential, Term: "private key", Level: High, Why: "it is an ed25519.PrivateKey"},
	{Pkg: "golang.org/x/oauth2", Name: "Token"}:                    {Class: Token, Term: "oauth token", Level: High, Why: "it is an oauth2.Token"},
	{Pkg: "net/http", Name: "Cookie"}:                              {Class: Token, Term: "cookie", Level: Medium, Why: "it is an http.Cookie"},
	{Pkg: "github.com/aws/aws-sdk-go/aws", Name: "Credentials"}:    {Class: Credential, Term: "credentials", Level: High, Why: "it is an aws.Credentials"},
	{Pkg: "github.com/aws/aws-sdk-go-v2/aws", Name: "Credentials"}: {Class: Credential, Term: "credentials", Level: High, Why: "it is an aws.Credentials"},
}

// libraryFields are fields of well-known libraries whose names do not say what
// they hold.
var libraryFields = map[callee.Func]Match{
	{Pkg: "net/mail", Recv: "Address", Name: "Address"}:                     {Class: Contact, Term: "email address", Level: Medium, Why: "it is the address of a mail.Address"},
	{Pkg: "net/http", Recv: "Cookie", Name: "Value"}:                        {Class: Token, Term: "cookie", Level: Medium, Why: "it is the value of a cookie"},
	{Pkg: "github.com/golang-jwt/jwt", Recv: "Token", Name: "Raw"}:          {Class: Token, Term: "jwt", Level: High, Why: "it is the raw text of a JWT"},
	{Pkg: "github.com/dgrijalva/jwt-go", Recv: "Token", Name: "Raw"}:        {Class: Token, Term: "jwt", Level: High, Why: "it is the raw text of a JWT"},
	{Pkg: "google.golang.org/api/idtoken", Recv: "Payload", Name: "Claims"}: {Class: Identity, Term: "claims", Level: Medium, Why: "they are the claims of an identity"},
}

// canonical takes major versions off an import path.
func canonical(path string) string {
	parts := strings.Split(path, "/")
	out := parts[:0]
	for i, p := range parts {
		if i > 0 && len(p) > 1 && p[0] == 'v' && strings.Trim(p[1:], "0123456789") == "" {
			continue
		}
		out = append(out, p)
	}
	return strings.Join(out, "/")
}

// Words of struct types.
var (
	personWords = words.NewSet(`user customer client member person people patient employee candidate applicant subscriber contact profile owner author sender recipient beneficiary
		doctor student teacher driver guest attendee buyer seller payee payer cardholder player contractor visitor citizen resident passenger lead shopper traveler traveller
		donor volunteer participant staff parent child spouse guardian claimant insured policyholder consumer borrower tenant individual`)
	// thingWords make a type with a person's word in it something else.
	thingWords = words.NewSet(`service store storage repository repo handler controller manager client server config configuration option options factory builder provider
		middleware interface mock api module usecase api cache registry loader worker job queue event permission permissions role roles group groups count counts stats
		metrics filter query list page sort cursor setting settings preference preferences policy limits quota status state type kind id key hash agent`)
	// addressWords say that a struct is a postal address.
	addressWords = words.NewSet("address addresses billing shipping delivery")
	// spots are structs about a point on the map: the street there is nobody's.
	spots = words.NewSet("location place places cell geo geocode poi venue point")
	// secretOwners are structs that are a secret with what belongs to it.
	secretOwners = words.NewSet("credential credentials cred creds secret password token jwt apikey otp passcode login authentication")
	secretFields = words.NewSet("value raw plaintext plain data key code string text val secret")
	// syntaxFields betray that a struct named Token is one of a parser.
	syntaxFields = words.NewSet("pos position kind line col column offset literal lexeme start end typ")
)

// ownerOf names the struct type a field belongs to.
func ownerOf(owner types.Type) (pkg, name string, st *types.Struct) {
	if owner == nil {
		return "", "", nil
	}
	pkg, name = callee.Named(owner)
	u := types.Unalias(owner)
	if p, ok := u.Underlying().(*types.Pointer); ok {
		u = p.Elem()
	}
	st, _ = u.Underlying().(*types.Struct)
	return pkg, name, st
}

// Field classifies a field of the struct type owner (nil if unknown): by the
// policy, by its tag, by its type, by its name and column names, and by what its
// owner is.
func (l *Lexicon) Field(owner types.Type, f *types.Var, tag string) (Match, bool) {
	pkg, name, st := ownerOf(owner)
	for _, key := range [...]string{name + "." + f.Name(), pkg + "." + name + "." + f.Name(), lastElement(pkg) + "." + name + "." + f.Name()} {
		if c, ok := l.fields[key]; ok {
			return Match{Class: c, Term: spelled(f.Name()), Level: High, Why: "the policy names the field " + name + "." + f.Name(), declared: true}, c != ""
		}
	}
	if m, ok := libraryFields[callee.Func{Pkg: canonical(pkg), Recv: name, Name: f.Name()}]; ok {
		return m, true
	}
	if m, said, sensitive := l.declared(reflect.StructTag(tag), f); said {
		return m, sensitive
	}
	if m, ok := l.TypeOf(f.Type()); ok {
		return m, true
	}
	ownerWords := vocab().segment(words.Split(name))
	if syntax(st) && ownerWords != nil {
		ownerWords = append(ownerWords[:len(ownerWords):len(ownerWords)], "lexer")
	}
	if m, ok := l.name(f.Name(), ownerWords); ok {
		if strings.HasSuffix(m.Term, " header") && configured(reflect.StructTag(tag)) {
			return Match{}, false // a setting says which header, not what is in it
		}
		return m, Holds(f.Type(), m)
	}
	if jsonHides(tag) && hiddenSecrets[strings.ToLower(f.Name())] {
		m := Match{Class: Credential, Term: "secret", Level: Medium, Why: "it is kept out of JSON"}
		return m, Holds(f.Type(), m)
	}
	if negative(f.Name()) {
		return Match{}, false
	}
	for _, column := range tagNames(reflect.StructTag(tag)) {
		if m, ok := l.name(column, ownerWords); ok && Holds(f.Type(), m) && !(m.Term == "street" && spots.HasAny(ownerWords)) {
			m.Why = "its tag calls it " + column
			return m, true
		}
	}
	if m, ok := l.byOwner(ownerWords, name, st, f); ok && Holds(f.Type(), m) {
		return m, true
	}
	return Match{}, false
}

// hiddenSecrets are names that are secrets when json:"-" hides the field.
var hiddenSecrets = words.NewSet("key pass code private pin seed")

// negative reports whether a field's own name says that it is only about a
// sensitive thing, whatever its tags say: PasswordHash with db:"password".
func negative(name string) bool {
	ws := vocab().segment(words.Split(name))
	return len(ws) > 1 && (after[ws[len(ws)-1]] && ws[len(ws)-1] != "name" && ws[len(ws)-1] != "id" && ws[len(ws)-1] != "address" || before[ws[0]])
}

// hintTags are tags that say how a field is to be treated. What they say goes
// before its name.
var hintTags = []string{"pii", "sensitive", "sensitivity", "gdpr", "privacy", "log", "logger", "mask", "masq", "redact", "datapolicy", "secret", "personal", "zlog", "slog"}

// declared reads what a field's tags say about it: said is false if they say
// nothing.
func (l *Lexicon) declared(tag reflect.StructTag, f *types.Var) (m Match, said, sensitive bool) {
	for _, k := range hintTags {
		v, ok := tag.Lookup(k)
		if !ok {
			continue
		}
		v, _, _ = strings.Cut(v, ",")
		switch strings.ToLower(v) {
		case "false", "no", "none", "public", "0", "safe", "off":
			if k != "log" && k != "logger" && k != "zlog" && k != "slog" {
				return Match{}, true, false
			}
			v = "-"
		case "-":
			if k == "pii" || k == "sensitive" || k == "mask" || k == "redact" {
				return Match{}, true, false
			}
		}
		if (k == "log" || k == "logger" || k == "zlog" || k == "slog") && v != "-" {
			if !strings.Contains(v, "mask") && !strings.Contains(v, "redact") && !strings.Contains(v, "omit") && !strings.Contains(v, "secret") && !strings.Contains(v, "sensitive") {
				continue // only a name
			}
		}
		m, ok = l.Name(f.Name())
		if !ok {
			m, ok = classWord(v)
		}
		if !ok {
			m, ok = l.Name(v)
		}
		if !ok {
			m = Match{Class: Identity, Term: spelled(f.Name()), Level: Medium}
			if k == "secret" || k == "masq" || k == "datapolicy" {
				m.Class, m.Level = Credential, High
			}
		}
		if m.Level == Low {
			m.Level = Medium
		}
		m.Why = "its tag " + k + " says so"
		return m, true, true
	}
	return Match{}, false, false
}

// classWord reads a class written as the value of a tag.
func classWord(v string) (Match, bool) {
	v = strings.ToLower(v)
	for _, c := range Classes {
		if v == string(c) {
			return Match{Class: c, Term: v, Level: levelOf(c)}, true
		}
	}
	for word, c := range map[string]Class{"password": Credential, "secret": Credential, "financial": Payment, "medical": Health, "phi": Health, "location": Device, "government": GovID, "name": Identity, "address": Contact} {
		if v == word {
			return Match{Class: c, Term: v, Level: levelOf(c)}, true
		}
	}
	return Match{}, false
}

// levelOf is the level of a class when nothing finer is known.
func levelOf(c Class) string {
	switch c {
	case Credential, Token, HTTP, GovID, Payment, Health:
		return High
	}
	return Medium
}

// tagNames are the names a field has outside the program.
func tagNames(tag reflect.StructTag) []string {
	var out []string
	for _, k := range [...]string{"json", "db", "bson", "form", "yaml", "xml", "query", "column", "bun", "pg", "mapstructure", "protobuf", "url", "schema", "dynamodbav", "firestore", "toml", "env", "csv"} {
		v, ok := tag.Lookup(k)
		if !ok {
			continue
		}
		if k == "protobuf" {
			_, v, _ = strings.Cut(v, "name=")
		}
		v, _, _ = strings.Cut(v, ",")
		if v != "" && v != "-" {
			out = append(out, v)
		}
	}
	for _, k := range [...]string{"gorm", "xorm"} {
		if v, ok := tag.Lookup(k); ok {
			if _, col, ok := strings.Cut(v, "column:"); ok {
				col, _, _ = strings.Cut(col, ";")
				out = append(out, col)
			} else if before, rest, ok := strings.Cut(v, "'"); ok && k == "xorm" && !strings.HasSuffix(strings.ToLower(strings.TrimSpace(before)), "default") { // varchar(255) 'email'
				if col, _, ok := strings.Cut(rest, "'"); ok {
					out = append(out, col)
				}
			}
		}
	}
	return out
}

// configured reports whether a field is read from a file of settings.
func configured(tag reflect.StructTag) bool {
	for _, k := range [...]string{"mapstructure", "yaml", "toml", "env", "envconfig", "koanf", "hcl"} {
		if _, ok := tag.Lookup(k); ok {
			return true
		}
	}
	return false
}

// byOwner judges fields whose names alone say nothing: the Name of a person, the
// City of an address, the Value of a token.
func (l *Lexicon) byOwner(owner []string, ownerName string, st *types.Struct, f *types.Var) (Match, bool) {
	if st == nil || len(owner) == 0 {
		return Match{}, false
	}
	field := words.Split(f.Name())
	one := strings.Join(field, " ")
	if secretOwners[owner[len(owner)-1]] && !before.HasAny(owner) && !syntax(st) && len(field) == 1 && secretFields[one] {
		m, ok := l.Name(ownerName)
		if !ok {
			m = Match{Class: Credential, Term: "credential", Level: Medium}
		}
		m.Why = "it is the " + one + " of a " + ownerName
		return m, true
	}
	why := "it is a field of the person " + ownerName
	if l.person(owner, st) {
		switch one {
		case "name", "first", "last", "middle", "given", "family":
			level := Low
			if l.personal(st) >= 1 {
				level = Medium
			}
			if one == "name" && hasField(st, "username", "login", "fullname", "displayname", "nickname", "realname", "lowername") {
				level = Low // the name is a handle
			}
			return Match{Class: Identity, Term: "name", Level: level, Why: why}, true
		case "address", "addr", "city", "street", "postal", "zip", "town", "county":
			return Match{Class: Contact, Term: "address", Level: Medium, Why: why}, true
		case "mail", "contact":
			return Match{Class: Contact, Term: "email", Level: Medium, Why: why}, true
		case "cell", "mobile", "tel", "telephone", "number2":
			return Match{Class: Contact, Term: "phone", Level: Medium, Why: why}, true
		case "age", "sex", "race", "birth", "born":
			return Match{Class: Identity, Term: one, Level: Medium, Why: why}, true
		case "pass", "pin", "pw":
			return Match{Class: Credential, Term: "password", Level: High, Why: why}, true
		}
	}
	if addressWords.HasAny(owner) && hasField(st, "city", "zip", "zipcode", "postcode", "postalcode", "street", "line1", "address1") {
		switch one {
		case "street", "street1", "street2", "line", "line1", "line2", "zip", "city", "town", "county", "address", "address1", "address2", "number", "house", "postal":
			return Match{Class: Contact, Term: "address", Level: Medium, Why: "it is part of the postal address " + ownerName}, true
		}
	}
	return Match{}, false
}

// person reports whether a struct looks like one.
func (l *Lexicon) person(owner []string, st *types.Struct) bool {
	if thingWords[owner[len(owner)-1]] {
		return false
	}
	return personWords.HasAny(owner) || l.personal(st) >= 2
}

// Person reports whether t is a struct that describes a person: by its name, or
// because it has two or more fields of contact or identity.
func (l *Lexicon) Person(t types.Type) bool {
	_, name, st := ownerOf(t)
	owner := words.Split(name)
	return st != nil && len(owner) > 0 && l.person(owner, st)
}

// personal counts the fields of contact and identity that a struct has by name.
func (l *Lexicon) personal(st *types.Struct) int {
	n := 0
	for i := range st.NumFields() {
		if m, ok := l.Name(st.Field(i).Name()); ok && (m.Class == Contact || m.Class == Identity && m.Level != Low) && Holds(st.Field(i).Type(), m) {
			n++
		}
	}
	return n
}

func hasField(st *types.Struct, names ...string) bool {
	for i := range st.NumFields() {
		for _, n := range names {
			if strings.EqualFold(st.Field(i).Name(), n) {
				return true
			}
		}
	}
	return false
}

func syntax(st *types.Struct) bool {
	if st == nil {
		return false
	}
	for i := range st.NumFields() {
		if syntaxFields[strings.ToLower(st.Field(i).Name())] {
			return true
		}
	}
	return false
}

// Member is a sensitive field inside a struct that may be printed whole.
type Member struct {
	Path  string // "Owner.Email"
	Field *types.Var
	Match Match
	// Hidden says that encoding/json leaves it out: json:"-", or not exported.
	Hidden bool
	// Indirect says that a pointer lies on the way, of which fmt prints only the
	// address.
	Indirect bool
}

// maxDepth bounds how deep Object looks into structs of structs.
const maxDepth = 4

// Object lists the sensitive fields of a struct, or of what a pointer, slice,
// array or map of structs holds.
func (l *Lexicon) Object(t types.Type) []Member {
	var out []Member
	l.members(t, "", false, false, 0, make(map[types.Type]bool), &out)
	return out
}

func (l *Lexicon) members(t types.Type, path string, hidden, indirect bool, depth int, seen map[types.Type]bool, out *[]Member) {
	if t == nil || depth > maxDepth || len(*out) >= 32 {
		return
	}
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Pointer:
		l.members(u.Elem(), path, hidden, indirect || path != "", depth, seen, out)
	case *types.Slice:
		l.members(u.Elem(), path, hidden, indirect, depth, seen, out)
	case *types.Array:
		l.members(u.Elem(), path, hidden, indirect, depth, seen, out)
	case *types.Map:
		l.members(u.Elem(), path, hidden, indirect, depth, seen, out)
	case *types.Struct:
		pkg, _ := callee.Named(t)
		if seen[t] || opaque[pkg] {
			return
		}
		seen[t] = true
		defer delete(seen, t)
		for i := range u.NumFields() {
			f := u.Field(i)
			at := f.Name()
			if path != "" {
				at = path + "." + at
			}
			away := hidden || !f.Exported() && !f.Embedded() || jsonHides(u.Tag(i))
			if m, ok := l.Field(t, f, u.Tag(i)); ok {
				*out = append(*out, Member{Path: at, Field: f, Match: m, Hidden: away, Indirect: indirect})
				continue
			}
			l.members(f.Type(), at, away, indirect, depth+1, seen, out)
		}
	}
}

// opaque are packages whose structs print themselves or hold nothing of people.
var opaque = map[string]bool{"time": true, "sync": true, "sync/atomic": true, "context": true, "math/big": true, "net/netip": true, "reflect": true, "log": true, "log/slog": true, "testing": true, "database/sql": true}

func jsonHides(tag string) bool {
	v, ok := reflect.StructTag(tag).Lookup("json")
	return ok && v == "-"
}

// Holds reports whether a value of type t can hold what m names: a string can, a
// flag, a number or a function cannot. An unknown type can.
func Holds(t types.Type, m Match) bool { return m.declared || holds(t, m, 0) }

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func holds(t types.Type, m Match, depth int) bool {
	if t == nil {
		return true
	}
	if depth > 4 {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Kind() == types.Invalid || u.Info()&types.IsString != 0:
			return true
		case u.Info()&types.IsNumeric != 0:
			return numeric(m)
		}
	case *types.Pointer:
		return holds(u.Elem(), m, depth+1)
	case *types.Slice:
		return isByte(u.Elem()) || holds(u.Elem(), m, depth+1)
	case *types.Array:
		if isByte(u.Elem()) {
			_, name := callee.Named(t)
			return name != "UUID" && name != "ObjectID" && name != "ULID"
		}
		return holds(u.Elem(), m, depth+1)
	case *types.Map:
		return holds(u.Elem(), m, depth+1)
	case *types.Chan:
		return holds(u.Elem(), m, depth+1)
	case *types.Struct:
		pkg, name := callee.Named(t)
		switch {
		case pkg == "time":
			return birth[m.Term]
		case pkg == "database/sql" || strings.HasSuffix(pkg, "pgtype") || strings.Contains(pkg, "/null"):
			return textual(name, m)
		case name == "StringValue" || name == "Secret" && m.Class == Credential || name == "Optional" || name == "Option":
			return true
		case pkg == "net/mail" && name == "Address", pkg == "net/url" && name == "Userinfo":
			return true
		case addressLike(u) && m.Class == Contact:
			return true
		}
		return false
	case *types.Interface:
		_, name := callee.Named(t)
		return name != "error" && u.NumMethods() == 0
	case *types.TypeParam:
		return true
	}
	return false
}

// textual reports whether a nullable or database type can hold m.
func textual(name string, m Match) bool {
	switch {
	case strings.Contains(name, "String"), strings.Contains(name, "Text"), strings.Contains(name, "Varchar"), name == "RawBytes", name == "Null":
		return true
	case strings.Contains(name, "Int"), strings.Contains(name, "Float"), strings.Contains(name, "Numeric"):
		return numeric(m)
	case strings.Contains(name, "Time"), strings.Contains(name, "Date"):
		return birth[m.Term]
	}
	return false
}

// addressLike reports whether a struct is a postal address.
func addressLike(st *types.Struct) bool {
	return hasField(st, "city", "town") && hasField(st, "street", "line1", "zip", "zipcode", "postcode", "postalcode", "country", "address1", "addressline1")
}

var birth = map[string]bool{"date of birth": true, "dob": true, "birthdate": true, "birth date": true, "birthday": true, "birth day": true, "geburtsdatum": true, "date birth": true, "birth": true}

// digits are terms whose values are kept as numbers now and then.
var digits = map[string]bool{"otp": true, "pin code": true, "totp": true, "verification code": true, "sms code": true, "otp code": true, "mfa code": true, "confirmation code": true, "one time code": true}

// numeric reports whether a number can be what m names.
func numeric(m Match) bool {
	switch m.Class {
	case GovID, Payment, Finance:
		return true
	case Device:
		return m.Term != "device id"
	case Contact:
		return strings.Contains(m.Term, "phone") || strings.Contains(m.Term, "mobile") || strings.Contains(m.Term, "number") || strings.Contains(m.Term, "zip") || m.Term == "msisdn" || m.Term == "postal code" || m.Term == "postcode"
	case Identity:
		return m.Term == "age"
	case Health:
		return m.Term == "heart rate" || m.Term == "glucose" || m.Term == "glucose level" || m.Term == "mrn" || m.Term == "blood pressure"
	}
	return digits[m.Term]
}

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}
