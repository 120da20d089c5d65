package piilog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
)

//go:embed sinks.tsv
var sinksFile string

// sink says which arguments of a call are logged, and how.
type sink struct {
	style  string
	format int // index of the format string, -1 for none
	args   string
}

var sinks = sync.OnceValue(func() map[callee.Func]sink {
	out := make(map[callee.Func]sink)
	for _, line := range strings.Split(sinksFile, "\n") {
		f := strings.Split(line, "\t")
		if len(f) < 6 || strings.HasPrefix(line, "#") {
			continue
		}
		s := sink{style: f[3], format: -1, args: f[5]}
		if n, err := strconv.Atoi(f[4]); err == nil {
			s.format = n
		}
		out[callee.Func{Pkg: f[0], Recv: strings.Trim(f[1], "-*"), Name: f[2]}] = s
	}
	return out
})

// lookup finds the sink a call names. Later major versions of a logger keep the
// names of earlier ones.
func lookup(f callee.Func) (sink, bool) {
	if s, ok := sinks()[f]; ok {
		return s, true
	}
	if i := strings.LastIndex(f.Pkg, "/v"); i > 0 {
		for _, v := range []string{"", "/v2", "/v3", "/v4", "/v5"} {
			g := f
			g.Pkg = f.Pkg[:i] + v
			if s, ok := sinks()[g]; ok {
				return s, true
			}
		}
	}
	return sink{}, false
}

// isSink reports whether a call of this style emits what it is given, now or
// when its chain ends. Constructors of fields emit nothing by themselves.
func (s sink) isSink() bool {
	switch s.style {
	case "print", "println", "printf", "kv", "kv_err", "kv_only", "fields", "event_field", "map", "print_or_printf",
		"with_err", "with_fields", "with_keyval", "with_kv", "with_map", "msg@0", "msg@1", "bytes@0":
		return true
	}
	return false
}

// argument is one logged argument of a call: a value, or a key and its value.
type argument struct{ key, value int } // key -1: none

// arguments lists which of n arguments are logged.
func (s sink) arguments(n int) []argument {
	var out []argument
	if s.format >= 0 && s.format < n {
		out = append(out, argument{-1, s.format})
	}
	for _, part := range strings.Split(s.args, ";") {
		f := strings.Fields(part)
		if len(f) == 0 || f[0] == "-" {
			continue
		}
		from, open := strings.CutSuffix(f[0], "..")
		first, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		role := ""
		if len(f) > 1 {
			role = f[1]
		}
		switch {
		case role == "key":
		case role == "val" && open && first > 0:
			for i := first; i < n; i++ {
				out = append(out, argument{first - 1, i})
			}
		case role == "kv":
			// keys and values alternate; the caller moves on by one for a
			// key that turns out to be a field of its own
			for i := first; i < n; i++ {
				out = append(out, argument{-2, i})
			}
		case open:
			for i := first; i < n; i++ {
				out = append(out, argument{-1, i})
			}
		case first < n:
			out = append(out, argument{-1, first})
		}
	}
	return out
}
