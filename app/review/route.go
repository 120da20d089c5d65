package review

import (
	"fmt"
	"strconv"
	"strings"
)

// Guard is one element of a route's chain: middleware or a check inside the
// handler, with what it does to a request.
type Guard struct {
	Name string `json:"name"`
	// Kind is authentication, role, parser (sets an identity, never refuses),
	// optional, other, unresolved.
	Kind string `json:"kind"`
	// Why says in one sentence why it counts or does not count as a guard.
	Why  string `json:"why"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Literal: it is a function literal without a name of its own, and Name is
	// that of the function it stands in.
	Literal bool `json:"literal,omitempty"`
	// Attached is where it was put into the chain.
	Attached FileLine `json:"attached,omitzero"`
	// AttachedEnd is the last line of what puts it there; part of the trace.
	AttachedEnd int `json:"attached_end,omitempty"`
	// If is the condition under which it is attached, empty if it always is; part
	// of the trace, Route.Reason says it too.
	If string `json:"if,omitempty"`
	// Settings are what If asks for, as people configure it, with the defaults; part
	// of the trace.
	Settings string `json:"settings,omitempty"`
	// Switched: it is optional because configuration has to turn it on, for every
	// request alike.
	Switched bool `json:"switched,omitempty"`
	// Exempt: it is optional because it does not ask this request at all: its path
	// is on a list of exceptions, or whatever a caller presents is accepted.
	Exempt bool `json:"exempt,omitempty"`
	// Believes: it refuses who sends nothing, and takes whatever is sent for true.
	Believes bool `json:"believes,omitempty"`
	// Refused is where it turns a request without an identity away.
	Refused FileLine `json:"refused,omitzero"`
	// Through, Reached and FlawAt are a trace, see Route.Bare: the calls that led
	// to Attached, the innermost first; the pieces of code that decided what the
	// guard does to this request, its own first; and where it answers with a
	// refusal and lets the request go on.
	Through []FileLine `json:"through,omitempty"`
	Reached []Lines    `json:"reached,omitempty"`
	FlawAt  FileLine   `json:"flaw_at,omitzero"`
	// Answers is where it answers some requests itself instead of handing them
	// on; part of the trace.
	Answers FileLine `json:"answers,omitzero"`
}

// The kinds of guards that refuse; the others are told apart for people.
const (
	GuardAuthentication = "authentication"
	GuardRole           = "role"
	GuardSignature      = "signature" // of a message: refuses, and the route stays public
	GuardUnresolved     = "unresolved"
)

// Refuses reports whether the guard turns requests away for who sends them.
func (g Guard) Refuses() bool {
	return g.Kind == GuardAuthentication || g.Kind == GuardRole || g.Kind == GuardSignature
}

// Symbol is a function with its place.
type Symbol struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Literal: as of a Guard.
	Literal bool `json:"literal,omitempty"`
}

// Label is what the guard is called where people read.
func (g Guard) Label() string { return label(g.Name, g.Literal, g.File, g.Line) }

// Label is what the function is called where people read.
func (s Symbol) Label() string { return label(s.Func, s.Literal, s.File, s.Line) }

// label names a function literal by its place, or by the function that makes it
// where that is what it is: requireRole, not requireRole$1.
func label(name string, literal bool, file string, line int) string {
	if literal && file != "" {
		return fmt.Sprintf("func literal at %s:%d", file, line)
	}
	name, _, _ = strings.Cut(name, "$")
	return name
}

// FileLine is a place of a route inventory.
type FileLine struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Lines is a range of lines of a file.
type Lines struct {
	File string `json:"file"`
	Line int    `json:"line"`
	End  int    `json:"end"`
}

// Route is a method and a path pattern with its handler and the ordered chain
// that applies to it. Its JSON is the public format of "launchgate routes".
type Route struct {
	Method     string   `json:"method"` // "*" for any
	Path       string   `json:"path"`
	Access     Access   `json:"access"`
	Handler    Symbol   `json:"handler"`
	Registered FileLine `json:"registered"`
	Guards     []Guard  `json:"guards"`
	// Reason says why Access is unresolved, or under which condition the
	// route or a guard exists.
	Reason string `json:"reason,omitempty"`
	// Expected is the built-in reason for a public route: login, health, ….
	Expected string `json:"expected,omitempty"`
	// Server tells apart the routers of one module.
	Server string `json:"server,omitempty"`
	// If is the condition under which the route is registered, empty if it always
	// is; Settings are what that asks for, as people configure it. Reason says both.
	If       string `json:"if,omitempty"`
	Settings string `json:"settings,omitempty"`
	// Off: by default it is not registered.
	Off bool `json:"off_by_default,omitempty"`
	// Defaults are where code or a file says what If is by default; part of the
	// trace.
	Defaults []FileLine `json:"defaults,omitempty"`
	// Through is a trace, see Bare: the lines besides Registered that led to the
	// route (groups, mounts, calls on the way), the innermost first.
	Through []FileLine `json:"through,omitempty"`
	// Late are guards that were put on the route's router too late to apply to it;
	// part of the trace.
	Late []Guard `json:"late,omitempty"`
}

// Key names a route as people do: "POST /users".
func (r Route) Key() string { return r.Method + " " + r.Path }

// CanonicalPath writes a path pattern of any router in one form: parameters
// are {}, whatever their name and pattern, the rest of a path is {*}.
func CanonicalPath(pattern string) string {
	var out []string
	for seg := range strings.SplitSeq(strings.TrimSuffix(pattern, "{$}"), "/") {
		switch {
		case seg == "":
		case strings.HasPrefix(seg, "*"), strings.HasPrefix(seg, "{") && strings.HasSuffix(seg, "...}"):
			out = append(out, "{*}")
		case strings.HasPrefix(seg, ":"), strings.HasPrefix(seg, "<"):
			out = append(out, "{}")
		default:
			out = append(out, withoutNames(seg))
		}
	}
	return "/" + strings.Join(out, "/")
}

// withoutNames writes every {name} and {name:pattern} of a segment as {}. What
// stands around them counts: {id} and {id}:purge are two routes.
func withoutNames(seg string) string {
	if !strings.Contains(seg, "{") {
		return seg
	}
	var b strings.Builder
	depth := 0
	for i := range len(seg) {
		switch c := seg[i]; {
		case c == '{':
			if depth == 0 {
				b.WriteString("{}")
			}
			depth++
		case c == '}' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Signature names what a route is to a caller: where, by which handler it is
// answered, and through which guards. Routes of one signature differ in nothing
// that a reader of a diff would want to hear of.
func (r Route) Signature() string {
	parts := []string{r.Server, r.Method, r.Path, r.Handler.Func, r.Access.String(), r.Reason, r.Expected}
	for _, g := range r.Guards {
		parts = append(parts, g.Name, g.Kind, g.If, strconv.FormatBool(g.Believes), strconv.FormatBool(g.Answers.Line > 0))
	}
	return strings.Join(parts, "\x00")
}

// Bare returns the route without the traces that only serve to find the line of
// a diff that changed it.
func (r Route) Bare() Route {
	r.Through, r.Late, r.Defaults = nil, nil, nil
	guards := make([]Guard, len(r.Guards))
	for i, g := range r.Guards {
		g.If, g.Settings, g.AttachedEnd = "", "", 0
		g.Attached, g.Refused, g.Through, g.Reached, g.FlawAt, g.Answers = FileLine{}, FileLine{}, nil, nil, FileLine{}, FileLine{}
		guards[i] = g
	}
	r.Guards = guards
	return r
}

// BareRoutes returns every route bare.
func BareRoutes(rs []Route) []Route {
	out := make([]Route, len(rs))
	for i, r := range rs {
		out[i] = r.Bare()
	}
	return out
}
