package publish

import (
	"encoding/json"
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
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
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
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		CodeFlows           []sarifCodeFlow   `json:"codeFlows,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		BaselineState       string            `json:"baselineState,omitempty"`
		Properties          map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
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
// execution that did not succeed, so that no reader takes it for clean.
func SARIF(w io.Writer, o review.Outcome, rules []review.Rule, version string) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "Launchgate", Version: version, InformationURI: "https://github.com/launchgate/launchgate", Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: o.Decision.Verdict != review.CouldNotVerify}},
		Results:     []sarifResult{},
	}
	for _, r := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: string(r.ID), ShortDescription: sarifText{r.Title}, FullDescription: sarifText{orElse(r.What, r.Title)},
			Help: sarifHelp{Text: RuleText(r, TextOptions{}), Markdown: RuleMarkdown(r)}, Default: sarifConfig{level(r.Severity)},
			Properties: map[string]any{"security-severity": securitySeverity(r.Severity), "precision": precision(r.Confidence), "tags": []string{"security", r.ID.Family()}},
		})
	}
	for _, g := range allGaps(o.Receipt) {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications,
			sarifNotification{Level: "error", Message: sarifText{plain(fmt.Sprintf("%s: %s. %s", g.What, g.Why, g.Do), 2000)}})
	}
	for _, f := range o.Findings {
		res := sarifResult{
			RuleID: string(f.Rule), Level: level(f.Severity), Message: sarifText{plain(f.Message, 4000)},
			Locations:           []sarifLocation{{Physical: physical(f.Place)}},
			PartialFingerprints: map[string]string{"launchgate/v1": string(f.Fingerprint)},
			Properties:          map[string]any{"confidence": f.Confidence.String()},
		}
		if o.Target.Base != "" {
			res.BaselineState = map[review.Origin]string{review.Introduced: "new", review.Existing: "unchanged"}[f.Origin]
		}
		if f.Place.Commit != "" {
			res.Properties["commit"] = string(f.Place.Commit)
		}
		if len(f.Evidence) > 0 {
			var flow sarifThreadFlow
			for _, e := range f.Evidence {
				flow.Locations = append(flow.Locations, sarifFlowLocation{sarifLocation{Physical: physical(e.Place), Message: &sarifText{plain(e.Note, 1000)}}})
			}
			res.CodeFlows = []sarifCodeFlow{{ThreadFlows: []sarifThreadFlow{flow}}}
		}
		run.Results = append(run.Results, res)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

func physical(p review.Place) sarifPhysical {
	out := sarifPhysical{Artifact: sarifArtifact{URI: uriPath(orElse(p.Path, "."))}}
	if p.Line > 0 {
		out.Region = &sarifRegion{StartLine: p.Line, StartColumn: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn}
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
