package secrets

import (
	"fmt"
	"strings"
)

// leftOutPaths are files that gitleaks' default configuration leaves out by a global
// allowlist: git need not even compare them, which is most of its work in a
// history with vendored code. They are, at any depth: what is in a folder, a file,
// any file with an extension. A test holds the list to that allowlist.
var leftOutPaths = []string{
	"vendor/github.com/", "vendor/golang.org/x/", "vendor/google.golang.org/", "vendor/gopkg.in/", "vendor/istio.io/", "vendor/k8s.io/", "vendor/sigs.k8s.io/",
	"node_modules/", "bower_components/", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "deno.lock", "Pipfile.lock", "poetry.lock", "gradle.lockfile",
	"go.sum", "go.mod", "go.work.sum", "*.svg",
}

// leftOutAs returns which of leftOutPaths leaves a path out, "" for none.
func leftOutAs(path string) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	for _, p := range leftOutPaths {
		switch last := len(p) - 1; {
		case p[0] == '*':
			if strings.HasSuffix(base, p[1:]) {
				return p
			}
		case p[last] == '/':
			if strings.HasPrefix(path, p) || strings.Contains(path, "/"+p) {
				return p
			}
		case base == p:
			return p
		}
	}
	return ""
}

// leavingOut returns the pathspecs for one of leftOutPaths in the forms git is
// quick at, for it asks each of every path: a leading star alone is a comparison
// of endings, a pattern that begins with letters one of beginnings. "**/" would
// be neither. The brackets keep a name from standing for a folder of that name.
func leavingOut(p string) []string {
	last := len(p) - 1
	switch {
	case p[0] == '*':
		return []string{":(exclude)" + p}
	case p[last] == '/':
		return []string{":(exclude)" + p, ":(exclude)*/" + p + "*"}
	}
	return []string{":(exclude)" + p[:last] + "[" + p[last:] + "]", ":(exclude)*/" + p}
}

// onlyPaths returns the pathspecs for just some files, nil when they are too many
// for a command line.
func onlyPaths(paths []string) []string {
	out := make([]string, len(paths))
	size := 0
	for i, p := range paths {
		out[i] = ":(top,literal)" + p
		if size += len(out[i]) + 1; size > maxExcluded {
			return nil
		}
	}
	return out
}

// maxExcluded bounds what a command line is told to leave out.
const maxExcluded = 64 << 10

// exclude returns the pathspecs that leave files out.
func exclude(files []named) ([]string, error) {
	var out []string
	size := 0
	for _, f := range files {
		spec := ":(exclude,top,literal)" + f.path
		if size += len(spec) + 1; size > maxExcluded {
			return nil, errTooManyBig
		}
		out = append(out, spec)
	}
	return out, nil
}

// errTooManyBig is a commit with more large files than can be looked at one by
// one.
var errTooManyBig = fmt.Errorf("more files of over %d MiB in one commit than can be looked at", bigFileBytes>>20)

// pathspecs are what git compares: everything but what the defaults leave out
// and leave.
//
// Only those of the defaults that would leave something out: git asks each of
// every path.
func (s *session) pathspecs(leave []string) []string {
	specs := []string{"."}
	for _, p := range leftOutPaths {
		if !s.compareAll && s.leavesOut[p] {
			specs = append(specs, leavingOut(p)...)
		}
	}
	return append(specs, leave...)
}

// allPaths are everything but leave.
func (s *session) allPaths(leave []string) []string { return append([]string{"."}, leave...) }

// leftOutFile reports whether one of leftOutPaths leaves a file out. An allowlist,
// whose dots match no line break, does not leave out one with a line break in its name.
func leftOutFile(path string) bool { return leftOutAs(path) != "" && !strings.Contains(path, "\n") }

// noteLeftOut notes that one of leftOutPaths leaves something out; "" is none.
func (s *session) noteLeftOut(p string) {
	if p == "" || s.leavesOut[p] {
		return
	}
	if s.leavesOut == nil {
		s.leavesOut = make(map[string]bool)
	}
	s.leavesOut[p] = true
}
