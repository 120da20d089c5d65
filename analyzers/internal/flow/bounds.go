package flow

// Bounds on the analysis. Hostile code meets them and costs no more than they
// allow. A few large functions of honest programs meet some (of 27 applications,
// one package in twenty-five). Whoever meets one is named in Result.Bounds.
const (
	// maxLabels bounds the labels of one value, maxParts its parts, maxDepth
	// their nesting and the length of an access path.
	maxLabels = 32
	maxParts  = 64
	maxDepth  = 6
	// maxNodes bounds the values within one value, each counted as often as it is
	// reached: generated code that fills structs of structs made one of millions,
	// and every branch joins and copies them.
	maxNodes = 512
	// ordinaryNodes is how many of them are put into what a callee returns at the
	// price of one expression.
	ordinaryNodes = 8
	// maxWithin bounds how many structs within structs are looked into for what a
	// print of the outermost shows.
	maxWithin = 3
	// maxSteps bounds the hops of one path; the middle of longer ones is lost.
	maxSteps = 40
	// maxLoops bounds how often a loop's body is interpreted for one entry.
	maxLoops = 10
	// maxRounds bounds how often functions that call each other in a circle are
	// interpreted.
	maxRounds = 10
	// maxFuel bounds the expressions interpreted for one function, its literals
	// and loops included, for each expression it has.
	maxFuel = 200_000
	// maxWork bounds what all functions of a package may use up together; beyond it
	// each has minFuel, which is enough for an ordinary one.
	maxWork = 1_500_000
	minFuel = 500
	// maxClosureDepth bounds calls of function literals in function literals,
	// maxLiteral how often one literal is interpreted.
	maxClosureDepth = 8
	maxLiteral      = 24
	// maxNesting bounds how deep expressions and statements are followed.
	maxNesting = 400
	// maxEntries bounds the lines of one summary of each kind.
	maxEntries = 96
	// maxImpls bounds the implementations followed at a call through an
	// interface.
	maxImpls = 160
	// maxTargets bounds the places a pointer may point to and the functions a
	// value may be.
	maxTargets = 24
	// maxPending bounds the values a package passes to interfaces whose
	// implementations it does not see.
	maxPending = 512
	// maxGlobals bounds the package variables that one package writes for others,
	// and the sinks in one package that package variables reach.
	maxGlobals = 256
	// maxURLDepth bounds how far a URL, a logger or a client is followed back
	// through what variables are set to.
	maxURLDepth = 12
	// maxBeside bounds how many values of one kind that one call lets out are
	// kept besides the worst. No finding is lost: one call is one finding.
	maxBeside = 12
)
