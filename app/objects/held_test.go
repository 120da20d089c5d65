package objects_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/launchgate/launchgate/app/objects"
)

// version is an object of a pack that random made.
type version struct {
	name id
	data []byte
	well bool // it can be read
}

// sizesHeld are around those at which objects are kept in another way.
var sizesHeld = []int{10, 300, 7 << 10, 8<<10 - 1, 8 << 10, 8<<10 + 1, 30 << 10, 64 << 10, 260 << 10, 512 << 10, 600 << 10}

// randomPack makes objects that differ from others before them, or from what git would
// not have them differ from, and some that are damaged at their end.
func randomPack(rng *rand.Rand, n int) ([]made, []version) {
	all, what := make([]made, n), make([]version, n)
	for i := range all {
		size := sizesHeld[rng.IntN(len(sizesHeld))]
		if i == 1 {
			size = 0
		}
		if i < 2 || rng.IntN(8) == 0 {
			what[i] = version{data: text(rng, size), well: true}
			all[i] = made{kind: packedBlob, data: what[i].data}
		} else {
			on := i - 1 - rng.IntN(min(i, 4))
			base := what[on]
			ops, data := edits(rng, base.data, size)
			from := len(base.data)
			what[i] = version{data: data, well: base.well}
			switch rng.IntN(24) {
			case 0: // the last of it is of another
				ops, what[i].well = append(ops, copied(uint32(len(base.data)), 1)...), false
			case 1:
				from, what[i].well = from+1, false
			}
			all[i] = made{kind: offsetDelta, on: on, data: delta(uint64(from), uint64(len(data)), ops)}
			if rng.IntN(3) == 0 {
				all[i].kind, all[i].base = nameDelta, ref(base.name)
			}
		}
		if i > 1 && rng.IntN(30) == 0 { // it unpacks to less than it says
			all[i].says, what[i].well = uint64(len(all[i].data)+1), false
		}
		what[i].name = nameOf("blob", what[i].data)
		all[i].name = what[i].name
	}
	return all, what
}

// text is so much of what becomes half as much when it is packed.
func text(rng *rand.Rand, n int) []byte {
	out := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(out[i:], rng.Uint64()&0x0f0f0f0f0f0f0f0f)
	}
	return out[:n]
}

// edits make something of about a size of base, mostly of parts of it.
func edits(rng *rand.Rand, base []byte, size int) (ops, data []byte) {
	for len(data) < size {
		if n := min(len(base), size-len(data), 1+rng.IntN(100_000)); n > 0 && len(data) > 0 && rng.IntN(4) > 0 {
			at := rng.IntN(len(base) - n + 1)
			ops, data = append(ops, copied(uint32(at), uint32(n))...), append(data, base[at:at+n]...)
			continue
		}
		n := min(size-len(data), 10+rng.IntN(117)) // enough for there to be no other like it
		more := text(rng, n)
		ops, data = append(append(ops, byte(n)), more...), append(data, more...)
	}
	return ops, data
}

// mislead has a name of an index lead to where another object begins.
func mislead(index []byte, n int, name, to id) {
	at := func(i id) []byte {
		for k := range n {
			if names := index[8+1024:]; bytes.Equal(names[20*k:][:20], i[:]) {
				return names[24*n+4*k:][:4]
			}
		}
		return nil
	}
	copy(at(name), at(to))
}

// held is something that was read, and what it must stay.
type held struct {
	objects.Object
	of version
}

func (h held) check(t *testing.T) {
	t.Helper()
	if h.Kind != objects.Blob || !bytes.Equal(h.Data, h.of.data) {
		t.Errorf("%s is not what was read, shared %v, %d bytes", h.of.name, h.Shared, len(h.of.data))
	}
}

// What was read stays what it was for as long as it is its reader's, whatever is read
// after it, by whom, and into whose memory.
func TestWhatIsReadStaysWhatItIs(t *testing.T) {
	seeds, reads := uint64(3), 150
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		all, versions := randomPack(rng, 60)
		for _, at := range []int{58, 59} { // two names of one
			versions[at].well = false
		}
		pack, index := packOf(all)
		mislead(index, len(all), all[58].name, all[50].name)
		mislead(index, len(all), all[59].name, all[57].name)
		// Of some there is another, in a pack that is looked into sooner or later.
		others, more := randomPack(rng, 20)
		others = append(others, all[0])
		pack2, index2 := packOf(others)
		versions = append(versions, more...)
		s := objects.New(hold(t, map[string][]byte{"pack/pack-1.pack": pack, "pack/pack-1.idx": index, "pack/pack-2.pack": pack2, "pack/pack-2.idx": index2}))
		var readers sync.WaitGroup
		for reader := range uint64(3) {
			readers.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 2+reader))
				var kept []held
				var bufs [2]held
				at := rng.IntN(len(versions))
				for range reads {
					if at = (at + 1) % len(versions); rng.IntN(3) == 0 {
						at = rng.IntN(len(versions))
					}
					v, most, n := versions[at], int64(limit), rng.IntN(4)
					if rng.IntN(5) == 0 {
						most = int64(rng.IntN(2*len(v.data) + 1))
					}
					var buf []byte
					if n < len(bufs) {
						if bufs[n].Data != nil {
							bufs[n].check(t)
						}
						if buf = bufs[n].Data; bufs[n].Shared {
							buf = nil
						}
						bufs[n] = held{}
					}
					o, ok := s.ReadTo(buf, v.name.String(), most)
					switch got := (held{o, v}); {
					case ok && int64(len(o.Data)) > most:
						t.Errorf("%d bytes were read where %d were wanted", len(o.Data), most)
					case !ok:
						if v.well && int64(len(v.data)) <= most {
							t.Errorf("%s was not read, %d bytes", v.name, len(v.data))
						}
					case n < len(bufs):
						got.check(t)
						bufs[n] = got
					default:
						kept = append(kept, got)
					}
				}
				for _, h := range append(kept, bufs[:]...) {
					if h.Data != nil {
						h.check(t)
					}
				}
			})
		}
		readers.Wait()
		s.Close()
	}
}

// Who makes a repository may make its objects such that none goes into the memory of
// another.
func TestWhatIsKeptOfGrowingObjectsIsBounded(t *testing.T) {
	const most, whole = 8 << 20, 15 << 19
	var all []made
	for n := 8 << 10; n < whole; n += n/15 + 8<<10 {
		all = append(all, made{name: blob(fmt.Sprint(n)), kind: packedBlob, data: make([]byte, n)})
	}
	all = append(all, made{name: blob("all"), kind: packedBlob, data: make([]byte, whole)})
	var ops []byte // that make all of it anew
	for _, data := range slices.Collect(slices.Chunk(text(rand.New(rand.NewPCG(1, 2)), whole), 64)) {
		ops = append(ops, insert(string(data))...)
	}
	grown := len(all)
	for range 3 {
		all = append(all, made{name: blob(fmt.Sprint(len(all))), kind: offsetDelta, on: len(all) - 1, data: delta(whole, whole, ops)})
	}
	s := objects.New(holdPack(t, all...))
	defer s.Close()
	inUse := func() int64 {
		runtime.GC()
		runtime.GC() // what pools held, too
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := inUse()
	for _, m := range append(all[:grown:grown], all[len(all)-1]) {
		_, _ = s.Read(m.name.String(), most)
	}
	if n := inUse() - before; n < whole || n > 100<<20 {
		t.Errorf("%d MB are kept", n>>20)
	}
	runtime.KeepAlive(all)
}
