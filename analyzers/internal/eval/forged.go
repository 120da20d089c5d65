package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
	"github.com/launchgate/launchgate/analyzers/internal/program"
	"github.com/launchgate/launchgate/analyzers/routes"
)

// A guard is tried by a stranger who sends something wherever it looks for a
// credential: of the right length, with the right beginning, in as many parts as
// are asked for, but made up. Whoever lets that pass has not looked whether it
// is true.

// forged is what such a stranger sends, or what is made of it.
type forged struct {
	t    string
	what lie
	head bool // it is what stands before a credential, to say of which kind it is
	// wary: its sender does not know which word is asked for.
	wary bool
	// opened: an earlier guard took it apart.
	opened bool
}

// lie says how much a forged value is worth.
type lie uint8

const (
	// credential: sent as a secret would be. What is found by it is found for
	// those only who know it.
	credential lie = iota
	// claim: what callers say of themselves; it names, and proves nothing.
	claim
	// found: what was looked up by a claim alone. It is there: a stranger names
	// one that is.
	found
	// length: how long something forged is.
	length
)

// maxWord is how long a constant is that credentials begin with or that names
// their kind; what is longer is a secret.
const maxWord = 16

// maxSize bounds the sizes that are asked for as the least; what is larger is
// meant as the most.
const maxSize = 256

func isForged(v value) bool { _, ok := v.(forged); return ok }

// sentByCaller reports whether a value is what the caller sent, not what was
// found by it.
func sentByCaller(v value) bool { f, ok := v.(forged); return ok && f.what != found }

// forge is a forged value of the types of a call's results, without an error.
func forge(t string, f forged) value {
	return eachResult(tupleTypes(t), func(t string) value {
		switch t {
		case "error":
			return nilValue{}
		case "bool":
			return boolean(true, false)
		}
		f.t = t
		return f
	})
}

// asForger is what a stranger sends where a credential is looked for; ws are the
// words of where that is, and in says it to people.
func (m *machine) asForger(t string, ws []string, in string) value {
	m.sim.look(in)
	what := credential
	if namesOnly(ws) {
		what = claim
	}
	return forge(t, forged{what: what, wary: m.sim.wary})
}

// look notes where a credential is looked for.
func (s *simulation) look(in string) {
	if len(s.looked) < 3 && !slices.Contains(s.looked, in) {
		s.looked = append(s.looked, in)
	}
}

// namesOnly reports whether words name who somebody is, and no secret.
func namesOnly(ws []string) bool {
	names := false
	for _, w := range ws {
		switch w {
		case "user", "users", "uid", "userid", "username", "email", "account", "role", "roles", "member", "owner", "actor", "principal", "subject", "admin", "tenant", "authenticated", "groups", "identity", "permission", "permissions":
			names = true
		case "key", "token", "tokens", "secret", "auth", "authorization", "session", "sess", "sid", "cookie", "password", "passwd", "pass", "signature", "jwt", "bearer", "apikey", "credential", "credentials", "code", "assertion", "hash", "hmac", "accesstoken", "cert", "certificate":
			return false
		}
	}
	return names
}

// admits reports whether a forged request is handed on for certain: nothing that
// was undecided could have turned it away.
func (s *simulation) admits(gin bool) bool {
	if s.dead {
		return false
	}
	for _, r := range s.refused {
		if !r.avoidable && !r.ofOthers() {
			return false
		}
	}
	if gin && s.aborted < 2 && len(s.passed) == 0 {
		return !s.doubt // returning is handing on
	}
	return slices.ContainsFunc(s.passed, func(p passage) bool { return !p.unsure && !p.doubtful })
}

// answers reports whether a handler answers a forged request as any: nothing that
// was undecided says that it is not true, nor was a credential given to what
// might.
func (s *simulation) answers() bool {
	return !s.dead && !s.escaped && !s.questioned && s.blocked == nil && s.final == nil && !slices.ContainsFunc(s.refused, func(r refusal) bool {
		return !r.avoidable && (r.code <= 1 || r.code == 401 || r.code == 403 || r.code == 302)
	})
}

// puts is what a forged request carries on: what a stranger made up, and for
// other keys nil.
func (s *simulation) puts() map[string]value {
	if len(s.keys) == 0 {
		return nil
	}
	out := map[string]value{}
	for k := range s.keys {
		out[k] = nil
		if f, ok := s.sets[k].(forged); ok {
			f.opened = f.opened || s.verifies()
			out[k] = f
		}
	}
	return out
}

// carryForged adds to what of the request is made up for what comes later in the
// chain.
func (m *machine) carryForged(puts map[string]value) {
	if len(puts) == 0 {
		return
	}
	out := maps.Clone(m.forged)
	for k, v := range puts {
		if f, ok := v.(forged); ok {
			if out == nil {
				out = map[string]forged{}
			}
			out[k] = f
		} else {
			delete(out, k)
		}
	}
	m.forged = out
}

// ofOthers: the answer says that something else is wrong than who asks.
func (r refusal) ofOthers() bool {
	switch r.code {
	case 429, 405:
		return true
	case 400, 404, 413, 415, 422:
		return !slices.Contains(r.why, identityLabel)
	}
	return false
}

// forging changes the verdict on a guard that a forged request passes, and notes
// what such a one carries on.
func (m *machine) forging(c *closure, v *verdict, anon, there *simulation, gin bool) {
	if v.kind != routes.KindAuth && len(there.keys) == 0 || !anon.asks && !there.asks && len(m.forged) == 0 {
		return
	}
	try := func(form string, wary bool) *simulation {
		return m.simulate(c, &simulation{forging: true, wary: wary, middleware: true, inline: anon.inline, path: anon.path, method: anon.method, ends: anon.ends, handsOn: gin, form: form})
	}
	sent := map[string]*simulation{}
	send := func(form string) *simulation {
		if sent[form] == nil {
			sent[form] = try(form, false)
		}
		return sent[form]
	}
	s := send("")
	v.forges = s.puts()
	if v.kind != routes.KindAuth || len(s.looked) == 0 {
		return
	}
	if s.admits(gin) {
		v.believes(s, func() *simulation { return try("", true) })
		return
	}
	for _, form := range s.otherForms(send) {
		if s := send(form); s.admits(gin) {
			v.believes(s, nil) // other forms are verified
			v.why += " if that begins with " + form
			return
		}
	}
}

// mayLeave notes that a forged request may have left a function on an undecided
// condition, unless its sender can have it otherwise by way, or it was told that
// something else is wrong; since is how much was refused before.
func (m *machine) mayLeave(f *frame, cond value, way free, since int) {
	s := m.sim
	if s == nil || !s.forging || freeOf(cond)&way != 0 {
		return
	}
	s.questioned = s.questioned || slices.Contains(labels(cond), identityLabel)
	rs := s.refused[min(since, len(s.refused)):]
	if way != 0 && len(rs) > 0 && !slices.ContainsFunc(rs, func(r refusal) bool { return !r.ofOthers() }) {
		return
	}
	f.doubt = true
}

// doubtful reports whether a forged request may have been turned away before.
func (m *machine) doubtful() bool {
	return m.sim.forging && slices.ContainsFunc(m.stack, func(f *frame) bool { return f.doubt })
}

// lookedFor says where a guard looks for a credential.
func (s *simulation) lookedFor() string {
	return strings.Join(s.looked, " and ")
}

// believes is the verdict on a guard that a forged request passes. One that does
// no more than ask for something guards as its author meant it to, and is called
// credulous: what it protects, a change can take from it. One that seems to verify
// and can be got round is not decided; wary sends the same request once more, from
// somebody who does not know which words get one round.
func (v *verdict) believes(s *simulation, wary func() *simulation) {
	v.reached = append(slices.Clone(v.reached), s.reached...)
	v.why = "refuses who sends nothing, but nothing checks whether what is sent is true: whoever makes up " + s.lookedFor() + " passes"
	if s.unverified != "" {
		v.why = "refuses who sends nothing, but whoever makes up " + s.lookedFor() + " passes: " + s.unverified + " verifies nothing"
	}
	if s.mirrored && !s.verifies() {
		v.kind, v.why = routes.KindOther, "compares what callers send with what they send: whoever makes up "+s.lookedFor()+" and sends the same twice passes"
		return
	}
	if wary != nil && !s.verifies() && !wary().verifies() {
		v.credulous = true
		return
	}
	v.kind = routes.KindUnresolved
}

// verifies reports whether a forged request met anything that looks into what it
// carries, whatever came of that.
func (s *simulation) verifies() bool {
	return s.unverified != "" || s.opened || s.escaped || s.questioned
}

// word reports whether a constant names a kind of credential, or is one of the
// few things a flag is.
func (f forged) word(s string) bool {
	if f.wary {
		return false
	}
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on", "ok":
		return true
	}
	if !f.head && f.what != claim || len(s) > maxWord {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || (c == ' ' || c == ':') && i == len(s)-1) {
			return false
		}
	}
	return true
}

// likens compares something forged with something else for equality; known tells
// whether that decides it.
func likens(a, b value) (eq, known bool) {
	f, ok := a.(forged)
	if !ok {
		a, b = b, a
		f = a.(forged)
	}
	switch y := b.(type) {
	case nilValue:
		return false, true
	case absent:
		return false, true
	case constant:
		switch {
		case f.what == found:
			return false, y.s == "" && y.k == 's'
		case f.what == length:
			n, ok := asInt(y)
			return ok && n > 0, ok
		case y.s == "" || y.k == 'i' && y.s == "0":
			return false, true
		case y.k == 's':
			return f.word(y.s), true
		case y.k == 'i':
			return false, f.what == credential
		}
	case forged: // who sends both sends the same
		return true, f.what != found && y.what != found
	}
	return false, false
}

// forgedCompare is a == b or a != b, where one is forged.
func (m *machine) forgedCompare(op string, a, b value) value {
	if mirrors(a, b) {
		m.sim.mirrored = true
		return boolean(op == "==", false)
	}
	if isForged(a) && isForged(b) {
		m.sim.opened = true
	}
	eq, known := likens(a, b)
	if known {
		return boolean(eq == (op == "=="), !eq && (hasText(a) || hasText(b)))
	}
	u := &unknown{t: "bool", labels: mergeLabels(labels(a), labels(b))}
	if f, ok := a.(forged); ok && sameSender(f, b) {
		u.free = canFail | canHold
	} else if f, ok := b.(forged); ok && sameSender(f, a) {
		u.free = canFail | canHold
	}
	return u
}

// mirrors reports whether two things are compared that the caller sends both, one
// where a credential would be: a cookie and a field of the form. Who sends the same
// twice passes, whatever they are called.
func mirrors(a, b value) bool {
	f, ok := a.(forged)
	if !ok {
		a, b = b, a
		f, ok = a.(forged)
	}
	if !ok || f.what == found || f.what == length {
		return false
	}
	if g, both := b.(forged); both {
		return (f.what == credential || g.what == credential) && g.what != found && g.what != length
	}
	return f.what == credential && sentOf(b) == parameter
}

// hasText reports whether a value is a text of the program, which is a secret if
// what callers present has to be it.
func hasText(v value) bool { s, ok := asString(v); return ok && s != "" }

// sameSender reports whether who sends, or names, something forged can make what
// it is compared with as it pleases.
func sameSender(f forged, other value) bool {
	switch x := other.(type) {
	case constant:
		return f.what == found || f.what == claim
	case *unknown:
		return f.what != found && (x.sent == parameter || x.sent == harmless)
	}
	return false
}

// forgedOrder is a < b and the like, where one is forged.
func forgedOrder(op string, a, b value) value {
	f, ok := a.(forged)
	if !ok {
		f, _ = b.(forged)
		b = a
		op = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]
	}
	n, ok := asInt(b)
	if !ok || f.what != length {
		return &unknown{t: "bool", labels: labels(b), free: canFail | canHold}
	}
	enough := n <= maxSize
	return boolean(enough == (op == ">" || op == ">="), false)
}

// forgedCall is a call that is given something forged. ok is false for those that
// are carried out as any.
func (m *machine) forgedCall(name string, recv value, c call) (value, bool) {
	s := m.sim
	if s == nil || !s.forging {
		return nil, false
	}
	pkg, _, fn := split(name)
	base := importpath.Unversioned(pkg)
	var on *forged
	others := false
	for i, a := range append([]value{recv}, c.args...) {
		switch x := a.(type) {
		case forged:
			if on == nil || x.what == credential {
				on = &x
			}
		case nil, constant, nilValue, *closure, *object, *external, *list, *table:
		case request:
			others = others || x.kind != "ctx" && x.kind != "c"
		default:
			others = others || i > 0
		}
	}
	t := resultType(c)
	if v, ok := m.unverifiedCall(base, fn, recv, c, on); ok {
		return v, true
	}
	if on == nil || known(pkg) != nil {
		return nil, false
	}
	switch base {
	case "context", "errors", "github.com/pkg/errors", "log", "log/slog", "github.com/sirupsen/logrus", "go.uber.org/zap", "github.com/rs/zerolog", "github.com/rs/zerolog/log":
		return nil, false
	case "fmt":
		if !strings.HasPrefix(fn, "Sp") && !strings.HasPrefix(fn, "Ss") {
			return nil, false
		}
	}
	switch fn {
	case "Before", "After": // of a time that the caller names
		if isForged(recv) {
			return &unknown{t: t, free: canFail | canHold}, true
		}
	}
	switch base {
	case "strings", "bytes", "unicode", "unicode/utf8", "regexp":
		return m.forgedText(fn, t, *on, c), true
	case "strconv", "encoding/base64", "encoding/hex", "encoding/base32", "net/url", "fmt", "time", "net", "net/netip", "github.com/google/uuid", "github.com/gofrs/uuid", "github.com/satori/go.uuid", "github.com/oklog/ulid", "github.com/rs/xid":
		if others {
			break
		}
		if t == "bool" {
			return &unknown{t: t, free: canFail | canHold}, true
		}
		f := *on
		s.opened = s.opened || strings.HasPrefix(base, "encoding/")
		return forge(t, f), true
	case "encoding/json":
		if fn == "Unmarshal" && len(c.args) == 2 && sentByCaller(c.args[0]) {
			s.opened = true
			m.fillForged(c, 1, forged{what: claim})
			return nilValue{}, true
		}
	case "crypto/hmac", "crypto/subtle", "crypto/sha256", "crypto/sha512", "crypto/sha1", "crypto/md5", "hash", "golang.org/x/crypto/bcrypt", "golang.org/x/crypto/argon2":
		if sameText(base, fn) && len(c.args) == 2 && mirrors(c.args[0], c.args[1]) {
			s.mirrored = true
			if t == "bool" {
				return boolean(true, false), true
			}
			return num(1), true
		}
		// Who sends all that goes in knows what comes out.
		for _, a := range append([]value{recv}, c.args...) {
			switch x := a.(type) {
			case nil:
			case *external:
				if x.called { // while registering, from what callers do not know
					return m.unknownResult(c, nil), true
				}
			case constant:
				if x.k == 's' {
					return m.unknownResult(c, nil), true
				}
			case forged:
				if x.what == found {
					return m.unknownResult(c, nil), true
				}
			default:
				if recv == nil || !isForged(recv) {
					return m.unknownResult(c, nil), true
				}
			}
		}
		s.opened = true
		if fn == "ConstantTimeCompare" || fn == "ConstantTimeEq" {
			return num(1), true
		}
		return forge(t, forged{what: credential}), true
	}
	if on.what != credential && !others && !strings.HasPrefix(base, "crypto/") {
		// What is looked up by a name is there.
		return forgedResult(t), true
	}
	if on.what == credential {
		s.escaped = true
	}
	return m.unknownResult(c, nil), true
}

// sameText reports whether a library's function compares two texts in constant time.
func sameText(base, fn string) bool {
	switch base + "." + fn {
	case "crypto/subtle.ConstantTimeCompare", "crypto/hmac.Equal":
		return true
	}
	return false
}

// forgedResult is what is found by a claim: no error, and a yes where the caller
// names one of whom it is so.
func forgedResult(t string) value {
	return eachResult(tupleTypes(t), func(t string) value {
		switch t {
		case "error":
			return nilValue{}
		case "bool":
			return &unknown{t: t, free: canFail | canHold}
		}
		return forged{t: t, what: found}
	})
}

// forgedText is a function on texts, of which one is forged.
func (m *machine) forgedText(fn, t string, on forged, c call) value {
	var a, b value
	if len(c.args) > 0 {
		a = c.args[0]
	}
	if len(c.args) > 1 {
		b = c.args[1]
	}
	switch fn {
	case "HasPrefix", "HasSuffix":
		if s, ok := asString(b); ok && isForged(a) {
			if fn == "HasPrefix" && len(s) <= maxWord {
				return boolean(m.sim.begins(s), false)
			}
			return boolean(len(s) <= maxWord, false)
		}
		return &unknown{t: "bool"}
	case "EqualFold", "Equal":
		if len(c.args) == 2 {
			return m.forgedCompare("==", a, b)
		}
	case "Contains", "ContainsAny", "ContainsRune", "Count", "Index", "IndexByte", "LastIndex", "LastIndexByte", "IndexAny":
		if !isForged(a) || !isUnknown(b) && !isForged(b) && b != nil {
			if s, ok := asString(b); !isForged(a) || ok && len(s) > maxWord {
				return &unknown{t: t}
			}
		} else if isUnknown(b) && b != nil {
			return &unknown{t: t}
		}
		if strings.HasPrefix(fn, "Contains") {
			return &unknown{t: "bool", free: canFail | canHold}
		}
		return forged{t: t, what: length}
	case "MatchString", "Match":
		return boolean(true, false)
	}
	if t == "bool" {
		return &unknown{t: t, free: canFail | canHold}
	}
	v := forge(t, on)
	if parts, ok := v.(tuple); ok && fn == "Cut" {
		on.t, on.head = "string", true
		parts[0] = on
	}
	return v
}

// foundBy is what stands in a map under something forged.
func (m *machine) foundBy(f forged, t string) value {
	if f.what == credential {
		m.sim.escaped = true
		return &unknown{t: t, labels: labels(f)}
	}
	return forged{t: t, what: found}
}

// forgedPart is an element of something forged.
func forgedPart(f forged, t string, k value) value {
	f.t = t
	if i, ok := asInt(k); ok && i == 0 {
		f.head = true
	}
	return f
}

// begins decides whether a made-up credential begins with what is asked for: with
// anything, unless it is to have one form.
func (s *simulation) begins(with string) bool {
	with = strings.ToLower(strings.TrimRight(with, " :"))
	if !slices.Contains(s.forms, with) && len(s.forms) < 5 {
		s.forms = append(s.forms, with)
	}
	return s.form == "" || s.form == with
}

// noForm is a form that nothing asks for.
const noForm = "something else"

// otherForms are those that a guard asks for besides the first, and none of them;
// in sends a credential of a form.
func (s *simulation) otherForms(in func(form string) *simulation) []string {
	if len(s.forms) == 0 {
		return nil
	}
	all := slices.Clone(in(noForm).forms)
	return append(slices.DeleteFunc(all, func(f string) bool { return slices.Contains(s.forms, f) }), noForm)
}

// fillForged gives what a call fills in the contents that the caller sends.
func (m *machine) fillForged(c call, arg int, f forged) {
	if c.n == nil || c.f == nil || arg+1 >= len(c.n.K) || arg >= len(c.args) {
		return
	}
	k := c.n.K[arg+1]
	if k.Op == program.Addr {
		k = k.K[0]
	}
	switch k.Op {
	case program.Local, program.Field:
		f.t = typeOf(c.args[arg])
		m.assignTo(k, f, c.f)
	}
}

// unverifiedCall is a call of a library that takes a token apart without looking
// whether it is genuine.
func (m *machine) unverifiedCall(base, fn string, recv value, c call, on *forged) (value, bool) {
	if on == nil && !m.takesRequest(c.args) {
		return nil, false
	}
	if !takesApart(base, fn, recv, c) {
		return nil, false
	}
	if on == nil { // out of the request itself
		m.asForger("string", []string{"token"}, "a token")
	}
	if m.sim.unverified == "" && fn != "ParseSigned" && fn != "ParseSignedAndEncrypted" {
		m.sim.unverified = lastPart(base) + "." + fn
	}
	for i := range c.args {
		if !isForged(c.args[i]) {
			switch c.args[i].(type) {
			case *external, constant, request, *closure:
			default:
				m.fillForged(c, i, forged{what: claim})
			}
		}
	}
	return forge(resultType(c), forged{what: claim}), true
}

// takesApart reports whether a function of a library reads a token's claims
// without a key, or with the check switched off.
func takesApart(base, fn string, recv value, c call) bool {
	low := strings.ToLower(fn)
	for _, w := range []string{"unverified", "insecure", "noverify", "withoutverification", "withoutcheck", "skipverif"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	has := func(option string, off bool) bool {
		if c.n != nil && slices.ContainsFunc(c.n.K[1:], func(n *program.Node) bool {
			return n.Op == program.Call && lastName(n.K[0].S) == option && len(n.K) == 2 && n.K[1].Op == program.Const && (n.K[1].S == "false") == off
		}) {
			return true
		}
		return slices.ContainsFunc(append(given(recv), c.args...), func(v value) bool {
			x, ok := v.(*external)
			if !ok {
				return false
			}
			if lastName(x.name) != option {
				f := x.field(option)
				known, yes, _ := truth(f)
				return f != nil && known && yes == !off
			}
			if len(x.args) == 0 {
				return true
			}
			known, yes, _ := truth(x.args[0])
			return known && yes == !off
		})
	}
	switch base {
	case "github.com/lestrrat-go/jwx/jwt":
		switch fn {
		case "Parse", "ParseString", "ParseRequest", "ParseHeader", "ParseForm", "ParseReader", "ParseCookie":
			return has("WithVerify", true)
		}
	case "github.com/lestrrat-go/jwx/jws":
		return fn == "Parse" || fn == "ParseString" || fn == "ParseReader"
	case "github.com/kataras/jwt":
		return fn == "Decode"
	case "github.com/brianvoe/sjwt":
		return fn == "Parse"
	case "github.com/dvsekhvalnov/jose2go":
		return fn == "Payload" || fn == "Headers"
	case "github.com/coreos/go-oidc/oidc", "github.com/coreos/go-oidc":
		return fn == "Verify" && has("InsecureSkipSignatureCheck", false)
	case "github.com/go-jose/go-jose/jwt", "github.com/go-jose/go-jose", "gopkg.in/square/go-jose.v2/jwt", "gopkg.in/square/go-jose.v2", "gopkg.in/go-jose/go-jose.v2/jwt", "gopkg.in/go-jose/go-jose.v2":
		return fn == "ParseSigned"
	case "github.com/golang-jwt/jwt", "github.com/dgrijalva/jwt-go", "github.com/form3tech-oss/jwt-go":
		return strings.HasPrefix(fn, "Parse") && slices.ContainsFunc(c.args, allowsNone)
	}
	return false
}

// allowsNone reports whether a function gives tokens without a signature the key
// that takes them.
func allowsNone(v value) bool {
	cl, ok := v.(*closure)
	if !ok {
		return false
	}
	none := false
	walk(cl.fn.Body, func(n *program.Node) {
		if n.Op != program.Return || len(n.K) == 0 {
			return
		}
		k := n.K[0]
		if k.Op == program.Const && len(k.K) > 0 {
			k = k.K[0] // what names it
		}
		none = none || lastName(k.S) == "UnsafeAllowNoneSignatureType"
	})
	return none
}
