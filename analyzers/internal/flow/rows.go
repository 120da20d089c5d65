package flow

import (
	"go/ast"
	"strings"
)

// scanned gives the variables a row of a database is scanned into what the
// columns of the query are called: Scan(&a) after "SELECT email FROM users".
func (v *invocation) scanned() {
	var into []argument
	var query string
	switch {
	case len(v.args) == 0 || v.recvX == nil:
		return
	case v.name == "Scan":
		into, query = v.args, v.f.queryText(v.recvX, 0)
	case v.name == "Pluck" && len(v.args) == 2: // gorm
		into, query = v.args[1:], "SELECT "+v.f.stringConst(v.args[0].expr)
	case (v.name == "Get" || v.name == "Select") && len(v.args) > 1: // sqlx: into one value, or a list of them
		into, query = v.args[:1], v.f.stringConst(v.args[1].expr)
	case (v.name == "GetContext" || v.name == "SelectContext") && len(v.args) > 2:
		into, query = v.args[1:2], v.f.stringConst(v.args[2].expr)
	}
	table, columns := selected(query)
	if len(columns) != len(into) {
		return
	}
	for i, a := range into {
		u, ok := ast.Unparen(a.expr).(*ast.UnaryExpr)
		if !ok {
			continue
		}
		for _, column := range columns[i] {
			if v.holdsColumn(u.X, table, column) {
				break
			}
		}
	}
}

// holdsColumn says of a variable that it holds a column, if that is sensitive.
func (v *invocation) holdsColumn(x ast.Expr, table, column string) bool {
	name := column
	if table != "" && !strings.Contains(name, ".") {
		name = table + "." + name
	}
	m, ok := v.f.e.voc.Lexicon.Column(name)
	if !ok || !holds(v.f.typeOf(x), m) || told(v.f.evalRaw(x)) {
		return false
	}
	l := named(ByAPI, m, v.call.Pos(), "the column "+column, "column "+column)
	v.f.store(x, func(old *value) *value {
		if old.clean {
			old = unknown
		}
		return withLabels(old, l)
	})
	return true
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
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && f.stringConst(sel.X) == "" {
			return f.queryText(sel.X, depth+1) // a prepared statement
		}
	case *ast.Ident:
		return f.e.defined(f.object(x), depth, f.queryText)
	}
	return ""
}

// selected reads the table and the columns a statement gives back, each by the
// names it goes by: its own and the one it is given. The table is empty if there
// is more than one; a column that is computed has no name.
func selected(query string) (table string, columns [][]string) {
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
		var names []string
		if n := len(ws); n > 1 && strings.EqualFold(ws[n-2], "as") {
			names, ws = append(names, ws[n-1]), ws[:n-2]
		} else if n == 2 && balanced(ws[:1]) {
			names, ws = append(names, ws[1]), ws[:1]
		}
		names = append(names, unwrapped(strings.Join(ws, " ")))
		var good []string
		for _, name := range names {
			name = strings.Trim(name, "`\"[]")
			if name == "*" || strings.HasSuffix(name, ".*") {
				return "", nil // how many, nobody knows
			}
			if name != "" && !strings.ContainsAny(name, "()'?$:|+ ") {
				good = append(good, name)
			}
		}
		columns = append(columns, good)
	}
	return table, columns
}

// unwrapped takes off what only changes the form of a column: lower(email),
// coalesce(phone, ”), max(card_number), email::text.
func unwrapped(item string) string {
	for range maxDepth {
		item, _, _ = strings.Cut(item, "::")
		name, rest, ok := strings.Cut(item, "(")
		if !ok || !strings.HasSuffix(rest, ")") {
			break
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "lower", "upper", "trim", "ltrim", "rtrim", "initcap", "coalesce", "ifnull", "nullif", "max", "min", "any_value", "distinct", "cast":
		default:
			return item
		}
		item = strings.TrimSpace(splitOutside(strings.TrimSuffix(rest, ")"))[0])
		item, _, _ = strings.Cut(item, " ") // cast(email as text)
	}
	return item
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
