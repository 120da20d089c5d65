package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/launchgate/launchgate/app/review"
)

// Before package json writes or reads the first value of a type it looks at the type and
// at all that it holds, whether a value has any of it or not. Of all that a request and a
// report can hold that takes longer than many a scanner does, so what is mostly empty is
// packed by itself here, and only when there is some.

// part is what is packed by itself. It is said once at most: of two, only one would be
// looked at.
type part []byte

// MarshalJSON implements json.Marshaler.
func (p part) MarshalJSON() ([]byte, error) { return p, nil }

// UnmarshalJSON implements json.Unmarshaler.
func (p *part) UnmarshalJSON(data []byte) error {
	if *p != nil {
		return errors.New("a part is said twice")
	}
	*p = bytes.Clone(data)
	return nil
}

// wireRequest is a Request as it crosses the border.
type wireRequest struct {
	Request
	Diff part `json:"diff,omitempty"`
}

// wireReport is a Report as it crosses the border.
type wireReport struct {
	Head       part        `json:"head,omitempty"`
	Base       part        `json:"base,omitempty"`
	Routes     part        `json:"routes,omitempty"`
	BaseRoutes part        `json:"base_routes,omitempty"`
	Data       part        `json:"data,omitempty"`
	BaseData   part        `json:"base_data,omitempty"`
	Rotations  part        `json:"rotations,omitempty"`
	Mark       string      `json:"mark,omitempty"`
	Receipt    wireReceipt `json:"receipt"`
}

// wireReceipt is a receipt as it crosses the border.
type wireReceipt struct {
	review.ScannerReceipt
	Skipped part `json:"skipped,omitempty"`
	Gaps    part `json:"gaps,omitempty"`
	Parts   part `json:"parts,omitempty"`
}

// packed is something that is mostly empty, and what it is packed as.
type packed struct {
	as *part
	of any // points at it
}

func (w *wireRequest) parts() []packed { return []packed{{&w.Diff, &w.Request.Diff}} }

func (w *wireReport) parts(rep *Report) []packed {
	return []packed{
		{&w.Head, &rep.Head}, {&w.Base, &rep.Base}, {&w.Routes, &rep.Routes}, {&w.BaseRoutes, &rep.BaseRoutes},
		{&w.Data, &rep.Data}, {&w.BaseData, &rep.BaseData}, {&w.Rotations, &rep.Rotations},
		{&w.Receipt.Skipped, &rep.Receipt.Skipped}, {&w.Receipt.Gaps, &rep.Receipt.Gaps}, {&w.Receipt.Parts, &rep.Receipt.Parts},
	}
}

func pack(parts []packed) error {
	for _, p := range parts {
		if v := reflect.ValueOf(p.of).Elem(); v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
			continue
		}
		data, err := json.Marshal(p.of)
		if err != nil {
			return err
		}
		*p.as = data
	}
	return nil
}

func unpack(parts []packed) error {
	for _, p := range parts {
		if len(*p.as) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(*p.as))
		dec.DisallowUnknownFields()
		if err := dec.Decode(p.of); err != nil {
			return err
		}
	}
	return nil
}

func packRequest(req Request) (wireRequest, error) {
	w := wireRequest{Request: req}
	return w, pack(w.parts())
}

func (w *wireRequest) unpack() (Request, error) {
	err := unpack(w.parts())
	return w.Request, err
}

func packReport(rep *Report) (wireReport, error) {
	w := wireReport{Mark: rep.Mark, Receipt: wireReceipt{ScannerReceipt: rep.Receipt}}
	return w, pack(w.parts(rep))
}

func (w *wireReport) unpack() (Report, error) {
	rep := Report{Mark: w.Mark, Receipt: w.Receipt.ScannerReceipt}
	err := unpack(w.parts(&rep))
	return rep, err
}

// maxObjects is how many objects an answer may have. The smallest is said in two bytes, and
// takes some hundred when it is read.
const maxObjects = 1 << 20

// errManyObjects is an answer that has more.
var errManyObjects = fmt.Errorf("its answer holds more than %d things", maxObjects)

// objectCounter reads JSON until it has had too many objects, or nulls, which may stand
// for some.
type objectCounter struct {
	r       io.Reader
	n       int
	text    bool // within one
	escaped bool
}

// Read implements io.Reader.
func (o *objectCounter) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	for _, c := range p[:n] {
		switch {
		case o.escaped:
			o.escaped = false
		case c == '"':
			o.text = !o.text
		case o.text:
			o.escaped = c == '\\'
		case c == '{' || c == 'n':
			o.n++
		}
	}
	if o.n > maxObjects {
		return 0, errManyObjects
	}
	return n, err
}
