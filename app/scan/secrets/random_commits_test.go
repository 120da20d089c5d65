package secrets

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// commit makes a commit. Dates of authors are in no order, and some are the same.
func (h *randomHistory) commit(branch string, parents []int, tree madeTree) {
	for p, f := range tree {
		if f.mode == linkFile && (f.data == "" || len(f.data) > 2000 || strings.Contains(f.data, "\x00")) {
			tree[p] = madeFile{linkFile, "x"}
		}
	}
	if h.kind.configured {
		h.configure(tree)
	}
	mark := len(h.commits) + 1
	authored := firstDate
	switch h.IntN(6) {
	case 0:
	case 1:
		authored += 60*mark - h.IntN(2000)
	default:
		authored += 60 * mark
	}
	committed := firstDate + 2*mark
	if h.kind.odd && h.one(3) {
		authored, committed = firstDate+mark/8, firstDate+mark/8 // as many others
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", h.objects.tree(tree))
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", h.commits[p-1].id)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n%s\n%s", h.person(authored), h.person(committed), h.header(), h.message())
	h.commits = append(h.commits, madeCommit{id: h.objects.add("commit", b.String()), branch: branch, parents: parents, tree: tree})
	h.tips[branch] = mark
}

// person is who did something, and when.
func (h *randomHistory) person(date int) string {
	if !h.kind.odd || h.IntN(4) > 0 {
		return fmt.Sprintf("A <a@example.com> %d +0000", date)
	}
	return h.pick([]string{
		fmt.Sprintf("A <a@example.com> %d -1130", date),
		fmt.Sprintf("A  <> %d +0000", date),
		fmt.Sprintf("A <a@b> C> <d@e> %d +0000", date),
		fmt.Sprintf("\xc4 \xff <a@example.com> %d +0000", date),
		fmt.Sprintf("A <a@example.com> %d", date),
		fmt.Sprintf("A <a@example.com> %d +99999", date),
		fmt.Sprintf("A <a@example.com>  %d +0000", date),
		"A <a@example.com> 0 +0000", "A <a@example.com> 1 +0000", "A <a@example.com> -1 +0000", "A <a@example.com> -99999999999 +0000",
		"A <a@example.com> 4102444800 +0000", "A <a@example.com> 253402300799 +0000", "A <a@example.com> 253402300800 +0000", "A <a@example.com> 9223372036854775807 +0000", "A <a@example.com> 99999999999999999999 +0000",
		"A <a@example.com>", "A", "", "A <a@example.com> now +0000", "A <a@example.com> 1767322000.5 +0000",
	})
}

// header is what may stand in a commit below those who made it.
func (h *randomHistory) header() string {
	if !h.kind.odd || h.IntN(3) > 0 {
		return ""
	}
	some := h.commits
	id := strings.Repeat("0", 2*h.objects.size())
	if len(some) > 0 {
		id = some[h.IntN(len(some))].id
	}
	return h.pick([]string{
		"encoding ISO-8859-1\n", "encoding UTF-16\n", "encoding \n", "encoding UTF-8\nencoding SHIFT-JIS\n",
		"gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n =abcd\n -----END PGP SIGNATURE-----\n",
		"gpgsig -----BEGIN PGP SIGNATURE-----\n parent " + id + "\n commit " + id + "\n  \n \n",
		"gpgsig-sha256 x\n y\n", "gpgsig \n",
		"parent " + id + "\n", "tree " + id + "\n", "author B <b@example.com> 5 +0000\n", "committer B <b@example.com> 5 +0000\n", "HG:extra a:b\n", "nothing\n", " goes on\n", "\tgoes on\n", "commit " + id + "\n",
		"mergetag object " + id + "\n type commit\n tag v1\n tagger A <a@example.com> 1767322000 +0000\n \n a tag\n",
	})
}

func (h *randomHistory) message() string {
	n := 12
	if h.kind.odd {
		n = 24
	}
	switch h.IntN(n) {
	case 0:
		return "use " + h.secret()
	case 1:
		return "m\n\n" + h.line() + "\n" + h.line() + "\n"
	case 2:
		return ""
	case 3:
		return h.encode(h.secret()) + "\r\n"
	case 12:
		return "\n\n  \n subject \t \n\n\n body \n\n\n\n" + h.secret() + "  \n\n\n"
	case 13:
		return "subject\r\n\r\n" + strings.ReplaceAll(h.line(), "\n", "\r\n") + "\r\n\r\nend\r\n"
	case 14:
		return "before\x00after " + h.secret() + "\n"
	case 15:
		return "commit " + h.objects.ids[h.IntN(len(h.objects.ids))] + "\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+k = " + h.secret() + "\n"
	case 16:
		return ":100644 100644 " + strings.Repeat("a", 40) + " " + strings.Repeat("b", 40) + " M\tx\n" + h.secret()
	case 17:
		return wide("message " + h.secret() + "\n")
	case 18:
		return "gr\xfc\xdfe\n\n\xa3 " + h.secret() + "\n\xff\xfe\n"
	case 19:
		return strings.Repeat("x", 70000) + " " + h.secret() + "\n" + strings.Repeat("\n", 50)
	case 20:
		return "a\n\nSigned-off-by: A <a@example.com>\n\n" + h.content()
	case 21:
		return "\t\t" + h.secret() + "\n\tindented\n    by four\n"
	case 22:
		return "a\rb\rc " + h.secret() + "\rd"
	case 23:
		return "\n"
	}
	return fmt.Sprintf("change %d\n", len(h.commits))
}

// tag makes a ref, most of the time of a tag.
func (h *randomHistory) tag(name string) {
	at := 1 + h.IntN(len(h.commits))
	tag := madeTag{name: name, commit: at, id: h.commits[at-1].id}
	kind := "commit"
	if h.kind.odd {
		switch c := h.commits[at-1]; h.IntN(6) {
		case 0:
			kind, tag.id = "tree", h.objects.tree(c.tree)
		case 1:
			for _, p := range sortedKeys(c.tree) {
				if f := c.tree[p]; f.mode != moduleFile {
					kind, tag.id = "blob", h.objects.add("blob", f.data)
				}
			}
		}
	}
	last := tag.id
	for depth := 0; h.IntN(3) > 0 && depth < 4; depth++ {
		tagger := "tagger " + h.person(firstDate+h.IntN(5000)) + "\n"
		if h.kind.odd && h.one(4) {
			tagger = ""
		}
		tag.id = h.objects.add("tag", fmt.Sprintf("object %s\ntype %s\ntag %s\n%s\n%s", tag.id, kind, name[len("refs/tags/"):], tagger, h.message()))
		kind, tag.peeled = "tag", last
		if !h.kind.odd {
			break
		}
	}
	h.tags = append(h.tags, tag)
}

func (h *randomHistory) git(dir string, in []byte, args ...string) string {
	h.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return string(out)
}

func (h *randomHistory) init(dir string) {
	format := "--object-format=sha1"
	if h.kind.sha256 {
		format = "--object-format=sha256"
	}
	h.git(h.t.TempDir(), nil, "init", "-q", "--bare", "-b", "main", format, dir)
}

// make makes the repository: of loose objects, or of a pack with or without differences,
// with and without what git makes to find things faster.
func (h *randomHistory) make() {
	h.init(h.dir)
	in := []byte(strings.Join(h.objects.ids, "\n") + "\n")
	switch h.IntN(4) {
	case 0:
		h.git(h.dir, h.objects.pack(), "unpack-objects", "-q")
	case 1:
		h.git(h.dir, h.objects.pack(), "index-pack", "--stdin")
	default:
		h.git(h.dir, h.objects.pack(), "unpack-objects", "-q")
		h.git(h.dir, in, "pack-objects", "-q", "objects/pack/pack")
		h.git(h.dir, nil, "prune-packed", "-q")
		if h.one(2) {
			h.git(h.dir, nil, "multi-pack-index", "write")
		}
	}
	if !h.kind.odd && h.one(2) { // of some dates, git writes for ever
		var ids []string
		for _, c := range h.commits {
			ids = append(ids, c.id)
		}
		h.git(h.dir, []byte(strings.Join(ids, "\n")+"\n"), "commit-graph", "write", "--stdin-commits", "--changed-paths")
	}
}

// What a repository's owner may have told git, for reasons of their own, and attackers for
// theirs.
var (
	unfriendlySettings = []string{"diff.renames=copies", "diff.renames=false", "diff.renameLimit=1", "diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.ignoreSubmodules=all", "diff.external=/bin/false", "diff.orderFile=/nowhere",
		"diff.algorithm=patience", "diff.context=7", "diff.interHunkContext=9", "diff.submodule=log", "diff.relative=true", "diff.wsErrorHighlight=all", "diff.colorMoved=zebra", "diff.x.textconv=/bin/false", "diff.x.command=/bin/false", "diff.x.algorithm=histogram",
		"diff.suppressBlankEmpty=true", "diff.indentHeuristic=false", "diff.wordRegex=.", "log.showRoot=false", "log.diffMerges=first-parent", "log.follow=true", "log.decorate=full", "log.showSignature=true", "log.mailmap=true", "log.abbrevCommit=true", "log.date=raw",
		"format.pretty=fuller", "format.notes=true", "notes.displayRef=*", "i18n.logOutputEncoding=UTF-16", "i18n.commitEncoding=latin1", "core.abbrev=4", "core.quotePath=false", "core.attributesFile=/nowhere", "core.bigFileThreshold=1", "core.ignoreCase=true", "core.autocrlf=true",
		"core.eol=crlf", "core.safecrlf=true", "core.commitGraph=false", "core.multiPackIndex=false", "core.useReplaceRefs=true", "core.pager=/bin/false", "core.alternateRefsCommand=/bin/false", "core.fsmonitor=/bin/false", "core.deltaBaseCacheLimit=1", "core.whitespace=trailing-space",
		"core.bare=false", "core.worktree=..", "core.sharedRepository=0600", "core.symlinks=false", "grep.patternType=perl", "grep.fullName=true", "grep.lineNumber=true", "grep.column=true", "grep.threads=3", "color.ui=always", "color.diff=always", "color.grep=always",
		"color.grep.match=red", "column.ui=always", "submodule.recurse=true", "feature.experimental=true", "feature.manyFiles=true", "transfer.fsckObjects=true", "alias.log=!false", "alias.diff-tree=!false", "alias.cat-file=!false", "trace2.eventTarget=2", "trace2.normalTarget=1", "safe.directory=/nowhere", "maintenance.auto=true", "index.threads=1", "mailmap.file=/nowhere"}
	// None says what is binary: then files are looked at as a whole, and what stood in them
	// before comes once more.
	unfriendlyAttributes = []string{"* diff=x", "*.go diff=golang", "* text eol=crlf", "* working-tree-encoding=UTF-16", "* export-ignore", "* -text", "* whitespace=all", "* filter=x ident"}
)

// clone makes a repository with the same objects, or gives it other refs.
func (h *randomHistory) clone(name string, refs map[string]string) string {
	h.t.Helper()
	dir := filepath.Join(filepath.Dir(h.dir), name)
	write := func(name, data string) {
		name = filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, []byte(data), 0o644)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		h.init(dir)
		write("objects/info/alternates", h.dir+"/objects\n")
		if unfriendly := name == "pushed.git" || name == "unfriendly.git"; unfriendly {
			for range h.IntN(8) {
				key, value, _ := strings.Cut(h.pick(unfriendlySettings), "=")
				h.git(dir, nil, "config", "--file", "config", key, value)
			}
			if h.one(3) {
				write("info/attributes", h.pick(unfriendlyAttributes)+"\n")
			}
			if h.one(4) {
				write("info/grafts", h.commits[len(h.commits)-1].id+"\n")
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "refs")); err != nil {
		h.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "refs", "heads"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	peeled := make(map[string]string)
	for _, tag := range h.tags {
		peeled[tag.id] = tag.peeled
	}
	var b strings.Builder
	b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for _, ref := range sortedKeys(refs) {
		if loose := h.one(4); loose {
			write(ref, refs[ref]+"\n")
			if h.one(2) {
				continue
			} // else there is an old one, too
			fmt.Fprintf(&b, "%s %s\n", h.commits[0].id, ref)
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", refs[ref], ref)
		if p := peeled[refs[ref]]; p != "" {
			fmt.Fprintf(&b, "^%s\n", p)
		}
	}
	write("packed-refs", b.String())
	return dir
}

// all are refs that reach everything.
func (h *randomHistory) all() map[string]string {
	refs := make(map[string]string)
	for _, c := range h.commits {
		refs["refs/heads/"+c.id] = c.id
	}
	for _, tag := range h.tags {
		refs[tag.name] = tag.id
	}
	return refs
}
