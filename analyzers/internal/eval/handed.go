package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/program"
)

// What a guard hands to the handler behind it beside the request: who the caller is,
// where handlers of the program's own take that, alone or in a structure.

// hands notes what a known caller's request is handed on with.
func (s *simulation) hands(args []value) {
	if s.middleware && !s.anonymous && !s.forging && s.handed == nil && slices.ContainsFunc(args, tellsCaller) {
		s.handed = slices.Clone(args)
	}
}

// receives puts what a guard hands on in the place of the parameters of what comes
// after it that are no part of the request.
func (m *machine) receives(s *simulation, params []program.Param, args []value) {
	if s.anonymous || len(m.handed) != len(args) {
		return
	}
	for i, h := range m.handed {
		if !tellsCaller(h) {
			continue
		}
		if requestKind(params[i].Type) != "" {
			if o, ok := h.(*object); ok && m.holdsRequest(o) {
				args[i] = s.own(o) // a request that the program has added something to
			}
			continue
		}
		switch x := h.(type) {
		case *unknown:
			// What it was found by is not what it is.
			args[i] = &unknown{t: params[i].Type, labels: mergeLabels(words(lastPart(params[i].Type)), []string{identityLabel}), carried: true}
		case *object:
			if x.t == params[i].Type || x.t == "" || strings.HasPrefix(params[i].Type, x.t+"[") {
				args[i] = s.own(x)
			}
		}
	}
}

// isHanded reports whether a guard hands on who is calling.
func (m *machine) isHanded() bool { return slices.ContainsFunc(m.handed, tellsCaller) }

// handedKey tells apart what handlers are handed.
func (m *machine) handedKey() string {
	var b strings.Builder
	for i, h := range m.handed {
		if tellsCaller(h) {
			fmt.Fprintf(&b, "#%d%s", i, typeOf(h))
		}
	}
	return b.String()
}
