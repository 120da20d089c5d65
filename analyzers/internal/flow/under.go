package flow

// What a function reads under a name that it is given (func mustEnv(key string)
// string) is what that name says, which its callers know.

// under is the part of an input that stands for what is read under the name it holds.
const under = "()="

// namedBy is what is read under a name that an input of the function under work holds,
// nil if it is no input.
func (f *fn) namedBy(key *value) *value {
	if inputOf(key) < 0 {
		return nil
	}
	out := &value{}
	for _, l := range key.labels {
		if l.src == nil && l.in.global == "" {
			if below, ok := l.below(under); ok {
				out.labels = append(out.labels, below)
			}
		}
	}
	if len(out.labels) == 0 {
		return nil
	}
	return out
}

// readUnder is what a callee reads under the constant name that this call gives it,
// nil if that is none or says nothing.
func (v *invocation) readUnder(s *summary, input int) *value {
	x := v.inputExpr(s, input)
	if x == nil {
		return nil
	}
	key := v.f.keyText(x)
	if key == "" {
		return nil
	}
	m, ok := v.f.e.voc.Lexicon.Name(key)
	if !ok {
		if m, ok = v.f.e.voc.Lexicon.Header(key); !ok {
			return unknown
		}
	}
	l := named(ByAPI, m, v.call.Pos(), "read as "+quoted(key)+" by "+v.text, "value "+key)
	v.f.doubt(l.src)
	return &value{labels: []label{l}}
}

// named is what stands for an input that is read under a name in the call under work.
func (f *fn) named(in port) *value {
	if in.path != under || f.names == nil {
		return nil
	}
	return f.names(in.param)
}
