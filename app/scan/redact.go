package scan

import (
	"context"
	"errors"
	"reflect"

	"github.com/launchgate/launchgate/app/review"
)

// Redactor knows secrets by their looks and by where they stand. What a scanner says
// may quote a repository: a route's path, a fix's line, a compiler's error, a file's
// name. So nothing leaves a worker that a Redactor has not been through.
type Redactor interface {
	// Redact takes out of each text, in place, what is a secret, and what is a
	// recognisable part of one. It is asked by the worker of the named scanner; the
	// trees of req say what is a secret for where it stands there. After an error
	// the texts may not be shown.
	Redact(ctx context.Context, scanner string, req Request, texts []*string) error
}

// Texts returns every text in what v points to. Values of types of their own are
// not texts: ids, hashes and codes have forms in which nothing can be quoted.
func Texts(v any) []*string {
	var out []*string
	collectTexts(reflect.ValueOf(v), &out)
	return out
}

var textType = reflect.TypeFor[string]()

func collectTexts(v reflect.Value, out *[]*string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			collectTexts(v.Elem(), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectTexts(v.Field(i), out)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			collectTexts(v.Index(i), out)
		}
	case reflect.String:
		if v.Type() == textType && v.Len() > 0 {
			*out = append(*out, v.Addr().Interface().(*string))
		}
	case reflect.Map, reflect.Interface:
		// Their values cannot be changed in place. Whoever adds one must say here
		// how what is in it is redacted.
		panic("scan: a report holds a " + v.Kind().String())
	}
}

// errNotRedacted is all that is said of a report whose secrets could not be found.
var errNotRedacted = &review.Error{Code: review.CodeScannerFailed, Op: "take the secrets out of what was found", Do: "ask for a re-run; if it stays, report this to the maintainers of Launchgate"}

// RedactReport takes the secrets out of a report, as a worker does before it answers. A
// fix that would write one down is dropped: with a secret taken out it would put a wrong
// text into the code.
func RedactReport(ctx context.Context, r Redactor, scanner string, req Request, rep *Report) error {
	fixes := fixesOf(rep)
	before := make([][]review.Edit, len(fixes))
	for i, f := range fixes {
		before[i] = append([]review.Edit(nil), (*f).Edits...)
	}
	if err := r.Redact(ctx, scanner, req, Texts(rep)); err != nil {
		return errNotRedacted
	}
	for i, f := range fixes {
		for j, e := range (*f).Edits {
			if e != before[i][j] {
				*f = nil
				break
			}
		}
	}
	return nil
}

// quotable is req with the trees only of which s may repeat more than names.
func quotable(s Scanner, req Request) Request {
	if r, ok := s.(Reticent); ok && r.RepeatsNoValues() {
		req.HeadDir, req.BaseDir = "", ""
	}
	return req
}

// fixesOf returns where a report holds fixes.
func fixesOf(rep *Report) []**review.Fix {
	var out []**review.Fix
	for _, fs := range [][]review.Finding{rep.Head, rep.Base} {
		for i := range fs {
			for _, fix := range []**review.Fix{&fs[i].Fix, &fs[i].Alternative} {
				if *fix != nil {
					out = append(out, fix)
				}
			}
		}
	}
	return out
}

// redactFailure takes the secrets out of an error of a scanner.
func redactFailure(ctx context.Context, r Redactor, scanner string, req Request, err error) failure {
	f := failure{Code: review.CodeScannerFailed, Op: "run the scanner", What: scanner, Do: "the server's log has more"}
	var e *review.Error
	if errors.As(err, &e) {
		f = failure{Code: e.Code, Op: e.Op, What: e.What, Do: e.Do}
	}
	if r.Redact(ctx, scanner, req, Texts(&f)) != nil {
		return failure{Code: f.Code, Op: errNotRedacted.Op, Do: errNotRedacted.Do}
	}
	return f
}
