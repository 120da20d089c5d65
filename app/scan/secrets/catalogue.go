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
	"looker-client-id", "discord-client-id", "linkedin-client-id", "generic-password", "generic-password-in-sql", "generic-password-on-command-line",
	"generic-named-secret", "generic-key-in-code", "generic-encoded-key-in-code", "generic-credential-in-call", "generic-credential-in-constructor",
	"generic-secret-in-struct-tag", "generic-basic-auth-in-code", "basic-auth-hash", "htpasswd-hash", "mandrill-key", "mollie-api-key", "voyage-api-key", "mailgun-key-new")

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
		ID: review.RuleID("secrets/" + i.id), Title: "Secret: " + i.title(), Severity: i.severity, Confidence: i.confidence, Row: 7,
		What: fmt.Sprintf("%s Every commit of the change is looked at, merges and their conflict resolutions included, besides the final diff, commit messages, annotated tags and file names. The detection is gitleaks' rule `%s`.", sentence(i.description), i.id),
		Why:  "Whatever was pushed once must be treated as copied: clones, forks, caches and mirrors keep it, and removing it in a later commit takes it out of nobody's hands.",
		Bad:  "const token = \"…the value itself…\"",
		Good: "token := os.Getenv(\"SERVICE_TOKEN\") // filled from a secret store at deployment",
		Fix: fmt.Sprintf("First rotate it%s. Then take it out of the code and read it from the environment or a secret store. "+
			"Last take it out of the branch, of which every commit is looked at: squash it, or edit the commit that brought it with `git rebase -i`, and `git push --force-with-lease`; a tag with it has to be deleted.", i.provider.how()),
		Suppress: "Suppress its fingerprint, with a reason, in `.github/launchgate.yml` on the base branch, be it no secret, or rotated and bound to stay in history" + i.ignored() + ".",
		Since:    "0.1.0",
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

// how goes on with where and how to revoke at this provider, without the last full stop.
func (p provider) how() string {
	steps := strings.TrimSuffix(p.steps, ".")
	if p.link == "" {
		return ": " + steps
	}
	return fmt.Sprintf(" (%s): %s", p.link, steps)
}

// ignored says how gitleaks itself is told to leave it out. Of the repository's own
// rules the ids are not known here.
func (i ruleInfo) ignored() string {
	id := i.id
	if ruleIDOf(id) == customRule {
		id = "RULE"
	}
	return fmt.Sprintf("; or tell gitleaks: the line `PATH:%s:LINE` in `.gitleaksignore`, an allowlist in `.gitleaks.toml`, both on the base branch, or `gitleaks:allow` on the line, where the base policy permits it", id)
}

// spelt are words of rule ids that are not written as they are there.
var spelt = map[string]string{"aws": "AWS", "api": "API", "pat": "PAT", "url": "URL", "jwt": "JWT", "gcp": "GCP", "id": "ID", "ssh": "SSH", "oauth": "OAuth", "github": "GitHub", "gitlab": "GitLab",
	"dsn": "DSN", "jdbc": "JDBC", "mysql": "MySQL", "openai": "OpenAI", "pypi": "PyPI", "npm": "npm", "digitalocean": "DigitalOcean", "jwk": "JWK", "ad": "AD", "sendgrid": "SendGrid", "hubspot": "HubSpot",
	"rubygems": "RubyGems", "planetscale": "PlanetScale", "launchdarkly": "LaunchDarkly", "huggingface": "Hugging Face", "1password": "1Password", "tf": "Terraform", "paypal": "PayPal",
	"linkedin": "LinkedIn", "nuget": "NuGet", "newrelic": "New Relic", "yaml": "YAML", "pkcs12": "PKCS #12", "env": "environment", "netrc": ".netrc", "pgpass": ".pgpass"}

// title is the id in words.
func (i ruleInfo) title() string {
	words := strings.Split(i.id, "-")
	for n, w := range words {
		if s, ok := spelt[w]; ok {
			words[n] = s
		} else if n == 0 && w != "" {
			words[n] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return "A secret."
	}
	return strings.TrimSuffix(s, ".") + "."
}
