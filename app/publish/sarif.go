package publish

import (
	"fmt"
	"io"
	"strings"

	"github.com/launchgate/launchgate/app/review"
)

// The parts of SARIF 2.1.0 we write.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		HelpURI          string         `json:"helpUri,omitempty"`
		Help             sarifHelp      `json:"help"`
		Default          sarifConfig    `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Descriptor *sarifDescriptor `json:"descriptor,omitempty"`
		Level      string           `json:"level"`
		Message    sarifText        `json:"message"`
	}
	sarifDescriptor struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           *int              `json:"ruleIndex,omitempty"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		CodeFlows           []sarifCodeFlow   `json:"codeFlows,omitempty"`
		RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
		Fixes               []sarifFix        `json:"fixes,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		BaselineState       string            `json:"baselineState,omitempty"`
		Properties          map[string]any    `json:"properties,omitempty"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		File         sarifFile          `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		File   sarifFile    `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifFile struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifCodeFlow struct {
		ThreadFlows []sarifThreadFlow `json:"threadFlows"`
	}
	sarifThreadFlow struct {
		Locations []sarifFlowLocation `json:"locations"`
	}
	sarifFlowLocation struct {
		Location sarifLocation `json:"location"`
	}
)

// SARIF writes an outcome as SARIF 2.1.0. A review that could not verify is an
// execution that did not succeed, with a notification for each gap, so that no
// reader takes it for clean. What was there before the change is "unchanged";
// it is not suppressed, because nobody has said that it is meant. toolVersion
// is Launchgate's.
func SARIF(w io.Writer, o review.Outcome, rules []review.Rule, toolVersion string) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "Launchgate", Version: toolVersion, InformationURI: "https://github.com/launchgate/launchgate", Rules: []sarifRule{}}},
		Automation:  sarifAutomation{"launchgate/"}, // GitHub's category
		Invocations: []sarifInvocation{{ExecutionSuccessful: o.Decision.Verdict != review.CouldNotVerify}},
		Results:     []sarifResult{},
		Properties:  map[string]any{"verdict": o.Decision.Verdict.String(), "title": Title(o), "head": string(o.Target.Head)},
	}
	index := make(map[review.RuleID]int)
	for i, r := range rules {
		index[r.ID] = i
		rule := sarifRule{
			ID: string(r.ID), ShortDescription: sarifText{r.Title}, FullDescription: sarifText{orElse(r.What, r.Title)},
			Help: sarifHelp{Text: RuleText(r, TextOptions{}), Markdown: RuleMarkdown(r)}, Default: sarifConfig{level(r.Severity)},
			Properties: map[string]any{"security-severity": securitySeverity(r.Severity), "precision": precision(r.Confidence), "tags": []string{"security", r.ID.Family()}},
		}
		if len(r.References) > 0 {
			rule.HelpURI = r.References[0]
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	notify := func(g review.Gap) {
		n := sarifNotification{Level: "error", Message: sarifText{plain(fmt.Sprintf("%s: %s %s", visible(g.What), full(g.Why), full(g.Do)), 2000)}}
		if g.Code != "" {
			n.Descriptor = &sarifDescriptor{string(g.Code)}
		}
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, n)
	}
	for _, g := range allGaps(o) {
		notify(g)
	}
	if o.Decision.Verdict == review.CouldNotVerify && len(run.Invocations[0].Notifications) == 0 {
		notify(review.Gap{What: "Could not verify", Why: strings.Join(o.Decision.Reasons, "; ")})
	}
	blocking := blockingSet(o)
	for _, f := range o.Findings {
		run.Results = append(run.Results, sarifResultOf(o, f, index, blocking[f.Fingerprint]))
	}
	return writeJSON(w, "SARIF", sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifResultOf(o review.Outcome, f review.Finding, index map[review.RuleID]int, blocks bool) sarifResult {
	res := sarifResult{
		RuleID: string(f.Rule), Level: level(f.Severity), Message: sarifText{orElse(plain(f.Message, 4000), string(f.Rule))},
		Locations:           []sarifLocation{{Physical: physical(f.Place)}},
		PartialFingerprints: map[string]string{"launchgate/v1": string(f.Fingerprint)},
		Properties:          map[string]any{"severity": f.Severity.String(), "confidence": f.Confidence.String(), "blocks": blocks},
	}
	if i, ok := index[f.Rule]; ok {
		res.RuleIndex = &i
	}
	if o.Target.Base != "" {
		res.BaselineState = map[review.Origin]string{review.Introduced: "new", review.Existing: "unchanged"}[f.Origin]
	}
	if f.Place.Commit != "" {
		res.Properties["commit"] = string(f.Place.Commit)
	}
	if f.Place.Side == review.Left {
		res.Properties["deletedLine"] = true
	}
	if len(f.Routes) > 0 {
		res.Properties["routes"] = f.Routes
	}
	if f.Expected != "" {
		res.Properties["expected"] = plain(f.Expected, 500)
	}
	var flow sarifThreadFlow
	for i, e := range f.Evidence {
		at := sarifLocation{Physical: physical(e.Place), Message: &sarifText{orElse(plain(e.Note, 1000), "step")}}
		flow.Locations = append(flow.Locations, sarifFlowLocation{at})
		at.ID = i + 1
		res.RelatedLocations = append(res.RelatedLocations, at)
	}
	if len(flow.Locations) > 0 {
		res.CodeFlows = []sarifCodeFlow{{ThreadFlows: []sarifThreadFlow{flow}}}
	}
	for _, fix := range []*review.Fix{f.Fix, f.Alternative} {
		if fix != nil && fix.Proved && len(fix.Edits) > 0 {
			res.Fixes = append(res.Fixes, fixOf(*fix))
		}
	}
	return res
}

// fixOf groups the edits by file, as SARIF wants them. A region from column 1
// of a line to column 1 of the line after is whole lines.
func fixOf(f review.Fix) sarifFix {
	out := sarifFix{Description: sarifText{orElse(plain(f.Title, 200), "Mend it")}}
	at := make(map[string]int)
	for _, e := range f.Edits {
		i, ok := at[e.Path]
		if !ok {
			i = len(out.Changes)
			at[e.Path] = i
			out.Changes = append(out.Changes, sarifChange{File: sarifFile{uriPath(e.Path)}})
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, sarifReplacement{
			Deleted: sarifRegion{StartLine: e.StartLine, StartColumn: 1, EndLine: e.EndLine + 1, EndColumn: 1}, Inserted: sarifText{e.New}})
	}
	return out
}

func physical(p review.Place) sarifPhysical {
	out := sarifPhysical{File: sarifFile{URI: uriPath(orElse(p.Path, "."))}}
	if p.Line > 0 {
		// No columns: ours count bytes, SARIF's count UTF-16 units.
		out.Region = &sarifRegion{StartLine: p.Line, EndLine: max(p.Line, p.EndLine)}
	}
	return out
}

// uriPath percent-encodes a path as a relative URI reference.
func uriPath(p string) string {
	const keep = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	out := make([]byte, 0, len(p))
	for _, c := range []byte(p) {
		if strings.IndexByte(keep, c) >= 0 {
			out = append(out, c)
		} else {
			out = fmt.Appendf(out, "%%%02X", c)
		}
	}
	return string(out)
}

func level(s review.Severity) string {
	switch s {
	case review.SeverityInfo, review.SeverityLow:
		return "note"
	case review.SeverityMedium:
		return "warning"
	}
	return "error"
}

// securitySeverity is the CVSS-like number GitHub sorts code scanning alerts by.
func securitySeverity(s review.Severity) string {
	switch s {
	case review.SeverityInfo:
		return "1.0"
	case review.SeverityLow:
		return "3.0"
	case review.SeverityMedium:
		return "5.5"
	case review.SeverityCritical:
		return "9.5"
	}
	return "8.0"
}

func precision(c review.Confidence) string {
	switch c {
	case review.ConfidenceHigh:
		return "high"
	case review.ConfidenceLow:
		return "low"
	}
	return "medium"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
