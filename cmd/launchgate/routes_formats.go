package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
)

// routeFormats are the ways to write an inventory.
var routeFormats = map[string]func(io.Writer, []review.Route, *unseen) error{
	"table": writeRouteTable, "json": writeRouteJSON, "markdown": writeRouteMarkdown, "openapi": writeOpenAPI,
}

func writeRouteTable(w io.Writer, rs []review.Route, _ *unseen) error {
	servers := byServer(rs)
	for i, group := range servers {
		if len(servers) > 1 {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s\n", serverName(group[0], publish.Terminal))
		}
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "METHOD\tPATH\tACCESS\tHANDLER\tGUARDS\tREGISTERED")
		for _, r := range group {
			t := publish.Terminal
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s:%d\n", t(r.Method), t(r.Path), accessText(r), t(r.Handler.Label()), t(guardNames(r)), t(r.Registered.File), r.Registered.Line)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	for _, r := range rs {
		if r.Access == review.Unresolved {
			fmt.Fprintf(w, "unresolved: %s: %s\n", publish.Terminal(r.Key()), publish.Terminal(r.Reason))
		}
	}
	for _, n := range notesOf(rs) {
		fmt.Fprintf(w, "%s: %s\n", keysOf(n.routes, publish.Terminal), publish.Terminal(n.text))
	}
	_, err := fmt.Fprintln(w, publish.RouteTotals(rs))
	return err
}

// note is what there is to say of some routes, as what they depend on.
type note struct {
	text   string
	routes []review.Route
}

// notesOf lists what there is to say of routes that are decided, each once.
func notesOf(rs []review.Route) []note {
	var out []note
	at := map[string]int{}
	for _, r := range rs {
		if r.Reason == "" || r.Access == review.Unresolved {
			continue
		}
		i, ok := at[r.Reason]
		if !ok {
			i = len(out)
			at[r.Reason] = i
			out = append(out, note{text: r.Reason})
		}
		out[i].routes = append(out[i].routes, r)
	}
	return out
}

// keysOf names the first of some routes and says how many more there are.
func keysOf(rs []review.Route, quote func(string) string) string {
	const most = 3
	var names []string
	for _, r := range rs[:min(most, len(rs))] {
		names = append(names, quote(r.Key()))
	}
	if n := len(rs) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), n)
	}
	return strings.Join(names, ", ")
}

func serverName(r review.Route, quote func(string) string) string {
	if r.Server == "" {
		return "The default server"
	}
	return "Server made in " + quote(r.Server)
}

func writeRouteJSON(w io.Writer, rs []review.Route, gaps *unseen) error {
	if rs == nil {
		rs = []review.Route{}
	}
	return publish.RoutesJSON(w, gaps.with(map[string]any{"routes": rs}))
}

func writeRouteMarkdown(w io.Writer, rs []review.Route, _ *unseen) error {
	servers := byServer(rs)
	for _, group := range servers {
		if len(servers) > 1 {
			fmt.Fprintf(w, "### %s\n\n", serverName(group[0], publish.Cell))
		}
		fmt.Fprintln(w, "| method | path | access | handler | guards | depends on |\n| --- | --- | --- | --- | --- | --- |")
		for _, r := range group {
			access := accessText(r)
			if r.Access == review.Public && r.Expected == "" || r.Access == review.Unresolved {
				access = "**" + access + "**"
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", publish.Cell(r.Method), publish.Cell(r.Path), access, publish.Cell(r.Handler.Label()), publish.Cell(guardNames(r)), publish.Cell(r.Reason))
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "%s.\n", publish.RouteTotals(rs))
	return err
}

// writeOpenAPI writes a skeleton: paths, methods and whether a caller must be
// known. It knows nothing of bodies.
func writeOpenAPI(w io.Writer, rs []review.Route, _ *unseen) error {
	paths := map[string]map[string]any{}
	used := map[string]int{}
	shape := map[string]string{} // paths that differ only in their parameters' names are one path
	for _, r := range rs {
		p, params := openAPIPath(r.Path)
		if first, ok := shape[review.CanonicalPath(p)]; ok {
			p, params = openAPIPath(first)
		} else {
			shape[review.CanonicalPath(p)] = p
		}
		if paths[p] == nil {
			paths[p] = map[string]any{}
		}
		methods := []string{strings.ToLower(r.Method)}
		if r.Method == "*" {
			methods = []string{"get", "post", "put", "patch", "delete"}
		}
		for _, m := range methods {
			if !openAPIMethods[m] || paths[p][m] != nil {
				continue
			}
			id := r.Handler.Func
			if used[id]++; used[id] > 1 { // an id names one operation
				id = fmt.Sprintf("%s-%d", id, used[id])
			}
			op := map[string]any{"operationId": id, "x-access": r.Access.String(), "responses": map[string]any{"default": map[string]any{"description": "not described by the code"}}}
			if len(params) > 0 {
				op["parameters"] = params
			}
			if r.Access != review.Public {
				op["security"] = []any{map[string]any{"caller": []string{}}}
			}
			var guards []string
			for _, g := range r.Guards {
				if g.Refuses() {
					guards = append(guards, g.Name)
				}
			}
			if guards != nil {
				op["x-guards"] = guards
			}
			paths[p][m] = op
		}
	}
	return publish.RoutesJSON(w, map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": "Routes found in the code", "version": "0"}, "paths": paths,
		"components": map[string]any{"securitySchemes": map[string]any{"caller": map[string]any{"type": "http", "scheme": "bearer"}}},
	})
}

// openAPIMethods are the methods a path item may have.
var openAPIMethods = map[string]bool{"get": true, "put": true, "post": true, "delete": true, "options": true, "head": true, "patch": true, "trace": true}

// openAPIPath writes :id, *rest, {id:pattern} and {id...} as {id}.
func openAPIPath(p string) (string, []any) {
	var params []any
	seen := map[string]int{}
	parameter := func(name string) string {
		if name == "" {
			name = "rest"
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s%d", name, seen[name])
		}
		params = append(params, map[string]any{"name": name, "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
		return "{" + name + "}"
	}
	var out strings.Builder
	for seg := range strings.SplitSeq(strings.TrimPrefix(strings.TrimSuffix(p, "{$}"), "/"), "/") {
		out.WriteByte('/')
		if strings.HasPrefix(seg, ":") || strings.HasPrefix(seg, "*") {
			out.WriteString(parameter(seg[1:]))
			continue
		}
		for seg != "" {
			i := strings.IndexByte(seg, '{')
			j := strings.IndexByte(seg, '}')
			if i < 0 || j < i {
				out.WriteString(strings.NewReplacer("{", "", "}", "").Replace(seg))
				break
			}
			// A pattern may itself have braces: {id:[0-9]{4}}.
			for depth, k := 0, i; k < len(seg); k++ {
				switch seg[k] {
				case '{':
					depth++
				case '}':
					depth--
				}
				if j = k; depth == 0 {
					break
				}
			}
			name, _, _ := strings.Cut(strings.TrimSuffix(seg[i+1:j], "..."), ":")
			out.WriteString(seg[:i] + parameter(name))
			seg = seg[j+1:]
		}
	}
	return out.String(), params
}
