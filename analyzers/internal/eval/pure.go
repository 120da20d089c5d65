package eval

import (
	"fmt"
	"path"
	"strings"
)

// textCall is a call of a function on strings.
type textCall struct {
	name string
	args []value
	s    []string // the arguments that are known, "" for any other
	all  bool     // all of them are known
	anon bool     // one of them is missing because the request is anonymous
	uri  bool     // one of them is a path with its query
}

func textCallOf(name string, args []value) textCall {
	q := textCall{name: name, args: args, s: make([]string, len(args)), all: true}
	for i, a := range args {
		switch x := a.(type) {
		case constant:
			q.s[i] = x.s
			q.uri = q.uri || x.uri
		case absent:
			q.anon = true
		default:
			q.all = false
		}
	}
	return q
}

// pure evaluates functions on strings that decide about paths.
func (m *machine) pure(name string, args []value) (value, bool) {
	if len(args) == 0 {
		return nil, false
	}
	switch q := textCallOf(name, args); name {
	case "strings.HasPrefix", "strings.HasSuffix", "strings.Contains", "strings.EqualFold":
		return m.compares(q)
	case "path.Ext", "path/filepath.Ext":
		if q.all && !q.anon {
			if path.Ext(q.s[0]) == "" && m.dodges(args[0], ".css", true) {
				return str(".css"), true
			}
			return str(path.Ext(q.s[0])), true
		}
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace", "strings.TrimPrefix", "strings.TrimSuffix", "strings.TrimRight", "strings.TrimLeft", "strings.Trim", "path.Clean", "strings.ReplaceAll", "strings.Replace":
		return q.rewritten()
	case "strings.Map", "strings.TrimFunc":
		v := args[0]
		if name == "strings.Map" {
			v = args[len(args)-1]
		}
		if x, ok := asString(v); ok && x == "" {
			return v, true
		}
	case "path.Join", "net/url.JoinPath", "path/filepath.Join":
		return q.joinedPath()
	case "strings.Join":
		if l, ok := args[0].(*list); ok && len(args) == 2 {
			return str(strings.Join(stringsOf(l), q.s[1])), true
		}
	case "strings.Split", "strings.Fields":
		return q.parts()
	case "fmt.Sprintf":
		format, ok := asString(args[0])
		if !ok {
			return nil, false
		}
		if q.anon && m.sim != nil {
			return absent{t: "string"}, true
		}
		return str(sprintf(format, args[1:])), true
	case "slices.Contains":
		if len(args) == 2 {
			return m.holds(args[0], args[1])
		}
	case "errors.New", "fmt.Errorf", "github.com/pkg/errors.New", "github.com/pkg/errors.Errorf", "github.com/pkg/errors.Wrap":
		return q.madeError(), true
	}
	return nil, false
}

// compares asks one string about another.
func (m *machine) compares(q textCall) (value, bool) {
	if len(q.args) != 2 {
		return nil, false
	}
	fn := strings.TrimPrefix(q.name, "strings.")
	if !q.all {
		return m.comparesUnknown(q, fn)
	}
	s, sub := q.s[0], q.s[1]
	if (fn == "HasSuffix" || fn == "Contains") && m.endsFreely(q.args[0]) && !strings.Contains(s, sub) {
		return &unknown{t: "bool", labels: []string{"path", requestLabel}, free: canHold | canFail}, true
	}
	var r bool
	switch fn {
	case "HasPrefix":
		r = strings.HasPrefix(s, sub)
	case "HasSuffix":
		r = strings.HasSuffix(s, sub)
	case "Contains":
		r = strings.Contains(s, sub)
	case "EqualFold":
		r = strings.EqualFold(s, sub)
	}
	if !r && !q.anon && fn != "EqualFold" && fn != "HasPrefix" && m.dodges(q.args[0], sub, fn == "HasSuffix") {
		return boolean(true, false), true
	}
	return boolean(r, q.anon), true
}

// comparesUnknown asks where one of the two strings is not known.
func (m *machine) comparesUnknown(q textCall, fn string) (value, bool) {
	a, b := q.args[0], q.args[1]
	if x, ok := b.(absent); ok && fn != "EqualFold" && (x.t == "string" || x.t == "") {
		return boolean(true, true), true // what is not there is in everything
	}
	if q.anon && !isUnknown(b) {
		return boolean(false, true), true
	}
	switch fn {
	case "HasPrefix", "EqualFold":
		if u, ok := a.(*unknown); ok && u.part == partPath && m.sim.watch != nil && fn == "HasPrefix" && same(b, str("/")) {
			return boolean(true, false), true // as all paths do
		}
		m.compared(a, b, fn == "HasPrefix")
	case "HasSuffix", "Contains":
		m.resembles(a, b, fn == "HasSuffix")
	}
	if m.lists(a, b) {
		return boolean(true, false), true
	}
	if can := freedom(a, b); m.sim != nil && can != 0 {
		return &unknown{t: "bool", labels: mergeLabels(words(fn), labels(a), labels(b)), free: can}, true
	}
	return nil, false
}

// rewritten is a string with another case or without some of its parts.
func (q textCall) rewritten() (value, bool) {
	if _, ok := q.args[0].(absent); ok {
		return absent{t: "string"}, true
	}
	if u, ok := q.args[0].(*unknown); ok {
		return &unknown{t: "string", labels: u.labels, part: u.part, sent: u.sent, ofHeader: u.ofHeader, set: u.set}, true
	}
	if !q.all || q.anon {
		return nil, false
	}
	s := q.s
	switch q.name {
	case "strings.ToLower":
		return constant{k: 's', s: strings.ToLower(s[0]), uri: q.uri}, true
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
		if n, ok := asInt(q.args[3]); ok {
			return str(strings.Replace(s[0], s[1], s[2], n)), true
		}
	}
	return nil, false
}

// joinedPath is a path of the parts that are known.
func (q textCall) joinedPath() (value, bool) {
	var parts []string
	for _, a := range q.args {
		if x, ok := asString(a); ok {
			parts = append(parts, x)
		} else if l, ok := a.(*list); ok {
			parts = append(parts, stringsOf(l)...)
		}
	}
	if len(parts) == 0 {
		return nil, false
	}
	return str(path.Join(parts...)), true
}

// parts are a string's, between separators.
func (q textCall) parts() (value, bool) {
	if _, ok := q.args[0].(absent); ok {
		return absent{t: "[]string"}, true
	}
	if !q.all || q.anon || len(q.args) != 2 {
		return nil, false
	}
	l := &list{t: "[]string"}
	for _, p := range strings.Split(q.s[0], q.s[1]) {
		l.e = append(l.e, str(p))
	}
	return l, true
}

// holds reports whether a list has an element.
func (m *machine) holds(in, v value) (value, bool) {
	if m.lists(v, in) {
		return boolean(true, false), true
	}
	if _, ok := v.(absent); ok {
		return boolean(false, true), true
	}
	l, ok := in.(*list)
	if !ok {
		return nil, false
	}
	m.looksAt(l.from)
	for _, e := range l.e {
		if eq, ok, _ := equal(e, v); ok && eq {
			return boolean(true, false), true
		} else if !ok {
			return nil, false
		}
	}
	return boolean(false, false), true
}

// madeError is a new error: that of a wrapped one, or one of its own text.
func (q textCall) madeError() value {
	fa := failure{anon: q.anon}
	for _, a := range q.args {
		if x, ok := a.(failure); ok {
			fa.anon, fa.code = fa.anon || x.anon, x.code
			fa.name = x.name
		}
	}
	if fa.name == "" && len(q.s[0]) < 60 {
		fa.name = q.s[0]
	}
	return fa
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
