package scan

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// filled returns a value of a type in which nothing is empty.
func filled(t *testing.T, typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(typ.Elem()))
		v.Elem().Set(filled(t, typ.Elem()))
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1767322000, 0).UTC()))
			return v
		}
		for i := range typ.NumField() {
			if typ.Field(i).IsExported() && typ.Field(i).Tag.Get("json") != "-" {
				v.Field(i).Set(filled(t, typ.Field(i).Type))
			}
		}
	case reflect.Slice:
		if typ == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a":1}`))
			return v
		}
		v.Set(reflect.Append(v, filled(t, typ.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		v.SetMapIndex(filled(t, typ.Key()), filled(t, typ.Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	default:
		t.Fatalf("a %s, which this test does not know", typ)
	}
	return v
}

// across sends a value across the border, and returns what is written and what is read.
func across[T, W any](t *testing.T, v T, pack func(T) (W, error), unpack func(*W) (T, error)) (string, T) {
	t.Helper()
	w, err := pack(v)
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var read W
	dec := json.NewDecoder(strings.NewReader(string(line)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&read); err != nil {
		t.Fatal(err)
	}
	out, err := unpack(&read)
	if err != nil {
		t.Fatal(err)
	}
	var plain T // of a build that packs nothing by itself
	if err := json.Unmarshal(line, &plain); err != nil || !reflect.DeepEqual(plain, out) {
		t.Errorf("%s is read as %+v by who knows of no parts: %v", line, plain, err)
	}
	return string(line), out
}

func TestNothingIsLostAtTheBorder(t *testing.T) {
	packReport := func(rep Report) (wireReport, error) { return packReport(&rep) }
	for name, rep := range map[string]Report{"full": filled(t, reflect.TypeFor[Report]()).Interface().(Report), "empty": {}} {
		want, _ := json.Marshal(rep)
		line, got := across(t, rep, packReport, (*wireReport).unpack)
		if have, _ := json.Marshal(got); string(have) != string(want) {
			t.Errorf("a report that is %s: written\n%s\nread\n%s\nwant\n%s", name, line, have, want)
		}
	}
	for name, req := range map[string]Request{"full": filled(t, reflect.TypeFor[Request]()).Interface().(Request), "empty": {}} {
		want, _ := json.Marshal(req)
		line, got := across(t, req, packRequest, (*wireRequest).unpack)
		if have, _ := json.Marshal(got); string(have) != string(want) {
			t.Errorf("a request that is %s: written\n%s\nread\n%s\nwant\n%s", name, line, have, want)
		}
	}
}

// TestWhatIsNotKnownIsNotRead: a worker that was taken over may write anything.
func TestWhatIsNotKnownIsNotRead(t *testing.T) {
	for _, line := range []string{
		`{"report":{"receipt":{},"more":1}}`,
		`{"report":{"head":[{"more":1}],"receipt":{}}}`,
		`{"report":{"head":{},"receipt":{}}}`,
		`{"report":{"receipt":{"gaps":[{"more":1}]}}}`,
		`{"report":{"receipt":{"parts":7}}}`,
		`{"report":{"head":[{"more":1}],"head":[],"receipt":{}}}`,
		`{"report":{"head":[],"HEAD":[{"rule":"x"}],"receipt":{}}}`,
		`{"report":{"base":null,"receipt":{}},"report":{"base":[]}}`,
		`{"report":{"receipt":{"gaps":[{"code":"x"}]},"receipt":{"gaps":[]}}}`,
	} {
		if rep, failed, err := readAnswer(strings.NewReader(line), 1<<20, "x", nil); err == nil {
			t.Errorf("%s was read: %+v, %+v", line, rep, failed)
		}
	}
}

// TestAnAnswerOfManyEmptyThingsIsNotRead: each takes a hundred times the memory here that
// it took to say, which what bounds an answer's bytes does not bound.
func TestAnAnswerOfManyEmptyThingsIsNotRead(t *testing.T) {
	many := func(what string) string { return "[" + strings.Repeat(what+",", maxObjects) + what + "]" }
	for name, c := range map[string]struct {
		line string
		read bool
	}{
		"findings":            {`{"report":{"head":` + many("{}") + `,"receipt":{}}}`, false},
		"none in their place": {`{"report":{"base_routes":` + many("null") + `,"receipt":{}}}`, false},
		"steps of one":        {`{"report":{"head":[{"evidence":` + many("{}") + `}],"receipt":{}}}`, false},
		"counts":              {`{"report":{"receipt":{"counts":` + many("{}") + `}}}`, false},
		"after a text":        {`{"report":{"mark":"\\","receipt":{"counts":` + many("{}") + `}}}`, false},
		"what a text says":    {`{"report":{"receipt":{"notes":["\"` + strings.Repeat("{n", maxObjects) + `"]}}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, failed, err := readAnswer(strings.NewReader(c.line), 64<<20, "x", nil); errors.Is(err, errManyObjects) == c.read || failed != nil {
				t.Errorf("read: %v, %v", err, failed)
			}
		})
	}
}

// TestALeanWorkerOfAnotherBuildSaysSo even where it does not understand what it is asked:
// their ideas of a request may differ.
func TestALeanWorkerOfAnotherBuildSaysSo(t *testing.T) {
	for _, c := range []struct {
		asked string
		want  int
	}{
		{`{"build":"another build","request":{"kind":"pull_request","head":"x"}}`, workerStale},
		{`{"build":"another build","request":{"kind":7}}`, workerStale},
		{`{"build":"another build","request":{"kind":"of another build"}}`, workerStale},
		{`{"build":"another build","request":{"diff":7}}`, workerStale},
		{`{"build":"another build","limits":[]}`, workerStale},
		{`{"build":"this build","request":{"kind":7}}`, workerUsage},
		{`{"build":"this build","request":{"diff":7}}`, workerUsage},
		{`{"build":"another build"`, workerUsage},
	} {
		if got := LeanWorkerMain(t.Context(), "this build", "none", []Scanner{none{}}, func() string { return "" }, nil, strings.NewReader(c.asked), io.Discard); got != c.want {
			t.Errorf("asked %s it ends with %d, not %d", c.asked, got, c.want)
		}
	}
	// What is not understood may be the last that is read.
	if line, err := json.Marshal(envelope{Build: "a build"}); err != nil || !strings.HasPrefix(string(line), `{"build":`) {
		t.Errorf("the build is not said first: %s, %v", line, err)
	}
}

// none is a scanner that is never asked.
type none struct{ Scanner }

func (none) Name() string { return "none" }
