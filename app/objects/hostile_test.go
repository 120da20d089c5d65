package objects_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/launchgate/launchgate/app/objects"
)

type id [sha1.Size]byte

func (i id) String() string { return fmt.Sprintf("%x", i[:]) }

func nameOf(kind string, data []byte) id {
	return sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", kind, len(data)), data...))
}

func blob(text string) id { return nameOf("blob", []byte(text)) }

// Kinds of what is in a pack.
const (
	packedBlob  = 3
	offsetDelta = 6
	nameDelta   = 7
)

// made is something in a pack, as git would not make it.
type made struct {
	name id
	kind byte
	says uint64 // how large it is; 0: as it is
	on   int    // the base of a delta by offset: the how manieth of the pack
	base []byte // otherwise, what leads to it
	data []byte
}

func (m made) bytes(at int, starts []int) []byte {
	size := m.says
	if size == 0 {
		size = uint64(len(m.data))
	}
	b := []byte{m.kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	switch {
	case m.base != nil:
		b = append(b, m.base...)
	case m.kind == offsetDelta:
		b = append(b, distance(uint64(at-starts[m.on]))...)
	}
	return append(b, squeezed(bytes.NewReader(m.data))...)
}

// distance is how far before a delta its base begins.
func distance(n uint64) []byte {
	b := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		b = append([]byte{byte(n&0x7f) | 0x80}, b...)
	}
	return b
}

var squeezer, _ = zlib.NewWriterLevel(nil, zlib.BestSpeed)

func squeezed(r io.Reader) []byte {
	var b bytes.Buffer
	squeezer.Reset(&b)
	_, _ = io.Copy(squeezer, r)
	squeezer.Close()
	return b.Bytes()
}

// zeros is so many of them.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// delta says that so many bytes become so many others by what ops say.
func delta(from, to uint64, ops ...[]byte) []byte {
	b := binary.AppendUvarint(nil, from)
	return slices.Concat(binary.AppendUvarint(b, to), slices.Concat(ops...))
}

func insert(text string) []byte { return append([]byte{byte(len(text))}, text...) }

func copied(at uint32, n uint32) []byte {
	return []byte{0xff, byte(at), byte(at >> 8), byte(at >> 16), byte(at >> 24), byte(n), byte(n >> 8), byte(n >> 16)}
}

// packOf returns a pack, and its index.
func packOf(all []made) (pack, index []byte) {
	pack = binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(all)))
	starts := make([]int, len(all))
	for i, m := range all {
		starts[i] = len(pack)
		pack = append(pack, m.bytes(len(pack), starts)...)
	}
	sum := sha1.Sum(pack)
	pack = append(pack, sum[:]...)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(all[a].name[:], all[b].name[:]) })
	index = []byte("\xfftOc\x00\x00\x00\x02")
	for first, n := 0, 0; first < 256; first++ {
		for n < len(order) && int(all[order[n]].name[0]) <= first {
			n++
		}
		index = binary.BigEndian.AppendUint32(index, uint32(n))
	}
	for _, i := range order {
		index = append(index, all[i].name[:]...)
	}
	index = append(index, make([]byte, 4*len(all))...)
	for _, i := range order {
		index = binary.BigEndian.AppendUint32(index, uint32(starts[i]))
	}
	index = append(index, sum[:]...)
	own := sha1.Sum(index)
	return pack, append(index, own[:]...)
}

// hold makes a repository that has some files among its objects.
func hold(t testing.TB, files map[string][]byte) string {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "objects/pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		path := filepath.Join(dir, "objects", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func holdPack(t testing.TB, all ...made) string {
	pack, index := packOf(all)
	return hold(t, map[string][]byte{"pack/pack-1.pack": pack, "pack/pack-1.idx": index})
}

func loosePath(i id) string { return i.String()[:2] + "/" + i.String()[2:] }

// within fails the test when do allocates more than so many bytes.
func within(t *testing.T, most uint64, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > most {
		t.Errorf("%d MB were allocated", n>>20)
	}
}

const limit = 4 << 20

func TestHostilePacksHoldNothing(t *testing.T) {
	a, b, base := blob("a"), blob("b"), "the base"
	plain := made{name: blob(base), kind: packedBlob, data: []byte(base)}
	on := func(d []byte) []made { return []made{plain, {name: a, kind: offsetDelta, data: d}} }
	// chain is of deltas each of which makes so much of what the last made.
	chain := func(n int, size uint32) []made {
		var ops [][]byte
		for done := uint32(0); done < size; done += 0xffffff {
			ops = append(ops, copied(done, min(0xffffff, size-done)))
		}
		all := []made{{name: blob("far"), kind: packedBlob, data: make([]byte, size)}}
		for i := range n {
			all = append(all, made{name: blob(fmt.Sprint(i)), kind: offsetDelta, on: i, data: delta(uint64(size), uint64(size), ops...)})
		}
		all[n].name = a
		return all
	}
	for _, c := range []struct {
		name string
		pack []made
	}{
		{"a base that differs from it", []made{
			{name: a, kind: nameDelta, base: b[:], data: delta(1, 1, insert("a"))},
			{name: b, kind: nameDelta, base: a[:], data: delta(1, 1, insert("b"))},
		}},
		{"a base that is itself", []made{{name: a, kind: nameDelta, base: a[:], data: delta(1, 1, insert("a"))}}},
		{"a base at itself", []made{{name: a, kind: offsetDelta, base: []byte{0}, data: delta(1, 1, insert("a"))}}},
		{"a base that is not there", []made{{name: a, kind: nameDelta, base: b[:], data: delta(1, 1, insert("a"))}}},
		{"a base before the beginning", []made{plain, {name: a, kind: offsetDelta, base: distance(1 << 20), data: delta(8, 1, insert("a"))}}},
		{"a base far before the beginning", []made{plain, {name: a, kind: offsetDelta, base: bytes.Repeat([]byte{0xff}, 20), data: delta(8, 1, insert("a"))}}},
		{"a base after it", []made{{name: a, kind: offsetDelta, base: distance(1<<64 - 20), data: delta(8, 1, insert("a"))}, plain}},
		{"a base within something else", []made{plain, {name: a, kind: offsetDelta, base: distance(3), data: delta(8, 1, insert("a"))}}},
		{"a base of another size", on(delta(9, 1, insert("a")))},
		{"a delta that ends early", on(delta(8, 2, insert("a")))},
		{"a delta that makes more", on(delta(8, 1, insert("ab")))},
		{"a delta of what is after the base", on(delta(8, 1, copied(8, 1)))},
		{"a delta of what is far after the base", on(delta(8, 1, copied(1<<32-1, 1<<24-1)))},
		{"a delta that ends in a copy", on(delta(8, 1, copied(0, 1)[:4]))},
		{"a delta that ends in an insert", on(delta(8, 20, insert("long as it is")[:4]))},
		{"a delta with an unknown operation", on(delta(8, 1, []byte{0}, insert("a")))},
		{"a delta of nothing", on(nil)},
		{"a delta without an end of its size", on(bytes.Repeat([]byte{0xff}, 100))},
		{"a delta that says it makes very much", on(delta(8, 1<<62, insert("a")))},
		{"a delta that says it makes much", on(delta(8, 60<<20, insert("a")))},
		{"an entry that says it is larger than all", []made{{name: a, kind: packedBlob, says: 1<<63 - 1, data: []byte("a")}}},
		{"an entry that says it is large", []made{{name: a, kind: packedBlob, says: 60 << 20, data: []byte("a")}}},
		{"a delta that says it is large", []made{plain, {name: a, kind: offsetDelta, says: 60 << 20, data: []byte("a")}}},
		{"an entry that is more than it says", []made{{name: a, kind: packedBlob, says: 1, data: make([]byte, 24<<20)}}},
		{"an entry that is less than it says", []made{{name: a, kind: packedBlob, says: 2, data: []byte("a")}}},
		{"an unknown kind", []made{{name: a, kind: 5, data: []byte("a")}}},
		{"no kind", []made{{name: a, kind: 0, data: []byte("a")}}},
		{"another object", []made{{name: a, kind: packedBlob, data: []byte("b")}}},
		{"a long chain of what is large", chain(4000, 4<<20)},
		{"a chain of what is very large", chain(20, 60<<20)},
		{"too long a chain", chain(5000, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := objects.New(holdPack(t, c.pack...))
			defer s.Close()
			for range 3 {
				within(t, 40<<20, func() {
					if o, ok := s.Read(a.String(), limit); ok {
						t.Errorf("a %s of %d bytes was read", o.Kind, len(o.Data))
					}
					_, _ = s.Info(a.String())
				})
			}
		})
	}
}

// What is well is read, whoever made it.
func TestPacksThatGitWouldNotMakeAreRead(t *testing.T) {
	base, next, last := "the base", "the base, and more", "more"
	s := objects.New(holdPack(t,
		made{name: blob(last), kind: nameDelta, base: slices.Clone(ref(blob(next))), data: delta(18, 4, copied(14, 4))},
		made{name: blob(base), kind: packedBlob, data: []byte(base)},
		made{name: blob(next), kind: offsetDelta, on: 1, data: delta(8, 18, copied(0, 8), insert(", and more"))},
		made{name: blob(""), kind: packedBlob},
	))
	defer s.Close()
	for _, text := range []string{last, next, base, "", last} {
		if o, ok := s.Read(blob(text).String(), limit); !ok || string(o.Data) != text {
			t.Errorf("of %q %q was read, %v", text, o.Data, ok)
		}
		if info, ok := s.Info(blob(text).String()); !ok || info != (objects.Info{Kind: objects.Blob, Size: int64(len(text))}) {
			t.Errorf("of %q %v is said, %v", text, info, ok)
		}
		if _, ok := s.Read(strings.ToUpper(blob(text).String()), limit); ok {
			t.Errorf("%q was read by a name that git writes otherwise", text)
		}
	}
}

func ref(i id) []byte { return i[:] }

// What is large is left to git, however much of it there is.
func TestLargeObjectsAreNoWasteOfTime(t *testing.T) {
	const size = 5 << 20
	files := map[string][]byte{loosePath(blob("small")): squeezed(strings.NewReader("blob 5\x00small"))}
	random := make([]byte, size)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	large := nameOf("blob", random)
	files[loosePath(large)] = squeezed(io.MultiReader(strings.NewReader(fmt.Sprintf("blob %d\x00", size)), bytes.NewReader(random)))
	s := objects.New(hold(t, files))
	defer s.Close()
	for range 300 {
		if _, ok := s.Read(large.String(), limit); ok {
			t.Fatal("it was read")
		}
	}
	if _, ok := s.Read(blob("small").String(), limit); !ok {
		t.Error("nothing is read any more")
	}
	if o, ok := s.Read(large.String(), size); !ok || !bytes.Equal(o.Data, random) {
		t.Error("it is not read by who wants it")
	}
}

// Who makes a repository may make its objects such that to read them is much work for
// nothing. It is done once or twice.
func TestWhatIsMuchWorkForNothingIsNotTriedAgainAndAgain(t *testing.T) {
	const size = 4 << 20
	all := []made{{name: blob("far"), kind: packedBlob, data: make([]byte, size)}, {name: blob("well"), kind: packedBlob, data: []byte("well")}}
	for i, on := 0, 0; i < 100; i++ {
		all = append(all, made{name: blob(fmt.Sprint(i)), kind: offsetDelta, on: on, data: delta(size, size, copied(0, size))})
		on = len(all) - 1
	}
	s := objects.New(holdPack(t, all...))
	defer s.Close()
	if _, ok := s.Read(blob("well").String(), limit); !ok {
		t.Error("what is well was not read")
	}
	for range 10 {
		for i := 80; i < 100; i++ {
			if _, ok := s.Read(blob(fmt.Sprint(i)).String(), limit); ok {
				t.Fatal("it was read")
			}
		}
	}
	if _, ok := s.Read(blob("well").String(), limit); ok {
		t.Error("it is still tried, after much that was for nothing")
	}
}

func TestHostileIndexesLeadNowhere(t *testing.T) {
	texts := []string{"a", "b", "c", "d"}
	var all []made
	for _, text := range texts {
		all = append(all, made{name: blob(text), kind: packedBlob, data: []byte(text)})
	}
	const fanout, names = 8, 8 + 4*256
	offsets := names + len(all)*24
	put := binary.BigEndian.PutUint32
	for _, c := range []struct {
		name string
		do   func(pack, index []byte) ([]byte, []byte)
	}{
		{"names that go down", func(p, i []byte) ([]byte, []byte) { put(i[fanout:], 5); return p, i }},
		{"all names there could be", func(p, i []byte) ([]byte, []byte) {
			for n := range 256 {
				put(i[fanout+4*n:], 1<<32-1)
			}
			return p, i
		}},
		{"more names than there are", func(p, i []byte) ([]byte, []byte) {
			for n := range 256 {
				put(i[fanout+4*n:], uint32(n)<<24)
			}
			return p, i
		}},
		{"offsets after the pack", func(p, i []byte) ([]byte, []byte) {
			for n := range all {
				put(i[offsets+4*n:], 1<<31-1)
			}
			return p, i
		}},
		{"offsets in the pack's header", func(p, i []byte) ([]byte, []byte) { clear(i[offsets : offsets+16]); return p, i }},
		{"offsets in its checksum", func(p, i []byte) ([]byte, []byte) {
			for n := range all {
				put(i[offsets+4*n:], uint32(len(p)-10))
			}
			return p, i
		}},
		{"offsets of 64 bits that are not there", func(p, i []byte) ([]byte, []byte) {
			for n := range all {
				put(i[offsets+4*n:], 1<<32-1)
			}
			return p, i
		}},
		{"offsets of 64 bits that are the checksums", func(p, i []byte) ([]byte, []byte) {
			for n := range all {
				put(i[offsets+4*n:], 1<<31)
			}
			return p, i
		}},
		{"version 1", func(p, i []byte) ([]byte, []byte) { return p, i[8:] }},
		{"version 3", func(p, i []byte) ([]byte, []byte) { i[7] = 3; return p, i }},
		{"nothing", func(p, _ []byte) ([]byte, []byte) { return p, nil }},
		{"only a header", func(p, i []byte) ([]byte, []byte) { return p, i[:names] }},
		{"no pack", func(_, i []byte) ([]byte, []byte) { return nil, i }},
		{"an empty pack", func(_, i []byte) ([]byte, []byte) { p, _ := packOf(nil); return p, i }},
		{"another pack", func(_, i []byte) ([]byte, []byte) {
			p, _ := packOf([]made{all[3], all[2], all[1], all[0]})
			return p, i
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pack, index := c.do(packOf(all))
			s := objects.New(hold(t, map[string][]byte{"pack/pack-1.pack": pack, "pack/pack-1.idx": index}))
			defer s.Close()
			within(t, 1<<20, func() {
				for _, text := range texts {
					if _, ok := s.Read(blob(text).String(), limit); ok && c.name != "more names than there are" {
						t.Errorf("%q was read", text)
					}
					if info, ok := s.Info(blob(text).String()); ok && info.Size != 1 {
						t.Errorf("%v is said of %q", info, text)
					}
				}
			})
		})
	}
}

func TestHostileFilesHoldNothing(t *testing.T) {
	a := blob("a")
	pipe := func(name string) func(*testing.T, string) {
		return func(t *testing.T, objects string) {
			path := filepath.Join(objects, name)
			_ = os.MkdirAll(filepath.Dir(path), 0o755)
			_ = os.RemoveAll(path)
			if err := syscall.Mkfifo(path, 0o644); err != nil {
				t.Skip(err)
			}
		}
	}
	link := func(name, to string) func(*testing.T, string) {
		return func(t *testing.T, objects string) {
			path := filepath.Join(objects, name)
			_ = os.MkdirAll(filepath.Dir(path), 0o755)
			_ = os.RemoveAll(path)
			if err := os.Symlink(to, path); err != nil {
				t.Skip(err)
			}
		}
	}
	file := func(data []byte) func(*testing.T, string) {
		return func(t *testing.T, objects string) {
			path := filepath.Join(objects, loosePath(a))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	says := func(head string, n int64) []byte { return squeezed(io.MultiReader(strings.NewReader(head), zeros(n))) }
	for _, c := range []struct {
		name string
		do   func(t *testing.T, objects string)
	}{
		{"a pipe", pipe(loosePath(a))},
		{"a pipe as folder", pipe(loosePath(a)[:2])},
		{"a pipe as index", pipe("pack/pack-1.idx")},
		{"a pipe as pack", pipe("pack/pack-1.pack")},
		{"a pipe as the folder of packs", pipe("pack")},
		{"a pipe as alternates", pipe("info/alternates")},
		{"a folder", func(t *testing.T, objects string) {
			if err := os.MkdirAll(filepath.Join(objects, loosePath(a)), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
		{"a device", link(loosePath(a), "/dev/zero")},
		{"a device as index", link("pack/pack-1.idx", "/dev/zero")},
		{"a device as pack", link("pack/pack-1.pack", "/dev/zero")},
		{"a device as alternates", link("info/alternates", "/dev/zero")},
		{"a link in a circle", link(loosePath(a), filepath.Base(loosePath(a)))},
		{"nothing", file(nil)},
		{"no zlib", file([]byte("blob 1\x00a"))},
		{"only a header", file(says("blob 1\x00", 0))},
		{"a header without an end", file(says(strings.Repeat("blob", 100), 0))},
		{"more than it says", file(says("blob 10\x00", 1<<26))},
		{"much more than it says", file(says("blob 4194304\x00", 1<<26))},
		{"what says it is larger than all", file(says("blob 9223372036854775807\x00", 10))},
		{"what says it is less than nothing", file(says("blob -1\x00a", 0))},
		{"a size that git does not read", file(squeezed(strings.NewReader("blob +1\x00a")))},
		{"a size with a zero", file(squeezed(strings.NewReader("blob 01\x00a")))},
		{"an unknown kind", file(squeezed(strings.NewReader("file 1\x00a")))},
		{"no size", file(squeezed(strings.NewReader("blob\x00a")))},
		{"another object", file(squeezed(strings.NewReader("blob 1\x00b")))},
		{"another kind", file(squeezed(strings.NewReader("commit 1\x00a")))},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := hold(t, nil)
			if strings.Contains(c.name, " as index") || strings.Contains(c.name, " as pack") {
				dir = holdPack(t, made{name: a, kind: packedBlob, data: []byte("a")})
			}
			c.do(t, filepath.Join(dir, "objects"))
			s := objects.New(dir)
			defer s.Close()
			within(t, 24<<20, func() {
				if _, ok := s.Read(a.String(), limit); ok {
					t.Error("it was read")
				}
				_, _ = s.Info(a.String())
			})
		})
	}
}

// git looks into packs first, and into the newest: of two that say what is not the same,
// it is git's to say which it believes.
func TestWhatIsSaidInTwoWaysIsNotSaid(t *testing.T) {
	large := made{name: blob("a"), kind: packedBlob, says: 13 << 20, data: []byte("a")}
	small := made{name: blob("a"), kind: packedBlob, data: []byte("a")}
	pack, index := packOf([]made{large})
	pack2, index2 := packOf([]made{small})
	loose := squeezed(strings.NewReader("blob 1\x00a"))
	packs := map[string][]byte{"pack/pack-2.pack": pack, "pack/pack-2.idx": index}
	for name, more := range map[string]map[string][]byte{
		"a file of its own":        {loosePath(blob("a")): loose},
		"another pack":             {"pack/pack-1.pack": pack2, "pack/pack-1.idx": index2},
		"an index of another pack": {loosePath(blob("a")): loose, "pack/pack-2.idx": index2},
		"an index that is none":    {loosePath(blob("a")): loose, "pack/pack-2.idx": nil},
		"a pack without an index":  {loosePath(blob("a")): loose, "pack/pack-2.idx": index2, "pack/pack-2.pack": pack2, "pack/pack-3.pack": pack},
	} {
		files := make(map[string][]byte)
		for _, m := range []map[string][]byte{packs, more} {
			for k, v := range m {
				files[k] = v
			}
		}
		s := objects.New(hold(t, files))
		if info, ok := s.Info(blob("a").String()); ok {
			t.Errorf("%s: it is said to be %v", name, info)
		}
		if o, ok := s.Read(blob("a").String(), limit); !ok || string(o.Data) != "a" {
			t.Errorf("%s: it was not read: %v, %v", name, o, ok)
		}
		s.Close()
	}
}

func TestFoldersAreThoseThatGitBorrowsFrom(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name, "objects") }
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Join(at(name), "info"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at(name), "info/alternates"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "# comment\n\n"+at("b")+"\n../../c/objects\n")
	write("b", at("a")+"\n\""+dir+"/\\303\\244\\n/objects\"\n\"unfinished\n")
	write("c", at("c")+"\n"+at("b"))
	if got, want := objects.Folders(at("a")), []string{at("a"), at("b"), at("c"), at("ä\n")}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	var many strings.Builder
	for n := range 200_000 {
		fmt.Fprintf(&many, "/%d\n", n)
	}
	write("many", many.String())
	if got := objects.Folders(at("many")); len(got) < 8 || len(got) > 100 {
		t.Errorf("%d folders", len(got))
	}
}

// Several look at what git packs anew meanwhile. What they read is what it was, and
// what a store saw once it mostly reads, whether its files are still there or not.
func TestWhatGitRepacksMeanwhileIsReadOrLeftToGit(t *testing.T) {
	dir := history(t)
	git(t, dir, nil, "repack", "-q", "-a", "-d")
	whole := make(map[string]string)
	each(t, dir, func(id, kind string, data []byte) { whole[id] = kind + string(data) })
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				s := objects.New(filepath.Join(dir, ".git"))
				for range 3 {
					for id, want := range whole {
						if o, ok := s.Read(id, limit); ok && o.Kind+string(o.Data) != want {
							t.Errorf("%s is not what was read", id)
						}
						if i, ok := s.Info(id); ok && int(i.Size)+len(i.Kind) != len(want) {
							t.Errorf("%s is not as is said: %v", id, i)
						}
					}
				}
				s.Close()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for _, args := range [][]string{{"-f", "--depth=3"}, {"-f", "--window=3"}, {"-F", "--max-pack-size=1m"}} {
		git(t, dir, nil, append([]string{"repack", "-q", "-a", "-d"}, args...)...)
	}
	pack, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
	aside := filepath.Join(t.TempDir(), "pack")
	if err := os.Rename(pack[0], aside); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(aside)
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(strings.TrimSuffix(pack[0], ".pack") + ".idx")
	git(t, dir, data, "unpack-objects", "-q")
	close(stop)
	all.Wait()
}

// Several share a store.
func TestAStoreMayBeSharedAndClosed(t *testing.T) {
	dir := history(t)
	git(t, dir, nil, "repack", "-q", "-a", "-d")
	whole := make(map[string]string)
	each(t, dir, func(id, kind string, data []byte) { whole[id] = kind + string(data) })
	s := objects.New(filepath.Join(dir, ".git"))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var buf []byte
			for id, want := range whole {
				o, ok := s.ReadTo(buf, id, limit)
				if !ok || o.Kind+string(o.Data) != want {
					t.Errorf("%s was read as something else, %v", id, ok)
				}
				if _, ok := s.Info(id); !ok {
					t.Errorf("nothing is said of %s", id)
				}
			}
		})
	}
	all.Wait()
	s.Close()
	s.Close()
	for id := range whole {
		if _, ok := s.Read(id, limit); ok {
			t.Errorf("%s was read of what is closed", id)
		}
	}
}
