package secrets

import (
	"context"
	"strings"

	"github.com/rs/zerolog"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
	"github.com/zricethezav/gitleaks/v8/report"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// gitleaks logs through one global logger and quotes secrets at its lower
// levels. It is switched off before anything can run.
func init() { logging.Logger = zerolog.Nop() }

// maxDecodeDepth is the default of the gitleaks command; the library's is 0.
const maxDecodeDepth = 5

// allowMark on a line says that its author means what stands there.
const allowMark = "gitleaks:allow"

// judge is plain gitleaks. It may be used concurrently: a detector's rules and
// automaton are only read, and DetectContext collects nothing in it.
type judge struct {
	full *detect.Detector
}

func newJudge(cfg *config.Config) judge {
	d := detect.NewDetector(*cfg)
	d.MaxDecodeDepth = maxDecodeDepth
	// Inline allowances are applied by us, because the base's policy may
	// forbid them and because they are counted.
	d.IgnoreGitleaksAllow = true
	return judge{full: d}
}

// text is something to look for secrets in.
type text struct {
	content []byte
	path    string // "" for commit messages and tags
	commit  string
	line    int // of the first line of content
}

// find returns what gitleaks reports in t, the filter first.
func (rs *ruleSet) find(ctx context.Context, t text) []report.Finding {
	if !rs.filter.pass(t.content, t.path) {
		return nil
	}
	return rs.judge.full.DetectContext(ctx, detect.Fragment(sources.Fragment{
		Raw: string(t.content), FilePath: t.path, CommitSHA: t.commit, StartLine: t.line,
	}))
}

// allowedInline reports whether the finding's line carries the mark.
func allowedInline(f report.Finding) bool { return strings.Contains(f.Line, allowMark) }
