// Package everyway has one value go each way that Go has, and beside each way
// one that is no way.
package everyway

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

type person struct {
	ID              int
	Email, Password string
}

func (p person) Mail() string { return p.Email }

// Generics.

type box[T any] struct{ v T }

func (b *box[T]) put(v T) { b.v = v }
func (b *box[T]) get() T  { return b.v }

func identity[T any](v T) T { return v }

func mapped[A, B any](list []A, f func(A) B) []B {
	var out []B
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

type stack[T any] struct{ items []T }

func (s *stack[T]) push(v T) { s.items = append(s.items, v) }
func (s *stack[T]) pop() (T, bool) {
	v := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return v, true
}

type pair[K comparable, V any] struct {
	key K
	val V
}

type number interface{ ~int | ~int64 }

func sum[T number](xs ...T) (t T) {
	for _, x := range xs {
		t += x
	}
	return t
}

func generics(u person, all []person) {
	log.Print(identity(u.Email)) // want "logs/personal-data"
	log.Print(identity(u.ID))    // ok: an id
	b := &box[string]{}
	b.put(u.Email)
	log.Print(b.get()) // want "logs/personal-data"
	c := box[string]{v: "x"}
	log.Print(c.get()) // ok: a constant
	for _, m := range mapped(all, func(u person) string { return u.Email }) {
		log.Print(m) // want "logs/personal-data"
	}
	for _, m := range mapped(all, func(u person) int { return len(u.Email) }) {
		log.Print(m) // ok: lengths
	}
	var s stack[string]
	s.push(u.Password)
	top, _ := s.pop()
	log.Print(top) // want "logs/credential"
	p := pair[string, string]{key: "plan", val: u.Email}
	log.Print(p.key)                // ok: the other half
	log.Print(p.val)                // want "logs/personal-data"
	log.Print(sum(len(u.Email), 2)) // ok: numbers
	f := identity[string]
	log.Print(f(u.Email)) // want "logs/personal-data"
}

// Defer and goroutines.

func deferred(u person) (err error) {
	defer log.Print(u.Email) // want "logs/personal-data"
	defer func() {
		if err != nil {
			log.Print(err) // want "errors/sensitive"
		}
	}()
	return fmt.Errorf("no account for %s", u.Email)
}

func deferredLater(u person) {
	name := "nobody"
	defer func() { log.Print(name) }() // want "logs/personal-data"
	name = u.Email
}

func deferredEarlier(u person) {
	name := "nobody"
	defer log.Print(name) // ok: evaluated before
	name = u.Email
	_ = name
}

func recovered(u person) {
	defer func() {
		if r := recover(); r != nil {
			log.Print(r) // want "logs/credential"
		}
	}()
	panic("bad password " + u.Password)
}

func goroutines(u person) {
	go log.Print(u.Email) // want "logs/personal-data"
	go func(s string) {
		log.Print(s) // want "logs/personal-data"
	}(u.Email)
	done := make(chan string, 1)
	go func() { done <- u.Email }()
	log.Print(<-done) // want "logs/personal-data"
	var wg sync.WaitGroup
	var got string
	wg.Add(1)
	go func() {
		defer wg.Done()
		got = u.Email
	}()
	wg.Wait()
	log.Print(got) // want "logs/personal-data"
}

// Channels.

type message struct {
	id    int
	email string
}

func channels(u person) {
	ch := make(chan message)
	go produce(ch, u)
	for m := range ch {
		log.Print(m.id)    // ok: an id
		log.Print(m.email) // want "logs/personal-data"
	}
	select {
	case m := <-ch:
		log.Print(m.email) // want "logs/personal-data"
	default:
	}
	other := make(chan message)
	other <- message{id: 1}
	m, ok := <-other
	log.Print(m.id, ok) // ok: an id
}

func produce(ch chan<- message, u person) {
	ch <- message{id: u.ID, email: u.Email}
	close(ch)
}

// Maps, slices, arrays, variadics.

func containers(u person) {
	m := map[string]string{"plan": "free"}
	m["to"] = u.Email
	log.Print(m["plan"]) // ok: another key
	log.Print(m["to"])   // want "logs/personal-data"
	delete(m, "to")
	byMail := map[string]int{}
	byMail[u.Email]++
	for k := range byMail {
		log.Print(k) // want "logs/personal-data"
	}
	for _, n := range byMail {
		log.Print(n) // ok: a count
	}
	var list []string
	list = append(list, "a", u.Email)
	log.Print(len(list)) // ok: a length
	slices.Sort(list)
	log.Print(list[1:]) // want "logs/personal-data"
	var arr [2]string
	arr[1] = u.Email
	log.Print(arr) // want "logs/personal-data"
	spread("x", u.Email)
	args := []any{"x", u.Email}
	log.Print(args...) // want "logs/personal-data"
	var nested [][]string
	nested = append(nested, []string{u.Email})
	log.Print(nested[0][0]) // want "logs/personal-data"
	copied := make([]string, 1)
	copy(copied, list)
	log.Print(copied) // want "logs/personal-data"
}

func spread(list ...string) {
	for _, s := range list {
		log.Print(s) // want "logs/personal-data"
	}
}

// Loggers that carry fields.

type service struct{ log *slog.Logger }

func newService(u person) *service {
	return &service{log: slog.With("email", u.Email)} // want "logs/personal-data"
}

func with(u person) {
	l := slog.Default().With("email", u.Email) // want "logs/personal-data"
	l.Info("signed in")
	k := slog.Default().With("id", u.ID)
	k.Info("signed in") // ok: an id
	g := slog.Group("user", "id", u.ID, "email", u.Email)
	slog.Info("in", g) // want "logs/personal-data"
	h := slog.Group("user", "id", u.ID)
	slog.Info("in", h) // ok: an id
	attrs := []slog.Attr{slog.Int("id", u.ID), slog.String("email", u.Email)}
	slog.LogAttrs(context.Background(), slog.LevelInfo, "in", attrs...)                                    // want "logs/personal-data"
	slog.Info("in", slog.Attr{Key: "email", Value: slog.StringValue(u.Email)})                             // want "logs/personal-data"
	slog.Info("in", slog.Any("user", slog.GroupValue(slog.Int("id", u.ID), slog.String("mail", u.Email)))) // want "logs/personal-data"
	hd := slog.NewJSONHandler(os.Stderr, nil).WithAttrs([]slog.Attr{slog.String("email", u.Email)})        // want "logs/personal-data"
	slog.New(hd).Info("in")
}

// handler takes out what is personal before it hands records on.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.String("service", "shop"))
	return h.Handler.Handle(ctx, r) // ok: a record is what its callers made it
}

// Contexts.

type key struct{}
type idKey struct{}

func contexts(u person) {
	ctx := context.WithValue(context.Background(), key{}, u.Email)
	ctx = context.WithValue(ctx, idKey{}, u.ID)
	log.Print(ctx.Value(key{}))   // want "logs/personal-data"
	log.Print(ctx.Value(idKey{})) // ok: an id
	if v, ok := ctx.Value(key{}).(string); ok {
		log.Print(v) // want "logs/personal-data"
	}
	inner(ctx)
	other := context.Background()
	log.Print(other.Value(key{})) // ok: nothing was put there
}

func inner(ctx context.Context) {
	log.Print(ctx.Value(key{})) // want "logs/personal-data"
}

// Method values and function values.

type printer struct{ prefix string }

func (p printer) say(s string)       { log.Print(p.prefix, s) } // want "logs/personal-data"
func (p printer) quiet(s string) int { return len(s) }

func values(u person) {
	f := printer{"x"}.say
	f(u.Email)
	g := printer{"x"}.quiet
	log.Print(g(u.Email)) // ok: a length
	h := log.Print
	h(u.Email) // want "logs/personal-data"
	table := map[string]func(string) string{"id": func(s string) string { return s }, "len": func(s string) string { return fmt.Sprint(len(s)) }}
	log.Print(table["id"](u.Email)) // want "logs/personal-data"
	var get func() string = u.Mail
	log.Print(get()) // want "logs/personal-data"
	e := person.Mail
	log.Print(e(u)) // want "logs/personal-data"
}

// Closures.

func closures(u person) {
	n := 0
	count := func() int { n++; return n }
	log.Print(count()) // ok: a count
	last := ""
	remember := func(s string) { last = s }
	remember(u.Email)
	log.Print(last) // want "logs/personal-data"
	get := func() string { return u.Email }
	log.Print(get()) // want "logs/personal-data"
	make := func(s string) func() string { return func() string { return s } }
	log.Print(make(u.Email)())               // want "logs/personal-data"
	log.Print(make("x")())                   // ok: a constant
	each(u, func(s string) { log.Print(s) }) // want "logs/personal-data"
	var once sync.Once
	var v string
	once.Do(func() { v = u.Email })
	log.Print(v) // want "logs/personal-data"
	lazy := sync.OnceValue(func() string { return u.Email })
	log.Print(lazy()) // want "logs/personal-data"
}

func each(u person, f func(string)) { f(u.Email) }

// Atomics, pools and sync.Map.

func concurrent(u person) {
	var a atomic.Value
	a.Store(u.Email)
	log.Print(a.Load()) // want "logs/personal-data"
	var p atomic.Pointer[string]
	p.Store(&u.Email)
	log.Print(*p.Load()) // want "logs/personal-data"
	var m sync.Map
	m.Store("to", u.Email)
	v, _ := m.Load("to")
	log.Print(v) // want "logs/personal-data"
	var n atomic.Int64
	n.Add(int64(len(u.Email)))
	log.Print(n.Load()) // ok: a number
}

// Copies, embedding, pointers.

type base struct{ Email string }
type derived struct {
	base
	id int
}

func structs(u person) {
	d := derived{base: base{Email: u.Email}, id: u.ID}
	log.Print(d.id)    // ok: an id
	log.Print(d.Email) // want "logs/personal-data"
	c := d
	c.Email = "x"
	log.Print(c.Email) // ok: overwritten in the copy
	p := &d
	p.Email = ""
	log.Print(d.Email) // ok: overwritten through the pointer
	q := &u.Email
	log.Print(*q) // want "logs/personal-data"
	fill(&c, u)
	log.Print(c.Email) // want "logs/personal-data"
	anon := struct{ a, b string }{u.Email, "x"}
	log.Print(anon.b) // ok: the other half
	log.Print(anon.a) // want "logs/personal-data"
}

func fill(d *derived, u person) { d.Email = u.Email }

// Ways that look like one.

func noWays(u person, others []person) {
	log.Print(u.Email == others[0].Email)              // ok: whether they are equal
	log.Print(slices.Contains([]string{"x"}, u.Email)) // ok: whether it is there
	var found person
	found, ok := find(others, func(p person) bool { return p.Email == u.Email })
	log.Print(ok, found.ID) // ok: whether, and an id
	counts := map[bool]int{}
	counts[u.Email != ""]++
	log.Print(counts) // ok: how many
	ch := make(chan struct{}, 1)
	go func() { _ = u.Email; ch <- struct{}{} }()
	log.Print(<-ch) // ok: a signal
	var n atomic.Int32
	for range u.Email {
		n.Add(1)
	}
	log.Print(n.Load()) // ok: a length
	f := func(s string) {}
	f(u.Email)
	log.Printf("%T %p", f, f)                       // ok: a type and an address
	func(_ string) { log.Print("called") }(u.Email) // ok: the parameter has no name
	var p *person
	if q := &u; q != nil {
		p = q
	}
	log.Print(p != nil) // ok: whether
	u.Email, u.Password = "", ""
	log.Print(u) // ok: emptied
}

func find[T any](list []T, f func(T) bool) (T, bool) {
	var zero T
	for _, x := range list {
		if f(x) {
			return x, true
		}
	}
	return zero, false
}
