package eval

// change is an assignment to a local, or to a field of an object of a simulation.
type change struct {
	e    *env
	id   int32
	o    *object
	name string
	old  value
	had  bool
}

func (ch change) where() change { return change{e: ch.e, id: ch.id, o: ch.o, name: ch.name} }

func (ch change) now() (value, bool) {
	if ch.o != nil {
		v, ok := ch.o.f[ch.name]
		return v, ok
	}
	v, ok := ch.e.vars[ch.id]
	return v, ok
}

func (ch change) set(v value) {
	if ch.o != nil {
		ch.o.f[ch.name] = v
		return
	}
	ch.e.vars[ch.id] = v
}

func (ch change) undo() {
	switch {
	case ch.had:
		ch.set(ch.old)
	case ch.o != nil:
		delete(ch.o.f, ch.name)
	default:
		delete(ch.e.vars, ch.id)
	}
}

// note logs what is about to be changed, so that a branch can be undone.
func (m *machine) note(ch change) {
	if m.log != nil {
		ch.old, ch.had = ch.now()
		*m.log = append(*m.log, ch)
	}
}

// set assigns a local.
func (m *machine) set(e *env, id int32, v value) {
	if id == 0 {
		return
	}
	_, where := e.get(id)
	if where == nil {
		where = e
	}
	m.note(change{e: where, id: id})
	where.vars[id] = v
}

// declare makes a new local in the innermost environment.
func (m *machine) declare(e *env, id int32, v value) {
	if id == 0 {
		return
	}
	m.note(change{e: e, id: id})
	e.vars[id] = v
}

// branch runs f and returns what it changed, undone.
func (m *machine) branch(f func() control) (control, []change) {
	outer := m.log
	var log []change
	m.log = &log
	c := f()
	m.log = outer
	now := make([]change, 0, len(log))
	seen := map[change]bool{}
	for i := len(log) - 1; i >= 0; i-- {
		ch := log[i]
		k := ch.where()
		if !seen[k] {
			seen[k] = true
			k.old, _ = ch.now()
			k.had = true
			now = append(now, k)
		}
		ch.undo()
	}
	return c, now
}

func (m *machine) apply(chs []change) {
	for _, ch := range chs {
		m.note(ch.where())
		ch.set(ch.old)
	}
}

// merge joins the changes of two branches into the environments; aFirst says that
// the first of them is the one taken by default, so that what it leaves comes first.
func (m *machine) merge(a, b []change, why []string, aFirst bool, by ...setting) {
	got := map[change]value{}
	for _, ch := range b {
		got[ch.where()] = ch.old
	}
	for _, ch := range a {
		k := ch.where()
		other, ok := got[k]
		if !ok {
			other, _ = ch.now()
		}
		delete(got, k)
		if aFirst && m.sim == nil {
			k.old = join(ch.old, other, why, true)
		} else {
			k.old = join(other, ch.old, why, m.sim == nil)
		}
		k.old = decidedBy(k.old, by)
		m.apply([]change{k})
	}
	for _, ch := range b {
		k := ch.where()
		if v, ok := got[k]; ok {
			was, _ := ch.now()
			if !aFirst && m.sim == nil {
				k.old = join(v, was, why, true)
			} else {
				k.old = join(was, v, why, m.sim == nil)
			}
			k.old = decidedBy(k.old, by)
			m.apply([]change{k})
		}
	}
}

// maybe runs code that may or may not run.
func (m *machine) maybe(f *frame, why []string, run func() control) control {
	if m.sim != nil {
		m.sim.unsure++
		defer func() { m.sim.unsure-- }()
	}
	ways := m.sim.cross()
	c, chs := m.branch(run)
	ways.took(c)
	ways.took(goOn) // it did not run
	ways.join()
	m.merge(chs, nil, why, false)
	return c
}

// unsureFrom says that what follows may not run, until the result is called.
func (m *machine) unsureFrom() func() {
	since := m.unsureSince
	if m.sim == nil {
		m.unsureSince = m.steps
	}
	return func() { m.unsureSince = since }
}
