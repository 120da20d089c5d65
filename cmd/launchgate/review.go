package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/checkout"
	"github.com/launchgate/launchgate/app/pipeline"
	"github.com/launchgate/launchgate/app/publish"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/cmd/internal/cli"
)

func newReviewCommand() *cobra.Command {
	var base, head, format, output string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "review [DIR]",
		Short: "Review a local repository: the same pipeline, without server or credentials",
		Long: `Review the commits between --base and --head of a local git repository, exactly
as the server reviews a pull request. Only committed content is looked at, the
repository is not changed and nothing from it is executed.

Exit status: 0 pass, 1 block, 2 could not verify, 64 usage.`,
		Example: `  launchgate review
  launchgate review ../api --base origin/main --head feature
  launchgate review --format sarif > launchgate.sarif`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			render, err := renderer(format)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			out, err := reviewLocal(ctx, dir, base, head, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := cli.WriteOutput(cmd.OutOrStdout(), output, func(w io.Writer) error { return render(w, out) }); err != nil {
				return err
			}
			switch out.Decision.Verdict {
			case review.Pass:
				return nil
			case review.Block:
				return cli.Exit(cli.Block)
			default:
				return cli.Exit(cli.CouldNotVerify)
			}
		},
	}
	cmd.Flags().StringVar(&base, "base", "", "branch or commit to compare with (default: the default branch of origin, else main or master)")
	cmd.Flags().StringVar(&head, "head", "HEAD", "branch or commit to review")
	cmd.Flags().StringVar(&format, "format", "text", "text, markdown, json or sarif")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this file instead of standard output")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "give up, as 'could not verify', after this long")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "markdown", "json", "sarif"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// renderer returns the writer of one format.
func renderer(format string) (func(io.Writer, review.Outcome) error, error) {
	switch format {
	case "text":
		return func(w io.Writer, o review.Outcome) error {
			return publish.Text(w, o, publish.TextOptions{Colour: wantsColour(w), Width: cli.Width(w), Rules: allRules()})
		}, nil
	case "markdown":
		return func(w io.Writer, o review.Outcome) error {
			_, err := io.WriteString(w, publish.Markdown(o, allRules()))
			return err
		}, nil
	case "json":
		return publish.JSON, nil
	case "sarif":
		return func(w io.Writer, o review.Outcome) error { return publish.SARIF(w, o, allRules(), version()) }, nil
	}
	return nil, cli.Usage(fmt.Errorf("unknown format %q: text, markdown, json or sarif", format))
}

// reviewLocal runs the pipeline on a repository of the user's own.
func reviewLocal(ctx context.Context, dir, base, head string, stderr io.Writer) (review.Outcome, error) {
	repo, err := checkout.OpenLocal(ctx, dir)
	if err != nil {
		return review.Outcome{}, err
	}
	headSHA, err := repo.Resolve(ctx, head)
	if err != nil {
		return review.Outcome{}, cli.Usage(fmt.Errorf("--head: %w", err))
	}
	baseName, baseSHA, err := resolveBase(ctx, repo, base)
	if err != nil {
		return review.Outcome{}, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return review.Outcome{}, fmt.Errorf("name of %s: %w", dir, err)
	}
	target := review.Target{
		Kind: review.KindLocal, Repo: review.Repo{Name: filepath.Base(abs)},
		Head: headSHA, HeadRef: head, Base: baseSHA, BaseRef: baseName, Run: 1,
	}

	scratch, err := os.MkdirTemp("", "launchgate-")
	if err != nil {
		return review.Outcome{}, fmt.Errorf("make a scratch directory: %w", err)
	}
	defer os.RemoveAll(scratch)
	eval, err := localEvaluator(scratch)
	if err != nil {
		return review.Outcome{}, err
	}
	progress := newProgressLine(stderr)
	defer progress.finish()
	return eval.Evaluate(ctx, repo, target, localObserver{progress})
}

// resolveBase finds what to compare with when the user did not say.
func resolveBase(ctx context.Context, repo *checkout.Repo, base string) (string, review.SHA, error) {
	candidates := []string{base}
	if base == "" {
		candidates = []string{"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main", "refs/heads/master"}
	}
	var err error
	for _, name := range candidates {
		var sha review.SHA
		if sha, err = repo.Resolve(ctx, name); err == nil {
			return strings.TrimPrefix(strings.TrimPrefix(name, "refs/remotes/"), "refs/heads/"), sha, nil
		}
	}
	if base == "" {
		return "", "", cli.Usage(errors.New("there is neither a default branch of origin nor main nor master to compare with; say --base REF"))
	}
	return "", "", cli.Usage(fmt.Errorf("--base: %w", err))
}

// localObserver shows an evaluation on a terminal.
type localObserver struct{ p *progressLine }

func (o localObserver) Stage(name string)    { o.p.stage("%s ...", name) }
func (o localObserver) Scanned(e scan.Event) { o.p.event(e) }

var _ pipeline.Observer = localObserver{}
