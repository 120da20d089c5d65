package objects_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchgate/launchgate/app/objects"
)

// FuzzPacks has a pack and its index be anything. The index is said to be the pack's:
// without that none would be read.
func FuzzPacks(f *testing.F) {
	base := made{name: blob("the base"), kind: packedBlob, data: []byte("the base")}
	for _, all := range [][]made{
		{base},
		{base, {name: blob("base"), kind: offsetDelta, data: delta(8, 4, copied(4, 4))}},
		{{name: blob("base"), kind: nameDelta, base: ref(base.name), data: delta(8, 4, copied(4, 4))}, base},
		{base, {name: blob("base, etc"), kind: offsetDelta, data: delta(8, 9, copied(4, 4), insert(", etc"))}, {name: blob("etc"), kind: offsetDelta, on: 1, data: delta(9, 3, copied(6, 3))}},
		{{name: blob("a"), kind: nameDelta, base: ref(blob("b")), data: delta(1, 1, insert("a"))}, {name: blob("b"), kind: nameDelta, base: ref(blob("a")), data: delta(1, 1, insert("b"))}},
		nil,
	} {
		pack, index := packOf(all)
		f.Add(pack, index)
	}
	// One store's folder is as good as another's: what is in it is written anew.
	dir := f.TempDir()
	name := filepath.Join(dir, "objects/pack/pack-1")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pack, index []byte) {
		if len(pack) >= 32 && len(index) >= 8+1024+40 {
			copy(pack, "PACK\x00\x00\x00\x02")
			copy(pack[8:12], index[8+1020:])
			copy(index[len(index)-40:], pack[len(pack)-20:])
		}
		for ending, data := range map[string][]byte{".pack": pack, ".idx": index} {
			if err := os.WriteFile(name+ending, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s := objects.New(dir)
		defer s.Close()
		var ids []id
		for at := 8 + 1024; at+20 <= len(index) && len(ids) < 16; at += 20 {
			ids = append(ids, id(index[at:]))
		}
		for range 2 { // what is kept of the first is there for the second
			for _, i := range ids {
				within(t, 64<<20, func() {
					_, _ = s.Info(i.String())
					if o, ok := s.Read(i.String(), limit); ok && nameOf(o.Kind, o.Data) != i {
						t.Errorf("%s is not %q, %s", i, o.Data, o.Kind)
					}
				})
			}
		}
	})
}

// FuzzLoose has the file of an object be anything, and what it unpacks to.
func FuzzLoose(f *testing.F) {
	for _, text := range []string{"blob 1\x00a", "tree 0\x00", "commit 4294967296\x00a", "blob 1", "", "blob -1\x00"} {
		f.Add([]byte(text), true)
		f.Add(squeezed(bytes.NewReader([]byte(text))), false)
	}
	dir := f.TempDir()
	a := blob("a")
	path := filepath.Join(dir, "objects", loosePath(a))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, squeeze bool) {
		if squeeze {
			data = squeezed(bytes.NewReader(data))
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		s := objects.New(dir)
		defer s.Close()
		within(t, 16<<20, func() {
			_, _ = s.Info(a.String())
			if o, ok := s.Read(a.String(), limit); ok && (o.Kind != objects.Blob || string(o.Data) != "a") {
				t.Errorf("%q was read", o.Data)
			}
		})
	})
}

// FuzzDeltas has a delta of a base be anything. What it makes is known by nobody, and so
// none of it can be read, but for what the seeds make.
func FuzzDeltas(f *testing.F) {
	base := "the base that others differ from"
	for _, d := range [][]byte{delta(32, 4, copied(4, 4)), delta(32, 9, copied(4, 4), insert(", etc")), delta(32, 0), delta(32, 1<<40, copied(0, 32)), delta(32, 4, copied(1<<31, 1<<23))} {
		f.Add(d, []byte{0}, uint64(0))
		f.Add(d, distance(1<<40), uint64(1)<<62)
	}
	dir := f.TempDir()
	name := filepath.Join(dir, "objects/pack/pack-1")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, d, from []byte, says uint64) {
		a := blob("base")
		m := made{name: a, kind: offsetDelta, data: d, says: says}
		if len(from) > 1 {
			m.base = from
		}
		pack, index := packOf([]made{{name: blob(base), kind: packedBlob, data: []byte(base)}, m})
		for ending, data := range map[string][]byte{".pack": pack, ".idx": index} {
			if err := os.WriteFile(name+ending, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s := objects.New(dir)
		defer s.Close()
		within(t, 64<<20, func() {
			_, _ = s.Info(a.String())
			if o, ok := s.Read(a.String(), limit); ok && string(o.Data) != "base" {
				t.Errorf("%q was read", o.Data)
			}
			if o, ok := s.Read(blob(base).String(), limit); !ok || string(o.Data) != base {
				t.Errorf("%q was read of the base, %v", o.Data, ok)
			}
		})
	})
}
