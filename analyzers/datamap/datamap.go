package datamap

import (
	"go/ast"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/internal/flow"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
	"github.com/launchgate/launchgate/analyzers/internal/sinks"
	"github.com/launchgate/launchgate/analyzers/internal/thirdparty"
	"github.com/launchgate/launchgate/analyzers/privacy"
)

// Flow says that a service is used at a place, and with which data.
type Flow struct {
	Service  string // "Stripe"
	Category string // "payment"
	Via      string // import path of the SDK, or host
	Class    string // of the personal data, as in package privacy; "" if none is seen
	What     string // "email"
	Call     string // what takes it: "customer.New"
	Func     string // the function around it
	// Pos, or File and Line if the place is in another package.
	Pos  token.Pos
	File string
	Line int
}

// Result is what one package has to say.
type Result struct {
	Flows []Flow
}

// Analyzer maps which services receive which personal data.
var Analyzer = New(privacy.Settings{})

// New returns the analyzer for a repository that says something of its own data.
func New(set privacy.Settings) *analysis.Analyzer { return On(flow.NewBase(set)) }

// On returns the analyzer that maps what base has found.
func On(base *flow.Base) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:       "datamap",
		Doc:        "list the personal data that goes to third parties",
		URL:        "https://pkg.go.dev/github.com/launchgate/launchgate/analyzers/datamap",
		Requires:   []*analysis.Analyzer{base.Analyzer},
		Run:        func(pass *analysis.Pass) (any, error) { return run(pass, base.Of(pass)), nil },
		ResultType: reflect.TypeFor[*Result](),
	}
}

func run(pass *analysis.Pass, found *flow.Result) *Result {
	out := new(Result)
	for _, fl := range found.Flows {
		if fl.Sink.Kind != flow.Service {
			continue
		}
		for _, d := range fl.Source.Data() {
			out.Flows = append(out.Flows, Flow{Service: fl.Sink.Who, Category: fl.Sink.Category, Via: fl.Sink.Via, Class: privacy.ClassName(d.Class), What: kind(d),
				Call: fl.Name, Func: fl.Symbol, Pos: fl.Pos, File: fl.File, Line: fl.Line})
		}
	}
	for _, u := range found.Uses {
		if u.Service.Category != "other" { // a host nobody knows is a row when it receives something
			out.Flows = append(out.Flows, Flow{Service: u.Service.Name, Category: u.Service.Category, Via: u.Via, Call: u.Name, Func: u.Symbol, Pos: u.Pos})
		}
	}
	out.Flows = append(out.Flows, imports(pass)...)
	return out
}

// kind names data in words that do not change with the names in the code: a
// renamed field is no change of who receives what.
func kind(d flow.Datum) string {
	has := func(list ...string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return strings.Contains(d.Term, w) })
	}
	switch d.Class {
	case sensitive.Contact:
		switch {
		case has("mail", "correo", "courriel"):
			return "email"
		case has("phone", "mobile", "tel", "cell", "msisdn", "contact n", "caller", "handy", "whatsapp"):
			return "phone number"
		case has("fax"):
			return "fax number"
		case has("address", "addr", "street", "zip", "post", "apartment", "house"):
			return "postal address"
		}
	case sensitive.Identity:
		switch {
		case has("user name", "username", "nick", "login", "screen name", "display name", "handle"):
			return "user name"
		case has("birth", "dob", "nacimiento", "geburt"):
			return "date of birth"
		case has("name", "apellido", "surname"):
			return "name"
		}
	case sensitive.Device:
		switch {
		case has("ip", "remote addr", "client addr"):
			return "ip address"
		case has("lat", "lon", "lng", "geo", "gps", "location", "coordinates"):
			return "location"
		}
	case sensitive.Payment:
		switch {
		case has("cvv", "cvc", "cvn", "security code"):
			return "card security code"
		case has("card", "pan", "ccn", "cc n"):
			return "card number"
		case has("iban", "account", "routing", "sort code", "bank", "swift", "bic"):
			return "bank account"
		}
	}
	return d.Term
}

// imports lists the SDKs that a package imports, with the first place of each.
func imports(pass *analysis.Pass) []Flow {
	var out []Flow
	seen := make(map[string]bool)
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") || ast.IsGenerated(file) {
			continue
		}
		for _, im := range file.Imports {
			path, err := strconv.Unquote(im.Path.Value)
			if err != nil || seen[path] || pass.Module != nil && strings.HasPrefix(path+"/", pass.Module.Path+"/") {
				continue
			}
			seen[path] = true
			if s, ok := thirdparty.Package(path); ok {
				out = append(out, Flow{Service: s.Name, Category: s.Category, Via: sinks.Canonical(path), Pos: im.Pos()})
			}
		}
	}
	return out
}
