package routes

import (
	"fmt"
	"strings"
)

// The kinds of access, in rising order of safety; unresolved is never safe.
const (
	Public        = "public"
	Authenticated = "authenticated"
	Role          = "role"
	Unresolved    = "unresolved"
)

// What is known of the files that a route serves.
const (
	FilesPublic  = "public"  // embedded, or of a folder of pages
	FilesOther   = "other"   // of another folder
	FilesUnknown = "unknown" // nothing
)

// The kinds of guards.
const (
	KindAuth       = "authentication"
	KindRole       = "role"
	KindParser     = "parser"    // sets an identity, never refuses
	KindOptional   = "optional"  // refuses bad identities but lets none pass
	KindSignature  = "signature" // refuses what no service signed that was given the secret; the route stays public
	KindOther      = "other"
	KindUnresolved = "unresolved"
)

// Guard is one element of a route's chain.
type Guard struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Why  string `json:"why"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Literal: it is a function literal without a name of its own, and Name is
	// that of the function it stands in.
	Literal bool `json:"literal,omitempty"`
	// Attached is where it was put into the chain, Through the calls that led
	// there, the innermost first.
	Attached Place `json:"attached"`
	// AttachedEnd is the last line of what puts it there.
	AttachedEnd int `json:"attached_end,omitempty"`
	// If is the condition under which it is attached, empty if it always is.
	If string `json:"if,omitempty"`
	// Settings are what If asks for, as people configure it, with the defaults.
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
	Refused Place   `json:"refused,omitzero"`
	Through []Place `json:"through,omitempty"`
	// Reached are the pieces of code that decided what it does to this request,
	// its own first: a change to one of them may change that.
	Reached []Span `json:"reached,omitempty"`
	// Flaw names why it does not guard although it refuses, FlawAt where.
	Flaw   string `json:"flaw,omitempty"`
	FlawAt Place  `json:"flaw_at,omitzero"`
	// Answers is where it answers some requests itself instead of handing them on.
	Answers Place `json:"answers,omitzero"`
}

// FlawAbort is a guard that answers 401 or 403 and lets the request go on.
const FlawAbort = "abort"

// Span is a range of lines of a file.
type Span struct {
	File string `json:"file"`
	Line int    `json:"line"`
	End  int    `json:"end"`
}

// Place is a line of a file, relative to what was analysed.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Symbol is a function with its place.
type Symbol struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Literal: as of a Guard.
	Literal bool `json:"literal,omitempty"`
}

// Label is what the function is called where people read: a literal by its place,
// or by the function that makes it.
func (s Symbol) Label() string {
	if s.Literal && s.File != "" {
		return fmt.Sprintf("func literal at %s:%d", s.File, s.Line)
	}
	name, _, _ := strings.Cut(s.Func, "$")
	return name
}

// Route is a method and a path with its handler and the chain that applies.
type Route struct {
	Method     string  `json:"method"` // "*" for any
	Path       string  `json:"path"`
	Access     string  `json:"access"`
	Handler    Symbol  `json:"handler"`
	Registered Place   `json:"registered"`
	Guards     []Guard `json:"guards"`
	Reason     string  `json:"reason,omitempty"`
	Expected   string  `json:"expected,omitempty"`
	Server     string  `json:"server,omitempty"`
	// Signed: the handler checks that what is sent is signed with a secret of the
	// program's own, as a message of another service is.
	Signed bool `json:"-"`
	// Files says, of a route that serves files, what is known of them.
	Files string `json:"-"`
	// If is the condition under which the route is registered, empty if it always
	// is; Settings are what that asks for, as people configure it.
	If       string `json:"if,omitempty"`
	Settings string `json:"settings,omitempty"`
	// Off: by default it is not registered.
	Off bool `json:"off_by_default,omitempty"`
	// Defaults are where code or a file says what If is by default.
	Defaults []Place `json:"defaults,omitempty"`
	// Through are the lines besides Registered that led to it: the groups it is
	// in, where they are mounted, and the calls on the way, the innermost first.
	Through []Place `json:"through,omitempty"`
	// Late are guards attached to the same router too late to apply.
	Late []Guard `json:"late,omitempty"`
}

// Key names a route in two versions of a program.
func (r Route) Key() string { return r.Method + " " + r.Path }

// Inventory is what is known about one program.
type Inventory struct {
	Routes []Route `json:"routes"`
	// Notes say what it lacks: where the program was not followed to its end.
	Notes []string `json:"notes,omitempty"`
}
