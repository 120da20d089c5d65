package findings

import (
	"cmp"
	"slices"

	"github.com/launchgate/launchgate/app/review"
)

// maxUsed is how many places a data map names where a service is merely used.
const maxUsed = 5

// DataMap groups flows of personal data by who receives them: services that
// receive the most classes of data first.
func DataMap(flows []review.DataFlow) []review.Recipient {
	byService := make(map[string]*review.Recipient)
	var order []string
	for _, f := range sortedFlows(flows) {
		r := byService[f.Service]
		if r == nil {
			r = &review.Recipient{Service: f.Service, Category: f.Category, Via: []string{}, Receives: []review.Received{}, Used: []review.FileLine{}}
			byService[f.Service] = r
			order = append(order, f.Service)
		}
		r.Via = include(r.Via, f.Via)
		at := review.FileLine{File: f.File, Line: f.Line}
		if f.Class == "" {
			if len(r.Used) < maxUsed && !slices.Contains(r.Used, at) {
				r.Used = append(r.Used, at)
			}
			continue
		}
		i := slices.IndexFunc(r.Receives, func(x review.Received) bool { return x.Class == f.Class })
		if i < 0 {
			i = len(r.Receives)
			r.Receives = append(r.Receives, review.Received{Class: f.Class})
		}
		got := &r.Receives[i]
		got.What = include(got.What, f.What)
		place := review.DataPlace{FileLine: at, Call: f.Call, Func: f.Func}
		if !slices.Contains(got.Places, place) {
			got.Places = append(got.Places, place)
		}
	}
	out := make([]review.Recipient, 0, len(order))
	for _, name := range order {
		out = append(out, *byService[name])
	}
	slices.SortStableFunc(out, func(a, b review.Recipient) int {
		return cmp.Or(cmp.Compare(len(b.Receives), len(a.Receives)), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Service, b.Service))
	})
	return out
}

// sortedFlows is flows in one order, whatever order packages were analysed in.
func sortedFlows(flows []review.DataFlow) []review.DataFlow {
	flows = slices.Clone(flows)
	slices.SortStableFunc(flows, func(a, b review.DataFlow) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Class, b.Class), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.What, b.What), cmp.Compare(a.Call, b.Call))
	})
	return flows
}

func include(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	list = append(list, s)
	slices.Sort(list)
	return list
}

// DataChanges compares two data maps by who receives what, not by where in the
// code: what a service receives that it did not before, and what it no longer
// does. Additions come first.
func DataChanges(base, head []review.DataFlow) []review.DataChange {
	before, after := DataMap(base), DataMap(head)
	var out []review.DataChange
	for _, r := range after {
		old, known := recipient(before, r.Service)
		for _, got := range r.Receives {
			had := received(old, got.Class)
			var what []string
			for _, w := range got.What {
				if !slices.Contains(had.What, w) {
					what = append(what, w)
				}
			}
			if len(what) == 0 && had.Class != "" {
				continue
			}
			out = append(out, review.DataChange{Change: "added", Service: r.Service, Category: r.Category, Class: got.Class, What: what,
				Places: places(head, r.Service, got.Class, what), NewService: len(old.Receives) == 0})
		}
		if !known && len(r.Receives) == 0 {
			out = append(out, review.DataChange{Change: "added", Service: r.Service, Category: r.Category, NewService: true, Places: asPlaces(r.Used)})
		}
	}
	for _, r := range before {
		now, known := recipient(after, r.Service)
		for _, had := range r.Receives {
			got := received(now, had.Class)
			var what []string
			for _, w := range had.What {
				if !slices.Contains(got.What, w) {
					what = append(what, w)
				}
			}
			if len(what) > 0 || got.Class == "" {
				out = append(out, review.DataChange{Change: "removed", Service: r.Service, Category: r.Category, Class: had.Class, What: what})
			}
		}
		if !known && len(r.Receives) == 0 {
			out = append(out, review.DataChange{Change: "removed", Service: r.Service, Category: r.Category})
		}
	}
	return out
}

func recipient(list []review.Recipient, service string) (review.Recipient, bool) {
	for _, r := range list {
		if r.Service == service {
			return r, true
		}
	}
	return review.Recipient{}, false
}

func received(r review.Recipient, class string) review.Received {
	for _, x := range r.Receives {
		if x.Class == class {
			return x
		}
	}
	return review.Received{}
}

// places are those where these kinds of data go to a service.
func places(flows []review.DataFlow, service, class string, what []string) []review.DataPlace {
	var out []review.DataPlace
	for _, f := range sortedFlows(flows) {
		if f.Service != service || f.Class != class || len(what) > 0 && !slices.Contains(what, f.What) {
			continue
		}
		p := review.DataPlace{FileLine: review.FileLine{File: f.File, Line: f.Line}, Call: f.Call, Func: f.Func}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func asPlaces(list []review.FileLine) []review.DataPlace {
	var out []review.DataPlace
	for _, l := range list {
		out = append(out, review.DataPlace{FileLine: l})
	}
	return out
}
