package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

// newDatamapCommand prints which services of others receive which personal data.
func newDatamapCommand() *cobra.Command {
	var format, diff string
	var all bool
	cmd := &cobra.Command{
		Use:   "datamap [DIR]",
		Short: "List which third parties receive which personal data",
		Long: `List which third parties (payment, e-mail, SMS, analytics, error tracking,
storage, AI, CRM and others, by the SDK that is imported or the host that
requests are sent to) receive which classes of personal data, with the places
in the code. What the section "sensitive" of DIR/.github/launchgate.yml adds
counts too. Nothing of the code is executed and no go command is run.

Exit status 2 says that not everything could be looked at: what is listed is right,
but there may be more. What is missing is said on standard error, and under "gaps"
in JSON.`,
		Example: `  launchgate datamap
  launchgate datamap --format markdown ./service
  launchgate datamap --diff main`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			write, ok := datamapFormats[format]
			if !ok {
				return cli.Usage(fmt.Errorf("unknown format %q: table, json or markdown", format))
			}
			gaps := &unseen{errs: cmd.ErrOrStderr()}
			head, err := dataFlows(cmd.Context(), dir, gaps)
			if err != nil {
				return err
			}
			if diff != "" {
				var base []review.DataFlow
				err := atCommit(cmd.Context(), dir, diff, gaps, func(tree string) (err error) {
					base, err = dataFlows(cmd.Context(), tree, gaps)
					return err
				})
				if err != nil {
					return err
				}
				if err := writeDataDiff(cmd.OutOrStdout(), findings.DataChanges(base, head), format, gaps); err != nil {
					return err
				}
				return gaps.status()
			}
			if err := write(cmd.OutOrStdout(), findings.DataMap(head), all, gaps); err != nil {
				return err
			}
			return gaps.status()
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, json or markdown")
	cmd.Flags().StringVar(&diff, "diff", "", "print what changed since this commit instead")
	cmd.Flags().BoolVar(&all, "all", false, "list services too that nothing personal was seen to go to")
	return cmd
}

// dataFlows scans a folder in this process, as the folder's own policy says: it
// is the user's own checkout. What could not be looked at goes to gaps.
func dataFlows(ctx context.Context, dir string, gaps *unseen) ([]review.DataFlow, error) {
	pol, err := folderPolicy(dir)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(goanalysis.Settings{Privacy: privacySettings(pol.Sensitive)})
	if err != nil {
		return nil, fmt.Errorf("settings of the code scanner: %w", err)
	}
	rep, err := scanHere(ctx, goanalysis.Scanner{}, dir, settings)
	if err != nil {
		return nil, err
	}
	gaps.add(rep.Receipt)
	return rep.Data, nil
}

// folderPolicy reads the policy file in a folder; without one the defaults apply.
func folderPolicy(dir string) (config.Policy, error) {
	path := filepath.Join(dir, filepath.FromSlash(pipeline.PolicyPath))
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config.DefaultPolicy(), nil
	}
	if err != nil {
		return config.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	return config.ParsePolicy(path, data)
}

var datamapFormats = map[string]func(w io.Writer, m []review.Recipient, all bool, gaps *unseen) error{
	"table": func(w io.Writer, m []review.Recipient, all bool, _ *unseen) error {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "RECIPIENT\tKIND\tCLASS\tDATA\tWHERE")
		for _, r := range m {
			if len(r.Receives) == 0 && all {
				fmt.Fprintf(tw, "%s\t%s\t-\tnothing personal was seen\t%s\n", publish.Terminal(r.Service), publish.Terminal(r.Category), fileLines(r.Used))
			}
			for _, x := range r.Receives {
				for i, p := range x.Places {
					what := ""
					if i == 0 {
						what = strings.Join(x.What, ", ")
					}
					at := fmt.Sprintf("%s:%d", p.File, p.Line)
					if p.Call != "" {
						at += " " + p.Call
					}
					fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", once(i, r.Service), once(i, r.Category), once(i, x.Class), publish.Terminal(what), publish.Terminal(at))
				}
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w, datamapTotals(m, all))
		return err
	},
	"json": func(w io.Writer, m []review.Recipient, _ bool, gaps *unseen) error {
		return publish.DataJSON(w, gaps.with(map[string]any{"recipients": m}))
	},
	"markdown": func(w io.Writer, m []review.Recipient, all bool, _ *unseen) error {
		fmt.Fprintln(w, "| recipient | kind | receives | where |\n| --- | --- | --- | --- |")
		for _, r := range m {
			if len(r.Receives) == 0 && all {
				fmt.Fprintf(w, "| %s | %s | nothing personal was seen | %s |\n", publish.Cell(r.Service), publish.Terminal(r.Category), publish.Cell(fileLines(r.Used)))
			}
			for _, x := range r.Receives {
				var at []string
				for _, p := range x.Places {
					if s := publish.Cell(fmt.Sprintf("%s:%d", p.File, p.Line)); len(at) == 0 || at[len(at)-1] != s {
						at = append(at, s)
					}
				}
				fmt.Fprintf(w, "| %s | %s | %s: %s | %s |\n", publish.Cell(r.Service), publish.Terminal(r.Category), publish.Terminal(x.Class), publish.Cell(strings.Join(x.What, ", ")), strings.Join(at, ", "))
			}
		}
		_, err := fmt.Fprintf(w, "\n%s\n", datamapTotals(m, all))
		return err
	},
}

// once shows a name in the first line of its group.
func once(i int, s string) string {
	if i > 0 {
		return ""
	}
	return publish.Terminal(s)
}

func fileLines(list []review.FileLine) string {
	var out []string
	for _, l := range list {
		out = append(out, fmt.Sprintf("%s:%d", l.File, l.Line))
	}
	return publish.Terminal(strings.Join(out, ", "))
}

func datamapTotals(m []review.Recipient, all bool) string {
	receive := 0
	for _, r := range m {
		if len(r.Receives) > 0 {
			receive++
		}
	}
	are, get := "third parties are", "receive"
	if len(m) == 1 {
		are = "third party is"
	}
	if receive == 1 {
		get = "receives"
	}
	s := fmt.Sprintf("%d %s used, %d %s personal data", len(m), are, receive, get)
	if !all && len(m) > receive {
		s += "; --all lists the others"
	}
	return s
}

func writeDataDiff(w io.Writer, changes []review.DataChange, format string, gaps *unseen) error {
	if format == "json" {
		if changes == nil {
			changes = []review.DataChange{}
		}
		return publish.DataJSON(w, gaps.with(map[string]any{"changes": changes}))
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, "Nobody receives other data than before.")
		return err
	}
	sign := map[string]string{"added": "+", "removed": "-"}
	for _, c := range changes {
		what := "is used, and nothing personal was seen to go there"
		if c.Class != "" {
			what = publish.Terminal(c.Class) + ": " + publish.Terminal(strings.Join(c.What, ", "))
		}
		var at []review.FileLine
		for _, p := range c.Places {
			at = append(at, p.FileLine)
		}
		var err error
		if format == "markdown" {
			_, err = fmt.Fprintf(w, "- %s %s (%s) %s %s\n", c.Change, publish.Cell(c.Service), publish.Terminal(c.Category), what, publish.Cell(fileLines(at)))
		} else {
			_, err = fmt.Fprintf(w, "%s %s (%s)  %s  %s\n", sign[c.Change], publish.Terminal(c.Service), publish.Terminal(c.Category), what, fileLines(at))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
