// Package flow follows sensitive values from where they come from to where they
// leave the program: it is the engine behind the rules on logs, errors,
// responses and third parties.
//
// # How it works
//
// The functions of a package are interpreted abstractly, callees before
// callers, on the syntax tree and whatever type information there is. So code
// that cannot be typed in full, because a dependency is missing or does not
// compile, goes the same way as code that can; there is no second, weaker
// analysis for it. A statement maps a state to a state: what each variable, and
// each part of it (a field, a map's key, the elements), may carry. Assignments
// overwrite, branches are joined, loops run until nothing changes or a bound is
// met. What a value may carry is a set of labels: a Source (why it is
// sensitive) or an input of the function under work (a parameter or its
// receiver, with the path of fields below it).
//
// What comes out for a function is its Summary: which inputs and sources reach
// which part of which result, which inputs are written into which others, and
// which inputs reach a sink inside. Summaries travel between packages as one
// package fact (Facts), so each package is interpreted once, whoever calls it.
//
// Names decide only what is sensitive, never what flows (package sensitive).
// Every bound is in bounds.go. Where one is met, the function and what was left
// out are named in Result.Bounds; nothing is cut in silence.
//
// # What it does not see
//
// Pointers are followed to variables, to what is allocated in the function and
// to what inputs point to, not through maps, slices or fields of other objects
// that hold them. A field of an exported struct type stands for that of all its
// objects, if all that is seen to be put into it is sensitive and its name does not
// say what it is: what is put there by a decoder, by a caller that nobody reads, or
// under an unexported type is not seen. What a package variable or such a field gets
// from another package is seen where a writer, a reader or a main package imports
// all others that take part, in whatever order they run; an object whose fields are
// filled later is seen in the sink call itself, not in a text that was made of it. An interface's implementations are those in packages that import each
// other or meet in a main package. Conditions do not count, constants of the package
// apart: what is logged only when a flag is set is logged. goto is taken for falling through. A goroutine runs where
// it is started and where its function sends: what it reads from a channel that
// only other functions fill is seen if these send what they know to be sensitive to
// a field of their own package. What
// the options given to one constructor put into a field is taken for what any other
// may have put there. A function literal that another package returns is known by what
// it yields to a range statement, not by what it does with its arguments. The elements
// of a list are one, whatever their index, but for those of short arrays. That a variable equals a constant is known
// in the branch of an if statement only. Functions without source are taken to return their text
// arguments only if their names say so. Of reflection, fields by constant names and the
// libraries in copied.go are followed, one level deep.
// Whether a panic is recovered is known of the function it is in, not of its
// callers. A constant is a secret only where a name says so and it is neither a
// message nor the name of a key.
//
// The package imports go/analysis and its neighbours under analyzers/internal.
package flow
