package piilog

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Analyzer reports sensitive values in log calls.
var Analyzer = &analysis.Analyzer{
	Name:       "piilog",
	Doc:        "report passwords, tokens and personal data that reach a log call",
	URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/piilog",
	Run:        run,
	ResultType: rule.ResultType,
	FactTypes:  []analysis.Fact{new(flow.Facts)},
}

func run(pass *analysis.Pass) (any, error) {
	out := new(rule.Findings)
	res := flow.Analyze(pass, flow.Vocabulary{Sink: sinkFor})
	for i := range res.Flows {
		report(pass, out, &res.Flows[i])
	}
	out.Met = res.Bounds
	return out, nil
}

func report(pass *analysis.Pass, out *rule.Findings, fl *flow.Flow) {
	r := ruleOf(fl)
	sev := r.Severity
	if r.ID == errorsSensitive.ID {
		sev = ruleFor(fl.Source.Class).Severity
	}
	switch fl.Source.Level {
	case "low":
		sev = rule.Low
	case "medium":
		if sev == rule.High {
			sev = rule.Medium
		}
	}
	if fl.Debug {
		sev = oneLower(sev)
	}
	if fl.Sink.Stdout {
		sev = rule.Low
	}
	key := fl.Name + " " + fl.Source.Key
	if !fl.Pos.IsValid() {
		// Callers in several packages lead here; for the reader it is one sink.
		key = fl.Name + " " + fl.Rule
	}
	out.Report(pass, rule.Finding{
		Rule: r, Pos: fl.Pos, End: fl.End, File: fl.File, Line: fl.Line, Severity: sev, Message: message(fl), Symbol: fl.Symbol, Key: key, Evidence: steps(fl.Steps),
	})
}

func message(fl *flow.Flow) string {
	what := fl.Source.What
	if fl.Source.Kind == flow.Whole && (fl.Sink.JSON || what == "") {
		what = fl.Source.JSON
	}
	switch {
	case fl.Sink.Kind == flow.Response && fl.Source.Kind == flow.Internal:
		return fmt.Sprintf("%s is sent to the client by %s", what, fl.Name)
	case fl.Sink.Kind == flow.Response:
		return fmt.Sprintf("%s is put into an error that is sent to the client by %s", what, fl.Name)
	case fl.Sink.Kind == flow.ThirdParty:
		return fmt.Sprintf("%s is sent to %s through %s", what, fl.Sink.Who, fl.Name)
	case fl.InError:
		return fmt.Sprintf("%s is put into an error that reaches the log through %s", what, fl.Name)
	}
	return fmt.Sprintf("%s reaches the log through %s", what, fl.Name)
}

func steps(list []flow.Step) []rule.Step {
	out := make([]rule.Step, len(list))
	for i, s := range list {
		out[i] = rule.Step{Pos: s.Pos, File: s.File, Line: s.Line, Note: s.Note}
	}
	return out
}

func oneLower(s rule.Severity) rule.Severity {
	return map[rule.Severity]rule.Severity{rule.Critical: rule.High, rule.High: rule.Medium, rule.Medium: rule.Low, rule.Low: rule.Info}[s]
}

// ruleOf decides which rule a flow breaks.
func ruleOf(fl *flow.Flow) *rule.Rule {
	switch {
	case fl.Source.Kind == flow.Internal:
		return &responseLeak
	case fl.Sink.Kind == flow.ThirdParty:
		return &thirdParty
	case fl.InError:
		return &errorsSensitive
	case fl.Source.Kind == flow.Whole:
		return &wholeObject
	case fl.Source.Kind == flow.Dump:
		return &requestDump
	}
	return ruleFor(fl.Source.Class)
}

func ruleFor(c sensitive.Class) *rule.Rule {
	switch c {
	case sensitive.Credential:
		return &credential
	case sensitive.Token, sensitive.HTTP:
		return &tokenRule
	case sensitive.GovID:
		return &government
	case sensitive.Payment:
		return &payment
	case sensitive.Health:
		return &health
	}
	return &personal
}

// thirdParties are the packages that send what they are given elsewhere.
var thirdParties = map[string]string{
	"github.com/getsentry/sentry-go": "Sentry", "go.opentelemetry.io/otel": "the trace collector",
}

func whoReceives(pkg string) string {
	for prefix, who := range thirdParties {
		if pkg == prefix || strings.HasPrefix(pkg, prefix+"/") {
			return who
		}
	}
	return ""
}
