package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
)

// scanned gives the variables that a row of a database is read into what the
// columns of the query are called: Scan(&a) after "SELECT email FROM users".
func (v *invocation) scanned() {
	var into []argument
	var query string
	args := v.args
	if len(args) > 0 && isContext(v.f.typeOf(args[0].expr)) {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	switch v.name {
	case "Scan", "Find", "First", "Take", "Get": // from rows, or a query that was built
		if v.recvX != nil && (v.name == "Scan" || len(args) == 1) {
			into, query = args, v.f.queryText(v.recvX, 0)
			break
		}
		fallthrough
	case "Select", "GetContext", "SelectContext": // into one value, or a list of them
		for i, a := range args {
			if u, ok := ast.Unparen(a.expr).(*ast.UnaryExpr); ok && u.Op == token.AND && i+1 < len(args) {
				into, query = args[i:i+1], v.f.sqlText(args[i+1].expr, 0)
				break
			}
		}
	case "Pluck": // gorm
		if len(args) == 2 {
			into, query = args[1:], "SELECT "+v.f.stringConst(args[0].expr)
		}
	}
	if query == "" || len(into) == 0 {
		return
	}
	table, columns := selected(query)
	if len(columns) != len(into) {
		return
	}
	for i, a := range into {
		u, ok := ast.Unparen(a.expr).(*ast.UnaryExpr)
		if !ok || u.Op != token.AND || !textual(v.f.typeOf(u.X)) {
			continue
		}
		if !slices.ContainsFunc(columns[i], func(column string) bool { return v.holdsColumn(u.X, table, column) }) && len(columns[i]) > 0 {
			v.f.store(u.X, withoutColumn) // it held another before
		}
	}
}

// withoutColumn is a variable without what a column was read into it before.
func withoutColumn(old *value) *value {
	of := func(l label) bool { return l.src != nil && strings.HasPrefix(l.src.Key, "column ") }
	if !slices.ContainsFunc(old.labels, of) {
		return old
	}
	w := *old
	w.labels = slices.DeleteFunc(slices.Clone(old.labels), of)
	return &w
}

// columns are methods and functions that give what one column of a query holds.
var columns = map[string]bool{"Strings": true, "StringsX": true, "String": true, "StringX": true, "CollectRows": true, "CollectOneRow": true, "CollectExactlyOneRow": true}

// column gives the result of a call that reads one column of a query what that is
// called: client.User.Query().Select("email").Strings(ctx).
func (v *invocation) column(out []*value) []*value {
	if !columns[v.name] || len(out) == 0 || out[0] == nil || out[0].clean || told(out[0]) {
		return out
	}
	from := v.recvX
	if strings.HasPrefix(v.name, "Collect") && len(v.args) > 1 {
		from = v.args[0].expr
	}
	if from == nil {
		return out
	}
	t := v.resultType(0)
	table, names := selected(v.f.queryText(from, 0))
	if len(names) != 1 || t == nil || !textual(t) {
		return out
	}
	for _, name := range names[0] {
		if l, ok := v.columnLabel(t, table, name); ok {
			out = slices.Clone(out)
			out[0] = withLabels(out[0], l)
			break
		}
	}
	return out
}

func isContext(t types.Type) bool {
	pkg, name := namedType(t)
	return pkg == "context" && name == "Context"
}

// columnLabel is the label that the name of a column gives to what it holds.
func (v *invocation) columnLabel(t types.Type, table, column string) (label, bool) {
	name := column
	if table != "" && !strings.Contains(name, ".") {
		name = table + "." + name
	}
	m, ok := v.f.e.voc.Lexicon.Column(name)
	if !ok || !holds(t, m) {
		return label{}, false
	}
	return named(ByAPI, m, v.call.Pos(), "the column "+column, "column "+column), true
}

// holdsColumn says of a variable that it holds a column, if that is sensitive.
func (v *invocation) holdsColumn(x ast.Expr, table, column string) bool {
	l, ok := v.columnLabel(v.f.typeOf(x), table, column)
	if !ok || told(v.f.evalRaw(x)) {
		return false
	}
	v.f.store(x, func(old *value) *value {
		if old.clean {
			old = unknown
		}
		return withLabels(old, l)
	})
	return true
}

// selectors are calls of builders of queries that name columns.
var selectors = map[string]bool{"Select": true, "Column": true, "Columns": true, "ColumnExpr": true, "Cols": true, "Returning": true, "SelectColumns": true}

// queryText is the text of the query whose rows an expression holds, or as much of
// it as names the columns; empty if it cannot be told.
func (f *fn) queryText(x ast.Expr, depth int) string {
	if depth > maxURLDepth {
		f.e.met("the way back to a query")
		return ""
	}
	if f.fuel--; f.fuel <= 0 {
		return ""
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		sel, _ := ast.Unparen(x.Fun).(*ast.SelectorExpr)
		if sel != nil && selectors[sel.Sel.Name] {
			if s := f.columnList(x.Args); s != "" {
				return s
			}
		}
		for _, a := range x.Args {
			if t := f.typeOf(a); t == nil || isText(t) {
				if s := f.sqlText(a, depth+1); len(s) > 8 && strings.ContainsAny(s, " \n\t") {
					return s
				}
			}
		}
		if sel != nil && f.stringConst(sel.X) == "" {
			return f.queryText(sel.X, depth+1) // a prepared statement, the chain of a builder
		}
	case *ast.Ident:
		return f.lastDefined(x, depth, f.queryText)
	}
	return ""
}

// columnList is the query that selects the columns named by constants.
func (f *fn) columnList(args []ast.Expr) string {
	var names []string
	for _, a := range args {
		s := f.stringConst(a)
		if s == "" {
			return ""
		}
		names = append(names, s)
	}
	if len(names) == 0 || strings.Contains(names[0], "?") {
		return ""
	}
	return "SELECT " + strings.Join(names, ", ")
}

// composed stands in the text of a query for what is put in at run time.
const composed = "\x00"

// sqlText is a query with its constant parts; what is not constant is composed.
// Empty if nothing of it is.
func (f *fn) sqlText(x ast.Expr, depth int) string {
	if depth > maxURLDepth {
		f.e.met("the way back to a query")
		return ""
	}
	if f.fuel--; f.fuel <= 0 {
		return ""
	}
	if s := f.stringConst(x); s != "" {
		return s
	}
	part := func(y ast.Expr) string {
		if s := f.sqlText(y, depth+1); s != "" {
			return s
		}
		return composed
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			if s := part(x.X) + part(x.Y); strings.Trim(s, composed) != "" {
				return s
			}
		}
	case *ast.CallExpr:
		id, _ := callee.Of(f.info, x)
		switch {
		case id.Pkg == "fmt" && id.Name == "Sprintf" && len(x.Args) > 0:
			format := f.sqlText(x.Args[0], depth+1)
			if strings.Contains(format, "%[") || format == "" {
				return ""
			}
			var b strings.Builder
			n := 1
			for i := 0; i < len(format); i++ {
				if format[i] != '%' || i+1 >= len(format) {
					b.WriteByte(format[i])
					continue
				}
				if i++; format[i] == '%' {
					b.WriteByte('%')
					continue
				}
				if n < len(x.Args) {
					b.WriteString(part(x.Args[n]))
				}
				n++
			}
			return b.String()
		case id.Pkg == "strings" && (id.Name == "TrimSpace" || id.Name == "ReplaceAll") && len(x.Args) > 0:
			return f.sqlText(x.Args[0], depth+1)
		}
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && (sel.Sel.Name == "ToSql" || sel.Sel.Name == "ToSQL" || sel.Sel.Name == "MustSql" || sel.Sel.Name == "String") {
			return f.queryText(sel.X, depth+1)
		}
	case *ast.Ident:
		return f.lastDefined(x, depth, f.sqlText)
	}
	return ""
}

// names reports whether a piece of a query can name its columns.
func names(query string) bool {
	query = strings.ToLower(query)
	return strings.Contains(query, "select") || strings.Contains(query, "returning")
}

// lastDefined is what read makes of the last definition of a variable before the
// place where it is used, or of the first if they all come later.
func (f *fn) lastDefined(x *ast.Ident, depth int, read func(x ast.Expr, depth int) string) string {
	obj := f.object(x)
	if obj == nil || !f.e.follow(obj) {
		return ""
	}
	defer delete(f.e.following, obj)
	list := f.e.definitions()[obj]
	for _, d := range slices.Backward(list) {
		if d.Pos() < x.Pos() {
			if s := read(d, depth+1); s != "" && names(s) {
				return s
			}
		}
	}
	for _, d := range list {
		if d.Pos() >= x.Pos() {
			if s := read(d, depth+1); s != "" {
				return s
			}
		}
	}
	return ""
}

// selected reads the table and the columns a statement gives back, each by the
// names it goes by: its own and the one it is given. The table is empty if there
// is more than one; a column that is computed has no name.
func selected(query string) (table string, columns [][]string) {
	words := strings.Fields(uncommented(query))
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
					if table = strings.TrimRight(words[i+1], ",;"); strings.Contains(table, composed) {
						table = ""
					}
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
			if name == "*" || strings.HasSuffix(name, ".*") || strings.Contains(name, composed) {
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

// uncommented is a query without the comment it begins with: "-- name: Get :one".
func uncommented(query string) string {
	for {
		query = strings.TrimSpace(query)
		if !strings.HasPrefix(query, "--") {
			return query
		}
		_, rest, ok := strings.Cut(query, "\n")
		if !ok {
			return ""
		}
		query = rest
	}
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
