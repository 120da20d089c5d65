package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func write() []byte {
	var e Encoder
	e.Byte(7)
	e.Uint(300)
	e.Uint(-1)
	e.Int(-12)
	e.Bits(true, false, true)
	e.Str("shop")
	e.Strs([]string{"cart", "shop", ""})
	return e.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	data := write()
	if !bytes.Equal(data, write()) {
		t.Error("the same calls made other bytes")
	}
	if n := bytes.Count(data, []byte("shop")); n != 1 {
		t.Errorf("a repeated string stands %d times in the fact", n)
	}
	err := Decode(data, func(d *Decoder) {
		var a, b, c bool
		got := []any{d.Byte(), d.Uint(), d.Uint(), d.Int()}
		d.Bits(&a, &b, &c)
		got = append(got, a, b, c, d.Str(), d.Strs())
		if want := []any{byte(7), 300, 0, -12, true, false, true, "shop", []string{"cart", "shop", ""}}; !reflect.DeepEqual(got, want) {
			t.Errorf("read %v, want %v", got, want)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzDecodeNeverPanicsOrAsksForMoreThanThereIs(f *testing.F) {
	f.Add(write())
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Decode(data, func(d *Decoder) {
			for {
				d.Strs()
				if n := d.Count(); n > len(data) {
					t.Errorf("a length of %d in %d bytes", n, len(data))
				}
			}
		})
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("reading past the end: %v", err)
		}
	})
}
