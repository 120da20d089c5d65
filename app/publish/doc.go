// Package publish says what a review came to: as a check run with annotations
// and one review with line comments on GitHub (GitHub), or as text, Markdown,
// JSON or SARIF, one file for each format.
//
// Every text that comes from a repository is escaped here, at the edge, by what
// escape.go has: no live mention, link, reference, image, HTML, mathematics or
// terminal sequence of a pull request's making leaves the system, and no
// invisible character hides what a name is. Texts of rules are ours and are
// Markdown already.
//
// Every method of GitHub may be called again after a crash at any point and
// says nothing twice: the check run is found by its external id, annotations by
// what they say, comments by an authenticated mark that only stands in comments
// of ours on that very pull request.
//
// It imports app/review, go-github and nothing else of app (tests use app/gh
// and its stand-in GitHub). It must never decide anything: what blocks is
// app/policy's business, and a conclusion is success for Pass alone.
package publish
