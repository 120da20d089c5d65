package flow

import (
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// results decides what a call is, in the order of what is known best.
func (v *invocation) results() []*value {
	v.toService()
	if v.known && v.interfaceCall() && v.f.e.voc.SafeLog(v.id) {
		v.escape() // whatever implements it
		return all(unknown, v.n)
	}
	if s, ok := v.sink(); ok {
		return v.reach(s)
	}
	if out, ok := v.source(); ok {
		return out
	}
	if v.sanitizes() {
		if s := v.f.e.summaryOf(v.obj); s != nil && len(s.effects) > 0 {
			v.apply(s) // what it takes out of what it is given
		} else {
			v.escape()
		}
		v.sanitizesInPlace()
		return all(sanitized, v.n)
	}
	if out, ok := v.modelled(); ok {
		v.escape()
		v.scanned()
		return v.column(v.typed(out))
	}
	if out, ok := v.summarised(); ok {
		v.scanned()
		if out = v.column(out); told(out[0]) {
			return out
		}
		if s := v.f.e.summaryOf(v.obj); len(s.results) > 0 && !open(s.results[0]) {
			return out // what it is made of is known, whatever the function is called
		}
		return v.named(out)
	}
	if v.interfaceCall() {
		v.throughInterface()
		if out, ok := v.implementations(); ok {
			return v.named(out)
		}
	}
	v.escape()
	v.scanned()
	return v.named(v.column(v.typed(v.guess())))
}

func (v *invocation) resultType(i int) types.Type {
	t := v.f.info.TypeOf(v.call)
	if tup, ok := t.(*types.Tuple); ok {
		if i < tup.Len() {
			return tup.At(i).Type()
		}
		return nil
	}
	if t == types.Typ[types.Invalid] {
		return nil
	}
	return t
}

// typed takes from each result what its type cannot carry.
func (v *invocation) typed(out []*value) []*value {
	for i := range out {
		if t := v.resultType(i); t != nil && out[i] != nil {
			if numbers(t) && !isCharacter(t) {
				out[i] = clean
			} else {
				out[i] = v.f.narrow(out[i], t)
			}
		}
	}
	return out
}

// named adds what the callee's name says about its first result.
func (v *invocation) named(out []*value) []*value {
	if len(out) == 0 || out[0] == nil || out[0].clean || out[0].quiet || told(out[0]) || internal(out[0]) {
		return out
	}
	src, ok := v.f.e.voc.Lexicon.Call(callee.Func{Pkg: v.id.Pkg, Recv: v.id.Recv, Name: v.name}, v.literal)
	if !ok || src.Dump || src.Result >= len(out) {
		return out
	}
	i := src.Result
	t := v.resultType(i)
	if t == nil && len(v.args) > 0 || t != nil && !holds(t, src.Match) || out[i] == nil || out[i].clean || told(out[i]) {
		return out
	}
	if v.id.Pkg == "golang.org/x/crypto/ssh" && v.id.Name == "SessionID" {
		return out // the hash of a key exchange
	}
	if src.Match.Term == "token" && strings.HasPrefix(v.name, "To") {
		return out // something else in another form
	}
	if sensitive.Harmless(src.Match, v.text, v.id.Recv, lastElement(v.id.Pkg)) {
		return out
	}
	if fed(out[i]) {
		return out // it is made of what goes in, and that is known
	}
	texts := 0
	for j := range out {
		if rt := v.resultType(j); rt != nil && !isError(rt) && !tellsNothing(rt) && textual(rt) {
			texts++
		}
	}
	if texts > 1 && src.Result == 0 {
		return out // which of them is it?
	}
	m := src.Match
	if strings.HasPrefix(m.Why, "it comes from ") {
		m.Why = ""
		if rt := v.recvType(); m.Class == sensitive.Identity && rt != nil && !v.f.e.voc.Lexicon.Person(rt) {
			return out // the full name of an image
		}
	}
	out = slices.Clone(out)
	l := named(ByName, m, v.call.Pos(), "from "+v.text, v.text)
	l.src.Weak = sensitive.WeakCall(m, v.text, v.id.Recv, v.id.Pkg, v.f.e.pass.Pkg.Path())
	v.f.doubt(l.src)
	out[i] = withLabels(out[i], l)
	return out
}

// recvType is the type whose method is called, nil for functions.
func (v *invocation) recvType() types.Type {
	if v.recvX == nil {
		return nil
	}
	return v.f.typeOf(v.recvX)
}

// literal is a constant string among the arguments.
func (v *invocation) literal(i int) (string, bool) {
	if i >= len(v.args) {
		return "", false
	}
	s := v.f.keyText(v.args[i].expr)
	return s, s != ""
}

func internal(v *value) bool {
	return slices.ContainsFunc(v.labels, func(l label) bool { return l.src != nil && l.src.Kind == Internal })
}
