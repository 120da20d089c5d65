package driver

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"go/types"
	"reflect"
	"sort"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// facts holds what analyzers said about objects and packages, by analyzer and
// the package that said it. A set is written by one pass and read-only after.
type facts struct {
	mu   sync.Mutex
	sets map[setKey]*factSet
}

type setKey struct {
	a   *analysis.Analyzer
	pkg *types.Package
}

type objectKey struct {
	obj types.Object
	typ reflect.Type
}

type factSet struct {
	key     setKey
	pkg     *load.Package
	objects map[objectKey]analysis.Fact
	order   []objectKey
	pack    map[reflect.Type]analysis.Fact
	sealed  bool
}

func newFacts() *facts { return &facts{sets: map[setKey]*factSet{}} }

func (f *facts) open(a *analysis.Analyzer, p *load.Package) *factSet {
	s := &factSet{key: setKey{a, p.Types}, pkg: p, objects: map[objectKey]analysis.Fact{}, pack: map[reflect.Type]analysis.Fact{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets[s.key] = s
	return s
}

func (f *facts) set(a *analysis.Analyzer, pkg *types.Package) *factSet {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sets[setKey{a, pkg}]
}

// allowed panics, as go/analysis demands, when an analyzer uses a fact type it
// did not declare.
func (s *factSet) allowed(fact analysis.Fact) {
	for _, t := range s.key.a.FactTypes {
		if reflect.TypeOf(t) == reflect.TypeOf(fact) {
			return
		}
	}
	panic(fmt.Sprintf("%s uses fact %T without declaring it", s.key.a.Name, fact))
}

func (s *factSet) exportObject(obj types.Object, fact analysis.Fact) {
	s.allowed(fact)
	if obj == nil || obj.Pkg() != s.key.pkg {
		panic(fmt.Sprintf("%s: fact %T about an object of another package", s.key.a.Name, fact))
	}
	if s.sealed {
		panic(errSealed)
	}
	k := objectKey{obj, reflect.TypeOf(fact)}
	if _, ok := s.objects[k]; !ok {
		s.order = append(s.order, k)
	}
	s.objects[k] = fact
}

func (s *factSet) exportPackage(fact analysis.Fact) {
	s.allowed(fact)
	if s.sealed {
		panic(errSealed)
	}
	s.pack[reflect.TypeOf(fact)] = fact
}

// seal checks that every fact survives gob, as it must under go vet, where
// facts travel through files.
func (s *factSet) seal() error {
	s.sealed = true
	for _, k := range s.order {
		if err := gobbable(s.objects[k]); err != nil {
			return fmt.Errorf("%s: fact about %s: %w", s.key.a.Name, k.obj.Name(), err)
		}
	}
	for _, fact := range s.pack {
		if err := gobbable(fact); err != nil {
			return fmt.Errorf("%s: package fact: %w", s.key.a.Name, err)
		}
	}
	return nil
}

func gobbable(fact analysis.Fact) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(fact); err != nil {
		return fmt.Errorf("gob: %w", err)
	}
	return nil
}

func assign(dst, src analysis.Fact) bool {
	if src == nil {
		return false
	}
	reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
	return true
}

func (f *facts) importObject(own *factSet) func(types.Object, analysis.Fact) bool {
	return func(obj types.Object, fact analysis.Fact) bool {
		own.allowed(fact)
		if obj == nil || obj.Pkg() == nil {
			return false
		}
		s := own
		if obj.Pkg() != own.key.pkg {
			if s = f.set(own.key.a, obj.Pkg()); s == nil || !s.sealed {
				return false
			}
		}
		return assign(fact, s.objects[objectKey{obj, reflect.TypeOf(fact)}])
	}
}

func (f *facts) importPackage(own *factSet) func(*types.Package, analysis.Fact) bool {
	return func(pkg *types.Package, fact analysis.Fact) bool {
		own.allowed(fact)
		s := own
		if pkg != own.key.pkg {
			if s = f.set(own.key.a, pkg); s == nil || !s.sealed {
				return false
			}
		}
		return assign(fact, s.pack[reflect.TypeOf(fact)])
	}
}

// reachable returns the fact sets of the packages p imports, directly or not,
// and its own, in the order of their paths.
func (f *facts) reachable(own *factSet) []*factSet {
	seen := map[*load.Package]bool{}
	var all []*load.Package
	var visit func(p *load.Package)
	visit = func(p *load.Package) {
		if !seen[p] {
			seen[p] = true
			all = append(all, p)
			for _, d := range p.Imports {
				visit(d)
			}
		}
	}
	visit(own.pkg)
	sort.Slice(all, func(i, j int) bool { return all[i].PkgPath < all[j].PkgPath })
	var sets []*factSet
	for _, p := range all {
		if p == own.pkg {
			sets = append(sets, own)
		} else if s := f.set(own.key.a, p.Types); s != nil && s.sealed {
			sets = append(sets, s)
		}
	}
	return sets
}

func (f *facts) allObjects(own *factSet) []analysis.ObjectFact {
	var out []analysis.ObjectFact
	for _, s := range f.reachable(own) {
		for _, k := range s.order {
			out = append(out, analysis.ObjectFact{Object: k.obj, Fact: s.objects[k]})
		}
	}
	return out
}

func (f *facts) allPackages(own *factSet) []analysis.PackageFact {
	var out []analysis.PackageFact
	for _, s := range f.reachable(own) {
		for _, t := range sortedTypes(s.pack) {
			out = append(out, analysis.PackageFact{Package: s.key.pkg, Fact: s.pack[t]})
		}
	}
	return out
}

// savedFact is one fact on its way to the next run. Object is "" for a fact
// about the package.
type savedFact struct {
	Analyzer string
	Object   string
	Fact     analysis.Fact
}

// Facts encodes what the analyzers said about the package and its objects, for
// a later run's Options.Restore. Facts about objects no other package can name
// are left out, as under go vet.
func (a *Analysed) Facts() ([]byte, error) {
	a.d.registerFacts()
	var saved []savedFact
	var enc objectpath.Encoder
	for _, an := range a.d.schedule {
		s := a.d.facts.set(an, a.Package.Types)
		if s == nil || !s.sealed {
			continue
		}
		for _, k := range s.order {
			if path, err := enc.For(k.obj); err == nil {
				saved = append(saved, savedFact{an.Name, string(path), s.objects[k]})
			}
		}
		for _, t := range sortedTypes(s.pack) {
			saved = append(saved, savedFact{an.Name, "", s.pack[t]})
		}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(saved); err != nil {
		return nil, fmt.Errorf("encode facts of %s: %w", a.Package.PkgPath, err)
	}
	return b.Bytes(), nil
}

// restore puts saved facts where a pass would have.
func (d *driver) restore(p *load.Package, data []byte) {
	d.registerFacts()
	var saved []savedFact
	if gob.NewDecoder(bytes.NewReader(data)).Decode(&saved) != nil {
		saved = nil // an analyzer then knows less, as of any foreign package
	}
	sets := map[string]*factSet{}
	for _, an := range d.schedule {
		sets[an.Name] = d.facts.open(an, p)
	}
	for _, f := range saved {
		s := sets[f.Analyzer]
		if s == nil {
			continue
		}
		if f.Object == "" {
			s.pack[reflect.TypeOf(f.Fact)] = f.Fact
			continue
		}
		if obj, err := objectpath.Object(p.Types, objectpath.Path(f.Object)); err == nil {
			k := objectKey{obj, reflect.TypeOf(f.Fact)}
			s.objects[k] = f.Fact
			s.order = append(s.order, k)
		}
	}
	for _, s := range sets {
		s.sealed = true
	}
}

// registerFacts tells gob the fact types once.
func (d *driver) registerFacts() {
	registering.Lock()
	defer registering.Unlock()
	for _, a := range d.schedule {
		for _, f := range a.FactTypes {
			gob.Register(f)
		}
	}
}

var registering sync.Mutex

func sortedTypes(m map[reflect.Type]analysis.Fact) []reflect.Type {
	var out []reflect.Type
	for t := range m {
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].String() < out[j].String() })
	return out
}
