package goanalysis

import (
	"encoding/json"
	"sync"

	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/driver"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// record is what was made of one package, kept by the package's content, that of
// all it imports, and this program's. It is not kept for a package that is a
// gap.
type record struct {
	Findings []review.Finding  `json:"findings,omitempty"`
	Routes   []review.Route    `json:"routes,omitempty"`
	Data     []review.DataFlow `json:"data,omitempty"`
	Typed    load.Typedness    `json:"typed"`
	Errors   []load.Error      `json:"errors,omitempty"`
	Missing  []string          `json:"missing,omitempty"`
	SSAFuncs int               `json:"ssa_funcs"`
	SSAOf    int               `json:"ssa_of"`
	SSANote  string            `json:"ssa_note,omitempty"`
	Bounds   []string          `json:"bounds,omitempty"`
	Lacks    []string          `json:"lacks,omitempty"`
	Facts    []byte            `json:"facts,omitempty"`
}

// records looks packages up in the store, if there is one, and remembers what it
// found and what was made in this scan: the merge base shares most packages with
// the head.
type records struct {
	store *declstore.Store
	salt  string // what besides the package's content results depend on

	mu    sync.Mutex
	found map[string]*record
}

func newRecords(store *declstore.Store, salt string) *records {
	return &records{store: store, salt: salt, found: map[string]*record{}}
}

func (r *records) key(pkg string) string {
	return declstore.Key("record 2", suiteVersion(), r.salt, pkg)
}

// has reports whether there is a record for a package's key.
func (r *records) has(pkg string) bool {
	if r.get(pkg) != nil {
		return true
	}
	if r.store == nil || suiteVersion() == "" {
		return false
	}
	data, ok := r.store.Get(r.key(pkg))
	if !ok {
		return false
	}
	var rec record
	if json.Unmarshal(data, &rec) != nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found[pkg] = &rec
	return true
}

func (r *records) get(pkg string) *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found[pkg]
}

// facts is driver.Options.Restore.
func (r *records) facts(p *load.Package) []byte {
	if rec := r.get(p.Key); rec != nil {
		return rec.Facts
	}
	return nil
}

// fill gives a reused package the receipt it had.
func (rec *record) fill(a *driver.Analysed) {
	p := a.Package
	p.Typed, p.Errors, p.Missing = rec.Typed, rec.Errors, rec.Missing
	a.SSAFuncs, a.SSAOf, a.SSANote, a.Bounds, a.Missing = rec.SSAFuncs, rec.SSAOf, rec.SSANote, rec.Bounds, rec.Lacks
}

// keep stores what was made of a package.
func (r *records) keep(a *driver.Analysed, findings []review.Finding, routes []review.Route, data []review.DataFlow) {
	p := a.Package
	if p.Key == "" || p.Types == nil || notLooked(a) != "" {
		return
	}
	facts, err := a.Facts()
	if err != nil {
		return
	}
	rec := record{Findings: findings, Routes: routes, Data: data, Typed: p.Typed, Errors: p.Errors, Missing: p.Missing,
		SSAFuncs: a.SSAFuncs, SSAOf: a.SSAOf, SSANote: a.SSANote, Bounds: a.Bounds, Lacks: a.Missing, Facts: facts}
	r.mu.Lock()
	r.found[p.Key] = &rec
	r.mu.Unlock()
	if r.store == nil || suiteVersion() == "" {
		return
	}
	if data, err := json.Marshal(rec); err == nil {
		_ = r.store.Put(r.key(p.Key), data) // only time is lost without it
	}
}
