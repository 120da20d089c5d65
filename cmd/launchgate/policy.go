package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Work on a repository's policy file"}
	cmd.AddCommand(&cobra.Command{
		Use:   "check [FILE]",
		Short: "Say what is wrong with a policy file (default " + pipeline.PolicyPath + ")",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := pipeline.PolicyPath
			if len(args) == 1 {
				path = args[0]
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return cli.Usage(fmt.Errorf("read the policy: %w", err))
			}
			pol, err := config.ParsePolicy(path, data)
			if err != nil {
				return err
			}
			known := make(map[review.RuleID]bool)
			for _, r := range allRules() {
				known[r.ID] = true
			}
			for id := range pol.Rules {
				if !known[id] {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: rules: there is no rule %q in this version\n", path, id)
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is fine: introduced findings block from severity %s and confidence %s; %d public routes, %d suppressions\n",
				path, pol.Block.Severity, pol.Block.Confidence, len(pol.PublicRoutes), len(pol.Suppressions))
			return err
		},
	})
	return cmd
}
