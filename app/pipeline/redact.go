package pipeline

import (
	"context"
	"errors"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
)

// What scanners say was redacted in their workers. The pipeline itself says little more
// than names, but names are a repository's text, too: of files that were not laid down,
// of keys of a policy, of branches.

// redact takes what looks like a secret out of every text in what v points to.
func (e *Evaluator) redact(ctx context.Context, v any) {
	if e.Redact != nil {
		// Whatever ends the review, what is said of it is redacted first.
		e.Redact(context.WithoutCancel(ctx), scan.Texts(v))
	}
}

// redactOutcome redacts what is shown of a review. The diff is not shown; it places
// comments, by names that GitHub knows.
func (e *Evaluator) redactOutcome(ctx context.Context, o *review.Outcome) {
	shown := struct {
		BaseRef, HeadRef *string
		Decision         *review.Decision
		Findings         []review.Finding
		Receipt          *review.Receipt
		Routes           []review.Route
		RouteChanges     []review.RouteChange
		DataMap          []review.Recipient
		DataChanges      []review.DataChange
	}{&o.Target.BaseRef, &o.Target.HeadRef, &o.Decision, o.Findings, &o.Receipt, o.Routes, o.RouteChanges, o.DataMap, o.DataChanges}
	e.redact(ctx, &shown)
}

// redactedError redacts what an error says of a repository, to people and in the log.
// What it is, and what it is about, stays.
func (e *Evaluator) redactedError(ctx context.Context, err error) error {
	if err == nil || e.Redact == nil {
		return err
	}
	said := struct{ Op, What, Do, Cause string }{Cause: err.Error()}
	var public *review.Error
	if errors.As(err, &public) {
		said.Op, said.What, said.Do, said.Cause = public.Op, public.What, public.Do, ""
		if public.Err != nil {
			said.Cause = public.Err.Error()
		}
	}
	before := said
	e.redact(ctx, &said)
	switch {
	case said == before:
		return err
	case public == nil:
		return quietError{said.Cause, err}
	}
	return &review.Error{Code: public.Code, Op: said.Op, What: said.What, Do: said.Do, RetryAfter: public.RetryAfter, Err: quietError{said.Cause, public.Err}}
}

// quietError is an error that says something else than it did.
type quietError struct {
	said string
	err  error
}

func (q quietError) Error() string { return q.said }
func (q quietError) Unwrap() error { return q.err }
