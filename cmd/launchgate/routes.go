package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/secrets"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/local"
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
unresolved. Nothing of the code is executed and no go command is run. Guards that
the folder's ` + pipeline.PolicyPath + ` declares count.

Exit status 2 says that not everything could be looked at: what is listed is right,
but there may be more. What is missing is said on standard error, and under "gaps"
in JSON.`,
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
				return cli.Usage(fmt.Errorf("unknown format %q: table, json, markdown or openapi", format))
			}
			if diff != "" && (why != "" || format == "openapi") {
				return cli.Usage(errors.New("--diff goes with the formats table, json and markdown, and not with --why"))
			}
			settings, err := declaredGuards(dir)
			if err != nil {
				return err
			}
			gaps := &unseen{errs: cmd.ErrOrStderr()}
			head, err := inventory(cmd.Context(), dir, settings, gaps)
			if err != nil {
				return err
			}
			switch {
			case why != "":
				err = explainRoute(cmd.OutOrStdout(), head, why)
			case diff != "":
				base, errBase := inventoryAt(cmd.Context(), dir, diff, settings, gaps)
				if errBase != nil {
					return errBase
				}
				err = writeRouteDiff(cmd.OutOrStdout(), findings.RouteChanges(base, head, review.Diff{}), format, gaps)
			default:
				err = write(cmd.OutOrStdout(), review.BareRoutes(head), gaps)
			}
			if err != nil {
				return err
			}
			return gaps.status()
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, json, markdown or openapi")
	cmd.Flags().StringVar(&diff, "diff", "", "print what changed since this commit instead")
	cmd.Flags().StringVar(&why, "why", "", "explain one route, given as 'METHOD /path', step by step")
	return cmd
}

// declaredGuards reads the guards of a folder's own policy, if it has one: the
// user asks about this folder, so no base branch has a say.
func declaredGuards(dir string) (json.RawMessage, error) {
	pol, err := folderPolicy(dir)
	if err != nil {
		return nil, err
	}
	all, err := scannerSettings(goanalysis.Settings{})(pol, nil)
	return all["code"], err
}

// inventory scans a folder in this process: it is the user's own checkout. What
// could not be looked at goes to gaps.
func inventory(ctx context.Context, dir string, settings json.RawMessage, gaps *unseen) ([]review.Route, error) {
	rep, err := scanHere(ctx, goanalysis.Scanner{RoutesOnly: true}, dir, settings)
	if err != nil {
		return nil, err
	}
	gaps.add(rep.Receipt)
	return rep.Routes, nil
}

// scanHere runs a scanner in this process. What it says is redacted as in a worker: a
// listing ends in logs of pipelines and in files that are handed on.
func scanHere(ctx context.Context, s scan.Scanner, dir string, settings json.RawMessage) (scan.Report, error) {
	key, err := local.Key()
	if err != nil {
		return scan.Report{}, err
	}
	req := scan.Request{HeadDir: dir, FingerprintKey: key, Settings: settings}
	rep, err := s.Scan(ctx, req, nil)
	if err != nil {
		return scan.Report{}, err
	}
	redactor := secrets.NewRedactor()
	redactor.Keep = checkout.ForScanners
	return rep, scan.RedactReport(ctx, redactor, s.Name(), req, &rep)
}

// inventoryAt scans a commit of the repository that dir is in.
func inventoryAt(ctx context.Context, dir, rev string, settings json.RawMessage, gaps *unseen) (rs []review.Route, err error) {
	err = atCommit(ctx, dir, rev, gaps, func(tree string) error {
		rs, err = inventory(ctx, tree, settings, gaps)
		return err
	})
	return rs, err
}

// atCommit lays the tree of a commit of the repository that dir is in down in a
// temporary folder and calls f with it. What could not be laid down goes to gaps.
func atCommit(ctx context.Context, dir, rev string, gaps *unseen, f func(tree string) error) (err error) {
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
	laid, err := repo.Materialise(ctx, commit, dst, checkout.MaterialiseOptions{Keep: checkout.ForScanners})
	if err != nil {
		return err
	}
	key, err := local.Key()
	if err != nil {
		return err
	}
	secrets.NewRedactor().Texts(ctx, key, scan.Texts(&laid.Gaps))
	gaps.addGaps(laid.Gaps)
	return f(dst)
}

// explainRoute tells step by step what was seen of the routes that match.
func explainRoute(w io.Writer, rs []review.Route, want string) error {
	method, path, ok := strings.Cut(strings.TrimSpace(want), " ")
	if !ok {
		method, path = "*", want
	}
	path = strings.TrimSpace(path)
	var found, near []review.Route
	for _, r := range rs {
		asked := method == "*" || r.Method == "*" || strings.EqualFold(r.Method, method)
		switch {
		case asked && (r.Path == path || review.CanonicalPath(r.Path) == review.CanonicalPath(path)):
			found = append(found, r)
		case strings.Contains(r.Path, strings.TrimSuffix(path, "/")):
			near = append(near, r)
		}
	}
	if len(found) == 0 {
		hint := "'launchgate routes' lists them"
		if len(near) > 0 {
			var names []string
			for _, r := range near[:min(3, len(near))] {
				names = append(names, publish.Terminal(r.Key()))
			}
			hint = "did you mean " + strings.Join(names, " or ") + "?"
		}
		return cli.Usage(fmt.Errorf("no route %q; %s", publish.Terminal(want), hint))
	}
	for i, r := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		explain(w, r)
	}
	return nil
}

// explain follows a request to one route through its chain.
func explain(w io.Writer, r review.Route) {
	at := func(p review.FileLine) string { return fmt.Sprintf("%s:%d", publish.Terminal(p.File), p.Line) }
	fmt.Fprintf(w, "%s: %s\n", publish.Terminal(r.Key()), accessText(r))
	fmt.Fprintf(w, "  registered at %s\n", at(r.Registered))
	for i, g := range r.Guards {
		effect := map[string]string{
			review.GuardAuthentication: "guards: asks who is calling", review.GuardRole: "guards: asks for a role or permission",
			"parser": "no guard", "optional": "no guard", "other": "no guard", review.GuardUnresolved: "may guard",
		}[g.Kind]
		if own := r.Handler; own.File != "" && g.Refuses() && g.Name == own.Func && g.File == own.File && g.Line == own.Line {
			effect = map[string]string{
				review.GuardAuthentication: "the handler's own check: of who is calling", review.GuardRole: "the handler's own check: of a role or permission",
				review.GuardSignature: "the handler's own check: of a message's signature",
			}[g.Kind]
		}
		if g.Exempt {
			effect = "no guard of this route"
		}
		fmt.Fprintf(w, "  %d. %s (%s)\n     %s\n", i+1, publish.Terminal(g.Label()), effect, publish.Terminal(g.Why))
		if g.Attached.File != "" && (g.Attached.File != g.File || g.Attached.Line != g.Line) {
			fmt.Fprintf(w, "     attached at %s\n", at(g.Attached))
		}
		if g.File != "" {
			fmt.Fprintf(w, "     written at %s\n", at(review.FileLine{File: g.File, Line: g.Line}))
		}
		if g.If != "" {
			settings := ""
			if g.Settings != "" {
				settings = " (" + publish.Terminal(g.Settings) + ")"
			}
			fmt.Fprintf(w, "     only if %s%s\n", publish.Terminal(g.If), settings)
		}
	}
	fmt.Fprintf(w, "  handler %s", publish.Terminal(r.Handler.Label()))
	if r.Handler.File != "" {
		fmt.Fprintf(w, " at %s", at(review.FileLine{File: r.Handler.File, Line: r.Handler.Line}))
	}
	fmt.Fprintln(w)
	for _, g := range r.Late {
		fmt.Fprintf(w, "  too late: %s is attached at %s, after the route\n", publish.Terminal(g.Label()), at(g.Attached))
	}
	if r.Reason != "" {
		fmt.Fprintf(w, "  note: %s\n", publish.Terminal(r.Reason))
	}
	fmt.Fprintf(w, "  so: %s\n", conclusion(r))
}

// conclusion says which guard decided, the first of its kind.
func conclusion(r review.Route) string {
	first := func(kind string) string {
		i := slices.IndexFunc(r.Guards, func(g review.Guard) bool { return g.Kind == kind })
		if i < 0 {
			return "a guard"
		}
		return publish.Terminal(r.Guards[i].Label())
	}
	switch r.Access {
	case review.Role:
		return first(review.GuardRole) + " lets only callers with the role or permission pass"
	case review.Authenticated:
		return first(review.GuardAuthentication) + " lets only known callers pass"
	case review.Public:
		if r.Expected != "" {
			return "anybody can call it, as one would expect: " + r.Expected
		}
		return "anybody can call it: nothing on the way refuses a request without an identity"
	}
	return "it could not be decided, and counts as open until it is"
}

func writeRouteDiff(w io.Writer, changes []review.RouteChange, format string, gaps *unseen) error {
	for i := range changes {
		changes[i] = changes[i].Bare()
	}
	switch format {
	case "json":
		if changes == nil {
			changes = []review.RouteChange{}
		}
		return publish.RoutesJSON(w, gaps.with(map[string]any{"changes": changes}))
	case "markdown":
		_, err := io.WriteString(w, publish.RouteChangesMarkdown(changes))
		return err
	}
	_, err := io.WriteString(w, publish.RouteChangesText(changes, publish.TextOptions{Colour: wantsColour(w), Width: cli.Width(w)}))
	return err
}

// byServer groups routes by the server they belong to, in the order in which the
// servers first come.
func byServer(rs []review.Route) [][]review.Route {
	var order []string
	groups := map[string][]review.Route{}
	for _, r := range rs {
		if _, ok := groups[r.Server]; !ok {
			order = append(order, r.Server)
		}
		groups[r.Server] = append(groups[r.Server], r)
	}
	slices.Sort(order)
	out := make([][]review.Route, len(order))
	for i, s := range order {
		out[i] = groups[s]
	}
	return out
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
		name := g.Label()
		switch g.Kind {
		case "other", "parser":
			continue
		case "optional", review.GuardUnresolved:
			name += " (" + g.Kind + ")"
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, " > ")
}
