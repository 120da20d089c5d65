package secrets

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // the hash that names git's objects
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"sort"
	"strings"
)

// madeObjects are git's objects, made here: git makes none as odd as other programs do,
// and as it reads.
type madeObjects struct {
	newHash func() hash.Hash
	ids     []string // as they were made
	kinds   map[string]string
	data    map[string][]byte
}

func newMadeObjects(sha256s bool) *madeObjects {
	o := &madeObjects{newHash: sha1.New, kinds: make(map[string]string), data: make(map[string][]byte)}
	if sha256s {
		o.newHash = sha256.New
	}
	return o
}

// size is how many bytes name an object.
func (o *madeObjects) size() int { return o.newHash().Size() }

func (o *madeObjects) add(kind, data string) string {
	sum := o.newHash()
	fmt.Fprintf(sum, "%s %d\x00%s", kind, len(data), data)
	id := hex.EncodeToString(sum.Sum(nil))
	if _, known := o.kinds[id]; !known {
		o.ids = append(o.ids, id)
		o.kinds[id], o.data[id] = kind, []byte(data)
	}
	return id
}

// tree adds the tree of some files, by path.
func (o *madeObjects) tree(files madeTree) string {
	type entry struct{ mode, name, id string }
	var entries []entry
	folders := make(map[string]madeTree)
	for p, f := range files {
		name, rest, nested := strings.Cut(p, "/")
		switch {
		case nested && folders[name] == nil:
			folders[name] = madeTree{rest: f}
		case nested:
			folders[name][rest] = f
		case f.mode == moduleFile:
			entries = append(entries, entry{f.mode, name, strings.Repeat(f.data, 2)[:2*o.size()]})
		default:
			entries = append(entries, entry{f.mode, name, o.add("blob", f.data)})
		}
	}
	for name, files := range folders {
		entries = append(entries, entry{"40000", name, o.tree(files)})
	}
	sorted := func(e entry) string {
		if e.mode == "40000" {
			return e.name + "/"
		}
		return e.name
	}
	sort.Slice(entries, func(i, j int) bool { return sorted(entries[i]) < sorted(entries[j]) })
	var b strings.Builder
	for _, e := range entries {
		id, err := hex.DecodeString(e.id)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&b, "%s %s\x00%s", e.mode, e.name, id)
	}
	return o.add("tree", b.String())
}

// pack is all of them as gitformat-pack(5) has it, without differences.
func (o *madeObjects) pack() []byte {
	numbers := map[string]byte{"commit": 1, "tree": 2, "blob": 3, "tag": 4}
	var b bytes.Buffer
	b.WriteString("PACK")
	b.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 2), uint32(len(o.ids))))
	for _, id := range o.ids {
		size := len(o.data[id])
		c := numbers[o.kinds[id]]<<4 | byte(size&15)
		for size >>= 4; size > 0; size >>= 7 {
			b.WriteByte(c | 0x80)
			c = byte(size & 0x7f)
		}
		b.WriteByte(c)
		z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
		_, _ = z.Write(o.data[id])
		_ = z.Close()
	}
	sum := o.newHash()
	sum.Write(b.Bytes())
	return sum.Sum(b.Bytes())
}
