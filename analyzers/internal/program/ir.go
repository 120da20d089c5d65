package program

// Op says what a Node is.
type Op uint8

// The operations. S, N, T and K are the fields of Node.
const (
	Bad       Op = iota
	Const        // S the value, T its kind: string, int, bool, float; K[0] a Global if it is a named string, with the file and line where the package declares it, the TypeOf it has if it is a named int of a named type
	Nil          //
	Local        // S name, N number within the package
	Global       // S "path.Name" of a package-level function, variable or builtin; K[0] the TypeOf it is instantiated with
	Field        // S name, K[0] operand
	Method       // S name, T "path.Type" of the static receiver, K[0] receiver
	Call         // K[0] callee, K[1:] arguments, N 1 if the last is spread; T result type
	Lit          // S index into Package.Funcs (decimal in N)
	Composite    // T type, K elements (KV or plain)
	KV           // K[0] key (Const string for fields), K[1] value
	Index        // K[0] operand, K[1] index
	SliceOf      // K[0] operand, K[1] and K[2] bounds or Nil
	Addr         // K[0]
	Deref        // K[0]
	Unary        // S operator, K[0]
	Binary       // S operator, K[0], K[1]
	Assert       // T type, K[0]
	Conv         // T type, K[0]
	TypeOf       // T a type used as a value

	Block      // K statements
	Assign     // N number of left sides, S operator, K lhs then rhs
	If         // K cond, then, else or absent
	For        // K cond or Nil, body, post
	Range      // K key, value, operand, body
	Switch     // K[0] tag or Nil, K[1:] cases
	TypeSwitch // K[0] operand, K[1] bound variable or Nil, K[2:] cases
	Case       // N number of expressions (-1 default), K expressions then body
	Return     // K results
	Expr       // K[0]
	Go         // K[0] call; S "go" or "defer"
	Branch     // S break, continue, goto, fallthrough
	SelectStmt // K blocks
	Labeled    // K[0]
)

// Node is one piece of code.
type Node struct {
	Op   Op
	N    int32
	Line int32
	S, T string
	K    []*Node
}

// Param is a parameter or result.
type Param struct {
	Name string
	ID   int32 // number of the local, 0 if unnamed
	Type string
	Ptr  bool // Type is what it points to
	// Tag is what the tag of a field says, Line where that stands if it may be
	// asked for.
	Tag  Tag
	Line int32
}

// Func is a function, method or function literal.
type Func struct {
	Name     string // "path.Name", "path.Type.Name" or "path.Outer$1"
	Recv     *Param
	Params   []Param
	Results  []Param
	Variadic bool
	Body     *Node // nil for declarations without one
	File     string
	Line     int32
	EndLine  int32
	Test     bool
	Literal  bool
}

// Type is a named type of the package.
type Type struct {
	Name      string   // "path.Name"
	Under     string   // underlying type as text for non-structs
	Fields    []Param  // of a struct; embedded ones have their type's name
	Embedded  []string // types of embedded fields, by Fields' names
	Interface []string // method names, nil unless an interface
	File      string
}

// Package is the fact.
type Package struct {
	Path, Name string
	Funcs      []*Func
	Vars       []*Node // assignments of package variables in initialisation order
	Types      []*Type
	Imports    []string
}

// AFact marks Package as a fact.
func (*Package) AFact() {}

func (p *Package) String() string { return "program(" + p.Path + ")" }
