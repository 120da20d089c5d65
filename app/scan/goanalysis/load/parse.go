package load

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// parseOwn reads and parses the files of one of the repository's packages.
func (g *group) parseOwn(n *node) {
	for _, base := range g.tree.goFiles[n.dir] {
		test := strings.HasSuffix(base, "_test.go")
		if test && !g.opt.Tests {
			continue
		}
		name := path.Join(n.dir, base)
		if !g.opt.Platform.matchName(base) {
			g.exclude(name)
			continue
		}
		src, err := g.readSource(name)
		if err != nil {
			g.unread(name, reason(err))
			n.errs = append(n.errs, Error{Pos: token.Position{Filename: name}, Msg: "not read: " + reason(err), Kind: "read"})
			continue
		}
		if !g.opt.Platform.matchSource(src) {
			g.exclude(name)
			if tags := g.opt.Platform.missing(src); len(tags) > 0 && !strings.HasSuffix(name, "_test.go") {
				g.mu.Lock()
				g.tagged = append(g.tagged, Tagged{Path: name, Tags: tags, Source: src})
				g.mu.Unlock()
			}
			continue
		}
		if d := nesting(src); d > g.opt.Limits.Depth {
			why := fmt.Sprintf("nested more than %d deep", g.opt.Limits.Depth)
			g.unread(name, why)
			n.errs = append(n.errs, Error{Pos: token.Position{Filename: name}, Msg: why, Kind: "read"})
			continue
		}
		f, errs := g.parseFile(name, src)
		n.errs = append(n.errs, errs...)
		if f == nil {
			if len(errs) == 0 {
				g.unread(name, "is not Go")
			}
			continue
		}
		if deeper(f, g.opt.Limits.Depth) {
			why := fmt.Sprintf("nested more than %d deep", g.opt.Limits.Depth)
			g.unread(name, why)
			n.errs = append(n.errs, Error{Pos: token.Position{Filename: name}, Msg: why, Kind: "read"})
			continue
		}
		file := &File{Path: name, Syntax: f, Source: src, Generated: ast.IsGenerated(f)}
		if test {
			n.tests = append(n.tests, file)
		} else {
			n.files = append(n.files, file)
		}
	}
}

func (g *group) exclude(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.excluded = append(g.excluded, name)
}

func (g *group) readSource(name string) ([]byte, error) {
	g.mu.Lock()
	over := g.tree.files >= g.opt.Limits.Files || g.tree.bytes >= g.opt.Limits.TotalBytes
	g.mu.Unlock()
	if over {
		return nil, errTooMuch
	}
	src, err := g.tree.read(name, g.opt.Limits.FileBytes)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.tree.files++
	g.tree.bytes += int64(len(src))
	g.mu.Unlock()
	return src, nil
}

// parseFile parses one file so that positions are the file's own: //line
// directives, which could point anywhere, are blanked out.
func (g *group) parseFile(name string, src []byte) (*ast.File, []Error) {
	const mode = parser.ParseComments | parser.SkipObjectResolution | parser.AllErrors
	if bytes.Contains(src, []byte("//line ")) || bytes.Contains(src, []byte("/*line ")) {
		src = blankLineDirectives(name, src)
	}
	f, err := parser.ParseFile(g.fset, name, src, mode)
	if f == nil || f.Name == nil || f.Name.Name == "" || f.Name.Name == "_" {
		if f == nil || len(f.Decls) == 0 {
			return nil, syntaxErrors(name, err)
		}
		f.Name = &ast.Ident{NamePos: f.Package, Name: "_"}
	}
	return f, syntaxErrors(name, err)
}

func syntaxErrors(name string, err error) []Error {
	var list scanner.ErrorList
	if errors.As(err, &list) {
		var out []Error
		for i, e := range list {
			if i == 10 {
				break
			}
			out = append(out, Error{Pos: e.Pos, Msg: e.Msg, Kind: "syntax"})
		}
		return out
	}
	if err != nil {
		return []Error{{Pos: token.Position{Filename: name}, Msg: err.Error(), Kind: "syntax"}}
	}
	return nil
}

// blankLineDirectives makes line directives plain comments of the same length.
func blankLineDirectives(name string, src []byte) []byte {
	out := bytes.Clone(src)
	fset := token.NewFileSet()
	file := fset.AddFile(name, -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok == token.COMMENT && (strings.HasPrefix(lit, "//line ") || strings.HasPrefix(lit, "/*line ")) {
			out[file.Offset(pos)+2] = ' '
		}
	}
}

// nesting is an upper bound for how deep brackets and prefix operators nest in
// src. It costs one pass over the bytes and keeps the recursive parser from
// files made to exhaust its stack.
func nesting(src []byte) int {
	depth, deepest, run := 0, 0, 0
	for i := 0; i < len(src); i++ {
		switch c := src[i]; c {
		case '"', '\'':
			for i++; i < len(src) && src[i] != c && src[i] != '\n'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
			run = 0
		case '`':
			for i++; i < len(src) && src[i] != '`'; i++ {
			}
			run = 0
		case '/':
			if i+1 < len(src) && src[i+1] == '/' {
				for i < len(src) && src[i] != '\n' {
					i++
				}
			} else if i+1 < len(src) && src[i+1] == '*' {
				if j := bytes.Index(src[i+2:], []byte("*/")); j >= 0 {
					i += j + 3
				} else {
					i = len(src)
				}
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
			run = 0
		case '*', '&', '!', '^', '-', '+', '<':
			run++
		case ' ', '\t', '\r':
		default:
			run = 0
		}
		deepest = max(deepest, depth, run)
	}
	return deepest
}

// deeper reports whether a syntax tree nests deeper than max: chains such as
// a+a+a+… or else-if ladders nest without any bracket.
func deeper(f *ast.File, max int) bool {
	v := &depthVisitor{max: max}
	ast.Walk(v.at(0), f)
	return v.found
}

type depthVisitor struct {
	max   int
	found bool
}

type depthAt struct {
	v     *depthVisitor
	depth int
}

func (v *depthVisitor) at(d int) ast.Visitor { return depthAt{v, d} }

func (d depthAt) Visit(n ast.Node) ast.Visitor {
	if d.depth > d.v.max {
		d.v.found = true
	}
	if d.v.found || n == nil {
		return nil
	}
	return depthAt{d.v, d.depth + 1}
}

// parseDep finds out what a dependency's package imports, from the store if it
// knows, else by reading the package.
func (g *group) parseDep(n *node) {
	if n.types == nil && n.index == nil {
		g.parseSource(n)
	}
}

// parseSource reads the declarations of a dependency's package.
func (g *group) parseSource(n *node) {
	if n.fsys == nil && n.mod == nil {
		// Known from the store; its source may be at hand.
		m := g.build.module(n.module.Path)
		if m.fsys == nil || !g.build.locate(n, m) {
			n.fail("no source")
			return
		}
	}
	names, sources, err := g.depFiles(n)
	if err != nil {
		n.fail(reason(err))
		return
	}
	digest := digestOf(names, sources)
	if n.fsys == nil && n.keyOf == "" {
		// A vendor folder is vouched for by its content alone.
		n.keyOf = g.loader.key("vendor", n.path, digest)
		if idx := g.loadIndex(n.keyOf); idx != nil && idx.Digest == digest {
			n.index, n.name, n.digest = idx, idx.Name, idx.Digest
			return
		}
	}
	label := n.path
	if n.module.Version != "" {
		label = n.module.Path + "@" + n.module.Version + strings.TrimPrefix(n.path, n.module.Path)
	}
	n.index, n.name, n.digest = nil, "", digest
	for i, src := range sources {
		if nesting(src) > g.opt.Limits.Depth {
			n.fail(names[i] + ": nested too deep")
			continue
		}
		f, err := parser.ParseFile(g.fset, label+"/"+names[i], withoutBodies(src), parser.SkipObjectResolution)
		if err != nil {
			f, err = parser.ParseFile(g.fset, label+"/"+names[i], src, parser.SkipObjectResolution)
		}
		if err != nil {
			n.fail(firstLine(err))
		}
		if f == nil || f.Name == nil || f.Name.Name == "" || n.name != "" && f.Name.Name != n.name {
			continue
		}
		n.name = f.Name.Name
		Prune(f)
		if deeper(f, g.opt.Limits.Depth) {
			n.fail(names[i] + ": nested too deep")
			continue
		}
		n.files = append(n.files, &File{Path: names[i], Syntax: f})
	}
	if n.nErrs == 0 {
		g.saveIndex(n.keyOf, &packageIndex{Name: n.name, Digest: digest, Imports: importPaths(n.files)})
	}
}

// depFiles returns the files of a dependency's package the platform selects.
func (g *group) depFiles(n *node) (names []string, sources [][]byte, err error) {
	all := g.tree.goFiles[n.dir]
	if n.fsys != nil {
		entries, err := fs.ReadDir(n.fsys, n.dir)
		if err != nil {
			return nil, nil, err
		}
		all = nil
		for _, e := range entries {
			if e.Type().IsRegular() {
				all = append(all, e.Name())
			}
		}
	}
	for _, base := range all {
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") || base[0] == '_' || base[0] == '.' ||
			!g.opt.Platform.matchName(base) {
			continue
		}
		var src []byte
		if n.fsys != nil {
			src, err = readLimited(n.fsys, path.Join(n.dir, base), g.opt.Limits.FileBytes)
		} else {
			src, err = g.readSource(path.Join(n.dir, base))
		}
		if err != nil {
			n.fail(base + ": " + reason(err))
			continue
		}
		if g.opt.Platform.matchSource(src) {
			names, sources = append(names, base), append(sources, src)
		}
	}
	return names, sources, nil
}

func (n *node) fail(why string) {
	if n.nErrs++; n.first == "" {
		n.first = why
	}
}

func readLimited(fsys fs.FS, name string, max int64) ([]byte, error) {
	st, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > max {
		return nil, fmt.Errorf("not a regular file of at most %d bytes", max)
	}
	return fs.ReadFile(fsys, name)
}
