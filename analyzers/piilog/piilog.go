package piilog

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

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
	type sink struct {
		pos  token.Pos
		file string
		line int
		rule string
	}
	var order []sink
	list := make(map[sink][]rule.Finding)
	what := make(map[sink][]string)
	flows := make(map[sink][]*flow.Flow)
	for i := range res.Flows {
		fl := &res.Flows[i]
		if fl.Sink.Kind == flow.Service {
			continue // what a program makes use of is no leak: package datamap
		}
		if f, ok := judged(base.Judge, fl); ok {
			at := sink{f.Pos, f.File, f.Line, f.Rule.ID}
			if list[at] == nil {
				order = append(order, at)
			}
			list[at] = append(list[at], f)
			what[at] = append(what[at], fl.Source.What)
			flows[at] = append(flows[at], fl)
		}
	}
	// One sink, one rule, one finding: the worst, and what else goes with it.
	for _, at := range order {
		worst := 0
		for i, f := range list[at] {
			if weight(f) > weight(list[at][worst]) {
				worst = i
			}
		}
		f := list[at][worst]
		var also []string
		all := flows[at][worst : worst+1 : worst+1]
		for i, w := range what[at] {
			if i == worst {
				continue
			}
			all = append(all, flows[at][i])
			if w != "" {
				also = append(also, w)
			}
		}
		if len(also) > 0 {
			f.Message += "; with it " + strings.Join(also, " and ")
		}
		for _, fl := range all {
			all = append(all, fl.Beside...)
		}
		f.Fixes = fixes(pass, base.Judge, all)
		f.Adds = shownByItself(pass, base.Judge, all)
		out.Report(pass, f)
	}
	out.Met = res.Bounds
	return out
}

var rank = map[rule.Severity]int{rule.Info: 1, rule.Low: 2, rule.Medium: 3, rule.High: 4, rule.Critical: 5}

// weight orders the findings at one sink: the worst first, of equals the surest.
func weight(f rule.Finding) int {
	n := 2 * rank[f.Severity]
	if f.Confidence != rule.Unsure {
		n++
	}
	return n
}

// judged is the finding that a flow is, if it is one.
func judged(judge *privacy.Judge, fl *flow.Flow) (rule.Finding, bool) {
	r := ruleOf(fl)
	sev := r.Severity
	if r.ID == errorsSensitive.ID {
		if sev = ruleFor(fl.Source.Class).Severity; fl.Source.Class.Personal() && sev == rule.Medium {
			// "a@example.org is no valid address" is worth knowing. The rule is
			// there for secrets, which open doors to whoever reads the error.
			sev = rule.Low
		}
	}
	if fl.Source.Level == sensitive.Medium && sev == rule.High {
		sev = rule.Medium
	}
	if r.ID == personal.ID && (byString(fl) || fl.Source.Login) {
		sev = rule.Low // written to tell one user from another
	}
	if fl.Source.Kind != flow.Internal {
		level := fl.Source.Level
		if r.ID == errorsSensitive.ID && fl.Source.Class.Personal() && level == sensitive.Medium && (!fl.At.IsValid() || returns(fl) > 1) {
			level = sensitive.Low // from checks further down: common, and nobody's doing here
		}
		var ok bool
		if sev, ok = judge.Severity(fl.Source.Class, level, sev); !ok {
			return rule.Finding{}, false
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
		key = fl.Name
	}
	var sure rule.Confidence // the rule's
	if fl.Source.Weak {
		sure = rule.Unsure
	}
	return rule.Finding{
		Confidence: sure,
		Rule:       r, Pos: fl.Pos, End: fl.End, File: fl.File, Line: fl.Line, Severity: sev, Message: message(fl), Symbol: fl.Symbol, Key: key, Evidence: steps(fl.Steps),
	}, true
}

// returns counts the functions that hand a value up.
func returns(fl *flow.Flow) int {
	n := 0
	for _, s := range fl.Steps {
		if strings.HasPrefix(s.Note, "is returned by ") {
			n++
		}
	}
	return n
}

// byString reports whether it is a type's own String method that shows what is
// logged: whoever wrote it meant it to tell one from another.
func byString(fl *flow.Flow) bool {
	return slices.ContainsFunc(fl.Steps, func(s flow.Step) bool {
		return strings.HasPrefix(s.Note, "is returned by ") && strings.HasSuffix(s.Note, ".String")
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
