package eval

import "github.com/launchgate/launchgate/analyzers/internal/program"

func (m *machine) exec(n *program.Node, f *frame) control {
	if n == nil || m.spent() {
		return goOn
	}
	if m.sim != nil && f.top && m.sim.final != nil && n.Op != program.Return && n.Op != program.Block && (m.sim.finalIn == 0 || m.sim.within < m.sim.finalIn) {
		m.sim.wentOn = true
	}
	switch n.Op {
	case program.Block:
		for _, s := range n.K {
			if c := m.exec(s, f); c != goOn {
				return c
			}
		}
	case program.Expr:
		run := func() value { return m.evalStmt(n.K[0], f) }
		var v value
		if m.sim != nil {
			v = m.idle(run)
		} else {
			v = run()
		}
		if _, ok := v.(stop); ok {
			return stopped
		}
	case program.Assign:
		m.assign(n, f)
	case program.If:
		return m.execIf(n, f)
	case program.For:
		return m.execFor(n, f)
	case program.Range:
		return m.execRange(n, f)
	case program.Switch:
		return m.execSwitch(n, f)
	case program.TypeSwitch:
		return m.execTypeSwitch(n, f)
	case program.Return:
		m.execReturn(n, f)
		return returned
	case program.Go:
		if n.S == "defer" {
			f.defers = append(f.defers, m.deferral(n.K[0], f))
		} else if m.sim == nil {
			m.eval(n.K[0], f)
		}
	case program.Branch:
		switch n.S {
		case "break":
			return broke
		case "continue":
			return continued
		}
	case program.SelectStmt:
		for _, k := range n.K {
			m.maybe(f, nil, func() control { return m.exec(k, f) })
		}
	}
	return goOn
}

// stop is what a call that ends the program returns.
type stop struct{}

func (m *machine) file(f *frame) string {
	if f != nil && f.fn != nil {
		return f.fn.File
	}
	return m.fileOf
}

func (m *machine) at(n *program.Node, f *frame) place { return place{m.file(f), n.Line} }
