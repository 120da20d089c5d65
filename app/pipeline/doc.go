// Package pipeline puts the stages of a review together: checkout, scan,
// findings, policy, publish. Evaluate is the part that the server and the
// command line share: from a checked-out pair of commits to an Outcome. Service
// is the server's part: it answers a job by reading the pair back from GitHub,
// evaluating it and publishing the verdict.
//
// It may import every stage. It must never contain SQL, Markdown or git
// arguments of its own, and knows nothing of the command line.
package pipeline
