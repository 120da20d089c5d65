package review

// Guard is one element of a route's chain: middleware or a check inside the
// handler, with what it does to a request.
type Guard struct {
	Name string `json:"name"`
	// Kind is authentication, role, parser (sets an identity, never refuses),
	// optional, other.
	Kind string `json:"kind"`
	// Why says in one sentence why it counts or does not count as a guard.
	Why  string `json:"why"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Symbol is a function with its place.
type Symbol struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// FileLine is a place of a route inventory.
type FileLine struct {
	File string `json:"file"`
	Line int    `json:"line"`
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
}
