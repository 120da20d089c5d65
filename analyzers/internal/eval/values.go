package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// value is what an expression stands for. nil means "never assigned".
type value any

type (
	// unknown is any value of a type; labels are words that say where it is from.
	unknown struct {
		t      string
		labels []string
		part   string // of the request: what it is compared with matters
		begins string // of a path: what it begins with, up to a slash
		// sent: the caller sends it and it names nobody; free: what callers can
		// make a condition by what they send.
		sent sent
		free free
		// carried: an earlier part of the chain put it into the request.
		carried bool
		// told: a guard found it out of who is calling, and put it there; shown: it is
		// what callers present to say who they are.
		told, shown bool
		// each: it is one of several things that the caller has.
		each bool
		// ofPath: it is a piece of the request's path; from is how the program
		// names the setting it is.
		ofPath bool
		from   string
		// ofHeader: it is a header that may hold a secret.
		ofHeader bool
		// rest is what of a condition is not decided.
		rest *program.Node
		// def is what it is where nobody set it, if code says; set are the settings
		// that it was made of.
		def *preset
		set []setting
	}
	// constant is a string 's', int 'i' or bool 'b'. anon: it is so because the
	// request is anonymous.
	constant struct {
		k    byte
		s    string
		anon bool
		uri  bool // it is the path with the query behind it
	}
	nilValue struct{}
	// absent is what an anonymous request has in place of an identity.
	absent struct{ t string }
	// failure is a non-nil error; code is its HTTP status if it says one.
	failure struct {
		code int
		anon bool
		name string
		t    string  // its type, if it is a literal of one
		of   *object // that literal
	}
	closure struct {
		fn   *function
		env  *env
		recv value
		t    string // named type it was converted to
		at   place  // of a literal: where the function around it was called
		on   bool   // returning hands the request on, whatever its parameters are
	}
	// external is a function outside the program, or (called) what it returned.
	external struct {
		name   string
		t      string
		recv   value
		args   []value
		called bool
		pos    place
		of     string // the type a generic function is instantiated with
		// routed: it was given paths and what answers them.
		routed bool
	}
	object struct {
		t string
		f map[string]value
		// sim is the simulation that made it; fresh: fields not in f have their
		// zero value; literal: it is a composite literal; anon: it was made because the request is anonymous; unsure
		// is how many undecided branches deep that was.
		// touched: what is not known was given it while registering.
		sim     *simulation
		literal bool
		touched bool
		fresh   bool
		// found: what filled it in was told which by the request.
		found bool
		// ofCaller: what filled it in was told by who is calling.
		ofCaller bool
		anon     bool
		unsure   int
		born     int     // when it was made, in steps
		at       place   // of a literal
		via      []place // of one that holds a handler: the calls that led there
		// switches are where a literal sets those that are true or false.
		switches map[string]place
	}
	// from says of a list or table which file it was read from.
	list struct {
		t     string
		e     []value
		from  string
		order order
	}
	table struct {
		t    string
		keys []value
		e    map[string]value
		at   map[string]place // of the entries of a literal
		// puts are where the other entries were put in, and the calls that led there.
		puts map[string][]place
		from string
	}
	// wrapped is a handler inside a middleware that is not the program's own.
	wrapped struct {
		mw    value
		inner value
		pos   place
		strip string
	}
	tuple []value
	union []value
	// request is a part of the request being simulated: gin, w, r, hdr, url, ctx.
	request struct{ kind string }
	// next is the rest of the chain in a simulation.
	next    struct{}
	typeRef struct{ t string }
)

type place struct {
	file string
	line int32
}

type env struct {
	vars   map[int32]value
	parent *env
}

func (e *env) get(id int32) (value, *env) {
	for x := e; x != nil; x = x.parent {
		if v, ok := x.vars[id]; ok {
			return v, x
		}
	}
	return nil, nil
}

// function is a function of the program with its package.
type function struct {
	*program.Func
	pkg      *program.Package
	relevant bool
	size     int
	spent    int // steps that calls of it took while registering, if not relevant
	locals   []int32
	changed  map[int32]bool // variables whose fields it sets
}

func str(s string) value { return constant{k: 's', s: s} }
func num(n int) value    { return constant{k: 'i', s: strconv.Itoa(n)} }
func boolean(b bool, anon bool) value {
	return constant{k: 'b', s: strconv.FormatBool(b), anon: anon}
}

func asString(v value) (string, bool) {
	if u, ok := v.(union); ok {
		v = fallback(u)
	}
	c, ok := v.(constant)
	if !ok || c.k != 's' {
		return "", false
	}
	return c.s, true
}

// fallback is the constant that stands in for a setting that nobody set, nil if the
// value is anything else.
func fallback(u union) value {
	var only value
	for _, e := range u {
		switch e.(type) {
		case constant:
			if only != nil {
				return nil
			}
			only = e
		case *unknown:
		default:
			return nil
		}
	}
	return only
}

func asInt(v value) (int, bool) {
	c, ok := v.(constant)
	if !ok || c.k != 'i' {
		return 0, false
	}
	n, err := strconv.Atoi(c.s)
	return n, err == nil
}

// strings lists the strings a value may be.
func stringsOf(v value) []string {
	switch x := v.(type) {
	case constant:
		if x.k == 's' {
			return []string{x.s}
		}
	case *unknown:
		if x.def != nil && x.def.k == 's' && x.def.s != "" {
			return []string{x.def.s}
		}
	case union:
		var out []string
		for _, y := range x {
			out = append(out, stringsOf(y)...)
		}
		return out
	case *list:
		var out []string
		for _, y := range x.e {
			out = append(out, stringsOf(y)...)
		}
		return out
	}
	return nil
}

func isUnknown(v value) bool {
	switch v.(type) {
	case nil, *unknown:
		return true
	}
	return false
}

// carried marks what a request is asked for as something put into it.
func carried(v value) value {
	switch x := v.(type) {
	case *unknown:
		u := *x
		u.carried = true
		return &u
	case tuple:
		if len(x) > 0 {
			x[0] = carried(x[0])
		}
	}
	return v
}

// typed is the same value, of which the type has become known.
func (u *unknown) typed(t string) *unknown {
	v := *u
	v.t = t
	return &v
}

// labels are the words that say where a value is from.
func labels(v value) []string {
	switch x := v.(type) {
	case *unknown:
		return x.labels
	case constant:
		if x.k == 's' && len(x.s) < 40 && !strings.HasPrefix(x.s, "/") { // a path asks for nothing
			return words(x.s)
		}
	case *external:
		return words(lastPart(x.name))
	case *object:
		if x.ofCaller {
			return mergeLabels(words(lastPart(x.t)), []string{identityLabel})
		}
		return words(lastPart(x.t))
	case failure:
		return words(x.name)
	case forged:
		return []string{identityLabel}
	case union:
		var out []string
		for _, y := range x {
			out = mergeLabels(out, labels(y))
		}
		return out
	}
	return nil
}

// maxLabels is how many words a list may hold besides the marks in it, of which there
// are so many.
const (
	maxLabels = 24
	marks     = 8
)

// mergeLabels puts lists of distinct words into one. Most add nothing to what is
// there, or are a part of it: a new list is made only for new words.
func mergeLabels(ls ...[]string) []string {
	var out []string
	for i, l := range ls {
		switch {
		case len(l) == 0:
		case len(out) == 0 && len(l) <= maxLabels:
			out = l[:len(l):len(l)] // shared until something is added
		case len(out) > 0 && &l[0] == &out[0] && len(l) <= len(out):
			// the same words
		default:
			for j, w := range l {
				if newLabel(out, w) {
					return moreLabels(out, l[j:], ls[i+1:])
				}
			}
		}
	}
	return out
}

// moreLabels adds words to a list that others share. They are gathered where nothing
// has to be made for it: there are many lists, most of a few words.
func moreLabels(shared, l []string, ls [][]string) []string {
	var room [maxLabels + marks]string
	out := append(room[:0], shared...)
	var seen uint64 // the traits of the words in it: most words that are new have others
	for _, w := range out {
		seen |= trait(w)
	}
	for i := -1; ; l = ls[i] {
		for _, w := range l {
			if t := trait(w); seen&t == 0 && len(out) < maxLabels || newLabel(out, w) {
				out = append(out, w)
				seen |= t
			}
		}
		if i++; i == len(ls) {
			exact := make([]string, len(out))
			copy(exact, out)
			return exact
		}
	}
}

// trait is one of 64 bits that a word has by its length and its ends.
func trait(w string) uint64 {
	if w == "" {
		return 1
	}
	return 1 << ((uint(len(w))*7 + uint(w[0])*5 + uint(w[len(w)-1])) % 64)
}

// newLabel reports whether a word is to be added to a list.
func newLabel(out []string, w string) bool {
	if len(out) >= maxLabels && !isMark(w) {
		return false
	}
	return !slices.Contains(out, w)
}

// isMark reports whether a label says something of its own, and is no word.
func isMark(w string) bool {
	switch w {
	case identityLabel, requestLabel, derivedLabel, weighedLabel, relatedLabel, soughtLabel, recordLabel, checkedLabel:
		return true
	}
	return false
}

// lastPart is a qualified name without its package path.
func lastPart(s string) string {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// words splits a name at dots, dashes, underscores and capitals, in lower case;
// none comes twice.
func words(s string) []string {
	var room [8]string // enough for most names: what is kept is as long as it need be
	out := room[:0]
	start := 0
	flush := func(end int) {
		if end > start {
			if w := strings.ToLower(s[start:end]); !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
		start = end
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '.', '-', '_', '/', ' ', '$', ':', '*', '?', '=', '&', '#', '%', '+':
			flush(i)
			start = i + 1
		default:
			if c < 'A' || c > 'Z' {
				continue
			}
			prevLower := i > 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= '0' && s[i-1] <= '9')
			nextLower := i+1 < len(s) && s[i+1] >= 'a' && s[i+1] <= 'z'
			if prevLower || nextLower && i > start {
				flush(i)
			}
		}
	}
	flush(len(s))
	if len(out) == 0 {
		return nil
	}
	exact := make([]string, len(out))
	copy(exact, out)
	return exact
}

// join is what a variable holds after two branches of which either may run.
func join(a, b value, why []string, inform bool) value {
	return joinFor(a, b, func() []string { return why }, inform)
}

// joinFor is join; why is asked only if it says something of the result.
func joinFor(a, b value, why func() []string, inform bool) value {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if same(a, b) {
		if c, ok := b.(constant); ok && c.anon {
			return b
		}
		return a
	}
	if !inform { // simulating a request: only what is certain counts
		_, ax := a.(absent)
		_, bx := b.(absent)
		if ax && bx || ax && empty(b) {
			return a
		}
		if bx && empty(a) {
			return b
		}
		if x, ok := a.(failure); ok {
			if y, ok := b.(failure); ok {
				return eitherFailure(x, y)
			}
		}
		if handlerLike(a) && isNil(b) {
			return a
		}
		if handlerLike(b) && isNil(a) {
			return b
		}
		if x, ok := a.(*object); ok {
			if y, ok := b.(*object); ok && x.fresh && y.fresh && x.t == y.t && (x.anon || y.anon) {
				return either(x, y)
			}
		}
		return &unknown{t: typeOf(a), labels: mergeLabels(labels(a), labels(b), why()),
			part: keptOf(a, b, func(u *unknown) string { return u.part }), begins: keptOf(a, b, func(u *unknown) string { return u.begins })}
	}
	// While registering errors are assumed not to happen.
	if _, ok := a.(failure); ok {
		return b
	}
	if _, ok := b.(failure); ok {
		return a
	}
	if !configured(a, b) && !configured(b, a) {
		if isUnknown(a) || isNil(a) {
			return b
		}
		if isUnknown(b) || isNil(b) {
			return a
		}
	}
	if x, ok := a.(*list); ok {
		if y, ok := b.(*list); ok {
			if len(y.e) >= len(x.e) {
				return y
			}
			return x
		}
	}
	out := union{}
	for _, v := range []value{a, b} {
		if u, ok := v.(union); ok {
			for _, w := range u {
				out = out.add(w)
			}
		} else {
			out = out.add(v)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

// configured reports whether one value is what somebody set and the other what is
// there where nobody did.
func configured(a, b value) bool {
	u, ok := a.(*unknown)
	if !ok || len(u.set) == 0 {
		return false
	}
	switch x := b.(type) {
	case constant:
		return x.k == 's' || x.k == 'b'
	case *unknown:
		return len(x.set) > 0 || x.def != nil
	case union:
		return len(x) > 0 && (configured(a, x[0]) || configured(a, x[len(x)-1]))
	}
	return false
}

// keptOf keeps what is said of a value where the other branch has the same, or
// nothing instead.
func keptOf(a, b value, said func(*unknown) string) string {
	x, ok1 := a.(*unknown)
	y, ok2 := b.(*unknown)
	switch {
	case ok1 && ok2 && said(x) == said(y), ok1 && !ok2 && empty(b):
		return said(x)
	case ok2 && !ok1 && empty(a):
		return said(y)
	}
	return ""
}

func empty(v value) bool {
	s, ok := asString(v)
	return ok && s == "" || isNil(v)
}

// eitherFailure is what is known of an error that is one of two: that there is
// one, on either way. An anonymous request gets it for being that if it may.
func eitherFailure(a, b failure) failure {
	out := failure{anon: a.anon || b.anon}
	if a.code == b.code {
		out.code = a.code
	}
	if a.name == b.name {
		out.name = a.name
	}
	if a.t == b.t {
		out.t = a.t
	}
	if a.of == b.of {
		out.of = a.of
	}
	return out
}

// either is what is known of an object that is one of two a request made.
func either(a, b *object) *object {
	o := &object{t: a.t, f: map[string]value{}, sim: a.sim, fresh: true, anon: a.anon || b.anon, unsure: max(a.unsure, b.unsure), born: max(a.born, b.born)}
	for _, x := range []*object{a, b} {
		for name, v := range x.f {
			if other, ok := a.f[name]; ok && same(v, other) {
				if other, ok = b.f[name]; ok && same(v, other) {
					o.f[name] = v
					continue
				}
			}
			o.f[name] = &unknown{t: typeOf(v), labels: words(name)}
		}
	}
	return o
}

const maxUnion = 6

func (u union) add(v value) union {
	for _, w := range u {
		if same(v, w) {
			return u
		}
	}
	if len(u) >= maxUnion {
		return u
	}
	return append(u, v)
}

func isNil(v value) bool { _, ok := v.(nilValue); return ok }

func same(a, b value) bool {
	switch x := a.(type) {
	case constant:
		y, ok := b.(constant)
		return ok && x.k == y.k && x.s == y.s
	case tuple, union:
		return false
	case *closure:
		y, ok := b.(*closure)
		return ok && (x == y || x.fn == y.fn && x.env == y.env && x.t == y.t && comparableValue(x.recv) && comparableValue(y.recv) && x.recv == y.recv)
	case *external:
		y, ok := b.(*external)
		return ok && (x == y || x.name == y.name && !x.called && !y.called && x.recv == nil && y.recv == nil)
	}
	switch b.(type) {
	case tuple, union:
		return false
	}
	return a == b
}

func comparableValue(v value) bool {
	switch v.(type) {
	case tuple, union:
		return false
	}
	return true
}

func handlerLike(v value) bool {
	switch x := v.(type) {
	case *closure, *wrapped, *router, next:
		return true
	case *external:
		return !x.called || strings.HasPrefix(x.t, "func(") || strings.Contains(x.t, "Handler") || strings.Contains(x.t, "Middleware")
	}
	return false
}

func typeOf(v value) string {
	switch x := v.(type) {
	case *unknown:
		return x.t
	case absent:
		return x.t
	case *object:
		return x.t
	case *external:
		return x.t
	case *closure:
		return x.t
	case *list:
		return x.t
	case failure:
		return "error"
	case forged:
		return x.t
	case *router:
		return x.t
	}
	return ""
}
