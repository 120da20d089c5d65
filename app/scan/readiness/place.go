package readiness

import (
	"path"
	"strings"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// form is how a file is read.
type form int

const (
	formNone form = iota
	formDockerfile
	formYAML
	formEnv  // NAME=value lines
	formTOML // [section] and name = value lines
	formProcfile
)

// candidate is a file that may be about production. sure says how sure that is;
// for YAML without a telling name it is unknown until the content is seen.
type candidate struct {
	path string
	form form
	sure review.Confidence
}

// elsewhere are words in a path that say that a file is not about production.
var elsewhere = words("dev devel develop development devcontainer gitpod local localhost test tests testing testdata e2e integration staging stage stg qa uat sandbox preview " +
	"ci example examples sample samples template templates tmpl demo demos override bench benchmark fuzz lint builder toolchain tools vendor docs doc website github circleci gitlab fixtures")

// production are words in a path that say that a file is.
var production = words("prod production live prd")

// platforms are files that exist only to deploy.
var platforms = map[string]form{
	"fly.toml": formTOML, "railway.toml": formTOML, "render.yaml": formYAML, "render.yml": formYAML, "app.yaml": formYAML, "app.yml": formYAML, "procfile": formProcfile,
}

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

var separators = lazyregexp.New(`[/._\-\s]+`)

// classify says how to read a file, formNone for not at all.
func classify(p string) candidate {
	lower := strings.ToLower(p)
	base := path.Base(lower)
	named := false
	for _, w := range separators().Split(lower, -1) {
		// Helm keeps its manifests in a folder named templates.
		if elsewhere[w] && !(w == "templates" && isYAML(base)) || w == "node_modules" {
			return candidate{}
		}
		named = named || production[w]
	}
	c := candidate{path: p, sure: review.ConfidenceHigh}
	switch {
	case isDockerfile(base):
		c.form = formDockerfile
	case platforms[base] != formNone:
		c.form, c.sure = platforms[base], review.ConfidenceMedium
	case strings.HasPrefix(base, ".env") && strings.HasSuffix(base, ".dist"):
		return candidate{} // a template for people
	case base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env"):
		c.form, c.sure = formEnv, review.ConfidenceLow
	case isYAML(base):
		c.form, c.sure = formYAML, review.ConfidenceUnknown
		switch stem := strings.TrimSuffix(base, path.Ext(base)); {
		case stem == "compose" || stem == "docker-compose":
			// Plain Compose files start as many laptops as servers.
			c.sure = review.ConfidenceLow
		case stem == "values":
			c.sure = review.ConfidenceMedium
		}
	case path.Ext(base) == ".json" && named && !strings.HasPrefix(base, "package"):
		c.form = formYAML // JSON is YAML
	case path.Ext(base) == ".toml" && named:
		c.form = formTOML
	default:
		return candidate{}
	}
	if named {
		c.sure = review.ConfidenceHigh
	}
	return c
}

func isYAML(base string) bool {
	return strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml")
}

func isDockerfile(base string) bool {
	for _, name := range []string{"dockerfile", "containerfile"} {
		if strings.HasSuffix(base, "."+name) {
			return true
		}
		rest, ok := strings.CutPrefix(base, name)
		if !ok || rest != "" && !strings.ContainsAny(rest[:1], ".-_") {
			continue
		}
		switch path.Ext(rest) {
		case ".go", ".md", ".sh", ".txt", ".yml", ".yaml", ".json", ".dockerignore":
			return false
		}
		return true
	}
	return false
}

// manifest recognises Kubernetes objects that start or configure containers.
var manifest = lazyregexp.New(`(?m)^["']?kind["']?:\s*["']?(Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|Pod|ConfigMap|Rollout)\b`)
