// Package publish says what a review came to: as a check run with annotations
// and one review with line comments on GitHub, or as text, Markdown, JSON or
// SARIF. Every text that comes from a repository is escaped here, at the edge:
// no live mention, link, image, HTML or terminal sequence of a pull request's
// making leaves the system.
//
// It imports app/review and app/gh. It must never decide anything: what blocks
// is app/policy's business.
package publish
