package flow

// Bounds on the analysis. They are far above what honest code needs; hostile
// code meets them and costs no more than they allow.
const (
	// maxLabels bounds the labels of one value, maxParts its parts, maxDepth
	// their nesting and the length of an access path.
	maxLabels = 12
	maxParts  = 24
	maxDepth  = 4
	// maxSteps bounds the hops of one path; the middle of longer ones is lost.
	maxSteps = 14
	// maxLoops bounds how often a loop's body is interpreted for one entry.
	maxLoops = 5
	// maxRounds bounds how often functions that call each other in a circle are
	// interpreted.
	maxRounds = 4
	// maxFuel bounds the expressions interpreted for one function, its literals
	// and loops included, for each expression it has.
	maxFuel = 200_000
	// maxClosureDepth bounds calls of function literals in function literals,
	// maxLiteral how often one literal is interpreted.
	maxClosureDepth = 4
	maxLiteral      = 6
	// maxNesting bounds how deep expressions and statements are followed.
	maxNesting = 400
	// maxEntries bounds the lines of one summary of each kind.
	maxEntries = 32
	// maxImpls bounds the implementations followed at a call through an
	// interface.
	maxImpls = 8
	// maxPending bounds the values a package passes to interfaces whose
	// implementations it does not see.
	maxPending = 128
	// maxBeside bounds how many values of one kind that one call lets out are
	// kept besides the worst. No finding is lost: one call is one finding.
	maxBeside = 12
	// maxCached bounds the struct types remembered.
	maxCached = 20_000
)
