package secrets

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/secrets/client"
)

// Name is this scanner's name.
const Name = client.Name

// customRule is what rules of a repository's .gitleaks.toml are reported as:
// policies and documentation cannot know their ids.
const customRule review.RuleID = "secrets/custom"

// provider is who issued a kind of secret, and how it is made worthless.
type provider struct {
	name  string
	link  string // where to rotate; "" when it depends on the place
	steps string
}

const unknownIssuer = "unknown issuer"

const genericSteps = "Find out what accepts this value, issue a new one there, deploy it, then revoke the old one."

// ruleInfo is what is known of a rule besides what it matches.
type ruleInfo struct {
	id, description string
	provider        provider
	severity        review.Severity
	confidence      review.Confidence
	// shape: the rule goes by the shape or the name beside a value, not by a
	// prefix only one provider uses.
	shape bool
}

// ruleInfos describes every default rule, gitleaks' and ours.
var ruleInfos = sync.OnceValue(func() map[string]ruleInfo {
	out := make(map[string]ruleInfo)
	add := func(id, description string) {
		info := ruleInfo{id: id, description: description, provider: providerOf(id), severity: review.SeverityHigh, confidence: review.ConfidenceHigh}
		switch {
		case criticalRules[id]:
			info.severity = review.SeverityCritical
		case shapeRules[id]:
			info.confidence, info.shape = review.ConfidenceMedium, true
		}
		if id == "private-key" || id == "private-key-in-env" {
			info.shape = true // keys for tests are usual
		}
		out[id] = info
	}
	for i := range savedRules {
		add(savedRules[i].id, savedRules[i].description)
	}
	return out
})

// isOwn reports whether a rule is one of ours.
func isOwn(id string) bool {
	i, ok := slices.BinarySearchFunc(savedRules, id, func(r savedRule, id string) int { return strings.Compare(r.id, id) })
	return ok && savedRules[i].own
}

// infoOf returns what is known of a rule; a repository's own rule gets the
// careful defaults.
func infoOf(id string) ruleInfo {
	if info, ok := ruleInfos()[id]; ok {
		return info
	}
	return ruleInfo{id: id, provider: provider{name: unknownIssuer, steps: genericSteps}, severity: review.SeverityHigh, confidence: review.ConfidenceMedium}
}

// ruleIDOf maps gitleaks' rule id to ours.
func ruleIDOf(id string) review.RuleID {
	if _, ok := ruleInfos()[id]; ok {
		return review.RuleID("secrets/" + id)
	}
	return customRule
}

// criticalRules open an account, a machine or a payment provider by themselves.
var criticalRules = set("aws-access-token", "private-key", "private-key-in-env", "gcp-api-key", "azure-ad-client-secret", "azure-storage-account-key",
	"github-pat", "github-fine-grained-pat", "github-app-token", "github-app-token-long", "github-oauth", "github-refresh-token",
	"gitlab-pat", "gitlab-pat-routable", "stripe-access-token", "digitalocean-pat", "digitalocean-access-token", "heroku-api-key", "heroku-api-key-v2",
	"hashicorp-tf-api-token", "vault-service-token", "vault-batch-token", "npm-access-token", "pypi-upload-token", "rubygems-api-token",
	"slack-bot-token", "slack-user-token", "twilio-api-key", "sendgrid-api-token", "1password-service-account-token", "age-secret-key",
	"cloudflare-global-api-key", "docker-hub-token", "supabase-secret-key", "supabase-service-role-jwt", "stripe-org-key", "azure-devops-pat", "aws-session-token",
	"vault-token", "doppler-service-token", "paypal-braintree-access-token", "telegram-token", "anthropic-oauth-token",
	"openai-api-key", "anthropic-api-key", "anthropic-admin-api-key", "square-access-token")

// shapeRules go by shape or by a name nearby.
var shapeRules = set("generic-api-key", "jwt", "jwt-base64", "curl-auth-header", "curl-auth-user", "kubernetes-secret-yaml", "hashicorp-tf-password",
	"nuget-config-password", "pkcs12-file", "credentials-in-url", "credentials-in-mysql-dsn", "credentials-in-connection-string", "password-in-env-file",
	"authorization-header", "netrc-password", "pgpass-password", "credentials-in-jdbc-url", "frontend-public-env", "deepseek-api-key", "mailgun-key", "mailchimp-key", "jwk-private-key", "sourcegraph-access-token", "facebook-access-token",
	"looker-client-id", "discord-client-id", "linkedin-client-id")

func set(ids ...string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// Rules lists every rule the scanner can report, documented from one template:
// they differ in what they match and in who can revoke it.
func (*Scanner) Rules() []review.Rule {
	infos := ruleInfos()
	ids := make([]string, 0, len(infos))
	for id := range infos {
		ids = append(ids, id)
	}
	ids = sorted(ids)
	rules := make([]review.Rule, 0, len(ids)+1)
	for _, id := range ids {
		rules = append(rules, infos[id].rule())
	}
	custom := infoOf("custom")
	custom.id, custom.description = "custom", "A rule of the repository's own .gitleaks.toml"
	return append(rules, custom.rule())
}

func (i ruleInfo) rule() review.Rule {
	r := review.Rule{
		ID: review.RuleID("secrets/" + i.id), Title: "Secret in history: " + i.title(), Severity: i.severity, Confidence: i.confidence, Row: 7,
		What: fmt.Sprintf("%s Every commit of the change is looked at, merges and their conflict resolutions included, besides the final diff, commit messages, annotated tags and file names. The detection is gitleaks' rule `%s`.", sentence(i.description), i.id),
		Why:  "Whatever was pushed once must be treated as copied: clones, forks, caches and mirrors keep it, and removing it in a later commit takes it out of nobody's hands.",
		Bad:  "const token = \"…the value itself…\"",
		Good: "token := os.Getenv(\"SERVICE_TOKEN\") // filled from a secret store at deployment",
		Fix:  fmt.Sprintf("Rotate it first. %s Then take it out of the code and read it from the environment or a secret store.", i.provider.how()),
		Suppress: "If it is not a secret: list its fingerprint in `.gitleaksignore` or allow the value in `.gitleaks.toml`, on the base branch; or put `gitleaks:allow` on the line, " +
			"where the base policy permits it. A line in `.gitleaksignore` needs a reason as a comment above it.",
		Since: "0.1.0",
	}
	if isOwn(i.id) {
		r.What = strings.Replace(r.What, "gitleaks' rule", "Launchgate's own rule", 1)
	}
	if i.shape {
		r.What += " It goes by shape or by a name nearby, so in test files it is reported with low confidence."
	}
	if i.provider.link != "" {
		r.References = []string{i.provider.link}
	}
	return r
}

// how says in one or two sentences how to revoke at this provider.
func (p provider) how() string {
	if p.link == "" {
		return p.steps
	}
	return fmt.Sprintf("%s Where: %s", p.steps, p.link)
}

func (i ruleInfo) title() string {
	return strings.ReplaceAll(i.id, "-", " ")
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return "A secret."
	}
	return strings.TrimSuffix(s, ".") + "."
}
