package sinks

import (
	"go/types"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// loggerWords say that a type or a package is for logging.
var loggerWords = words.NewSet("log logs logger loggers logging logr slog zlog xlog klog glog ulog logx logrus hclog zap zerolog")

// levels are the verbs of loggers, without suffix.
var levels = words.NewSet("print trace debug verbose info notice warn warning error err critical crit alert emergency fatal panic dpanic log output")

// Guess takes a call for a log call by its looks: a method named like a level on
// a type named like a logger, or such a function of a package named like one.
// It is for loggers the table does not know and whose code is not there to be
// looked at. sig may be nil.
func Guess(f callee.Func, sig *types.Signature) (Sink, bool) {
	if f.Pkg == "testing" || f.Pkg == "log/slog" || f.Pkg == "log" {
		return Sink{}, false // known in full
	}
	owner := f.Recv
	if owner == "" {
		parts := strings.Split(Canonical(f.Pkg), "/")
		owner = parts[len(parts)-1]
	}
	if !loggerWords.HasAny(words.Split(owner)) {
		return Sink{}, false
	}
	name, suffix := f.Name, ""
	name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "Ctx"), "Log"), "Context"), "Ctx")
	if !levels[strings.ToLower(name)] {
		for _, sfx := range []string{"ln", "f", "w", "S", "kv", "KV", "Context", "Ctx", "CtxF", "ContextF"} {
			if base, ok := strings.CutSuffix(name, sfx); ok && (levels[strings.ToLower(base)] || base == "" && strings.HasPrefix(f.Name, "Log")) {
				name, suffix = base, sfx // Infof, Logf
				break
			}
		}
	}
	if name == "" {
		name = "Log"
	}
	if carries[f.Name] && sig != nil {
		return carrying(f, sig)
	}
	if !levels[strings.ToLower(name)] {
		return Sink{}, false
	}
	s := Sink{Func: f, Format: -1, Dest: Log, Style: "kv", args: "0.. kv"}
	if sig == nil {
		if strings.EqualFold(suffix, "f") {
			s.Style, s.Format, s.args = "printf", 0, "1.."
		}
		return s, true
	}
	if sig.Results().Len() == 1 && sig.Params().Len() == 0 {
		return Sink{}, false // log.Error() begins a chain
	}
	return byShape(s, suffix, sig)
}

// carries are methods that give a logger something to say with every message.
var carries = map[string]bool{"With": true, "WithField": true, "WithFields": true, "WithValues": true, "WithKeyValues": true, "WithTag": true, "WithTags": true}

// carrying reads how such a method takes its arguments; it must return a logger.
func carrying(f callee.Func, sig *types.Signature) (Sink, bool) {
	s := Sink{Func: f, Format: -1, Dest: Log}
	p := sig.Params()
	if sig.Results().Len() != 1 {
		return s, false
	}
	switch {
	case p.Len() == 2 && !sig.Variadic() && isString(p.At(0).Type()) && carriesText(p.At(1).Type()):
		s.Style, s.args = "with_keyval", "0 key;1 val"
	case p.Len() == 1 && sig.Variadic() && carriesText(p.At(0).Type().(*types.Slice).Elem()):
		s.Style, s.args = "with_kv", "0.. kv"
	case p.Len() == 1 && isMap(p.At(0).Type()):
		s.Style, s.args = "with_map", "0"
	default:
		return s, false
	}
	return s, true
}

// byShape reads from the parameters how a logger takes its arguments.
func byShape(s Sink, suffix string, sig *types.Signature) (Sink, bool) {
	params, first := sig.Params(), 0
	for first < params.Len() && !carriesText(params.At(first).Type()) {
		first++ // a context, a level
	}
	n := params.Len() - first
	digit := func(i int) string { return string(rune('0' + i)) }
	switch {
	case n == 0 || first > 8:
		return Sink{}, false
	case !sig.Variadic():
		s.Style, s.args = "print", digit(first)+".."
		if n > 1 && isMap(params.At(params.Len()-1).Type()) {
			s.Style, s.args = "map", digit(first)+" msg;"+digit(params.Len()-1)
		}
	case n == 1:
		s.Style, s.args = "print", digit(first)+".."
		if suffix == "w" || strings.EqualFold(suffix, "kv") {
			s.Style, s.args = "kv_only", digit(first)+".. kv"
		}
	case n == 2 && isString(params.At(first).Type()):
		elem := params.At(params.Len() - 1).Type().(*types.Slice).Elem()
		name := params.At(first).Name()
		_, iface := elem.Underlying().(*types.Interface)
		switch {
		case !iface && !isString(elem):
			s.Style, s.args = "fields", digit(first)+" msg;"+digit(first+1)+".. fields"
		case strings.EqualFold(suffix, "f") || name == "format" || name == "fmt" || name == "template" || name == "tmpl":
			s.Style, s.Format, s.args = "printf", first, digit(first+1)+".."
		default:
			s.Style, s.args = "kv", digit(first)+" msg;"+digit(first+1)+".. kv"
		}
	default:
		s.Style, s.args = "print", digit(first)+".."
	}
	return s, true
}

// carriesText reports whether a parameter of this type can be part of a message.
func carriesText(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Interface:
		return u.NumMethods() == 0 || types.TypeString(t, nil) == "error"
	case *types.Slice, *types.Map:
		return true
	case *types.Struct, *types.Pointer:
		return true
	}
	return false
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}
