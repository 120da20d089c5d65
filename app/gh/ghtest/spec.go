package ghtest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

//go:embed testdata/openapi-subset.json
var openAPIDocument []byte

// document is the OpenAPI subset with request bodies made strict.
type document struct {
	t   *openapi3.T
	ops []*operation
}

// operation is one method on one path of the document.
type operation struct {
	id       string
	method   string
	path     string
	segments []string
	route    *routers.Route
	query    []string // names of the query parameters it knows
}

// loadDocument parses the document once for all servers; it is read-only
// afterwards.
var loadDocument = sync.OnceValues(func() (*document, error) {
	t, err := openapi3.NewLoader().LoadFromData(openAPIDocument)
	if err != nil {
		return nil, fmt.Errorf("load the OpenAPI subset: %w", err)
	}
	d := &document{t: t}
	for path, item := range t.Paths.Map() {
		for method, op := range item.Operations() {
			o := &operation{id: op.OperationID, method: method, path: path, segments: strings.Split(strings.Trim(path, "/"), "/"),
				route: &routers.Route{Spec: t, Path: path, PathItem: item, Method: method, Operation: op}}
			for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
				if p.Value.In == "query" {
					o.query = append(o.query, p.Value.Name)
				}
			}
			if op.RequestBody != nil {
				for _, media := range op.RequestBody.Value.Content {
					refuseUnknown(media.Schema, map[*openapi3.Schema]bool{})
				}
			}
			d.ops = append(d.ops, o)
		}
	}
	// GitHub sends null for the repository of a deleted fork (webhook schema of
	// pull_request_review_comment, go-github's pointers); the document says it
	// cannot.
	for _, name := range []string{"pull-request", "pull-request-simple"} {
		repo := d.component(name).Value.Properties["head"].Value.Properties["repo"]
		nullable := *repo.Value
		nullable.Nullable = true
		d.component(name).Value.Properties["head"].Value.Properties["repo"] = &openapi3.SchemaRef{Value: &nullable}
	}
	// Literal segments before parameters, so that the order of a map does not
	// decide a match.
	slices.SortFunc(d.ops, func(a, b *operation) int { return strings.Compare(b.path, a.path) })
	return d, nil
})

// refuseUnknown sets additionalProperties to false wherever the document lists
// properties and does not say otherwise, so that a misspelt field is noticed.
func refuseUnknown(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		refuseUnknown(p, seen)
	}
	refuseUnknown(s.Items, seen)
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, p := range list {
			refuseUnknown(p, seen)
		}
	}
}

// find returns the operation for a method and a path below the API's base, and
// the path's parameters.
func (d *document) find(method, path string) (*operation, map[string]string) {
	got := strings.Split(strings.Trim(path, "/"), "/")
	for _, o := range d.ops {
		if o.method != method {
			continue
		}
		if params, ok := o.match(got); ok {
			return o, params
		}
	}
	return nil, nil
}

func (o *operation) match(got []string) (map[string]string, bool) {
	params := map[string]string{}
	for i, seg := range o.segments {
		name, isParam := strings.CutPrefix(seg, "{")
		name = strings.TrimSuffix(name, "}")
		if i >= len(got) {
			return nil, false
		}
		last := i == len(o.segments)-1
		switch {
		case isParam && last && (name == "path" || name == "branch"): // may hold slashes
			params[name], _ = url.PathUnescape(strings.Join(got[i:], "/"))
			return params, true
		case isParam:
			params[name], _ = url.PathUnescape(got[i])
		case seg != got[i]:
			return nil, false
		}
	}
	return params, len(got) == len(o.segments)
}

func (o *operation) input(r *http.Request, params map[string]string) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: params, QueryParams: r.URL.Query(), Route: o.route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true}}
}

// checkRequest validates parameters and body. It leaves the body readable.
func (o *operation) checkRequest(r *http.Request, params map[string]string) error {
	for name := range r.URL.Query() {
		if !slices.Contains(o.query, name) {
			return fmt.Errorf("query parameter %q is not documented", name)
		}
	}
	if o.route.Operation.RequestBody == nil && r.ContentLength > 0 {
		return errors.New("a request body is not documented")
	}
	return openapi3filter.ValidateRequest(context.Background(), o.input(r, params))
}

func (o *operation) checkResponse(r *http.Request, params map[string]string, status int, header http.Header, body []byte) error {
	in := &openapi3filter.ResponseValidationInput{RequestValidationInput: o.input(r, params), Status: status, Header: header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	if status >= 400 && o.route.Operation.Responses.Status(status) == nil {
		return nil // the document leaves most errors out
	}
	in.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), in)
}

// responseSchema returns the schema of a JSON answer, nil where there is none.
func (o *operation) responseSchema(status int) *openapi3.SchemaRef {
	resp := o.route.Operation.Responses.Status(status)
	if resp == nil || resp.Value == nil {
		return nil
	}
	if media := resp.Value.Content["application/json"]; media != nil {
		return media.Schema
	}
	return nil
}

// component returns a named schema.
func (d *document) component(name string) *openapi3.SchemaRef { return d.t.Components.Schemas[name] }

// absent marks a value that is not given, unlike nil, which is JSON's null.
type absent struct{}

// complete fills in what a schema requires and v lacks. v is generic JSON.
func complete(ref *openapi3.SchemaRef, v any) any {
	if ref == nil || ref.Value == nil {
		if v == (absent{}) {
			return nil
		}
		return v
	}
	s := ref.Value
	_, missing := v.(absent)
	if missing && s.Nullable {
		return nil
	}
	if v == nil {
		return nil
	}
	for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} {
		for _, alt := range list {
			c := complete(alt, clone(v))
			if alt.Value.VisitJSON(c) == nil {
				v, missing = c, false
				break
			}
		}
	}
	for _, part := range s.AllOf {
		v, missing = complete(part, v), false
	}
	switch {
	case s.Type.Is("object") || len(s.Properties) > 0:
		m, ok := v.(map[string]any)
		if missing {
			m, ok = map[string]any{}, true
		}
		if !ok {
			return v
		}
		for name, p := range s.Properties {
			if have, ok := m[name]; ok {
				m[name] = complete(p, have)
			} else if slices.Contains(s.Required, name) {
				m[name] = complete(p, absent{})
			}
		}
		return m
	case s.Type.Is("array"):
		if missing {
			return []any{}
		}
		if list, ok := v.([]any); ok {
			for i := range list {
				list[i] = complete(s.Items, list[i])
			}
		}
		return v
	case !missing:
		return v
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	case s.Type.Is("string") && s.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case s.Type.Is("string"):
		return ""
	case s.Type.Is("integer"), s.Type.Is("number"):
		return float64(0)
	case s.Type.Is("boolean"):
		return false
	}
	return nil
}

// generic turns a Go value into generic JSON.
func generic(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var g any
	err = json.Unmarshal(b, &g)
	return g, err
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = clone(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = clone(e)
		}
		return l
	}
	return v
}
