package readiness

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/launchgate/launchgate/app/lazyregexp"
	"github.com/launchgate/launchgate/app/review"
)

// instruction is one instruction of a Dockerfile, continuation lines joined.
type instruction struct {
	name  string // upper case
	args  string
	line  int // 1-based
	lines int
}

// stage is one FROM and what follows it.
type stage struct {
	name, base string
	from       instruction
	parent     *stage // nil when base is an image
	body       []instruction
	args       map[string]string // ARG and ENV values known at the end
}

var (
	escapeDirective = lazyregexp.New("(?i)^#\\s*escape\\s*=\\s*([\\\\`])\\s*$")
	heredoc         = lazyregexp.New(`(?:^|[^<])<<(-?)["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)
	variable        = lazyregexp.New(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))`)
)

// instructions splits a Dockerfile as BuildKit does: comments go, also between
// continuation lines, and here-documents belong to their instruction.
func instructions(text string) []instruction {
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	escape := `\`
	if m := escapeDirective().FindStringSubmatch(strings.TrimSpace(lines[0])); m != nil {
		escape = m[1]
	}
	var out []instruction
	for i := 0; i < len(lines); i++ {
		first := i
		var joined strings.Builder
		for ; i < len(lines); i++ {
			l := strings.TrimSpace(lines[i])
			if strings.HasPrefix(l, "#") || l == "" && joined.Len() > 0 {
				if joined.Len() == 0 {
					break
				}
				continue
			}
			body, more := strings.CutSuffix(l, escape)
			joined.WriteString(body + " ")
			if !more {
				break
			}
		}
		name, args, _ := strings.Cut(strings.TrimSpace(joined.String()), " ")
		if name == "" {
			continue
		}
		in := instruction{name: strings.ToUpper(name), args: strings.TrimSpace(args), line: first + 1}
		if in.name == "RUN" || in.name == "COPY" || in.name == "ADD" {
			for _, m := range heredoc().FindAllStringSubmatch(in.args, -1) {
				i = afterHeredoc(lines, i, m[2], m[1] == "-")
			}
		}
		in.lines = min(i, len(lines)-1) - first + 1
		out = append(out, in)
	}
	return out
}

// afterHeredoc returns the index of the line that ends a here-document begun at
// line i, or i when nothing ends it.
func afterHeredoc(lines []string, i int, end string, tabs bool) int {
	for j := i + 1; j < len(lines); j++ {
		l := strings.TrimSuffix(lines[j], "\r")
		if tabs {
			l = strings.TrimLeft(l, "\t")
		}
		if l == end {
			return j
		}
	}
	return i
}

// stages reads the build stages in order.
func stages(text string) []*stage {
	var out []*stage
	global := make(map[string]string)
	byName := make(map[string]*stage)
	for _, in := range instructions(text) {
		if in.name == "FROM" {
			s := &stage{from: in, args: make(map[string]string)}
			var words []string
			for _, w := range strings.Fields(in.args) {
				if !strings.HasPrefix(w, "--") {
					words = append(words, w)
				}
			}
			if len(words) > 0 {
				s.base = strings.Trim(expand(words[0], global), `"'`)
			}
			if len(words) > 2 && strings.EqualFold(words[1], "as") {
				s.name = strings.ToLower(words[2])
			}
			if s.parent = byName[strings.ToLower(s.base)]; s.parent != nil {
				for k, v := range s.parent.args {
					s.args[k] = v
				}
			}
			out = append(out, s)
			if s.name != "" {
				byName[s.name] = s
			}
			continue
		}
		if len(out) == 0 {
			if in.name == "ARG" {
				for _, kv := range assignments(in.args) {
					global[kv.name] = expand(kv.value, global)
				}
			}
			continue
		}
		s := out[len(out)-1]
		s.body = append(s.body, in)
		switch in.name {
		case "ARG":
			for _, kv := range assignments(in.args) {
				if kv.value == "" {
					kv.value = global[kv.name]
				}
				s.args[kv.name] = expand(kv.value, s.args)
			}
		case "ENV":
			for _, kv := range environment(in.args) {
				s.args[kv.name] = expand(kv.value, s.args)
			}
		}
	}
	return out
}

func expand(s string, values map[string]string) string {
	return variable().ReplaceAllStringFunc(s, func(ref string) string {
		m := variable().FindStringSubmatch(ref)
		if v := values[m[1]+m[3]]; v != "" {
			return v
		}
		return m[2]
	})
}

type assignment struct{ name, value string }

var assigned = lazyregexp.New(`([A-Za-z_][A-Za-z0-9_.\-]*)(?:=("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s\\]|\\.)*))?`)

// assignments reads NAME=value NAME="value" NAME.
func assignments(args string) []assignment {
	var out []assignment
	for _, m := range assigned().FindAllStringSubmatch(args, -1) {
		out = append(out, assignment{m[1], strings.Trim(m[2], `"'`)})
	}
	return out
}

// environment reads the arguments of ENV, in today's form or in the old one
// ("ENV NAME the value").
func environment(args string) []assignment {
	name, value, _ := strings.Cut(args, " ")
	if !strings.Contains(name, "=") {
		return []assignment{{name, strings.TrimSpace(value)}}
	}
	return assignments(args)
}

// chain returns the stages a stage is built on, itself last.
func (s *stage) chain() []*stage {
	var out []*stage
	for at := s; at != nil; at = at.parent {
		out = append([]*stage{at}, out...)
	}
	return out
}

// last returns the last instruction of a name in the chain.
func (s *stage) last(name string) (instruction, bool) {
	for at := s; at != nil; at = at.parent {
		for i := len(at.body) - 1; i >= 0; i-- {
			if at.body[i].name == name {
				return at.body[i], true
			}
		}
	}
	return instruction{}, false
}

// rootUser recognises root as a name or number, with or without a group.
var rootUser = lazyregexp.New(`^(?i:root|0+)$`)

// dropsRoot are programs that start another as a lesser user.
var dropsRoot = lazyregexp.New(`\b(gosu|su-exec|setpriv|s6-setuidgid|runuser|chpst)\b`)

// checkUser reports a final stage that runs as root.
func checkUser(path string, all []*stage) []review.Finding {
	final := all[len(all)-1]
	chain := final.chain()
	image := chain[0].base
	f := review.Finding{
		Rule: RuleContainerRoot, Severity: review.SeverityMedium, Confidence: review.ConfidenceHigh,
		Key:      "final stage",
		Expected: "a user other than root at the end of the final stage",
	}
	user, named := final.last("USER")
	if named {
		name, _, _ := strings.Cut(strings.Trim(expand(user.args, final.args), `"' `), ":")
		if !rootUser().MatchString(strings.TrimSpace(name)) {
			return nil
		}
		f.Place = place(path, user)
		f.Message = "The image runs as root: the last USER instruction of its final stage says so."
	} else {
		f.Place = place(path, final.from)
		switch userOf(image) {
		case userOther:
			return nil
		case userRoot:
			f.Message = "The image runs as root: no stage names a user, and the base image has none of its own."
		default:
			f.Confidence = review.ConfidenceLow
			f.Message = "The image runs as the user of its base image, which is not known here and usually root; no stage names another."
		}
	}
	start, starts := final.last("ENTRYPOINT")
	cmd, hasCmd := final.last("CMD")
	if dropsRoot().MatchString(start.args) || dropsRoot().MatchString(cmd.args) {
		return nil
	}
	f.Evidence = []review.Step{{Place: place(path, chain[0].from), Note: "The final stage goes back to this base image."}}
	if named {
		f.Evidence = append(f.Evidence, review.Step{Place: f.Place, Note: "Here the user becomes root, and no later USER changes it."})
	}
	if !starts {
		start = cmd
	}
	switch {
	case !starts && !hasCmd:
		f.Confidence = review.ConfidenceLow
	default:
		f.Evidence = append(f.Evidence, review.Step{Place: place(path, start), Note: "This is started as root."})
	}
	for _, s := range chain {
		for _, in := range s.body {
			if in.name == "RUN" && dropsRoot().MatchString(in.args) {
				f.Confidence = review.ConfidenceLow
				f.Evidence = append(f.Evidence, review.Step{Place: place(path, in), Note: "A program that gives up root is installed here; whether it is used is not known."})
			}
		}
	}
	if named && user.lines == 1 && containsLine(final, user) {
		f.Fix = &review.Fix{Title: "Run as an unprivileged user", Edits: []review.Edit{{Path: path, StartLine: user.line, EndLine: user.line, New: "USER 65532:65532\n"}}}
	}
	return []review.Finding{f}
}

func containsLine(s *stage, in instruction) bool {
	for _, b := range s.body {
		if b.line == in.line {
			return true
		}
	}
	return false
}

func place(path string, in instruction) review.Place {
	return review.Place{Path: path, Line: in.line, EndLine: in.line + max(in.lines, 1) - 1}
}

type baseUser int

const (
	userUnknown baseUser = iota
	userRoot
	userOther
)

// rootImages are Docker Official Images that have no USER of their own, as
// their Dockerfiles say.
var rootImages = words("scratch alpine debian ubuntu busybox golang fedora centos rockylinux almalinux amazonlinux archlinux oraclelinux photon opensuse/leap node python nginx caddy buildpack-deps gcc rust ruby openjdk eclipse-temurin php httpd")

// userOf says what user an image runs as when nothing else is said.
func userOf(image string) baseUser {
	image, _, _ = strings.Cut(strings.ToLower(image), "@")
	name, tag := image, ""
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		name, tag = image[:i], image[i+1:]
	}
	if strings.Contains(tag, "nonroot") || strings.Contains(tag, "rootless") || strings.Contains(tag, "unprivileged") ||
		strings.Contains(name, "nonroot") || strings.Contains(name, "unprivileged") {
		return userOther
	}
	for _, prefix := range []string{"docker.io/", "index.docker.io/", "library/", "public.ecr.aws/docker/library/", "mirror.gcr.io/", "library/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	switch {
	case rootImages[name], strings.HasPrefix(name, "gcr.io/distroless/"), strings.HasPrefix(name, "public.ecr.aws/amazonlinux/"):
		return userRoot
	case strings.HasPrefix(name, "cgr.dev/chainguard/") && !strings.HasSuffix(name, "-base"), strings.HasPrefix(name, "bitnami/"):
		return userOther
	}
	return userUnknown
}

// debuggers are programs that belong in front of a developer.
var debuggers = map[string]string{"dlv": "the debugger dlv", "air": "the live reloader air", "compiledaemon": "the live reloader CompileDaemon", "reflex": "the live reloader reflex"}

// checkStart reports a container that starts under a debugger.
func checkStart(path string, all []*stage) []review.Finding {
	final := all[len(all)-1]
	in, ok := final.last("ENTRYPOINT")
	if cmd, has := final.last("CMD"); !ok && has {
		in, ok = cmd, true
	}
	if !ok {
		return nil
	}
	var argv []string
	if err := json.Unmarshal([]byte(in.args), &argv); err != nil {
		argv = strings.Fields(in.args) // shell form
	}
	if len(argv) == 0 {
		return nil
	}
	program := strings.ToLower(argv[0][strings.LastIndex(argv[0], "/")+1:])
	what, ok := debuggers[program]
	if !ok {
		return nil
	}
	return []review.Finding{{
		Rule: RuleDebugMode, Severity: review.SeverityMedium, Confidence: review.ConfidenceHigh, Place: place(path, in),
		Key: "starts under " + program, Message: fmt.Sprintf("The image starts its program under %s.", what), Expected: "the program itself",
	}}
}
