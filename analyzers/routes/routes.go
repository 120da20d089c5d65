package routes

// The kinds of access, in rising order of safety; unresolved is never safe.
const (
	Public        = "public"
	Authenticated = "authenticated"
	Role          = "role"
	Unresolved    = "unresolved"
)

// The kinds of guards.
const (
	KindAuth       = "authentication"
	KindRole       = "role"
	KindParser     = "parser"   // sets an identity, never refuses
	KindOptional   = "optional" // refuses bad identities but lets none pass
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
	// Attached is where it was put into the chain.
	Attached Place `json:"attached"`
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
	// Before are guards attached to the same router too late to apply.
	Late []Guard `json:"late,omitempty"`
}

// Key names a route in two versions of a program.
func (r Route) Key() string { return r.Method + " " + r.Path }

// Inventory is what is known about one program.
type Inventory struct {
	Routes []Route  `json:"routes"`
	Notes  []string `json:"notes,omitempty"`
}
