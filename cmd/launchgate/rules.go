package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/cmd/internal/cli"
	"github.com/launchgate/launchgate/cmd/internal/scanners"
)

// allRules returns every rule of every scanner, sorted by id.
func allRules() []review.Rule {
	var rules []review.Rule
	for _, s := range scanners.All() {
		rules = append(rules, s.Rules()...)
	}
	sort.Slice(rules, func(i, j int) bool { return rules[i].ID < rules[j].ID })
	return rules
}

func newRulesCommand() *cobra.Command {
	var format, write string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List every rule",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules := allRules()
			switch {
			case write != "":
				return writeRulePages(write, rules)
			case format == "json":
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(rules)
			case format == "text":
				tw := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, r := range rules {
					fmt.Fprintf(tw, "%s\t%s\trow %d\t%s\n", r.ID, r.Severity, r.Row, r.Title)
				}
				return tw.Flush()
			}
			return cli.Usage(fmt.Errorf("unknown format %q: text or json", format))
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&write, "write", "", "write one Markdown page per rule below this folder instead")
	return cmd
}

// writeRulePages writes dir/FAMILY/NAME.md for each rule.
func writeRulePages(dir string, rules []review.Rule) error {
	for _, r := range rules {
		path := filepath.Join(dir, filepath.FromSlash(string(r.ID))+".md")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write rule pages: %w", err)
		}
		if err := os.WriteFile(path, []byte(publish.RuleMarkdown(r)), 0o644); err != nil {
			return fmt.Errorf("write rule pages: %w", err)
		}
	}
	return nil
}

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Print a rule's page: what, why, how to mend it, how to say it is meant",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, r := range allRules() {
				ids = append(ids, string(r.ID)+"\t"+r.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			rules := allRules()
			for _, r := range rules {
				if string(r.ID) == args[0] {
					w := cmd.OutOrStdout()
					_, err := fmt.Fprint(w, publish.RuleText(r, publish.TextOptions{Colour: wantsColour(w), Width: cli.Width(w)}))
					return err
				}
			}
			var ids []string
			for _, r := range rules {
				ids = append(ids, string(r.ID))
			}
			err := fmt.Errorf("there is no rule %q", args[0])
			if near := config.Nearest(args[0], ids); near != "" {
				err = fmt.Errorf("%w; did you mean %q? 'launchgate rules' lists them", err, near)
			}
			return cli.Usage(err)
		},
	}
}
