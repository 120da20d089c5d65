package piilog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/flow"
)

//go:embed sinks.tsv
var sinksFile string

var sinks = sync.OnceValue(func() map[callee.Func]flow.Sink {
	out := make(map[callee.Func]flow.Sink)
	for _, line := range strings.Split(sinksFile, "\n") {
		f := strings.Split(line, "\t")
		if len(f) < 6 || strings.HasPrefix(line, "#") {
			continue
		}
		s := flow.Sink{Kind: flow.Log, Style: f[3], Format: -1, Args: f[5]}
		if n, err := strconv.Atoi(f[4]); err == nil {
			s.Format = n
		}
		if who := whoReceives(f[0]); who != "" {
			s.Kind, s.Who = flow.ThirdParty, who
		}
		out[callee.Func{Pkg: f[0], Recv: strings.Trim(f[1], "-*"), Name: f[2]}] = s
	}
	return out
})

// sinkFor finds the sink a call names. Later major versions of a logger keep
// the names of earlier ones.
func sinkFor(f callee.Func) (flow.Sink, bool) {
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
	return flow.Sink{}, false
}
