package load

import (
	"bytes"
	"go/build/constraint"
	"slices"
	"strings"
)

// Platform is the configuration files are chosen for.
type Platform struct {
	GOOS, GOARCH string
	Tags         []string // user tags, beyond those GOOS, GOARCH and the release imply
}

// DefaultPlatform is what a server most likely runs on.
var DefaultPlatform = Platform{GOOS: "linux", GOARCH: "amd64"}

// goMinor is the newest language release this loader knows (go1.N); every
// "go1.x" tag up to it holds.
const goMinor = 26

// The names a file suffix may use. From go/build (internal/syslist), Go 1.26;
// names stay listed for ever, so an older list only misses new ports.
var (
	knownOS = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
	unixOS  = set("aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris")
	arches  = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// tag reports whether a build tag holds on p.
func (p Platform) tag(tag string) bool {
	switch tag {
	case p.GOOS, p.GOARCH, "gc", "cgo":
		return true
	case "unix":
		return unixOS[p.GOOS]
	case "linux":
		return p.GOOS == "android"
	case "darwin":
		return p.GOOS == "ios"
	case "solaris":
		return p.GOOS == "illumos"
	}
	if minor, ok := strings.CutPrefix(tag, "go1."); ok {
		n := 0
		for _, c := range []byte(minor) {
			if c < '0' || c > '9' || n > 1000 {
				return false
			}
			n = n*10 + int(c-'0')
		}
		return minor != "" && n >= 1 && n <= goMinor
	}
	for _, t := range p.Tags {
		if t == tag {
			return true
		}
	}
	return false
}

// matchName reports whether a file name's _GOOS, _GOARCH suffixes admit p.
func (p Platform) matchName(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	// Before the first underscore everything is a plain name: linux.go is not
	// constrained (go/build, goodOSArchFile).
	i := strings.Index(name, "_")
	if i < 0 {
		return true
	}
	parts := strings.Split(name[i:], "_")
	if n := len(parts); n > 0 && parts[n-1] == "test" {
		parts = parts[:n-1]
	}
	n := len(parts)
	if n >= 2 && knownOS[parts[n-2]] && arches[parts[n-1]] {
		return p.tag(parts[n-1]) && p.tag(parts[n-2])
	}
	if n >= 1 && (knownOS[parts[n-1]] || arches[parts[n-1]]) {
		return p.tag(parts[n-1])
	}
	return true
}

// matchSource reports whether the //go:build line (or, without one, the
// // +build lines) of a file's header admit p. A line that cannot be parsed
// excludes the file, as in the go command.
func (p Platform) matchSource(src []byte) bool {
	var plus []string
	for line := range headerLines(src) {
		if constraint.IsGoBuild(line) {
			x, err := constraint.Parse(line)
			return err == nil && x.Eval(p.tag)
		}
		if constraint.IsPlusBuild(line) {
			plus = append(plus, line)
		}
	}
	for _, line := range plus {
		if x, err := constraint.Parse(line); err == nil && !x.Eval(p.tag) {
			return false
		}
	}
	return true
}

// notOwn are tags that no build of a program sets: those of tools and of files
// that are only run.
var notOwn = set("ignore tools tool wireinject race msan asan gccgo purego appengine never none exclude generate")

// maxOwnTags bounds the tags of one constraint that are tried together.
const maxOwnTags = 6

// missing returns the fewest tags of the program's own that would have to be set
// for a file to be built on p, nil if no such tags would do. Of a constraint with
// more than maxOwnTags it returns them all.
func (p Platform) missing(src []byte) []string {
	var own []string
	for line := range headerLines(src) {
		if !constraint.IsGoBuild(line) && !constraint.IsPlusBuild(line) {
			continue
		}
		x, err := constraint.Parse(line)
		if err != nil {
			return nil
		}
		x.Eval(func(tag string) bool {
			if !p.tag(tag) && !knownOS[tag] && !arches[tag] && tag != "unix" && !notOwn[tag] && !strings.HasPrefix(tag, "go1.") && !slices.Contains(own, tag) {
				own = append(own, tag)
			}
			return false
		})
	}
	if len(own) > maxOwnTags {
		return own // some of them would do, or none: said is better than missed
	}
	var fewest []string
	for pick := 1; pick < 1<<len(own); pick++ {
		var tags []string
		for i, tag := range own {
			if pick&(1<<i) != 0 {
				tags = append(tags, tag)
			}
		}
		with := Platform{GOOS: p.GOOS, GOARCH: p.GOARCH, Tags: append(slices.Clone(p.Tags), tags...)}
		if (fewest == nil || len(tags) < len(fewest)) && with.matchSource(src) {
			fewest = tags
		}
	}
	return fewest
}

// headerLines yields the // comment lines before the package clause.
func headerLines(src []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		inBlock := false
		src = bytes.TrimPrefix(src, []byte("\ufeff"))
		for len(src) > 0 {
			line := src
			if i := bytes.IndexByte(src, '\n'); i >= 0 {
				line, src = src[:i], src[i+1:]
			} else {
				src = nil
			}
			line = bytes.TrimSpace(line)
			for {
				if inBlock {
					i := bytes.Index(line, []byte("*/"))
					if i < 0 {
						line = nil
						break
					}
					inBlock, line = false, bytes.TrimSpace(line[i+2:])
				}
				if !bytes.HasPrefix(line, []byte("/*")) {
					break
				}
				inBlock, line = true, line[2:]
			}
			switch {
			case len(line) == 0:
			case bytes.HasPrefix(line, []byte("//")):
				if !yield(string(line)) {
					return
				}
			default:
				return
			}
		}
	}
}
