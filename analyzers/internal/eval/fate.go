package eval

import (
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// How a request ends in a function that hands requests on: whether the function
// may answer it itself. Most of what a middleware answers is a refusal; what is
// none is a route of its own, though no router knows of it.

// fate is what happened to a request on a way through the function.
type fate struct {
	handed   bool  // it went on to the rest
	given    value // or to a handler that is none of it
	refused  bool  // it was turned away
	moved    bool  // it was sent elsewhere
	stopped  bool  // the rest of the chain was told not to run
	answered bool  // it was answered, and not turned away before
	at       place // of the answer
	// anon: it was answered so for being nobody's; failed: because something failed;
	// doubtful: with a status that is not known.
	// files: a file is sent.
	anon, failed, doubtful, files bool
}

func (a fate) like(b fate) bool {
	if (a.given == nil) != (b.given == nil) || a.given != nil && !same(a.given, b.given) {
		return false
	}
	a.given, b.given = nil, nil
	return a == b
}

// ending is one way in which the function that is watched ends a request itself.
type ending struct {
	at    place // of the answer, or of the return
	to    value // the handler of its own that it is given to; nil where it answers itself
	sure  bool  // whatever is not decided
	moved bool  // all it does is to send the caller elsewhere
	wrote bool  // something is certain to be answered
	anon  bool  // for the caller being nobody
	// failed: what leads there is that something failed; doubtful: with which status
	// is not known.
	failed, doubtful bool
	files            bool // a file is sent
}

// like reports whether two endings are one: of two requests, the same answer.
func (e ending) like(o ending) bool {
	return e.at == o.at && (e.to == nil) == (o.to == nil) && (e.to == nil || sameHandler(e.to, o.to))
}

// sameHandler is same; what cuts the path is made anew for each request.
func sameHandler(a, b value) bool {
	x, ok1 := a.(*wrapped)
	y, ok2 := b.(*wrapped)
	if ok1 && ok2 && x.strip != "" && x.strip == y.strip {
		return sameHandler(x.inner, y.inner)
	}
	return same(a, b)
}

// watch asks how a request ends in a function.
type watch struct {
	// onward says which handlers are the rest of the chain.
	onward func(v value) bool
	// returns: returning hands a request on.
	returns bool
	// onwards: some way leads on.
	onwards bool
	ends    []ending
}

const (
	// maxEndings bounds the ways in which one request ends.
	maxEndings = 60
	// maxFates bounds the ways that are told apart at one time.
	maxFates = 24
)

// besides are ways and those of others: those that are not among them.
func besides(fs, more []fate) []fate {
	for _, f := range more {
		if len(fs) < maxFates && !slices.ContainsFunc(fs, f.like) {
			fs = append(fs, f)
		}
	}
	return fs
}

// crossing is where a request may go several ways.
type crossing struct {
	s             *simulation
	before, after []fate
	ended         bool // some way has
}

// cross begins the first of several ways, of which any may be gone.
func (s *simulation) cross() *crossing {
	if s == nil || s.watch == nil {
		return nil
	}
	return &crossing{s: s, before: slices.Clone(s.fates)}
}

// took ends one way and begins the next where this one began.
func (x *crossing) took(c control) {
	if x == nil {
		return
	}
	x.ended = true
	if c != returned && c != stopped {
		x.after = besides(x.after, x.s.fates)
	}
	x.s.fates = slices.Clone(x.before)
}

// join goes on where the ways meet.
func (x *crossing) join() {
	if x != nil && x.ended && len(x.after) > 0 {
		x.s.fates = x.after
	}
}

// leavesFunction notes how a request fared in a function that returns, the watched
// one or one that it called.
func (m *machine) leavesFunction(f *frame, at place) {
	s := m.sim
	if s == nil || s.watch == nil {
		return
	}
	if f.top {
		m.settle(at)
		return
	}
	f.fates = besides(f.fates, s.fates)
}

// came is told that a function has come back to what called it.
func (m *machine) came(f *frame, ctl control) {
	s := m.sim
	if s == nil || s.watch == nil {
		return
	}
	switch {
	case f.top:
		if ctl == goOn {
			m.settle(place{f.fn.File, f.fn.EndLine})
		}
	case ctl == goOn:
		s.fates = besides(f.fates, s.fates)
	case len(f.fates) > 0:
		s.fates = f.fates
	}
}

// settle notes how the watched function ends a request, on those ways on which it
// does not hand it on.
func (m *machine) settle(at place) {
	s := m.sim
	w := s.watch
	if s.dead {
		return
	}
	for _, f := range s.fates {
		tells := f.answered || f.given != nil
		goesOn := f.handed || w.returns && !tells && !f.stopped && !f.refused
		w.onwards = w.onwards || goesOn
		if goesOn || len(w.ends) >= maxEndings || f.refused && !tells || w.returns && !tells && !f.stopped {
			continue
		}
		e := ending{at: at, to: f.given, sure: s.unsure == 0, moved: f.moved && !tells, wrote: tells, anon: f.anon, failed: f.failed, doubtful: f.doubtful, files: f.files}
		if !tells {
			e.anon, e.failed = m.anonNow(), m.failedNow()
		}
		if f.at.line > 0 {
			e.at = f.at
		}
		w.ends = append(w.ends, e)
	}
}

// failedNow reports whether what is being run depends on something having failed.
func (m *machine) failedNow() bool {
	return slices.ContainsFunc(m.sim.whys, func(r reason) bool { return r.cond != nil && asksFailure(r.cond) })
}

// fare changes how a request fares, on all ways that have led to where it is.
func (m *machine) fare(change func(f *fate)) {
	s := m.sim
	if s == nil || s.watch == nil {
		return
	}
	s.fates = slices.Clone(s.fates)
	for i := range s.fates {
		change(&s.fates[i])
	}
}

// says notes that something is written to the caller, with a status that may not
// be known.
func (m *machine) says(p place, doubtful bool) {
	m.fare(func(f *fate) {
		if !f.handed && f.given == nil && !f.refused && !f.moved && !f.answered {
			f.answered, f.at, f.anon, f.failed, f.doubtful = true, p, m.anonNow(), m.failedNow(), doubtful
		}
	})
}

// turnsAway notes that a request is refused with a status, or sent elsewhere. 0
// is none: the chain is told to stop.
func (m *machine) turnsAway(code int, p place) {
	if code == 0 {
		return
	}
	if code >= 100 && code < 300 {
		m.says(p, false)
		return
	}
	m.fare(func(f *fate) {
		switch {
		case f.answered:
			return
		case code >= 300 && code < 400 && code != 302:
			f.moved = true
		default:
			f.refused = true
		}
		if f.at.line == 0 {
			f.at = p
		}
	})
}

// gives notes that a request is handed to v.
func (m *machine) gives(v value, p place) {
	s := m.sim
	if s.watch == nil {
		return
	}
	onward := isUnknownOrNext(v) || s.watch.onward != nil && s.watch.onward(v)
	s.watch.onwards = s.watch.onwards || onward
	m.fare(func(f *fate) {
		switch {
		case f.handed || f.given != nil:
		case onward:
			f.handed = true
		default:
			f.given, f.at, f.anon, f.failed = v, p, m.anonNow(), m.failedNow()
		}
	})
}

// asksFailure reports whether a condition asks whether something failed.
func asksFailure(n *program.Node) bool {
	switch n.Op {
	case program.Binary:
		switch n.S {
		case "==", "!=":
			return n.K[0].T == "error" && n.K[1].Op == program.Nil || n.K[1].T == "error" && n.K[0].Op == program.Nil
		case "&&", "||":
			return asksFailure(n.K[0]) || asksFailure(n.K[1])
		}
	case program.Unary:
		return asksFailure(n.K[0])
	case program.Call:
		return n.K[0].S == "errors.Is" || n.K[0].S == "errors.As"
	}
	return false
}

// tells notes what is written to the caller by a method of a request's.
func (m *machine) tells(q asked) {
	s := m.sim
	if s.watch == nil || q.r.kind != "w" && q.r.kind != "c" {
		return
	}
	if code, ok := firstInt(q.c.args); ok && code >= 300 {
		if code < 400 && q.name != "Redirect" {
			m.turnsAway(code, q.c.pos)
		}
		return
	}
	switch q.name {
	case "Write", "WriteString", "WriteHeader", "String", "JSON", "JSONBlob", "JSONP", "JSONPretty", "IndentedJSON", "PureJSON", "SecureJSON", "AsciiJSON", "XML", "YAML", "TOML", "HTML", "HTMLBlob", "Blob", "Text", "ProtoBuf",
		"Data", "DataFromReader", "Stream", "Render", "NoContent", "Send", "SendString", "SendStatus", "SendStream", "SendFile", "SendBytes", "Download", "File", "FileAttachment", "FileFromFS", "Attachment", "Inline", "SSEvent",
		"AbortWithStatusJSON", "ServeJSON", "ServeJSONP", "ServeXML", "SetBody", "SetBodyString", "SetBodyStream", "Body", "Success", "Writef":
		if len(q.c.args) > 0 || q.name != "Body" && q.name != "String" {
			m.says(q.c.pos, statusUnknown(q))
			if strings.Contains(q.name, "File") {
				m.fare(func(f *fate) { f.files = f.files || f.at == q.c.pos })
			}
		}
	}
}

// statusUnknown reports whether a method is told the status by what is not known.
func statusUnknown(q asked) bool {
	u, ok := q.first.(*unknown)
	return ok && (u.t == "int" || len(q.c.args) > 1 && (u.t == "" || isStatus(u.labels)) || q.name == "WriteHeader")
}

func isStatus(ws []string) bool {
	return slices.Contains(ws, "status") || slices.Contains(ws, "code")
}

// writes notes what a library's function writes to the caller.
func (m *machine) writes(name string, c call) {
	s := m.sim
	if s.watch == nil {
		return
	}
	switch name {
	case "net/http.Error", "net/http.Redirect":
		return // noted as what they are
	case "net/http.NotFound":
		m.turnsAway(404, c.pos)
		return
	}
	if code, ok := firstInt(c.args); ok && code >= 300 && code < 600 {
		if code < 400 && writesTo(c) {
			m.turnsAway(code, c.pos)
		}
		return
	}
	for _, t := range tupleTypes(resultType(c)) {
		if t != "error" && t != "int" && t != "int64" {
			return // it makes something of the answer
		}
	}
	if lastName(name) == "Encode" && resultType(c) == "error" || writesTo(c) {
		m.says(c.pos, false)
	}
	switch name {
	case "net/http.ServeFile", "net/http.ServeFileFS", "net/http.ServeContent":
		m.fare(func(f *fate) { f.files = f.files || f.at == c.pos })
	}
}

// writesTo reports whether a call is given the answer to write it. A context that
// is handed along is none.
func writesTo(c call) bool {
	for i, a := range c.args {
		r, ok := a.(request)
		if !ok || r.kind != "w" && r.kind != "c" {
			continue
		}
		if r.kind == "w" {
			return true
		}
		if c.n != nil && i+1 < len(c.n.K) {
			n := c.n.K[i+1]
			if n.Op == program.Call {
				n = n.K[0]
			}
			switch n.S {
			case "Writer", "Response", "ResponseWriter", "BodyWriter", "Res":
				return n.Op == program.Field || n.Op == program.Method
			}
		}
	}
	return false
}

// resemblance is what the path is asked to end with, or to hold anywhere.
type resemblance struct {
	with string
	end  bool
}

// resembles notes that the path is asked whether it ends with a constant or holds it.
func (m *machine) resembles(v, with value, end bool) {
	if m.sim == nil || m.sim.watch == nil {
		return
	}
	u, ok := v.(*unknown)
	s, isString := asString(with)
	if !ok || u.part != partPath || !isString || s == "" || len(m.sim.resembled) >= maxOperations {
		return
	}
	if r := (resemblance{s, end}); !slices.Contains(m.sim.resembled, r) {
		m.sim.resembled = append(m.sim.resembled, r)
	}
}

// lookedUp notes that the path is looked up in a table.
func (m *machine) lookedUp(k value, t *table) {
	if m.sim == nil || m.sim.watch == nil {
		return
	}
	if u, ok := k.(*unknown); ok && u.part == partPath && !slices.Contains(m.sim.keyed, t) {
		m.sim.keyed = append(m.sim.keyed, t)
	}
}
