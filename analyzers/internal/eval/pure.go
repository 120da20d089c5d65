package eval

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
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
	case "strings.Split", "strings.Fields", "strings.SplitN", "strings.SplitAfter":
		return q.parts(m)
	case "strings.Cut", "strings.CutPrefix", "strings.CutSuffix":
		return q.cut(m)
	case "strings.Repeat", "path.Base", "path.Dir", "path/filepath.Base", "path/filepath.Dir", "path/filepath.Clean", "strings.Count", "strings.Index", "strings.LastIndex",
		"strconv.Itoa", "strconv.FormatInt", "strconv.FormatBool", "strconv.Quote", "fmt.Sprint", "net/url.PathEscape", "net/url.QueryEscape", "strconv.Atoi", "strconv.ParseBool":
		return q.computed(m)
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
		w := &unknown{t: "string", labels: u.labels, part: u.part, sent: u.sent, ofHeader: u.ofHeader, set: settingsOf(u)}
		if u.def != nil && u.def.k == 's' {
			args := slices.Clone(q.args)
			args[0] = u.def.constant
			if v, ok := textCallOf(q.name, args).rewritten(); ok {
				if c, ok := v.(constant); ok {
					w.def = &preset{c, u.def.at, u.def.name, u.def.file}
				}
			}
		}
		return w, true
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

// reckons reports whether all of a call is known and it is not about the path of a
// request, which is looked at in other ways.
func (q textCall) reckons(m *machine) bool {
	return q.all && !q.anon && (m.sim == nil || !slices.ContainsFunc(q.args, m.ofPath))
}

// parts are a string's, between separators or spaces.
func (q textCall) parts(m *machine) (value, bool) {
	if _, ok := q.args[0].(absent); ok {
		return absent{t: "[]string"}, true
	}
	if !q.all || q.anon {
		return nil, false
	}
	var parts []string
	switch {
	case q.name == "strings.Split" && len(q.args) == 2:
		parts = strings.Split(q.s[0], q.s[1])
	case !q.reckons(m):
		return nil, false
	case q.name == "strings.Fields" && len(q.args) == 1:
		parts = strings.Fields(q.s[0])
	case q.name == "strings.SplitAfter" && len(q.args) == 2:
		parts = strings.SplitAfter(q.s[0], q.s[1])
	case q.name == "strings.SplitN" && len(q.args) == 3:
		n, ok := asInt(q.args[2])
		if !ok {
			return nil, false
		}
		parts = strings.SplitN(q.s[0], q.s[1], n)
	default:
		return nil, false
	}
	if len(parts) > maxLoop {
		return nil, false
	}
	l := &list{t: "[]string"}
	for _, p := range parts {
		l.e = append(l.e, str(p))
	}
	return l, true
}

// cut is a string in the pieces around another.
func (q textCall) cut(m *machine) (value, bool) {
	if !q.reckons(m) || len(q.args) != 2 {
		return nil, false
	}
	switch q.name {
	case "strings.CutPrefix":
		s, ok := strings.CutPrefix(q.s[0], q.s[1])
		return tuple{str(s), boolean(ok, false)}, true
	case "strings.CutSuffix":
		s, ok := strings.CutSuffix(q.s[0], q.s[1])
		return tuple{str(s), boolean(ok, false)}, true
	}
	before, after, ok := strings.Cut(q.s[0], q.s[1])
	return tuple{str(before), str(after), boolean(ok, false)}, true
}

// computed is what other functions of the standard library make of what is known.
func (q textCall) computed(m *machine) (value, bool) {
	if !q.reckons(m) {
		return nil, false
	}
	s, n := q.s, len(q.args)
	switch {
	case q.name == "fmt.Sprint" && n == 1:
		return str(s[0]), true
	case n == 2:
		switch q.name {
		case "strings.Repeat":
			if k, ok := asInt(q.args[1]); ok && 0 <= k && k <= maxText/max(1, len(s[0])) {
				return str(strings.Repeat(s[0], k)), true
			}
		case "strings.Count":
			return num(strings.Count(s[0], s[1])), true
		case "strings.Index":
			return num(strings.Index(s[0], s[1])), true
		case "strings.LastIndex":
			return num(strings.LastIndex(s[0], s[1])), true
		case "strconv.FormatInt":
			if s[1] == "10" {
				return str(s[0]), true
			}
		}
	case n == 1:
		switch q.name {
		case "path.Base", "path/filepath.Base":
			return str(path.Base(s[0])), true
		case "path.Dir", "path/filepath.Dir":
			return str(path.Dir(s[0])), true
		case "path/filepath.Clean":
			return str(path.Clean(s[0])), true
		case "strconv.Itoa", "strconv.FormatBool":
			return str(s[0]), true
		case "strconv.Quote":
			return str(strconv.Quote(s[0])), true
		case "net/url.PathEscape":
			return str(url.PathEscape(s[0])), true
		case "net/url.QueryEscape":
			return str(url.QueryEscape(s[0])), true
		case "strconv.Atoi":
			if k, err := strconv.Atoi(s[0]); err == nil {
				return tuple{num(k), nilValue{}}, true
			}
		case "strconv.ParseBool":
			if b, err := strconv.ParseBool(s[0]); err == nil {
				return tuple{boolean(b, false), nilValue{}}, true
			}
		}
	}
	return nil, false
}

// maxText bounds the strings that are made.
const maxText = 10_000

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
