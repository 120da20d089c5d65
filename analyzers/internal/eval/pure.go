package eval

import (
	"fmt"
	"path"
	"strings"
)

// pure evaluates functions on strings that decide about paths.
func (m *machine) pure(name string, args []value) (value, bool) {
	anon, uri := false, false
	for _, a := range args {
		if c, ok := a.(constant); ok {
			uri = uri || c.uri
		}
		if _, ok := a.(absent); ok {
			anon = true
		}
	}
	s := make([]string, len(args))
	all := true
	for i, a := range args {
		switch x := a.(type) {
		case constant:
			s[i] = x.s
		case absent:
		default:
			all = false
		}
	}
	if len(args) == 0 {
		return nil, false
	}
	switch name {
	case "strings.HasPrefix", "strings.HasSuffix", "strings.Contains", "strings.EqualFold":
		if len(args) != 2 {
			return nil, false
		}
		if !all {
			if x, ok := args[1].(absent); ok && name != "strings.EqualFold" && (x.t == "string" || x.t == "") {
				return boolean(true, true), true // what is not there is in everything
			}
			if anon && !isUnknown(args[1]) {
				return boolean(false, true), true
			}
			if name == "strings.HasPrefix" || name == "strings.EqualFold" {
				m.compared(args[0], args[1], name == "strings.HasPrefix")
			}
			if m.lists(args[0], args[1]) {
				return boolean(true, false), true
			}
			if can := freedom(args[0], args[1]); m.sim != nil && can != 0 {
				return &unknown{t: "bool", labels: mergeLabels(words(name[8:]), labels(args[0]), labels(args[1])), free: can}, true
			}
			return nil, false
		}
		if (name == "strings.HasSuffix" || name == "strings.Contains") && m.endsFreely(args[0]) && !strings.Contains(s[0], s[1]) {
			return &unknown{t: "bool", labels: []string{"path", requestLabel}, free: canHold | canFail}, true
		}
		var r bool
		switch name[8:] {
		case "HasPrefix":
			r = strings.HasPrefix(s[0], s[1])
		case "HasSuffix":
			r = strings.HasSuffix(s[0], s[1])
		case "Contains":
			r = strings.Contains(s[0], s[1])
		case "EqualFold":
			r = strings.EqualFold(s[0], s[1])
		}
		if known := name[8:]; !r && !anon && known != "EqualFold" && known != "HasPrefix" && m.dodges(args[0], s[1], known == "HasSuffix") {
			return boolean(true, false), true
		}
		return boolean(r, anon), true
	case "path.Ext", "path/filepath.Ext":
		if all && !anon {
			if path.Ext(s[0]) == "" && m.dodges(args[0], ".css", true) {
				return str(".css"), true
			}
			return str(path.Ext(s[0])), true
		}
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace", "strings.TrimPrefix", "strings.TrimSuffix", "strings.TrimRight", "strings.TrimLeft", "strings.Trim", "path.Clean", "strings.ReplaceAll", "strings.Replace":
		if _, ok := args[0].(absent); ok {
			return absent{t: "string"}, true
		}
		if u, ok := args[0].(*unknown); ok {
			return &unknown{t: "string", labels: u.labels, part: u.part, sent: u.sent}, true
		}
		if !all || anon {
			return nil, false
		}
		switch name {
		case "strings.ToLower":
			return constant{k: 's', s: strings.ToLower(s[0]), uri: uri}, true
		case "strings.ToUpper":
			return str(strings.ToUpper(s[0])), true
		case "strings.TrimSpace":
			return str(strings.TrimSpace(s[0])), true
		case "strings.TrimPrefix":
			return str(strings.TrimPrefix(s[0], s[1])), true
		case "strings.TrimSuffix":
			return str(strings.TrimSuffix(s[0], s[1])), true
		case "strings.TrimRight":
			return str(strings.TrimRight(s[0], s[1])), true
		case "strings.TrimLeft":
			return str(strings.TrimLeft(s[0], s[1])), true
		case "strings.Trim":
			return str(strings.Trim(s[0], s[1])), true
		case "path.Clean":
			return str(path.Clean(s[0])), true
		case "strings.ReplaceAll":
			return str(strings.ReplaceAll(s[0], s[1], s[2])), true
		case "strings.Replace":
			if n, ok := asInt(args[3]); ok {
				return str(strings.Replace(s[0], s[1], s[2], n)), true
			}
		}
	case "strings.Map", "strings.TrimFunc":
		v := args[0]
		if name == "strings.Map" {
			v = args[len(args)-1]
		}
		if x, ok := asString(v); ok && x == "" {
			return v, true
		}
	case "path.Join", "net/url.JoinPath", "path/filepath.Join":
		var parts []string
		for _, a := range args {
			if x, ok := asString(a); ok {
				parts = append(parts, x)
			} else if l, ok := a.(*list); ok {
				parts = append(parts, stringsOf(l)...)
			}
		}
		if len(parts) > 0 {
			return str(path.Join(parts...)), true
		}
	case "strings.Join":
		if l, ok := args[0].(*list); ok && len(args) == 2 {
			return str(strings.Join(stringsOf(l), s[1])), true
		}
	case "strings.Split", "strings.Fields":
		if _, ok := args[0].(absent); ok {
			return absent{t: "[]string"}, true
		}
		if all && !anon && len(args) == 2 {
			l := &list{t: "[]string"}
			for _, p := range strings.Split(s[0], s[1]) {
				l.e = append(l.e, str(p))
			}
			return l, true
		}
	case "fmt.Sprintf":
		format, ok := asString(args[0])
		if !ok {
			return nil, false
		}
		if anon && m.sim != nil {
			return absent{t: "string"}, true
		}
		return str(sprintf(format, args[1:])), true
	case "slices.Contains":
		if len(args) == 2 {
			if m.lists(args[1], args[0]) {
				return boolean(true, false), true
			}
			if _, ok := args[1].(absent); ok {
				return boolean(false, true), true
			}
			if l, ok := args[0].(*list); ok {
				m.looksAt(l.from)
				for _, e := range l.e {
					if eq, ok, _ := equal(e, args[1]); ok && eq {
						return boolean(true, false), true
					} else if !ok {
						return nil, false
					}
				}
				return boolean(false, false), true
			}
		}
	case "errors.New", "fmt.Errorf", "github.com/pkg/errors.New", "github.com/pkg/errors.Errorf", "github.com/pkg/errors.Wrap":
		fa := failure{anon: anon}
		for _, a := range args {
			if x, ok := a.(failure); ok {
				fa.anon, fa.code = fa.anon || x.anon, x.code
				fa.name = x.name
			}
		}
		if fa.name == "" && len(s) > 0 && len(s[0]) < 60 {
			fa.name = s[0]
		}
		return fa, true
	}
	return nil, false
}

// sprintf formats with the arguments that are known.
func sprintf(format string, args []value) string {
	var b strings.Builder
	i := 0
	for j := 0; j < len(format); j++ {
		if format[j] != '%' || j+1 >= len(format) {
			b.WriteByte(format[j])
			continue
		}
		j++
		for j < len(format)-1 && strings.IndexByte("+-# 0123456789.", format[j]) >= 0 {
			j++
		}
		if format[j] == '%' {
			b.WriteByte('%')
			continue
		}
		if i < len(args) {
			if ss := stringsOf(args[i]); len(ss) > 0 {
				b.WriteString(ss[0])
			} else if n, ok := asInt(args[i]); ok {
				fmt.Fprint(&b, n)
			}
		}
		i++
	}
	return b.String()
}
