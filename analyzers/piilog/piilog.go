package piilog

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/analyzers/rule"
)

// Analyzer reports sensitive values in log calls.
var Analyzer = New(privacy.Settings{})

// New returns the analyzer for a repository that says something of its own data.
func New(set privacy.Settings) *analysis.Analyzer { return On(flow.NewBase(set)) }

// On returns the analyzer that judges what base has found.
func On(base *flow.Base) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:       "piilog",
		Doc:        "report passwords, tokens and personal data that reach a log call",
		URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/piilog",
		Requires:   []*analysis.Analyzer{base.Analyzer},
		Run:        func(pass *analysis.Pass) (any, error) { return run(pass, base), nil },
		ResultType: rule.ResultType,
	}
}

func run(pass *analysis.Pass, base *flow.Base) *rule.Findings {
	out := new(rule.Findings)
	res := base.Of(pass)
	for i := range res.Flows {
		if res.Flows[i].Sink.Kind == flow.Service {
			continue // what a program makes use of is no leak: package datamap
		}
		report(pass, base.Judge, out, &res.Flows[i])
	}
	out.Met = res.Bounds
	return out
}

func report(pass *analysis.Pass, judge *privacy.Judge, out *rule.Findings, fl *flow.Flow) {
	r := ruleOf(fl)
	sev := r.Severity
	if r.ID == errorsSensitive.ID {
		sev = ruleFor(fl.Source.Class).Severity
	}
	if fl.Source.Level == sensitive.Medium && sev == rule.High {
		sev = rule.Medium
	}
	if fl.Source.Kind != flow.Internal {
		var ok bool
		if sev, ok = judge.Severity(fl.Source.Class, fl.Source.Level, sev); !ok {
			return
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
