package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// newRoutesCommand prints the route inventory of a folder, or how it differs
// from a commit's.
func newRoutesCommand() *cobra.Command {
	var format, diff, why string
	cmd := &cobra.Command{
		Use:   "routes [DIR]",
		Short: "List every route of a Go API and who can reach it",
		Long: `List every route of a Go API: method, path, handler, the guards that really
apply, in order, and what they make of it: public, authenticated, role or
unresolved. Nothing of the code is executed and no go command is run.`,
		Example: `  launchgate routes
  launchgate routes --format json ./service
  launchgate routes --diff main
  launchgate routes --why 'POST /admin/users'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			write, ok := routeFormats[format]
			if !ok {
				return usageError{fmt.Errorf("unknown format %q: table, json, markdown or openapi", format)}
			}
			head, err := inventory(cmd.Context(), dir)
			if err != nil {
				return err
			}
			switch {
			case why != "":
				return explainRoute(cmd.OutOrStdout(), head, why)
			case diff != "":
				base, err := inventoryAt(cmd.Context(), dir, diff)
				if err != nil {
					return err
				}
				return writeRouteDiff(cmd.OutOrStdout(), findings.RouteChanges(base, head, review.Diff{}), format)
			}
			return write(cmd.OutOrStdout(), head)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, json, markdown or openapi")
	cmd.Flags().StringVar(&diff, "diff", "", "print what changed since this commit instead")
	cmd.Flags().StringVar(&why, "why", "", "explain one route, given as 'METHOD /path', step by step")
	return cmd
}

// inventory scans a folder in this process: it is the user's own checkout.
func inventory(ctx context.Context, dir string) ([]review.Route, error) {
	rep, err := goanalysis.Scanner{}.Scan(ctx, scan.Request{HeadDir: dir}, nil)
	if err != nil {
		return nil, err
	}
	return rep.Routes, nil
}

// inventoryAt scans a commit of the repository that dir is in.
func inventoryAt(ctx context.Context, dir, rev string) (rs []review.Route, err error) {
	err = atCommit(ctx, dir, rev, func(tree string) error {
		rs, err = inventory(ctx, tree)
		return err
	})
	return rs, err
}

// atCommit lays the tree of a commit of the repository that dir is in down in a
// temporary folder and calls f with it.
func atCommit(ctx context.Context, dir, rev string, f func(tree string) error) (err error) {
	repo, err := checkout.OpenLocal(ctx, dir)
	if err != nil {
		return err
	}
	commit, err := repo.Resolve(ctx, rev)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "launchgate-tree-")
	if err != nil {
		return fmt.Errorf("make a folder for %s: %w", rev, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	dst := filepath.Join(tmp, "tree")
	if _, err := repo.Materialise(ctx, commit, dst, checkout.MaterialiseOptions{Keep: checkout.ForScanners}); err != nil {
		return err
	}
	return f(dst)
}

var routeFormats = map[string]func(io.Writer, []review.Route) error{
	"table": func(w io.Writer, rs []review.Route) error {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "METHOD\tPATH\tACCESS\tHANDLER\tGUARDS\tREGISTERED")
		for _, r := range rs {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s:%d\n", showable(r.Method), showable(r.Path), accessText(r), showable(r.Handler.Func), showable(guardNames(r)), showable(r.Registered.File), r.Registered.Line)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w, routeTotals(rs))
		return err
	},
	"json": func(w io.Writer, rs []review.Route) error {
		if rs == nil {
			rs = []review.Route{}
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"routes": rs})
	},
	"markdown": func(w io.Writer, rs []review.Route) error {
		fmt.Fprintln(w, "| method | path | access | handler | guards |\n| --- | --- | --- | --- | --- |")
		for _, r := range rs {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", cell(r.Method), cell(r.Path), accessText(r), cell(r.Handler.Func), cell(guardNames(r)))
		}
		_, err := fmt.Fprintf(w, "\n%s\n", routeTotals(rs))
		return err
	},
	"openapi": writeOpenAPI,
}

// showable keeps what comes from the code from steering a terminal.
func showable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// cell writes text into a Markdown table as code.
func cell(s string) string {
	s = strings.NewReplacer("`", "'", "|", "\\|").Replace(showable(s))
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func accessText(r review.Route) string {
	s := r.Access.String()
	if r.Expected != "" {
		s += " (" + r.Expected + ")"
	}
	return s
}

// guardNames lists the guards that count; the rest of the chain is in --why.
func guardNames(r review.Route) string {
	var names []string
	for _, g := range r.Guards {
		if g.Kind != "other" && g.Kind != "parser" {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, " > ")
}

func routeTotals(rs []review.Route) string {
	n := map[string]int{}
	for _, r := range rs {
		n[r.Access.String()]++
	}
	return fmt.Sprintf("%d routes: %d public, %d authenticated, %d with a role, %d unresolved", len(rs), n["public"], n["authenticated"], n["role"], n["unresolved"])
}

// explainRoute tells step by step what was seen of the routes that match.
func explainRoute(w io.Writer, rs []review.Route, want string) error {
	method, path, ok := strings.Cut(strings.TrimSpace(want), " ")
	if !ok {
		method, path = "*", want
	}
	path = strings.TrimSpace(path)
	found := false
	for _, r := range rs {
		if r.Path != path || method != "*" && r.Method != "*" && !strings.EqualFold(r.Method, method) {
			continue
		}
		found = true
		fmt.Fprintf(w, "%s %s: %s\n", showable(r.Method), showable(r.Path), accessText(r))
		fmt.Fprintf(w, "  registered at %s:%d\n", showable(r.Registered.File), r.Registered.Line)
		for i, g := range r.Guards {
			fmt.Fprintf(w, "  %d. %s [%s] %s", i+1, showable(g.Name), g.Kind, showable(g.Why))
			if g.File != "" {
				fmt.Fprintf(w, " (%s:%d)", showable(g.File), g.Line)
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "  handler %s", showable(r.Handler.Func))
		if r.Handler.File != "" {
			fmt.Fprintf(w, " at %s:%d", showable(r.Handler.File), r.Handler.Line)
		}
		fmt.Fprintln(w)
		if r.Reason != "" {
			fmt.Fprintf(w, "  note: %s\n", showable(r.Reason))
		}
	}
	if !found {
		return usageError{fmt.Errorf("no route %q; 'launchgate routes' lists them", want)}
	}
	return nil
}

func writeRouteDiff(w io.Writer, changes []review.RouteChange, format string) error {
	if format == "json" {
		if changes == nil {
			changes = []review.RouteChange{}
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"changes": changes})
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, "no route changes")
		return err
	}
	if format == "markdown" {
		fmt.Fprintln(w, "| change | route | before | after | lost | gained |\n| --- | --- | --- | --- | --- | --- |")
	}
	for _, c := range changes {
		r, before, after := c.After, "", ""
		if r == nil {
			r = c.Before
		}
		if c.Before != nil {
			before = c.Before.Access.String()
		}
		if c.After != nil {
			after = c.After.Access.String()
		}
		lost, gained := strings.Join(c.Lost, ", "), strings.Join(c.Gained, ", ")
		if format == "markdown" {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", c.Change, cell(r.Method+" "+r.Path), before, after, cell(lost), cell(gained))
			continue
		}
		fmt.Fprintf(w, "%-8s %s %s", c.Change, showable(r.Method), showable(r.Path))
		switch {
		case before != "" && after != "" && before != after:
			fmt.Fprintf(w, ": %s -> %s", before, after)
		case before+after != "":
			fmt.Fprintf(w, ": %s", r.Access)
		}
		if lost != "" {
			fmt.Fprintf(w, "; lost %s", showable(lost))
		}
		if gained != "" {
			fmt.Fprintf(w, "; gained %s", showable(gained))
		}
		fmt.Fprintln(w)
	}
	return nil
}

// writeOpenAPI writes a skeleton: paths, methods and whether a caller must be
// known. It knows nothing of bodies.
func writeOpenAPI(w io.Writer, rs []review.Route) error {
	paths := map[string]map[string]any{}
	for _, r := range rs {
		p, params := openAPIPath(r.Path)
		if paths[p] == nil {
			paths[p] = map[string]any{}
		}
		methods := []string{strings.ToLower(r.Method)}
		if r.Method == "*" {
			methods = []string{"get", "post", "put", "patch", "delete"}
		}
		op := map[string]any{"operationId": r.Handler.Func, "x-access": r.Access.String(), "responses": map[string]any{"default": map[string]any{"description": "not described by the code"}}}
		if len(params) > 0 {
			op["parameters"] = params
		}
		if r.Access != review.Public {
			op["security"] = []any{map[string]any{"caller": []string{}}}
		}
		for _, m := range methods {
			paths[p][m] = op
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": "Routes found in the code", "version": "0"}, "paths": paths,
		"components": map[string]any{"securitySchemes": map[string]any{"caller": map[string]any{"type": "http", "scheme": "bearer"}}},
	})
}

// openAPIPath writes :id, *rest and {id...} as {id}.
func openAPIPath(p string) (string, []any) {
	var names []string
	segs := strings.Split(p, "/")
	for i, s := range segs {
		name := ""
		switch {
		case strings.HasPrefix(s, ":") || strings.HasPrefix(s, "*"):
			name = s[1:]
			if name == "" {
				name = "rest"
			}
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}"):
			name, _, _ = strings.Cut(strings.TrimSuffix(strings.Trim(s, "{}"), "..."), ":")
		}
		if name != "" {
			segs[i] = "{" + name + "}"
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var params []any
	for _, n := range names {
		params = append(params, map[string]any{"name": n, "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	return strings.Join(segs, "/"), params
}
