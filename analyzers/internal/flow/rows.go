package flow

import (
	"go/ast"
	"strings"
)

// scanned gives the variables a row of a database is scanned into what the
// columns of the query are called: Scan(&a) after "SELECT email FROM users".
func (v *invocation) scanned() {
	if v.name != "Scan" || v.recvX == nil || len(v.args) == 0 {
		return
	}
	table, columns := selected(v.f.queryText(v.recvX, 0))
	if len(columns) != len(v.args) {
		return
	}
	for i, a := range v.args {
		u, ok := ast.Unparen(a.expr).(*ast.UnaryExpr)
		if !ok || columns[i] == "" {
			continue
		}
		name := columns[i]
		if table != "" && !strings.Contains(name, ".") {
			name = table + "." + name
		}
		m, ok := v.f.e.voc.Lexicon.Column(name)
		if !ok || !holds(v.f.typeOf(u.X), m) || told(v.f.evalRaw(u.X)) {
			continue
		}
		l := named(ByAPI, m, v.call.Pos(), "the column "+columns[i], "column "+columns[i])
		v.f.store(u.X, func(old *value) *value {
			if old.clean {
				old = unknown
			}
			return withLabels(old, l)
		})
	}
}

// queryText is the constant text of the query whose rows an expression holds,
// empty if there is none.
func (f *fn) queryText(x ast.Expr, depth int) string {
	if depth > maxURLDepth {
		return ""
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		for _, a := range x.Args {
			if s := f.stringConst(a); len(s) > 8 && strings.ContainsAny(s, " \n\t") {
				return s
			}
		}
	case *ast.Ident:
		for _, d := range f.e.definitions()[f.object(x)] {
			if s := f.queryText(d, depth+1); s != "" {
				return s
			}
		}
	}
	return ""
}

// selected reads the table and the columns a statement gives back. The table is
// empty if there is more than one; a column that is computed is an empty name.
func selected(query string) (table string, columns []string) {
	words := strings.Fields(query)
	begin, end := -1, len(words)
	for i, w := range words {
		switch strings.ToLower(w) {
		case "select":
			if begin < 0 && i == 0 {
				begin = i + 1
			}
		case "returning":
			begin, end = i+1, len(words)
		case "distinct":
			if begin == i {
				begin = i + 1
			}
		case "from":
			if begin >= 0 && end == len(words) && balanced(words[begin:i]) {
				end = i
				if i+1 < len(words) {
					table = strings.TrimRight(words[i+1], ",;")
				}
			}
		case "join":
			table = ""
		}
	}
	if begin < 0 || end <= begin {
		return "", nil
	}
	for _, item := range splitOutside(strings.Join(words[begin:end], " ")) {
		ws := strings.Fields(strings.TrimRight(item, ";"))
		name := ""
		if len(ws) > 0 {
			name = strings.Trim(ws[len(ws)-1], "`\"[]")
		}
		if name == "*" || strings.HasSuffix(name, ".*") {
			return "", nil // how many, nobody knows
		}
		if strings.ContainsAny(name, "()'?$:|+") {
			name = ""
		}
		columns = append(columns, name)
	}
	return table, columns
}

func balanced(ws []string) bool {
	s := strings.Join(ws, " ")
	return strings.Count(s, "(") == strings.Count(s, ")")
}

// splitOutside splits at commas that stand outside parentheses.
func splitOutside(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}
