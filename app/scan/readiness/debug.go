package readiness

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// setting is one name with its value. parent is the name it lies below, ""
// for environment variables and at the top.
type setting struct {
	name, parent, value string
	line                int
}

// flag is a setting that switches debugging on.
type flag struct {
	shown string // what the finding says, from our own words and the name
	means string
	want  string
	sure  review.Confidence
}

var (
	truthy    = words("1 true yes on enable enabled")
	developer = words("dev devel develop development debug local")
	// debugNames switch on debug mode for a whole program. Others that end in
	// DEBUG (DB_DEBUG, S3_DEBUG) are about one part of it.
	debugNames = words("DEBUG APP_DEBUG SERVER_DEBUG HTTP_DEBUG API_DEBUG WEB_DEBUG GIN_DEBUG ECHO_DEBUG FIBER_DEBUG DEBUG_MODE APP_DEBUG_MODE ENABLE_DEBUG DEBUG_ENABLED DEBUG_MODE_ENABLED")
	pprofNames = words("PPROF ENABLE_PPROF PPROF_ENABLE PPROF_ENABLED APP_PPROF SERVER_PPROF HTTP_PPROF DEBUG_PPROF APP_PPROF_ENABLED SERVER_PPROF_ENABLED HTTP_PPROF_ENABLED ENABLE_PROFILING PPROF_ON")
	envNames   = words("APP_ENV GO_ENV ENV ENVIRONMENT APP_ENVIRONMENT DEPLOY_ENV DEPLOYMENT_ENV RUNTIME_ENV APPLICATION_ENV GOLANG_ENV")
	runNames   = words("BEEGO_RUNMODE BEEGO_RUN_MODE RUN_MODE RUNMODE APP_MODE SERVER_MODE APP_RUN_MODE SERVER_RUN_MODE")
	// wholes are parents below which a plain "debug" or "mode" speaks of the
	// whole program.
	wholes     = words("app application server http api web service gin echo fiber general global common main core system config settings")
	http2debug = lazyregexp.New(`(?:^|,)\s*http2debug=[12]\b`)
	nameBreaks = strings.NewReplacer("-", "_", ".", "_", " ", "_")
	camel      = lazyregexp.New(`([a-z0-9])([A-Z])`)
)

// debugging says whether a setting switches debugging on. It matches whole
// words from closed lists, so nothing of an unknown value is ever repeated.
func debugging(s setting) (flag, bool) {
	name := constant(s.name)
	value := strings.ToLower(strings.Trim(strings.TrimSpace(s.value), `"'`))
	if s.parent != "" {
		if parent := constant(s.parent); wholes[strings.ToLower(parent)] || parent == "PPROF" {
			name = parent + "_" + name
		} else if name == "DEBUG" || name == "MODE" || name == "ENV" || name == "ENVIRONMENT" {
			return flag{}, false // of one part
		}
	}
	shown := name + "=" + value
	short := name
	for w := range wholes {
		if rest, ok := strings.CutPrefix(name, strings.ToUpper(w)+"_"); ok && !debugNames[name] {
			short = rest
		}
	}
	is := func(set map[string]bool) bool { return set[name] || set[short] }
	switch {
	case (name == "GIN_MODE" || short == "GIN_MODE") && value == "debug":
		return flag{shown, "gin's debug mode", "GIN_MODE=release", review.ConfidenceHigh}, true
	case is(debugNames) && truthy[value]:
		return flag{shown, "debug mode", name + "=false", review.ConfidenceHigh}, true
	case is(pprofNames) && truthy[value]:
		return flag{shown, "profiling endpoints", name + "=false", review.ConfidenceHigh}, true
	case name == "GODEBUG" && http2debug().MatchString(value):
		return flag{"GODEBUG=http2debug", "the logging of every HTTP/2 header, Authorization included", "no http2debug in GODEBUG", review.ConfidenceHigh}, true
	case (is(runNames) || short == "MODE" && short != name) && (value == "dev" || value == "debug" || value == "development"):
		return flag{shown, "a run mode for development", "the run mode for production", review.ConfidenceHigh}, true
	case is(envNames) && developer[value]:
		return flag{shown, "the settings for development", "the environment production", review.ConfidenceMedium}, true
	}
	return flag{}, false
}

// constant turns appDebug, app-debug and app.debug into APP_DEBUG.
func constant(name string) string {
	if len(name) > 100 {
		return ""
	}
	if strings.ToUpper(name) != name {
		name = camel().ReplaceAllString(name, "${1}_$2")
	}
	return strings.ToUpper(nameBreaks.Replace(name))
}

// checkSettings reports the settings that switch debugging on.
func checkSettings(c candidate, settings []setting) []review.Finding {
	var out []review.Finding
	for _, s := range settings {
		f, ok := debugging(s)
		if !ok {
			continue
		}
		out = append(out, review.Finding{
			Rule: RuleDebugMode, Severity: review.SeverityMedium, Confidence: min(c.sure, f.sure),
			Place: review.Place{Path: c.path, Line: s.line}, Key: f.shown,
			Message: fmt.Sprintf("%s switches on %s%s.", f.shown, f.means, where(c)), Expected: f.want,
		})
	}
	return out
}

func where(c candidate) string {
	switch {
	case c.form == formDockerfile:
		return " in the image"
	case c.sure == review.ConfidenceLow:
		return " in a file that production may use"
	}
	return " in production configuration"
}

// dockerSettings are the environment variables of the final stage: the last
// value of a name is the one that holds.
func dockerSettings(all []*stage) []setting {
	var out []setting
	at := make(map[string]int)
	for _, s := range all[len(all)-1].chain() {
		for _, in := range s.body {
			if in.name != "ENV" {
				continue
			}
			for _, kv := range environment(in.args) {
				set := setting{name: kv.name, value: expand(kv.value, s.args), line: in.line}
				if i, ok := at[kv.name]; ok {
					out[i] = set
					continue
				}
				at[kv.name] = len(out)
				out = append(out, set)
			}
		}
	}
	return out
}

// maxSettings bounds what is read of one file.
const maxSettings = 100_000

var errTooMany = errors.New("it has more settings than are read of one file")

// yamlSettings reads every scalar of YAML or JSON documents: map entries, list
// items of the form NAME=value, and items with name and value, which is how
// Kubernetes writes variables. Aliases are not followed: what they repeat was
// read where it stands.
func yamlSettings(data []byte) ([]setting, error) {
	var out []setting
	for dec := yaml.NewDecoder(strings.NewReader(string(data))); ; {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		walkYAML(&doc, "", &out)
		if len(out) > maxSettings {
			return nil, errTooMany
		}
	}
}

// variables are maps whose entries are environment variables.
var variables = words("env environment data variables env_variables envvars stringdata")

func walkYAML(n *yaml.Node, parent string, out *[]setting) {
	if len(*out) > maxSettings {
		return
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			walkYAML(c, "", out)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if c.Kind == yaml.ScalarNode {
				if name, value, ok := strings.Cut(c.Value, "="); ok {
					*out = append(*out, setting{name: name, value: value, line: c.Line})
				}
				continue
			}
			walkYAML(c, parent, out)
		}
	case yaml.MappingNode:
		if name, value := entry(n, "name", "key"), entry(n, "value"); name != nil && value != nil {
			*out = append(*out, setting{name: name.Value, value: value.Value, line: value.Line})
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if v.Kind == yaml.ScalarNode {
				*out = append(*out, setting{name: k.Value, parent: parent, value: v.Value, line: v.Line})
				continue
			}
			below := k.Value
			if variables[strings.ToLower(below)] {
				below = ""
			}
			walkYAML(v, below, out)
		}
	}
}

func entry(n *yaml.Node, names ...string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		for _, name := range names {
			if n.Content[i].Value == name && n.Content[i+1].Kind == yaml.ScalarNode {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

var (
	yamlLine = lazyregexp.New(`^(\s*)(?:-\s+)?["']?([A-Za-z_][\w.\-]*)["']?\s*[:=]\s*(.*?)\s*(?:\s#.*)?$`)
)

// templateSettings reads the lines of a YAML file that is not YAML yet, such as
// a Helm template. Nesting is unknown, so only names that need none count.
func templateSettings(data []byte) []setting {
	var out []setting
	name := ""
	for i, l := range strings.Split(string(data), "\n") {
		m := yamlLine().FindStringSubmatch(strings.TrimSuffix(l, "\r"))
		if m == nil || len(l) > 1000 {
			continue
		}
		value := strings.Trim(m[3], `"'`)
		switch {
		case m[2] == "name" || m[2] == "key":
			name = value
		case m[2] == "value" && name != "":
			out = append(out, setting{name: name, value: value, line: i + 1})
			name = ""
		case constant(m[2]) == m[2]: // upper case: an environment variable
			out = append(out, setting{name: m[2], value: value, line: i + 1})
		}
	}
	return out
}

// lineSettings reads NAME=value lines; with sections also TOML's tables.
func lineSettings(data []byte, sections bool) []setting {
	var out []setting
	parent, multi := "", ""
	for i, l := range strings.Split(string(data), "\n") {
		l = strings.TrimSpace(l)
		if multi != "" {
			if strings.Contains(l, multi) {
				multi = ""
			}
			continue
		}
		if l == "" || l[0] == '#' || len(l) > 4096 {
			continue
		}
		if sections && l[0] == '[' {
			table := strings.Trim(strings.TrimSpace(strings.SplitN(l, "#", 2)[0]), "[] ")
			parent = strings.Trim(table[strings.LastIndex(table, ".")+1:], `"' `)
			if variables[strings.ToLower(parent)] {
				parent = ""
			}
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(l, "export "), "=")
		if !ok {
			continue
		}
		name, value = strings.Trim(strings.TrimSpace(name), `"'`), strings.TrimSpace(value)
		if sections {
			for _, q := range []string{`"""`, "'''"} {
				if strings.HasPrefix(value, q) && strings.Count(value, q) == 1 {
					multi = q
				}
			}
		}
		value, _, _ = strings.Cut(value, " #")
		out = append(out, setting{name: name, parent: parent, value: strings.Trim(strings.TrimSpace(value), `"'`), line: i + 1})
	}
	return out
}

// procfileSettings reads the variables in front of a process's command.
func procfileSettings(data []byte) []setting {
	var out []setting
	for i, l := range strings.Split(string(data), "\n") {
		_, command, ok := strings.Cut(l, ":")
		if !ok {
			continue
		}
		for _, w := range strings.Fields(command) {
			name, value, ok := strings.Cut(w, "=")
			if !ok && w != "env" {
				break
			}
			out = append(out, setting{name: name, value: value, line: i + 1})
		}
	}
	return out
}
