package review

// DataFlow says that data of one class goes to one service of somebody else, at
// one place of the code.
type DataFlow struct {
	Service  string `json:"service"`  // "OpenAI", or the host of a service nobody knows
	Category string `json:"category"` // "ai", "payment", "e-mail"
	Via      string `json:"via"`      // import path of the SDK, or the host
	// Class is the class of personal data; empty says only that the service is
	// used.
	Class string `json:"class,omitempty"`
	What  string `json:"what,omitempty"` // "email", "phone number"
	// Call is the call or the field that takes the data, Func the function it
	// stands in.
	Call string `json:"call,omitempty"`
	Func string `json:"func,omitempty"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Recipient is one row of the customer data map: a service with all it receives.
// Its JSON is the public format of "launchgate datamap".
type Recipient struct {
	Service  string     `json:"service"`
	Category string     `json:"category"`
	Via      []string   `json:"via"`
	Receives []Received `json:"receives"`
	// Used are places where the service is used, the first few.
	Used []FileLine `json:"used"`
}

// Received is what a recipient receives of one class of data.
type Received struct {
	Class  string      `json:"class"`
	What   []string    `json:"what"`
	Places []DataPlace `json:"places"`
}

// DataPlace is a place where data leaves.
type DataPlace struct {
	FileLine
	Call string `json:"call,omitempty"`
	Func string `json:"func,omitempty"`
}

// DataChange is one difference between the data maps of merge base and head.
type DataChange struct {
	Change   string      `json:"change"` // added, removed
	Service  string      `json:"service"`
	Category string      `json:"category"`
	Class    string      `json:"class,omitempty"` // empty: the service as such
	What     []string    `json:"what,omitempty"`
	Places   []DataPlace `json:"places,omitempty"`
	// NewService says that the service received nothing personal before.
	NewService bool `json:"new_service,omitempty"`
}
