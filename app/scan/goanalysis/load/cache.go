package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/types"
	"sort"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/gcexportdata"
)

// Store keeps what was worked out about dependencies under keys that name all
// it was worked out from. Package declstore implements it.
type Store interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte) error
}

// packageIndex is what must be known of a dependency's package before it is
// typed. It is kept by module version, so that with a warm store not even the
// sources are needed.
type packageIndex struct {
	Absent  bool     `json:"absent,omitempty"` // the module has no such package
	Name    string   `json:"name"`
	Digest  string   `json:"digest"` // of the files the platform selects
	Imports []string `json:"imports"`
}

// key hashes parts, and with them everything that is the same for all entries:
// the format, the platform, the language and the standard library.
func (ld *loader) key(parts ...string) string {
	h := sha256.New()
	std := ""
	if ld.opt.Embedded != nil {
		std = ld.opt.Embedded.Version()
	}
	p := ld.opt.Platform
	for _, s := range append([]string{"load 3", p.GOOS, p.GOARCH, strings.Join(p.Tags, ","), fmt.Sprint(goMinor), std}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// moduleKey is the key of a package's index, by module version and the hash
// go.sum demands of it. What no go.sum vouches for is kept apart.
func (ld *loader) moduleKey(real module.Version, sum, pkg string) string {
	return ld.key("index", real.Path, real.Version, sum, pkg)
}

func (ld *loader) loadIndex(key string) *packageIndex {
	if ld.opt.Store == nil {
		return nil
	}
	data, ok := ld.opt.Store.Get(key)
	if !ok {
		return nil
	}
	var idx packageIndex
	if json.Unmarshal(data, &idx) != nil {
		return nil
	}
	return &idx
}

func (ld *loader) saveIndex(key string, idx *packageIndex) {
	if ld.opt.Store == nil || key == "" {
		return
	}
	if data, err := json.Marshal(idx); err == nil {
		// Not being able to keep it costs time next time, nothing else.
		_ = ld.opt.Store.Put(key, data)
	}
}

// materialise fetches the declarations of dependencies from the store and
// parses the sources of those it lacks. Nodes come in dependency order.
func (g *group) materialise(ctx context.Context, nodes []*node) error {
	var parse []*node
	for _, n := range nodes {
		if n.own {
			continue
		}
		n.key = g.declKey(n)
		if n.key != "" && g.opt.Store != nil {
			if data, ok := g.opt.Store.Get(n.key); ok {
				n.blob = data
				if n.index != nil {
					n.origin = FromStore
				}
				continue
			}
		}
		if n.index != nil && n.files == nil {
			parse = append(parse, n)
		}
	}
	if err := g.each(ctx, parse, func(n *node) { g.parseSource(n) }); err != nil {
		return err
	}
	for _, n := range parse {
		if len(n.files) > 0 {
			continue
		}
		// The store knows the package but has neither it nor its source.
		g.nodes[n.path] = nil
		for _, u := range nodes {
			if u.imports[n.path] == n {
				delete(u.imports, n.path)
			}
		}
		n.gone = true
	}
	return nil
}

// declKey names everything a dependency's declarations are made from, or is ""
// if they depend on something that could not be had.
func (g *group) declKey(n *node) string {
	if n.digest == "" || n.nErrs > 0 || len(n.cyclic) > 0 {
		return ""
	}
	parts := []string{"decl", n.path, n.version, n.digest}
	for _, p := range g.importsOf(n) {
		if p == "C" || p == "unsafe" || p == "" {
			continue
		}
		d := n.imports[p]
		switch {
		case d == nil:
			return ""
		case d.origin == FromStandard:
			parts = append(parts, p, "std")
		case d.key != "":
			parts = append(parts, p, d.key)
		default:
			return "" // embedded, own, or itself not nameable
		}
	}
	return g.loader.key(parts...)
}

// importsOf lists the imports of a node, from its files or its index.
func (g *group) importsOf(n *node) []string {
	if n.index != nil {
		return n.index.Imports
	}
	return importPaths(n.files)
}

// decode makes types from a store entry. Entries mention objects of other
// packages; those are all typed by now and are shared.
func (g *group) decode(n *node) (err error) {
	g.decodeMu.Lock()
	defer g.decodeMu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store entry of %s: %v", n.path, r)
		}
	}()
	n.types, err = gcexportdata.Read(bytes.NewReader(n.blob), g.fset, g.decoded, n.path)
	return err
}

// encode keeps a dependency's declarations for the next time.
func (g *group) encode(n *node) {
	if g.opt.Store == nil || n.key == "" || n.nErrs > 0 || n.types == nil {
		return
	}
	defer func() { _ = recover() }() // an exotic declaration is not kept
	var b bytes.Buffer
	if gcexportdata.Write(&b, g.fset, n.types) == nil {
		_ = g.opt.Store.Put(n.key, b.Bytes())
	}
}

// register makes a typed dependency known to later decodes.
func (g *group) register(path string, t *types.Package) {
	g.decodeMu.Lock()
	defer g.decodeMu.Unlock()
	g.decoded[path] = t
}

// digestOf hashes named files.
func digestOf(names []string, sources [][]byte) string {
	h := sha256.New()
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return names[order[a]] < names[order[b]] })
	for _, i := range order {
		fmt.Fprintf(h, "%d:%s%d:", len(names[i]), names[i], len(sources[i]))
		h.Write(sources[i])
	}
	return hex.EncodeToString(h.Sum(nil))
}
