package flow

import (
	"fmt"
	"strings"
	"testing"
)

const sessions = `package session
type State struct { Value, Note, Place, Mixed, Read string; kept string; Inner Inner }
type Inner struct { Value string }
type Store struct{ m map[string]*State }
func (s *Store) Get(id string) *State { return s.m[id] }
func (s *State) SetNote(v string) { s.Note = v }
func New(secret string) *State { return &State{kept: secret} }
func env(string) string
`

const signIn = `package login
import "session"
type User struct { Password, Email string }
func In(s *session.Store, u User) {
	st := s.Get("x")
	st.Value = u.Password
	st.Mixed = u.Password
	st.SetNote(u.Password)
	st.Inner.Value = u.Password
}
func fill(st *session.State, v string) { st.Read = v }
func Fill(s *session.Store, u User) { fill(s.Get("y"), u.Password) }
func Place(s *session.Store, city string) { s.Get("z").Place = city }
`

// reads logs what a package finds in an object that it did not fill: which of it
// was filled with something sensitive, only others know.
const reads = `package audit
import ("log"; "session"%s)
func Log(s *session.Store) {
	st := s.Get("x")
	log.Print(st.Value)
	log.Print(st.Note)
	log.Print(st.Mixed)
	log.Print(st.Place)
	log.Print(st.Inner.Value)
	log.Print(st.Read)
	mine := session.State{Value: "x"}
	log.Print(mine.Value)
}
func Held(h *holder) { log.Print(h.st.Value) }
type holder struct { st *session.State }
func Whole(s *session.Store) { log.Print(s.Get("x")) }
`

func TestFieldsFilledByAnotherPackage(t *testing.T) {
	const want = "5 u.Password, 6 u.Password, 9 u.Password, 10 u.Password, 14 u.Password, 16 u.Password"
	mixes := "\nfunc mix(s *session.Store, line string) { s.Get(line).Mixed = ask() }\nfunc ask() string\n"
	show := func(w *world, rs ...*Result) string {
		var out []string
		for _, r := range rs {
			for _, f := range r.Flows {
				line := f.Line
				if f.Pos.IsValid() {
					line = w.fset.Position(f.Pos).Line
				}
				out = append(out, fmt.Sprintf("%d %s", line, f.Source.Key))
			}
		}
		return strings.Join(out, ", ")
	}
	t.Run("read after it was filled", func(t *testing.T) {
		w := newWorld()
		w.analyze("session", sessions)
		login := w.analyze("login", signIn)
		r := w.analyze("audit", fmt.Sprintf(reads, `; _ "login"`)+mixes)
		if got := show(w, login, r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("read before it was filled", func(t *testing.T) {
		w := newWorld()
		w.analyze("session", sessions)
		audit := w.analyze("audit", fmt.Sprintf(reads, "")+mixes)
		login := w.analyze("login", strings.Replace(signIn, `import "session"`, `import ("session"; _ "audit")`, 1))
		if got := show(w, audit, login); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("only main knows both", func(t *testing.T) {
		for _, order := range [][]string{{"login", "audit"}, {"audit", "login"}} {
			w := newWorld()
			w.analyze("session", sessions)
			var parts []*Result
			for _, p := range order {
				src := signIn
				if p == "audit" {
					src = fmt.Sprintf(reads, "") + mixes
				}
				parts = append(parts, w.analyze(p, src))
			}
			if got := show(w, parts...); got != "" {
				t.Errorf("%v: without main %s", order, got)
			}
			if got := show(w, w.analyze("cmd", "package main\nimport (_ \"login\"; _ \"audit\")\nfunc main() {}")); got != want {
				t.Errorf("%v:\ngot  %s\nwant %s", order, got, want)
			}
		}
	})
	t.Run("a third package puts something else there", func(t *testing.T) {
		w := newWorld()
		w.analyze("session", sessions)
		w.analyze("login", signIn)
		w.analyze("audit", fmt.Sprintf(reads, ""))
		w.analyze("other", "package other\nimport \"session\"\nfunc F(s *session.Store) { st := s.Get(ask()); st.Value, st.Note, st.Read, st.Mixed, st.Inner.Value = ask(), ask(), ask(), ask(), ask() }\nfunc ask() string")
		if got := show(w, w.analyze("cmd", "package main\nimport (_ \"login\"; _ \"audit\"; _ \"other\")\nfunc main() {}")); got != "" {
			t.Errorf("reported: %s", got)
		}
	})
}
